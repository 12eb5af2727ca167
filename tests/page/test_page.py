# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report's page in a real browser: from a file, without a network."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from ansible_collections.certwright.tls.tests.page.reader import Reader
from ansible_collections.certwright.tls.tests.page.sample import HOSTILE, report_hostile, report_sample

REPORT = report_sample(400)
ROWS = REPORT["certificates"]
SOME = next(row for row in ROWS if row["urgency"] == "due" and row["last_failure"])


def test_the_policy_forbids_what_the_page_never_does(reader: Reader) -> None:
    """The proof that the other tests would hear it."""
    page = reader.open(report_sample(4))
    refused = page.evaluate(
        """async () => {
            const tries = {
                fetch: () => fetch("https://example.org/"),
                // Later: what asks here may evaluate text, and what it calls then may not.
                eval: () => new Promise((resolve, reject) => setTimeout(() => {
                    try { resolve((0, eval)("1")); } catch (error) { reject(error); }
                })),
                markup: () => { document.body.innerHTML = "<b>"; },
                image: () => new Promise((resolve, reject) => {
                    const image = new Image();
                    image.onload = resolve; image.onerror = reject; image.src = "https://example.org/x.png";
                }),
                script: () => new Promise((resolve, reject) => {
                    const script = document.createElement("script");
                    script.textContent = "window.pwned = 1";
                    document.body.append(script);
                    setTimeout(() => window.pwned ? resolve() : reject(), 50);
                }),
            };
            const refused = [];
            for (const [name, attempt] of Object.entries(tries))
                await Promise.resolve().then(attempt).catch(() => refused.push(name));
            return refused;
        }"""
    )
    assert refused == ["fetch", "eval", "markup", "image", "script"]
    # Even what is refused is heard.
    assert reader.requests == ["https://example.org/x.png"]
    assert len(reader.complaints) >= len(refused)
    reader.requests.clear()
    reader.complaints.clear()


def test_a_count_is_a_filter(reader: Reader) -> None:
    page = reader.open(REPORT)
    for urgency, number in REPORT["counts"].items():
        assert reader.count(urgency).locator(".number").inner_text() == str(number)
    assert reader.shown == len(ROWS) + 2
    reader.count("expired").click()
    assert (reader.shown, set(reader.read("urgency"))) == (REPORT["counts"]["expired"], {"Expired"})
    expect(reader.count("expired")).to_have_attribute("aria-pressed", "true")
    reader.count("due").click()
    assert set(reader.read("urgency")) == {"Expired", "Due"}
    reader.count("expired").click()
    assert (reader.shown, reader.fragment) == (REPORT["counts"]["due"], "state=due")
    page.get_by_role("button", name="Show everything").click()
    assert (reader.shown, reader.fragment) == (len(ROWS) + 2, "")


def test_hosts_that_were_not_reached_and_their_problems_are_lines_too(reader: Reader) -> None:
    reader.open(REPORT)
    reader.count("unreachable").click()
    assert reader.read("host") == ["web-gone.example.org"]
    reader.count("unreachable").click()
    reader.count("host").click()
    assert reader.read("host") == ["old.example.org"]
    reader.rows.first.click()
    expect(reader.detail).to_contain_text("older than 3.9")


def test_the_time_line_has_every_end_and_a_bar_is_a_filter(reader: Reader) -> None:
    page = reader.open(REPORT)
    labels = page.locator("button.bar").evaluate_all("(bars) => bars.map((bar) => bar.ariaLabel)")
    told = [int(label.split(": ")[1].split(" ")[0].replace(",", "")) for label in labels]
    assert sum(told) == sum(1 for row in ROWS if row.get("not_after"))
    expect(page.locator(".today")).to_be_visible()
    page.locator("button.bar").nth(10).click()
    first, last = reader.fragment.removeprefix("ends=").split("..")
    wanted = {row["certificate"] for row in ROWS if first <= (row.get("not_after") or "")[:10] <= last}
    assert wanted
    assert reader.shown == len(wanted) == told[10]
    assert set(reader.read("certificate", part=".first")) <= wanted
    page.locator("button.bar").nth(12).click(modifiers=["Shift"])
    assert reader.shown == sum(told[10:13])
    page.locator("button.bar").nth(12).click()
    assert reader.shown == len(ROWS) + 2


def test_what_ended_before_today_is_left_of_it(reader: Reader) -> None:
    page = reader.open(REPORT, fragment="#state=expired")
    today = page.locator(".today").bounding_box()
    boxes = [place.bounding_box() for place in page.locator("button.bar").all()]
    assert today
    assert boxes
    assert all(box and box["x"] <= today["x"] for box in boxes)


@pytest.mark.parametrize(
    ("column", "word", "part"),
    [
        ("certificate", "certificate", ".first"),
        ("host", "host", ""),
        ("issuer", "issuer_name", ""),
        ("ends", "not_after", ".first"),
    ],
)
def test_a_heading_sorts_and_the_same_again_turns_it_around(reader: Reader, column: str, word: str, part: str) -> None:
    page = reader.open(REPORT, fragment="#state=ok")
    heading = page.locator(f"[role=columnheader].c-{column}")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    up = reader.read(column, part=part)
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    down = reader.read(column, part=part)
    values = sorted((str(row[word]) for row in ROWS if row["urgency"] == "ok"), key=natural)
    cut = 10 if column == "ends" else None
    assert up == [value[:cut] for value in values[: len(up)]]
    assert down == [value[:cut] for value in reversed(values[-len(down) :])]


def test_what_has_no_end_is_last_whichever_way_round(reader: Reader) -> None:
    rows = [
        {"host": "h", "certificate": end or "none", "urgency": "ok", "not_after": end}
        for end in ("2026-12-01T00:00:00Z", "", "2027-12-01T00:00:00Z")
    ]
    page = reader.open({"certificates": rows}, fragment="#sort=ends")
    assert reader.read("ends", part=".first") == ["2026-12-01", "2027-12-01", ""]
    page.locator("[role=columnheader].c-ends button").click()
    assert reader.read("ends", part=".first") == ["2027-12-01", "2026-12-01", ""]


def natural(text: str) -> list[tuple[int, int, str]]:
    """web2 is before web10."""
    parts = "".join(f" {char} " if not char.isdigit() else char for char in text).split()
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


@pytest.mark.parametrize(
    ("fill", "is_wanted"),
    [
        ({"#search": "SHOP"}, lambda row: "shop" in str(row).lower()),
        ({"#search": SOME["serial"]}, lambda row: row.get("serial") == SOME["serial"]),
        ({"#search": SOME["fingerprint_sha256"][:20]}, lambda row: row is SOME),
        ({"#host": "lyon"}, lambda row: row["host"].startswith("lyon")),
        ({"#issuer": "office"}, lambda row: row["issuer_name"] == "office"),
        ({"#engine": "acme"}, lambda row: row["engine"] == "acme"),
        ({"#engine": "none"}, lambda row: row["engine"] == ""),
        (
            {"#host": "oslo", "#engine": "files"},
            lambda row: row["engine"] == "files" and row["host"].startswith("oslo"),
        ),
    ],
    ids=["name", "serial", "fingerprint", "host", "issuer", "engine", "not-declared", "host-and-engine"],
)
def test_search_and_choices_narrow_the_list(reader: Reader, fill: dict[str, str], is_wanted: Any) -> None:
    page = reader.open(REPORT)
    for place, text in fill.items():
        if place in ("#issuer", "#engine"):
            page.select_option(place, text)
        else:
            page.fill(place, text)
    wanted = {row["certificate"] for row in ROWS if is_wanted(row)}
    found = set(reader.read("certificate", part=".first"))
    assert found
    assert (found <= wanted, reader.shown) == (True, len(wanted))


def test_nothing_found_is_said(reader: Reader) -> None:
    page = reader.open(REPORT)
    page.fill("#search", "no such thing")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    assert page.locator("#shown").inner_text() == "0 of 402 shown"


def test_the_detail_has_everything_that_is_known(reader: Reader) -> None:
    reader.open(REPORT)
    reader.page.fill("#search", SOME["serial"])
    reader.rows.first.click()
    told = reader.detail.inner_text()
    for word in ("certificate", "host", "issuer", "issuer_name", "serial", "fingerprint_sha256", "path", "key_type"):
        assert SOME[word] in told, word
    for text in (*SOME["names"], *SOME["services"], *(problem["message"] for problem in SOME["problems"])):
        assert text in told
    assert SOME["last_failure"]["message"] in told
    assert "Next try\n2026-11-23 06:30 UTC, in 21 h" in told
    assert "192.0.2.17:443" in told
    assert f"{round(SOME['life_left'] * 100)} %" in told
    reader.detail.get_by_role("button", name="Everything on this host").click()
    assert set(reader.read("host")) == {SOME["host"]}


def test_a_host_that_is_named_in_full_is_not_another_that_begins_alike(reader: Reader) -> None:
    rows = [{"host": host, "certificate": host, "urgency": "ok"} for host in ("web1", "web10", "web2")]
    page = reader.open({"hosts": 3, "certificates": rows})
    page.fill("#host", "web1")
    assert reader.read("host") == ["web1"]
    page.fill("#host", "WEB")
    assert reader.shown == 3


def test_the_worst_of_several_problems_stands_in_the_line(reader: Reader) -> None:
    problems = [{"code": "due", "message": "it is due"}, {"code": "not_served", "message": "it is not served"}]
    reader.open({"certificates": [{"host": "h", "certificate": "c", "urgency": "problem", "problems": problems}]})
    assert reader.read("certificate", part=".second") == ["it is not served; it is due"]


def test_a_link_opens_the_view_that_it_was_taken_from(reader: Reader) -> None:
    page = reader.open(REPORT, fragment="#state=due%2Cexpired&engine=acme&sort=host&order=desc&q=example")
    assert page.input_value("#search") == "example"
    assert page.input_value("#engine") == "acme"
    expect(page.locator("[role=columnheader].c-host")).to_have_attribute("aria-sort", "descending")
    assert set(reader.read("urgency")) <= {"Due", "Expired"}
    reader.rows.nth(1).click()
    name = reader.detail.get_by_role("heading", level=2).inner_text()
    link, seen = reader.fragment, (reader.shown, reader.read("certificate"))
    page.goto("about:blank")
    page.goto((reader._folder / "page.html").as_uri() + "#" + link)
    assert (reader.shown, reader.read("certificate")) == seen
    assert reader.detail.get_by_role("heading", level=2).inner_text() == name
    page.evaluate("location.hash = ''")
    expect(reader.detail).to_have_count(0)
    assert reader.shown == len(ROWS) + 2


@pytest.mark.parametrize("fragment", ["#state=nonsense&sort=__proto__&ends=x..y&open=nobody", "#%", "#ends=..", "#&&="])
def test_a_broken_link_shows_everything(reader: Reader, fragment: str) -> None:
    reader.open(report_sample(40), fragment=fragment)
    assert reader.shown == 42


def test_everything_can_be_done_without_a_pointer(reader: Reader) -> None:
    page = reader.open(REPORT)
    press = page.keyboard.press
    press("/")
    page.keyboard.type("example.org")
    assert page.input_value("#search") == "example.org"
    # Out of the search into the list, three down, and in.
    press("Escape")
    press("ArrowDown")
    press("ArrowDown")
    third = reader.rows.nth(2).locator(".first").first.inner_text()
    assert page.evaluate("document.activeElement.getAttribute('aria-rowindex')") == "4"
    press("Enter")
    assert reader.detail.get_by_role("heading", level=2).inner_text() == third
    press("j")
    assert reader.detail.locator(".place").inner_text().startswith("4 of ")
    press("Escape")
    expect(reader.detail).to_have_count(0)
    assert page.evaluate("document.activeElement.getAttribute('aria-rowindex')") == "5"
    press("End")
    assert page.evaluate("document.activeElement.getAttribute('aria-rowindex')") == str(reader.shown + 1)
    expect(page.locator(":focus")).to_be_in_viewport()
    press("Home")
    # Backwards: the headings, the choices, the time line, the counts.
    press("Shift+Tab")
    assert reader.focused == "Life left"
    while page.evaluate("!document.activeElement.matches('.bar')"):
        press("Shift+Tab")
    press("ArrowRight")
    press("Enter")
    assert "ends=" in reader.fragment
    assert page.evaluate("document.activeElement.matches('.bar[aria-pressed=true]')")
    press("Enter")
    press("Shift+Tab")
    assert reader.focused == str(REPORT["counts"]["ok"])
    press("Space")
    assert "state=ok" in reader.fragment


def test_hostile_words_are_shown_as_they_are_and_do_nothing(reader: Reader) -> None:
    page = reader.open(report_hostile())
    assert reader.shown == 3 * len(HOSTILE)
    first, second, turned = HOSTILE[:3]
    cells = reader.read("certificate", part=".first")
    assert first in cells
    assert second in cells
    assert turned.replace("\u202e", "\\u{202e}") in cells
    assert {cell.encode().isascii() for cell in cells if "elpmaxe" in cell} == {True}
    reader.rows.first.click()
    for place in range(1, reader.shown + 1):
        assert reader.detail.locator(".place").inner_text() == f"{place} of {reader.shown}"
        page.keyboard.press("j")
    assert page.evaluate("[window.pwned, document.images.length, document.scripts.length]") == [None, 0, 2]
    page.keyboard.press("Escape")
    page.fill("#search", first)
    assert reader.shown > 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_calm_fleet_is_said_quietly(reader: Reader) -> None:
    page = reader.open(report_sample(30, calm=True))
    assert page.locator("#verdict").inner_text().startswith("All is well. The next one ends in ")
    expect(reader.count("expired")).to_be_disabled()
    expect(reader.count("unreachable")).to_be_hidden()


def test_a_fleet_of_nothing_is_a_page_too(reader: Reader) -> None:
    page = reader.open(report_sample(0))
    assert page.locator("#verdict").inner_text() == "No certificate was found, and none is wanted."
    expect(page.locator("#list")).to_be_hidden()
    expect(page.locator("section.line")).to_be_hidden()


def test_a_report_that_lacks_words_is_shown(reader: Reader) -> None:
    row = {"host": "h", "certificate": "bare", "urgency": "a new one", "life_left": None, "not_after": None}
    page = reader.open({"run": "report", "hosts": 1, "certificates": [row], "counts": {}})
    assert reader.read("certificate", part=".first") == ["bare"]
    reader.rows.first.click()
    expect(reader.detail).to_contain_text("bare")
    assert "as of" not in page.locator("#told").inner_text()


def test_a_report_that_is_none_is_said_to_be_so(reader: Reader) -> None:
    page = reader.open({"certificates": 7})
    assert page.locator("#verdict").inner_text().startswith("This report cannot be shown here: ")
    assert reader.complaints
    reader.complaints.clear()


def test_an_old_report_says_so(reader: Reader) -> None:
    page = reader.open({**report_sample(8), "generated": "2026-11-01T00:00:00Z"})
    assert "This report is old" in page.locator("#verdict").inner_text()
    assert "21 days ago" in page.locator("#told").inner_text()


def test_on_paper_the_whole_list_is_there(reader: Reader) -> None:
    page = reader.open(report_sample(200))
    assert reader.rows.count() < 100
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert reader.rows.count() == 202
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert reader.rows.count() < 100
