# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a web server lets a client certificate in, which many say by HTTP and not in the handshake."""

from __future__ import annotations

import re

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
# 495 and 496 are nginx's own, which it shows as 400 unless told otherwise.
_REFUSING = (b"400", b"495", b"496")


def word_request(path: str | None, host: str) -> bytes:
    """Empty when nobody wants one."""
    if not path:
        return b""
    name = f"[{host}]" if ":" in host else host
    return f"GET {path} HTTP/1.0\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode("ascii", "replace")


def find_http_fault(answer: bytes) -> str:
    """Empty for any other answer in HTTP: whether the page is there is not the question."""
    status = _STATUS.match(answer)
    if status is None:
        return "it does not answer in HTTP"
    return f"it answers {status.group(1).decode()}" if status.group(1) in _REFUSING else ""
