# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A leaf with its chain, root and private key, put in order from whatever files an operator was handed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    is_self_signed,
    load_certificates,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.chain import find_path
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import (
    PrivateKey,
    belongs_to,
    load_private_key,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class Material:
    """What was handed over for one certificate; `name` is its name in the store.

    `certificate` and `ca` may both hold the chain, in any order.
    """

    name: str
    certificate: bytes
    private_key: bytes = field(repr=False)
    ca: bytes | None = None
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Bundle:
    """What is installed, in order.

    `chain` begins with the leaf's issuer and never holds the root: clients bring their own (RFC 8446 4.4.2).
    `is_key_proven` is belongs_to() of key and leaf, asked once: an RSA signature is the dearest step of all.
    `supplied_ca` is the `ca` input as read, `unused` what of all input is not on the path.
    """

    leaf: Certificate
    chain: tuple[Certificate, ...]
    root: Certificate | None
    private_key: PrivateKey
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


def load_bundle(material: Material) -> Bundle:
    """Raises RefusedError with everything that keeps any of the inputs from being read."""
    problems: list[Problem] = []

    def attempt(load: Callable[[], ValueT]) -> ValueT | None:
        try:
            return load()
        except UnusableError as error:
            problems.append(Problem(material.name, error.code, error.message))
            return None

    certificates = attempt(lambda: load_certificates(material.certificate, "certificate"))
    private_key = attempt(lambda: load_private_key(material.private_key, material.passphrase))
    ca = attempt(lambda: () if material.ca is None else load_certificates(material.ca, "ca"))
    if certificates is None or private_key is None or ca is None:
        raise RefusedError.from_problems(problems)
    return _assemble(certificates, private_key, ca)


def _assemble(certificates: Sequence[Certificate], private_key: PrivateKey, ca: tuple[Certificate, ...]) -> Bundle:
    own = [certificate for certificate in certificates if belongs_to(private_key, certificate)]
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
