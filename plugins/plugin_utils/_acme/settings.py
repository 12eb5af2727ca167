# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an operator says about one CA."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """One CA and our account there.

    `account_key` is PEM and may be empty where only the directory and renewal information are read. `terms_agreed` is
    True, or the URL of the terms that were agreed to. `ca_certificates` is the path of a PEM file for the CA's own TLS.
    """

    directory: str
    account_key: bytes = field(default=b"", repr=False)
    contact: str = ""
    terms_agreed: str | bool = False
    eab_kid: str = ""
    eab_hmac_key: str = field(default="", repr=False)
    ca_certificates: str = ""
