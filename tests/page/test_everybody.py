# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a page is worth to whoever cannot use it as its authors do: by the rules of axe, and by moving nothing."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from ansible_collections.certwright.tls.tests.page.reader import NARROW, WIDE, Reader
from ansible_collections.certwright.tls.tests.page.sample import report_sample

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_axe_finds_nothing(reader: Reader, width: int, scheme: str) -> None:
    # Its script is not the page's.
    page = reader.open(report_sample(200), width=width, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    reader.count("due").click()
    page.locator("button.bar").first.click()
    found = check(reader)
    reader.rows.first.click()
    found.extend(check(reader))
    assert found == []


def check(reader: Reader) -> list[str]:
    results = Axe().run(reader.page, options={"runOnly": {"type": "tag", "values": TAGS}}).response
    assert len(results["passes"]) > 10
    return [
        f"{item['id']}: {item['help']}: {node['target']} {node['failureSummary']}"
        for item in results["violations"]
        for node in item["nodes"]
    ]


@pytest.mark.parametrize(("wish", "number"), [("reduce", 0), ("no-preference", 1)])
def test_nothing_moves_for_whoever_wants_that(reader: Reader, wish: str, number: int) -> None:
    page = reader.open(report_sample(8), reduced_motion=wish)
    moving = page.evaluate("document.querySelector('.body [role=row]').click(), document.getAnimations().length")
    assert moving == number


@pytest.mark.parametrize("width", [WIDE, 760, NARROW, 320])
def test_nothing_is_wider_than_the_window(reader: Reader, width: int) -> None:
    page = reader.open(report_sample(100), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    reader.rows.first.click()
    assert page.evaluate("document.querySelector('dialog').scrollWidth") <= width
