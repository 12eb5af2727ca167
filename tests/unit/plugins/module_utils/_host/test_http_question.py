# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.http_question import find_http_fault, word_request


@pytest.mark.parametrize(
    ("path", "host", "expected"),
    [
        pytest.param(None, "a.example", b"", id="nothing to ask"),
        pytest.param("/", "a.example", b"GET / HTTP/1.0\r\nHost: a.example\r\nConnection: close\r\n\r\n", id="a name"),
        pytest.param("/x", "::1", b"GET /x HTTP/1.0\r\nHost: [::1]\r\nConnection: close\r\n\r\n", id="an address"),
    ],
)
def test_what_a_server_is_asked(path: str | None, host: str, expected: bytes) -> None:
    assert word_request(path, host) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n", "", id="a page"),
        pytest.param(b"HTTP/1.0 404 Not Found", "", id="whether the page is there is not the question"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n", "it answers 400", id="as nginx refuses a client"),
        pytest.param(b"HTTP/1.1 496 x", "it answers 496", id="as nginx calls it itself"),
        pytest.param(b"220 mail ESMTP", "it does not answer in HTTP", id="another protocol"),
    ],
)
def test_who_refuses_a_client(answer: bytes, expected: str) -> None:
    assert find_http_fault(answer) == expected
