# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ten thousand certificates: what is in the document does not grow with them, and nobody waits."""

from __future__ import annotations

from playwright.sync_api import Page

from ansible_collections.certwright.tls.tests.page.reader import Reader
from ansible_collections.certwright.tls.tests.page.sample import report_sample

MANY = 10_000
# Fifty times what an idle machine takes, for one that is not.
PATIENCE = 10_000

ELEMENTS = "document.querySelectorAll('*').length"
STEPS = {
    "filter by a count": "document.querySelector('.count.u-due').click()",
    "and all again": "document.querySelector('.count.u-due').click()",
    "filter by a bar": "document.querySelectorAll('button.bar')[15].click()",
    "show everything": "document.getElementById('reset').click()",
    "first search": "type('shop')",
    "next search": "type('shop1')",
    "everything once more": "document.getElementById('reset').click()",
    "first sort by host": "document.querySelector('.c-host button').click()",
    "the other way round": "document.querySelector('.c-host button').click()",
    "scroll to the end": "scrollTo(0, document.body.scrollHeight)",
    "open a detail": "document.querySelector('.body [role=row]').click()",
}


def test_ten_thousand_are_as_quick_to_use_as_a_hundred(reader: Reader) -> None:
    page = reader.open(report_sample(100))
    few = page.evaluate(ELEMENTS)
    reader.close()
    page = reader.open(report_sample(MANY), is_then=False)
    assert reader.shown == MANY + 2
    times = {"load": round(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))}
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    times["first paint"] = round(paint)
    most = page.evaluate(ELEMENTS)
    for name, step in STEPS.items():
        times[name] = measure(page, step)
        most = max(most, page.evaluate(ELEMENTS))
    print("\n".join(f"{name}: {time} ms" for name, time in times.items()))
    assert most < few * 3
    assert {name: time for name, time in times.items() if time > PATIENCE} == {}


def measure(page: Page, step: str) -> int:
    """Milliseconds until the frame after it has been painted."""
    return round(
        page.evaluate(
            f"""async () => {{
                const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
                const type = (text) => {{
                    const search = document.getElementById("search");
                    search.value = text;
                    search.dispatchEvent(new Event("input"));
                }};
                await frame();
                const start = performance.now();
                {step};
                await frame();
                await frame();
                return performance.now() - start;
            }}"""
        )
    )
