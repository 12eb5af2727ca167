# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a stored certificate comes from: what a truststore is to hold, where only this host has the chain."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import read_optional
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import load_blocks


def find_anchor(directory: str, record: dict[str, Any]) -> str:
    """The root, else the top-most issuer, else the certificate itself, as PEM; empty for a damaged generation."""
    contents = [read_optional(os.path.join(directory, name)) or b"" for name in ("cert.pem", "chain.pem")]
    found = [block.text for content in contents for block in load_blocks(content) if block.label == "CERTIFICATE"]
    return str(record.get("root_certificate") or (found[-1] if found else ""))
