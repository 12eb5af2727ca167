# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA that somebody hands over: its certificate, what is above it, and the keys that come along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority_checks import (
    find_authority_problems,
    find_path_problems,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import BOTH, ISSUING, ROOT, HeldAuthority
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    is_same_name,
    is_self_signed,
    is_signed_by,
    load_certificates,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import PrivateKey, load_private_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason


@dataclass(frozen=True)
class Imported:
    """`path` leads from the CA up, as far as it was handed over: to a root, best. A root of its own is alone."""

    path: tuple[Certificate, ...]
    key: PrivateKey | None = field(default=None, repr=False)
    root_key: PrivateKey | None = field(default=None, repr=False)

    @property
    def certificate(self) -> Certificate:
        return self.path[0]

    @property
    def top(self) -> Certificate:
        """What is pinned and trusted."""
        return self.path[-1]

    @property
    def id(self) -> str:
        return self.certificate.public_key.sha256

    @property
    def parsed_key(self) -> Any:
        """Of any kind; find_problems() says whether a CA may have it."""
        return self.key.parsed if self.key else None

    @property
    def parsed_root_key(self) -> Any:
        return self.root_key.parsed if self.root_key else None

    @property
    def ends_in_root(self) -> bool:
        return is_self_signed(self.top)

    def hold(self, *, phase: str) -> tuple[HeldAuthority, ...]:
        """As a directory has them, without keys."""
        if len(self.path) == 1:
            return (HeldAuthority(self.id, BOTH, self.certificate.pem, phase=phase),)
        chain = tuple(certificate.pem for certificate in self.path[1:-1])
        issuing = HeldAuthority(self.id, ISSUING, self.certificate.pem, chain=chain, phase=phase)
        return (HeldAuthority(self.top.public_key.sha256, ROOT, self.top.pem, phase=phase), issuing)

    def find_problems(self, *, now: datetime) -> tuple[Reason, ...]:
        """Why nothing can be signed with it."""
        found = list(find_authority_problems(self.certificate.parsed, self.parsed_key, now=now))
        if len(self.path) > 1:
            above = [certificate.parsed for certificate in self.path]
            found.extend(find_path_problems(above[0], above[1:-1], above[-1], now=now))
        if self.root_key:
            found.extend(find_authority_problems(self.top.parsed, self.parsed_root_key, now=now))
        return tuple(dict.fromkeys(found))


def load_imported(contents: Mapping[str, bytes], passphrases: Mapping[str, str]) -> Imported:
    """By option without its ending. Raises UnusableError: the codes of the loaders, certificate_missing,
    chain_incomplete."""
    if not contents["certificate"].strip():
        fact = "A part of a CA is handed over, and not its certificate"
        raise UnusableError("certificate_missing", f"{fact}; pass certificate_src or certificate_content")
    certificate, *others = load_certificates(contents["certificate"], "certificate")
    for word in ("chain", "root_certificate"):
        others.extend(load_certificates(contents[word], word) if contents[word].strip() else ())
    return Imported(
        path=_find_path(certificate, others),
        key=_load_key(contents["private_key"], passphrases["private_key_passphrase"]),
        root_key=_load_key(contents["root_private_key"], passphrases["root_private_key_passphrase"]),
    )


def _load_key(content: bytes, passphrase: str) -> PrivateKey | None:
    if not content.strip():
        return None
    return load_private_key(content, Passphrase(passphrase) if passphrase else None)


def _find_path(certificate: Certificate, others: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """Upwards, in whatever order they were handed over."""
    path = [certificate]
    while not is_self_signed(path[-1]):
        issuer = _find_issuer(path[-1], [other for other in others if other not in path])
        if issuer is None:
            break
        path.append(issuer)
    if len(path) == 1 and not is_self_signed(certificate):
        fact = f"The CA {certificate.title} was signed by {certificate.issuer}, whose certificate is missing"
        raise UnusableError("chain_incomplete", f"{fact}; pass it, and what is above it, as chain_src")
    return tuple(path)


def _find_issuer(certificate: Certificate, others: Sequence[Certificate]) -> Certificate | None:
    """A root before another CA of the same name: nothing has to be above it."""
    named = [other for other in others if is_same_name(other.subject, certificate.issuer)]
    found = [other for other in named if is_signed_by(certificate, other)]
    return next((other for other in found if is_self_signed(other)), next(iter(found), None))
