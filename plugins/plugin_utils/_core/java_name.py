# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A distinguished name as Java prints it, which is what JS7's `distinguished-names` compares with to the letter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

# RFC 4519 and RFC 2985, by their numbers, so that nothing has to be imported for them.
_KEYWORDS = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.8": "ST",
    "2.5.4.7": "L",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
    "2.5.4.46": "DNQ",
    "1.2.840.113549.1.9.1": "EMAILADDRESS",
    "2.5.4.5": "SERIALNUMBER",
    "2.5.4.4": "SURNAME",
    "2.5.4.42": "GIVENNAME",
    "2.5.4.12": "T",
}


def describe_java(name: x509.Name) -> str:
    """The most specific attribute first."""
    shown = [(item.oid.dotted_string, str(item.value)) for item in name]
    return ", ".join(f"{_KEYWORDS.get(oid, f'OID.{oid}')}={_quote(value)}" for oid, value in reversed(shown))


def _quote(value: str) -> str:
    """As sun.security.x509.AVA does."""
    if re.search(r'[,+=\n<>#;\\"]|  ', value):
        return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    return value
