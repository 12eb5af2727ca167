# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom hosts are to trust: CA certificates out of texts, and why one is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    is_self_signed,
    load_certificates,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError, load_blocks
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem

_SOURCE = "ca"


def load_anchors_to_trust(texts: Iterable[tuple[str, bytes]], *, now: datetime) -> tuple[Certificate, ...]:
    """Every certificate of the texts, in their order. `texts` are pairs of what messages call one and its bytes.

    Raises RefusedError with all problems: the codes of load_certificates, private_key_given, ca_not_ca, ca_expired,
    ca_twice, trust_empty.
    """
    found: dict[Certificate, str] = {}
    problems: list[Problem] = []
    for where, content in texts:
        certificates, fault = _load_text(where, content)
        problems.extend(fault)
        for certificate in certificates:
            problems.extend(_find_faults(where, certificate, now=now, earlier=found.get(certificate, "")))
            found.setdefault(certificate, where)
    if not found and not problems:
        fact = "no certificate is listed, so nothing of what this collection placed would be left"
        problems.append(Problem("certificates", "trust_empty", f"{fact}; say `state: absent` when that is wanted"))
    if problems:
        raise RefusedError.from_problems(problems)
    return tuple(found)


def find_anchor_notices(certificates: Iterable[Certificate]) -> Iterator[Notice]:
    """What OpenSSL looks for is a certificate that signed itself; Java and others take any CA."""
    for certificate in certificates:
        if not is_self_signed(certificate):
            fact = f"{certificate.title} is no root, so programs that use OpenSSL do not end a chain at it"
            yield Notice("anchor_not_root", f"{fact}; trust its root {certificate.issuer}")


def _load_text(where: str, content: bytes) -> tuple[tuple[Certificate, ...], list[Problem]]:
    if not content.strip():
        return (), [Problem(where, "input_empty", "is empty; pass the PEM text of a CA certificate, or its file")]
    try:
        if any(block.label.endswith("PRIVATE KEY") for block in load_blocks(content, _SOURCE)):
            fact = "holds a private key, which nobody needs to trust a CA"
            way_out = "pass the certificate only, and treat that key as disclosed if others can read the text"
            return (), [Problem(where, "private_key_given", f"{fact}; {way_out}")]
        return load_certificates(content, _SOURCE), []
    except UnusableError as error:
        return (), [Problem(where, error.code, error.message)]


def _find_faults(where: str, certificate: Certificate, *, now: datetime, earlier: str) -> Iterator[Problem]:
    usage = certificate.extensions.key_usage
    if not certificate.may_issue or (usage is not None and "key_cert_sign" not in usage):
        fact = f"{certificate.title} is no CA (basicConstraints, keyUsage), so nothing can be verified with it"
        yield Problem(where, "ca_not_ca", f"{fact}; pass the certificate of its CA")
    if certificate.not_after <= now:
        fact = f"the CA {certificate.title} ended on {format_instant(certificate.not_after)}"
        yield Problem(where, "ca_expired", f"{fact}; take it out, its successor is trusted by itself")
    if earlier:
        fact = f"{certificate.title} is in {earlier} too" if earlier != where else f"{certificate.title} is in it twice"
        yield Problem(where, "ca_twice", f"{fact}; list it once")
