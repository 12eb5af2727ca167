# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of revocations in a test, and services that hold them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import RevocationList, load_lists
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Authority

DAY = timedelta(days=1)


def sign_list(
    authority: Authority, number: int | None = 1, *extensions: Any, begins: float = -1, ends: float | None = 29
) -> str:
    """PEM. Days are counted from now on."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(NOW + begins * DAY).next_update(NOW + (999 if ends is None else ends) * DAY)
    key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.certificate.public_key())
    for extension in (key, *([] if number is None else [x509.CRLNumber(number)]), *extensions):
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def list_of(authority: Authority, number: int | None = 1, *extensions: Any, **words: Any) -> RevocationList:
    (loaded,) = load_lists(sign_list(authority, number, *extensions, **words).encode())
    return loaded
