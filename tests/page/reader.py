# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody who reads the page: what is shown, what is pressed, and what the browser had to say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request

from ansible_collections.certwright.tls.tests.page.sample import NOW, write_page

WIDE, NARROW = 1280, 400


class Reader:
    """`requests` are those for anything but the page's own file."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page: Page

    def open(
        self, report: dict[str, Any], *, fragment: str = "", width: int = WIDE, is_then: bool = True, **options: Any
    ) -> Page:
        """`is_then`: at the instant of the sample."""
        path = write_page(self._folder / "page.html", report)
        context = self._browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        self.page = context.new_page()
        if is_then:
            self.page.clock.set_fixed_time(NOW)
        self.page.on("request", lambda request: self._note(request, path.as_uri()))
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(path.as_uri() + fragment)
        return self.page

    def _note(self, request: Request, own: str) -> None:
        if request.url.partition("#")[0] != own:
            self.requests.append(request.url)

    def _hear(self, message: ConsoleMessage) -> None:
        self.complaints.append(message.text)

    def close(self) -> None:
        self.page.context.close()

    @property
    def fragment(self) -> str:
        # The driver hears of a change of the address some time later.
        return str(self.page.evaluate("location.hash")).removeprefix("#")

    @property
    def rows(self) -> Locator:
        return self.page.locator(".body [role=row]")

    @property
    def shown(self) -> int:
        """Of the list, whatever of it is in sight."""
        return int(self.page.get_by_role("grid").get_attribute("aria-rowcount") or 0) - 1

    def read(self, column: str, *, part: str = "") -> list[str]:
        return self.page.locator(f".body .c-{column} {part}").all_inner_texts()

    def count(self, urgency: str) -> Locator:
        return self.page.locator(f".count.u-{urgency}")

    @property
    def detail(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def focused(self) -> str:
        """The first line of it."""
        return str(self.page.evaluate("document.activeElement.innerText")).partition("\n")[0]
