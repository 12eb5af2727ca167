# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of the CA itself: root, issuing CA, a request to another CA, and the bridge of a roll-over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import Constraints
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.profiles import make_authority_extensions
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import CLOCK_DIFFERENCE, Signer, choose_hash
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

if TYPE_CHECKING:
    from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import CaKey, CaPublicKey

_ROOM = "a root that has issuing CAs needs a path length of 1 or more, and its successor the same subject"
DEFAULT_ROOT_LIFE = timedelta(days=3650)
DEFAULT_ISSUING_LIFE = timedelta(days=1825)


def make_root(  # noqa: PLR0913 - what a certificate says
    subject: x509.Name,
    key: CaKey,
    *,
    life: timedelta = DEFAULT_ROOT_LIFE,
    path_length: int,
    constraints: Constraints | None,
    serial: int,
    now: datetime,
) -> x509.Certificate:
    """Signed by itself; a path length of 1 lets it have CAs below it, 0 only certificates.

    Raises UnusableError: subject_invalid.
    """
    builder = _begin(subject, key.public_key(), serial=serial, not_before=_begins(now), not_after=_ends(now, life))
    builder = _add_extensions(builder, path_length, constraints)
    return builder.issuer_name(subject).sign(key, choose_hash(key))


def make_issuing(  # noqa: PLR0913 - what a certificate says
    subject: x509.Name,
    key: CaKey,
    *,
    life: timedelta = DEFAULT_ISSUING_LIFE,
    constraints: Constraints | None,
    serial: int,
    now: datetime,
    signer: Signer,
) -> x509.Certificate:
    """The CA that signs from day to day, below the signer; it lives as long as asked for, but not after the signer.

    Raises UnusableError: subject_invalid, path_length_exceeded.
    """
    if subject == signer.certificate.subject:
        raise UnusableError("subject_invalid", "The issuing CA has the subject of its root; give it another one")
    _require_room(signer, below=0, is_self_issued=False)
    not_before = max(_begins(now), signer.not_before)
    not_after = min(_ends(now, life), signer.not_after)
    builder = _begin(subject, key.public_key(), serial=serial, not_before=not_before, not_after=not_after)
    return _sign(_add_extensions(builder, 0, constraints), signer)


def make_authority_request(
    subject: x509.Name, key: CaKey, *, path_length: int | None = 0, constraints: Constraints | None = None
) -> str:
    """PEM for a CA elsewhere that is to sign ours. Raises UnusableError: subject_invalid."""
    _require_subject(subject)
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    extensions = [
        *make_authority_extensions(path_length),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]
    for extension, is_critical in (*extensions, *_list_constraints(constraints)):
        builder = builder.add_extension(extension, is_critical)
    return builder.sign(key, choose_hash(key)).public_bytes(Encoding.PEM).decode("ascii")


def cross_sign(new_root: x509.Certificate, signer: Signer, *, serial: int, now: datetime) -> x509.Certificate:
    """The next root's key under the old one, for clients that have only the old one yet (RFC 4210 4.4).

    It says what the next root says, and ends with whoever of the two ends first. A next root of the same subject is no
    further CA on the path (RFC 5280 4.2.1.9); one of another subject needs an old root that allows two CAs below it.
    Raises UnusableError: path_length_exceeded.
    """
    constraints = new_root.extensions.get_extension_for_class(x509.BasicConstraints).value
    is_self_issued = new_root.subject == signer.certificate.subject
    _require_room(signer, below=constraints.path_length, is_self_issued=is_self_issued)
    not_before = max(_begins(now), signer.not_before)
    not_after = min(new_root.not_valid_after_utc, signer.not_after)
    public_key: CaPublicKey = new_root.public_key()  # type: ignore[assignment]  # a root of ours has no other kinds
    builder = x509.CertificateBuilder().subject_name(new_root.subject).public_key(public_key).serial_number(serial)
    builder = builder.not_valid_before(not_before).not_valid_after(not_after)
    for extension in new_root.extensions:
        if not isinstance(extension.value, x509.AuthorityKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    return _sign(builder, signer)


def encode(certificate: x509.Certificate) -> str:
    """PEM."""
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _begin(
    subject: x509.Name, public_key: CaPublicKey, *, serial: int, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    _require_subject(subject)
    builder = x509.CertificateBuilder().subject_name(subject).public_key(public_key).serial_number(serial)
    builder = builder.not_valid_before(not_before).not_valid_after(not_after)
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)


def _add_extensions(
    builder: x509.CertificateBuilder, path_length: int, constraints: Constraints | None
) -> x509.CertificateBuilder:
    for extension, is_critical in (*make_authority_extensions(path_length), *_list_constraints(constraints)):
        builder = builder.add_extension(extension, is_critical)
    return builder


def _sign(builder: x509.CertificateBuilder, signer: Signer) -> x509.Certificate:
    builder = builder.issuer_name(signer.certificate.subject).add_extension(signer.authority_key, critical=False)
    return builder.sign(signer.signing_key, signer.signature_hash)


def _list_constraints(constraints: Constraints | None) -> list[tuple[x509.ExtensionType, bool]]:
    """Critical, as RFC 5280 4.2.1.10 demands: who does not understand them must not trust what they bind."""
    return [(constraints.to_extension(), True)] if constraints else []


def _require_subject(subject: x509.Name) -> None:
    if not subject.rdns:
        raise UnusableError("subject_invalid", "The subject of the CA is empty; give it one, such as CN=Example CA")


def _require_room(signer: Signer, *, below: int | None, is_self_issued: bool) -> None:
    """`below` is the path length of the CA that is to be signed."""
    allowed = signer.path[0].path_length
    if allowed is None:
        return
    if below is None or below + (not is_self_issued) > allowed:
        fact = f"The CA {signer.path[0].title} allows {allowed} CAs below it, which is not enough for another one"
        raise UnusableError("path_length_exceeded", f"{fact}; {_ROOM}")


def _begins(now: datetime) -> datetime:
    return (now - CLOCK_DIFFERENCE).replace(microsecond=0)


def _ends(now: datetime, life: timedelta) -> datetime:
    return (now + life).replace(microsecond=0)
