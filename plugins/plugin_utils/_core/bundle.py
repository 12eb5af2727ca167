# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A leaf with its chain, root and private key, put in order from whatever files an operator was handed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    is_self_signed,
    load_certificates,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.chain import find_path
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pkcs12 import load_pkcs12
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import (
    PrivateKey,
    belongs_to,
    load_private_key,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

ValueT = TypeVar("ValueT")

_CERTIFICATE = "pass certificate_src or certificate_content"
_KEY = "pass private_key_src or private_key_content"
_BOTH = "or both as pkcs12_src or pkcs12_content"


@dataclass(frozen=True)
class Material:
    """What was handed over for one certificate; `name` is its name in the store, a part that was not given is None.

    Either `certificate` and `private_key`, or `pkcs12`. All but the key may hold the chain, in any order.
    """

    name: str
    certificate: bytes | None = None
    private_key: bytes | None = field(default=None, repr=False)
    ca: bytes | None = None
    pkcs12: bytes | None = field(default=None, repr=False)
    passphrase: Passphrase | None = field(default=None, repr=False)
    pkcs12_passphrase: Passphrase | None = field(default=None, repr=False)


@dataclass(frozen=True)
class HostKey:
    """A private key that stays on the managed host, as the host tells of it.

    `key_type` as PublicKey spells it, empty when unknown; `fits` are the SHA-256 fingerprints of the supplied
    certificates that it belongs to.
    """

    key_type: str
    fits: frozenset[str]


@dataclass(frozen=True)
class Bundle:
    """What is installed, in order.

    `chain` begins with the leaf's issuer and never holds the root: clients bring their own (RFC 8446 4.4.2).
    `is_key_proven` is is_key_of() of key and leaf, asked once: an RSA signature is the dearest step of all.
    `supplied_ca` is the `ca` input as read, `unused` what of all input is not on the path.
    """

    leaf: Certificate
    chain: tuple[Certificate, ...]
    root: Certificate | None
    private_key: PrivateKey | HostKey
    is_key_proven: bool
    supplied_ca: tuple[Certificate, ...]
    unused: tuple[Certificate, ...]

    @property
    def issuers(self) -> tuple[Certificate, ...]:
        """The chain and, when it is supplied, the root; none for a leaf that is its own root."""
        if self.root is None or self.root == self.leaf:
            return self.chain
        return (*self.chain, self.root)

    @property
    def path(self) -> tuple[Certificate, ...]:
        return (self.leaf, *self.issuers)


class _Reader:
    """Reads one part after the other and keeps what is wrong with any of them."""

    def __init__(self, name: str, problems: Iterable[Problem] = ()) -> None:
        self.name = name
        self.problems = list(problems)

    def __call__(self, content: bytes | None, load: Callable[[bytes], ValueT]) -> ValueT | None:
        try:
            return None if content is None else load(content)
        except UnusableError as error:
            self.problems.append(Problem(self.name, error.code, error.message))
            return None


def load_bundle(material: Material) -> Bundle:
    """Raises RefusedError with everything that keeps any of the inputs from being read.

    Its codes: material_missing, material_ambiguous and those of load_certificates, load_private_key and load_pkcs12.
    """
    read = _Reader(material.name, _find_misfits(material))
    certificates = read(material.certificate, lambda content: load_certificates(content, "certificate"))
    private_key = read(material.private_key, lambda content: load_private_key(content, material.passphrase))
    container = read(material.pkcs12, lambda content: load_pkcs12(content, material.pkcs12_passphrase))
    ca = read(material.ca, lambda content: load_certificates(content, "ca"))
    if container:
        certificates, private_key = container.certificates, container.private_key
    if read.problems or certificates is None or private_key is None:
        raise RefusedError.from_problems(read.problems)
    return _assemble(certificates, private_key, ca or ())


def load_host_bundle(name: str, certificate: bytes, ca: bytes | None, key: HostKey) -> Bundle:
    """The same for material on a host, whose key never comes here: the host says which certificates it belongs to."""
    read = _Reader(name)
    certificates = read(certificate, lambda content: load_certificates(content, "certificate"))
    supplied_ca = read(ca, lambda content: load_certificates(content, "ca"))
    if read.problems or certificates is None:
        raise RefusedError.from_problems(read.problems)
    return _assemble(certificates, key, supplied_ca or ())


def is_key_of(private_key: PrivateKey | HostKey, certificate: Certificate) -> bool:
    """Proven by a signature, or by the host that has the key."""
    if isinstance(private_key, HostKey):
        return certificate.fingerprint in private_key.fits
    return belongs_to(private_key, certificate)


def _find_misfits(material: Material) -> Iterator[Problem]:
    """Never a silent no-op: a part that was not given is a problem as much as one that cannot be read."""
    given = [part for part in ("certificate", "private_key") if getattr(material, part) is not None]
    if material.pkcs12 is not None:
        if given:
            fact = f"pkcs12 was passed together with {' and '.join(given)}, which it holds already"
            yield Problem(material.name, "material_ambiguous", f"{fact}; pass either, further CA certificates as ca")
        return
    if not given:
        yield Problem(material.name, "material_missing", f"There is no material; {_CERTIFICATE} and {_KEY}, {_BOTH}")
    elif "certificate" not in given:
        yield Problem(material.name, "material_missing", f"The certificate is missing; {_CERTIFICATE}")
    elif "private_key" not in given:
        yield Problem(material.name, "material_missing", f"The private key is missing; {_KEY}")


def _assemble(
    certificates: Sequence[Certificate], private_key: PrivateKey | HostKey, ca: tuple[Certificate, ...]
) -> Bundle:
    own = [certificate for certificate in certificates if is_key_of(private_key, certificate)]
    leaf = _choose_leaf(certificates, own)
    others = [certificate for certificate in dict.fromkeys((*certificates, *ca)) if certificate != leaf]
    path = find_path(leaf, others)
    is_rooted = len(path) > 1 and is_self_signed(path[-1])
    return Bundle(
        leaf=leaf,
        chain=path[1:-1] if is_rooted else path[1:],
        root=path[-1] if is_rooted else _find_own_root(leaf, ca),
        private_key=private_key,
        is_key_proven=bool(own),
        supplied_ca=ca,
        unused=tuple(certificate for certificate in others if certificate not in path),
    )


def _choose_leaf(certificates: Sequence[Certificate], own: Sequence[Certificate]) -> Certificate:
    """The newest one of the private key; else the first that is no CA, so that the checks can speak of it."""
    if own:
        return max(own, key=lambda certificate: (not certificate.is_ca, certificate.not_before))
    return next((certificate for certificate in certificates if not certificate.is_ca), certificates[0])


def _find_own_root(leaf: Certificate, ca: Sequence[Certificate]) -> Certificate | None:
    """A self-signed leaf vouches for itself only when the operator hands it over as its own CA."""
    return leaf if leaf in ca and is_self_signed(leaf) else None
