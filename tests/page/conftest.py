# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A browser without a network, and a report opened in it from a file. A page that asks or complains fails its test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from ansible_collections.certwright.tls.tests.page.reader import Reader

# No name is looked up, whatever the page or the browser itself has in mind.
NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Its sandbox starts neither as root nor in many containers, and what it opens is ours.
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=[NO_NETWORK, "--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def reader(browser: Browser, tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(browser, tmp_path)
    yield reader
    reader.close()
    assert (reader.requests, reader.complaints) == ([], [])
