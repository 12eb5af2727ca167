# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA of ours in one line, `make_ca()`, and what it signs in another, `issue(ca.signer, "a.example.org")`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority import encode, make_issuing, make_root
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import Constraints, load_constraints
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import make_key
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.proof import require_proved
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signed, Signer, Wish, sign
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import load_subject
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.wish_checks import find_wish_problems
from ansible_collections.certwright.tls.tests.unit.authority import NOW, shared_key

LIMITS = load_constraints({"permitted": ["example.org", "intra.lan", "10.0.0.0/8"]})
_SERIALS = count(2**126 + 1)


def next_serial() -> int:
    return next(_SERIALS)


@dataclass(frozen=True)
class OwnCa:
    """`signer` is who signs certificates, `root_signer` who signs CAs."""

    signer: Signer
    root_signer: Signer

    @property
    def root_pem(self) -> str:
        return encode(self.root_signer.certificate)

    @property
    def chain_pem(self) -> str:
        return "".join(encode(item) for item in self.signer.chain)


@dataclass(frozen=True)
class Issued:
    signed: Signed
    key: Any = field(repr=False)

    @property
    def key_pem(self) -> str:
        return export_plain(self.key)


def make_ca(
    key_type: str = "ec256", *, now: datetime = NOW, constraints: Constraints | None = LIMITS, subject: str = "Root"
) -> OwnCa:
    root_signer = make_lone_root(key_type, now=now, constraints=constraints, subject=subject, path_length=1)
    key = make_key(key_type)
    name = load_subject(f"CN={subject} Issuing,O=Example,C=DE")
    issuing = make_issuing(name, key, constraints=constraints, serial=next_serial(), now=now, signer=root_signer)
    signer = Signer(issuing, key, (issuing,), root_signer.certificate, constraints)
    return OwnCa(signer, root_signer)


def make_lone_root(
    key_type: str = "ec256",
    *,
    now: datetime = NOW,
    constraints: Constraints | None = LIMITS,
    subject: str = "Root",
    path_length: int = 0,
) -> Signer:
    key, name = make_key(key_type), load_subject(f"CN={subject},O=Example,C=DE")
    root = make_root(name, key, path_length=path_length, constraints=constraints, serial=next_serial(), now=now)
    return Signer(root, key, (), root, constraints)


def find_end(signer: Signer, now: datetime) -> datetime:
    """Of a certificate that lives a year, or as long as its CA."""
    return min((now + timedelta(days=397)).replace(microsecond=0), signer.not_after)


def wish(signer: Signer, *names: str, now: datetime = NOW, **words: Any) -> Wish:
    """A server's, of a key that many tests share, unless told otherwise."""
    made = Wish(
        name="web",
        host="web1",
        public_key=shared_key("EC P-256").public_key(),
        usage="server",
        names=names,
        emails=(),
        subject=x509.Name([]),
        not_after=find_end(signer, now),
    )
    return replace(made, **words)


def issue(signer: Signer, *names: str, now: datetime = NOW, key_type: str = "EC P-256", **words: Any) -> Issued:
    """As the collection does it: checked, signed, proved."""
    key = words.pop("key", None) or shared_key(key_type)
    wished = wish(signer, *names, now=now, public_key=key.public_key(), **words)
    assert find_wish_problems(wished, signer, now) == ()
    signed = sign(wished, signer, serial=next_serial(), now=now)
    require_proved(signed, wished, signer, now)
    return Issued(signed, key)


def make_csr(key: Any, subject: str = "") -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(load_subject(subject))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def export_plain(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def day(number: float) -> timedelta:
    return timedelta(days=number)
