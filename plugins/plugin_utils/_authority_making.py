# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""New authorities: made here, asked for elsewhere, or handed over. Each comes with its sealed key."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

try:
    from cryptography import x509
    from cryptography.x509.oid import NameOID
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_import import Imported
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_keys import Keyring
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_words import Making
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority import (
    cross_sign,
    encode,
    make_authority_request,
    make_issuing,
    make_root,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import Envelope, identify, make_key
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signer
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import (
    ACTIVE,
    BOTH,
    ISSUING,
    NEXT,
    ROOT,
    HeldAuthority,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_keys import make_serial
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = " Issuing CA"


@dataclass(frozen=True)
class Made:
    """Authorities with the files of their keys, sealed."""

    authorities: tuple[HeldAuthority, ...]
    files: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Maker:
    """`phase` is that of what is made, `ledger_key` goes into whichever envelope issues."""

    keyring: Keyring
    making: Making
    ledger_key: bytes = field(repr=False)
    now: datetime
    phase: str = ACTIVE

    def make_all(self, subject: x509.Name, issuing_subject: x509.Name | None) -> Made:
        """A root and an issuing CA below it, or the root alone."""
        key, role = make_key(self.making.key_type), ROOT if self.making.with_issuing else BOTH
        certificate = make_root(
            subject,
            key,
            life=self.making.life,
            path_length=self.making.path_length,
            constraints=self.making.constraints,
            serial=make_serial(),
            now=self.now,
        )
        root = self._keep(role, certificate, key)
        if role == BOTH:
            return root
        signer = Signer(certificate=certificate, key=key, chain=(), root=certificate)
        issuing = self.make_issuing(issuing_subject or name_issuing(subject), signer)
        return Made(root.authorities + issuing.authorities, {**root.files, **issuing.files})

    def make_issuing(self, subject: x509.Name, signer: Signer) -> Made:
        key = make_key(self.making.key_type)
        certificate = make_issuing(
            subject,
            key,
            life=self.making.issuing_life,
            constraints=self.making.constraints,
            serial=make_serial(),
            now=self.now,
            signer=signer,
        )
        return self._keep(ISSUING, certificate, key)

    def make_request(self, subject: x509.Name) -> Made:
        """What waits for a signature from elsewhere. Its key never leaves the directory."""
        key, making = make_key(self.making.key_type), self.making
        request = make_authority_request(subject, key, path_length=0, constraints=making.constraints)
        waiting = HeldAuthority(identify(key.public_key()), ISSUING, phase=NEXT, request=request)
        return self._seal(waiting, Envelope(key, self.ledger_key))

    def hold_imported(self, imported: Imported) -> Made:
        """A CA that was handed over, with the keys that came along."""
        held, files = [], {}
        for authority in imported.hold(phase=self.phase):
            key = imported.parsed_key if authority.issues else imported.parsed_root_key
            if key is None:
                held.append(authority)
                continue
            kept = self._seal(authority, Envelope(key, self.ledger_key if authority.issues else None))
            held.extend(kept.authorities)
            files.update(kept.files)
        return Made(tuple(held), files)

    def _keep(self, role: str, certificate: x509.Certificate, key: Any) -> Made:
        authority = HeldAuthority(identify(key.public_key()), role, certificate=encode(certificate), phase=self.phase)
        return self._seal(authority, Envelope(key, None if role == ROOT else self.ledger_key))

    def _seal(self, authority: HeldAuthority, envelope: Envelope) -> Made:
        files = self.keyring.seal(authority, envelope)
        return Made((replace(authority, key=next(iter(files))),), files)


def vouch(root: HeldAuthority, signer: Signer, *, now: datetime) -> HeldAuthority:
    """The next root as the present one signs it."""
    if root.loaded is None:
        return root
    cross = cross_sign(root.loaded.parsed, signer, serial=make_serial(), now=now)
    return replace(root, cross=encode(cross))


def name_issuing(subject: x509.Name) -> x509.Name:
    """The root's subject with another common name, which a CA needs to have one of its own."""
    return x509.Name(list(_rename(subject)))


def _rename(subject: x509.Name) -> Iterator[x509.NameAttribute[str]]:
    if not subject.get_attributes_for_oid(NameOID.COMMON_NAME):
        fact = "The subject has no common name, which the issuing CA's is made of"
        raise UnusableError("subject_invalid", f"{fact}; add CN=…, or pass issuing_subject")
    for attribute in subject:
        suffix = _SUFFIX if attribute.oid == NameOID.COMMON_NAME else ""
        yield x509.NameAttribute(attribute.oid, f"{attribute.value!s}{suffix}")
