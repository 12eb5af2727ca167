# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of a batch: those of requests, and those that live with their certificate in a PKCS#12 on the controller."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

    _KEYS = (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.asked import Asked, load_asked
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.csr import load_csr
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import identify, make_key
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import Entry
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore import serialize_keystore
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import PipelinedAction
from ansible_collections.certwright.tls.plugins.plugin_utils._secrets import read_secret
from ansible_collections.certwright.tls.plugins.plugin_utils._signing import Answer, Item

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates

    from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import CaKey, CaPublicKey

_LARGEST = 1024 * 1024
_PASSPHRASE = "CERTWRIGHT_PKCS12_PASSPHRASE"  # noqa: S105 - the name of a variable


@dataclass(frozen=True)
class Keystore:
    """A PKCS#12 on the controller: what it is to be, and what it holds now (its leaf as DER, and the alias)."""

    path: str
    passphrase: str = field(repr=False)
    alias: str
    level: str
    key: CaKey = field(repr=False)
    holds: bytes = b""
    holds_alias: str = ""
    holds_chain: tuple[bytes, ...] = ()

    def has(self, entry: Entry, issuers: tuple[str, ...]) -> bool:
        """Whether the file is as it is to be: certificate, name and chain."""
        chain = {_to_der(pem) for pem in issuers}
        return (self.holds, self.holds_alias) == (_load_der(entry), self.alias) and set(self.holds_chain) == chain


@dataclass(frozen=True)
class Unasked:
    """A request that cannot be asked as it is."""

    host: str
    name: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Requested:
    """The requests of a task in their order, keystores by the digest of their request, and what cannot be asked for."""

    items: tuple[Item, ...]
    keystores: Mapping[str, Keystore]
    unasked: tuple[Unasked, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(problem for item in self.unasked for problem in item.problems)


def read_requested(action: PipelinedAction, elements: Iterable[Mapping[str, Any]]) -> Requested:
    """A request that is faulty keeps no other one from being signed."""
    items: dict[str, Item] = {}
    keystores: dict[str, Keystore] = {}
    unasked: list[Unasked] = []
    for words in elements:
        try:
            asked = load_asked(words)
            if asked.title in items:
                fact = "it is asked for twice, and one would be renewed by the other; give one of them another name"
                raise RefusedError.from_problems([Problem(asked.title, "name_used_twice", fact)])
            if words.get("pkcs12") and not words.get("csr"):
                found = _read_keystores(action, asked, words)
                _require_own_path(asked, found, keystores)
                keystores.update(found)
                items[asked.title] = _word_keystores(asked, found, words)
            else:
                items[asked.title] = _read_request(asked, words)
        except RefusedError as error:
            unasked.append(Unasked(str(words["host"]), str(words["name"]), error.problems))
    return Requested(tuple(items.values()), keystores, tuple(unasked))


def _require_own_path(asked: Asked, found: Mapping[str, Keystore], others: Mapping[str, Keystore]) -> None:
    """Two that are kept in one file would take each other's key away in every run."""
    taken = {os.path.realpath(keystore.path) for keystore in others.values()}
    paths = [keystore.path for keystore in found.values() if os.path.realpath(keystore.path) in taken]
    if paths:
        fact = f"{paths[0]} is the file of another request too"
        raise _refuse(asked, "pkcs12_unusable", f"{fact}; give each one its own")


def _read_request(asked: Asked, words: Mapping[str, Any]) -> Item:
    if not words.get("csr") or words.get("pkcs12"):
        fact = "both csr and pkcs12 are said" if words.get("csr") else "neither csr nor pkcs12 is said"
        raise _refuse(asked, "request_incomplete", f"{fact}; the key is that of the one, or is made for the other")
    try:
        return _word_item(asked, load_csr(str(words["csr"])), words)
    except UnusableError as error:
        raise _refuse(asked, error.code, error.message) from None


def _word_item(
    asked: Asked, public_key: CaPublicKey, words: Mapping[str, Any], successor: Item | None = None, holds: str = ""
) -> Item:
    key = identify(public_key)
    return Item(asked, public_key, key, asked.digest(key), tuple(words.get("anchors") or ()), successor, holds)


def _word_keystores(asked: Asked, keystores: Mapping[str, Keystore], words: Mapping[str, Any]) -> Item:
    """The one that is there asks first, and the next one where that is not enough."""
    item = None
    for keystore in reversed(list(keystores.values())):
        serial = f"{x509.load_der_x509_certificate(keystore.holds).serial_number:x}" if keystore.holds else ""
        item = _word_item(asked, keystore.key.public_key(), words, item, serial)
    if item is None:
        raise LookupError(f"No keystore was read for {asked.title}")
    return item


def _read_keystores(action: PipelinedAction, asked: Asked, words: Mapping[str, Any]) -> dict[str, Keystore]:
    """By the digest of their request: the one that is there, and the one that comes next, with a key of its own."""
    said = words["pkcs12"]
    path = str(said["path"])
    passphrase = read_secret(action, asked.title, said, "passphrase", _PASSPHRASE)
    if len(passphrase) < 6 or not passphrase.isascii():
        fact = f"the passphrase for {path} is missing, too short or not ASCII"
        raise _refuse(asked, "pkcs12_unusable", f"{fact}; pass one of six characters or more")
    directory = os.path.dirname(path)
    if not os.path.isabs(path) or not os.path.isdir(directory) or not os.access(directory, os.W_OK | os.X_OK):
        fact = f"{path} is no absolute path into a directory that is there and can be written"
        raise _refuse(asked, "file_unwritable", f"{fact}; correct pkcs12.path, or make the directory")
    alias, level = str(said.get("alias") or asked.name), str(said["level"])
    if not alias.isascii() or not alias.isprintable():
        fact = "the name of its entry is not plain ASCII, which Java and browsers read"
        raise _refuse(asked, "pkcs12_unusable", f"{fact}; say another `alias`")
    keystores = [Keystore(path, passphrase, alias, level, make_key(str(words["key_type"])))]
    found = _open(asked, path, passphrase) if os.path.lexists(path) else None
    if found is not None:
        if found.cert is None or not isinstance(found.key, _KEYS):
            fact = f"{path} is there and has no key with its certificate that a CA of ours could have signed"
            raise _refuse(asked, "pkcs12_unusable", f"{fact}; move it away, or correct the path")
        der = found.cert.certificate.public_bytes(Encoding.DER)
        named = (found.cert.friendly_name or b"").decode("utf-8", "replace")
        chain = tuple(item.certificate.public_bytes(Encoding.DER) for item in found.additional_certs)
        keystores.insert(0, Keystore(path, passphrase, alias, level, found.key, der, named, chain))
    return {asked.digest(identify(keystore.key.public_key())): keystore for keystore in keystores}


def _open(asked: Asked, path: str, passphrase: str) -> PKCS12KeyAndCertificates:
    """What is there and is not ours to read is never written over."""
    if not os.path.isfile(path):
        raise _refuse(asked, "pkcs12_unusable", f"{path} is there and is no file; correct pkcs12.path")
    way_out = "move it away, or correct the path or the passphrase"
    try:
        with open(path, "rb") as file:
            return pkcs12.load_pkcs12(file.read(_LARGEST), Passphrase(passphrase).encode())
    except OSError as error:
        fact = f"{path} cannot be read: {error.strerror}"
        raise _refuse(asked, "pkcs12_unusable", f"{fact}; {way_out}") from None
    except ValueError:
        fact = f"{path} is there and is no PKCS#12 of this passphrase"
        raise _refuse(asked, "pkcs12_unusable", f"{fact}; {way_out}") from None


def write_keystore(keystore: Keystore, answer: Answer, entry: Entry, issuers: tuple[str, ...]) -> None:
    """For its owner alone from its first byte, and never half of it."""
    chain = [x509.load_pem_x509_certificate(pem.encode("ascii")) for pem in issuers]
    try:
        content = serialize_keystore(
            keystore.key,
            x509.load_der_x509_certificate(_load_der(entry)),
            chain,
            alias=keystore.alias,
            passphrase=keystore.passphrase,
            level=keystore.level,
        )
        _replace(keystore.path, content)
    except (ValueError, UnsupportedAlgorithm):
        fact = f"the library makes no PKCS#12 of the level {keystore.level} here"
        raise _refuse(answer.item.asked, "pkcs12_unusable", f"{fact}; choose the other level") from None
    except OSError as error:
        fact = f"{keystore.path} cannot be written: {error.strerror}"
        raise _refuse(answer.item.asked, "file_unwritable", f"{fact}; mend that and run again") from None


def _load_der(entry: Entry) -> bytes:
    return base64.b64decode(entry.words["certificate"])


def _to_der(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode("ascii")).public_bytes(Encoding.DER)


def _replace(path: str, content: bytes) -> None:
    descriptor, beside = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".certwright-")
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        _sync_directory(os.path.dirname(path))
    except BaseException:
        os.unlink(beside)
        raise


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse(asked: Asked, code: str, message: str) -> RefusedError:
    return RefusedError.from_problems([Problem(asked.title, code, message)])
