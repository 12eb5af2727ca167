# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a fleet as one page of HTML that needs nothing but a browser.

What was found on hosts is data for the page's own script and never markup: in the file it is JSON in which nothing can
end its element, and the script puts it in as text. The policy of the page (CSP) lets that script run and nothing else,
and lets nothing be fetched from anywhere.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

_SLOT = re.compile(r"@(POLICY|STYLE|DATA|SCRIPT)@")
# What could end a script element, or begin a comment in one (HTML 4.12.1.3). JSON means the same by an escape.
_MARKUP = {ord(char): f"\\u{ord(char):04x}" for char in "<>&"}


@dataclass(frozen=True)
class PageParts:
    """Our own text: the frame with a slot for each of the others, the style sheet and the script."""

    frame: str
    style: str
    script: str


def render_page(report: Mapping[str, Any], parts: PageParts) -> str:
    slots = {
        "POLICY": _describe_policy(parts),
        "STYLE": parts.style,
        "DATA": escape_data(report),
        "SCRIPT": parts.script,
    }
    # In one pass: what was found on a host may look like a slot.
    return _SLOT.sub(lambda slot: slots[slot[1]], parts.frame)


def escape_data(report: Mapping[str, Any]) -> str:
    """JSON in ASCII, so that neither a line separator nor half a surrogate pair is in the file as it is."""
    return json.dumps(_to_plain(report), separators=(",", ":")).translate(_MARKUP)


def _describe_policy(parts: PageParts) -> str:
    words = (
        "default-src 'none'",
        f"style-src {_hash(parts.style)}",
        f"script-src {_hash(parts.script)}",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    return "; ".join(words)


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}'"


def _to_plain(value: Any) -> Any:
    """Ansible's own containers look up their items only when they are asked, and the encoder of JSON does not ask."""
    if isinstance(value, Mapping):
        return {str(key): _to_plain(item) for key, item in value.items()}
    return [_to_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
