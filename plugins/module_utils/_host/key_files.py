# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private keys that lie on the host, alone or in PKCS#12. No message here ever holds bytes of a key or a passphrase."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from ansible_collections.certwright.tls.plugins.module_utils._host.certificate_files import read_certificates
from ansible_collections.certwright.tls.plugins.module_utils._host.der import (
    describe_binary,
    find_elements,
    find_key_label,
    is_certificate,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.openssl import DEADLINE, run_openssl
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block, load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.regular_files import EMPTY, TOO_LARGE, read_regular

_LABELS = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY")
_CODES = {EMPTY: "input_empty", TOO_LARGE: "input_too_large"}
_KEYTOOL = "`keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype PKCS12`"

# What stands in a file that holds no private key, and the way out.
_OTHER_CONTENTS = (
    ("PKCS#12", "it is PKCS#12; pass it as pkcs12_src"),
    ("Java keystore", f"it is a Java keystore; convert it by {_KEYTOOL} and pass that as pkcs12_src"),
    ("certificate request", "it holds a certificate request; the key is the file that was made together with it"),
    ("private key", "it holds an OpenSSH key; convert a copy by `ssh-keygen -p -m PKCS8 -f COPY`"),
    ("public key", "it holds a public key; the private one was made together with the certificate request"),
    ("parameters", "it holds only the name of a curve; pass the whole output of `openssl ecparam -genkey`"),
)


class UnusableError(HostError):
    """One file cannot be used; the codes are those of the controller. The message never holds bytes of the file."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Pkcs12:
    """What such a file holds: one key, and every certificate in file order."""

    certificates: tuple[str, ...]
    private_key: Block = field(repr=False)


def require_readable(subject: str, path: str, fact: str) -> None:
    """Raises with the code file_unreadable, input_empty or input_too_large when there is a fact against it."""
    if fact in _CODES:
        raise UnusableError(_CODES[fact], f"The {subject} {path} {fact}; is it the right file?")
    if fact:
        way_out = (
            "with remote_src it is a path on the host; correct it, or leave remote_src out for the controller's file"
        )
        raise UnusableError("file_unreadable", f"The {subject} {path} {fact}; {way_out}")


def load_key(path: str, passphrase: str | None) -> Block:
    """The one private key of a file, not encrypted.

    PEM and DER that are not encrypted are taken as they are; for the others the host needs the openssl program.
    Raises UnusableError: the codes of require_readable, no_private_key, several_private_keys, pem_damaged,
    private_key_encrypted, openssl_missing, wrong_passphrase, private_key_unreadable.
    """
    file = read_regular(path)
    require_readable("private key", path, file.fact)
    key = _find_key(path, file.content)
    if not key.is_encrypted:
        return Block(key.label, key.content)
    if not passphrase:
        raise UnusableError(
            "private_key_encrypted",
            f"The private key {path} is encrypted; pass private_key_passphrase, or the key without encryption: "
            "`openssl pkcs12 -nocerts` writes an encrypted one unless it is told -nodes (-noenc since OpenSSL 3)",
        )
    return _decrypt(path, key, passphrase)


def load_pkcs12(path: str, passphrase: str | None) -> Pkcs12:
    """Key and certificates of a PKCS#12 file, by the openssl program of the host.

    Raises UnusableError: the codes of require_readable, pkcs12_unreadable, openssl_missing, wrong_passphrase,
    no_private_key, several_private_keys, no_certificate.
    """
    file = read_regular(path)
    require_readable("PKCS#12 file", path, file.fact)
    kind = describe_binary(file.content)
    if kind != "PKCS#12":
        raise UnusableError(
            "pkcs12_unreadable", f"The file {path} is not PKCS#12: {_describe_other(kind, file.content)}"
        )
    blocks = _open_pkcs12(path, file.content, passphrase)
    certificates = [block for block in blocks if block.label == "CERTIFICATE" and is_certificate(block.content)]
    if not certificates:
        fact = f"The PKCS#12 file {path} holds no certificate"
        raise UnusableError("no_certificate", f"{fact}; export it with its certificate, or pass certificate_src")
    keys = [block for block in blocks if block.label in _LABELS]
    if not keys:
        fact = f"The PKCS#12 file {path} holds no private key"
        raise UnusableError("no_private_key", f"{fact}; export it with its key, or pass certificate_src")
    return Pkcs12(tuple(block.text for block in certificates), _require_one(path, keys))


def _find_key(path: str, content: bytes) -> Block:
    blocks = load_blocks(content)
    keys = [block for block in blocks if block.label in _LABELS]
    if not blocks:
        first = islice(find_elements(content), 1)
        keys = [Block(find_key_label(element), element.whole) for element in first if find_key_label(element)]
    if not keys:
        raise UnusableError("no_private_key", f"The file {path} holds no private key: {_describe_contents(path)}")
    key = _require_one(path, keys)
    if not key.content:
        fact = f"The private key {path} is damaged: its block has no end, or is not base64"
        raise UnusableError("pem_damaged", f"{fact}; copy the file there again")
    return key


def _require_one(path: str, keys: list[Block]) -> Block:
    if len(keys) > 1:
        fact = f"The file {path} holds {len(keys)} different private keys"
        raise UnusableError("several_private_keys", f"{fact}; leave only the one that belongs to the certificate")
    return keys[0]


def _describe_contents(path: str) -> str:
    found = read_certificates(path)
    if found.certificates:
        return "it holds a certificate; are the certificate and the private key swapped?"
    fitting = (text for word, text in _OTHER_CONTENTS if word in found.holds)
    return next(fitting, "pass the file that was made together with the certificate request")


def _describe_other(kind: str, content: bytes) -> str:
    if kind == "Java keystore":
        return f"it is a Java keystore; convert it by {_KEYTOOL}"
    if load_blocks(content):
        return "it is PEM; pass it as certificate_src and private_key_src"
    return "pass the file that `openssl pkcs12 -export` or the browser wrote"


def _decrypt(path: str, key: Block, passphrase: str) -> Block:
    """Twice: OpenSSL 3 has the ciphers of its first releases in a part of its own."""
    subject = f"The private key {path}"
    ways = (("pkey",), ("pkey", "-provider", "legacy", "-provider", "default"))
    blocks = _ask(subject, "private_key", ways, content=key.text.encode("latin-1"), passphrase=passphrase)
    decrypted = [block for block in blocks if block.label in _LABELS]
    if not decrypted:
        way_out = "pass an RSA, EC or Ed25519 key as `openssl pkey -in FILE -out FILE.pem` writes it"
        raise UnusableError("private_key_unreadable", f"{subject} is of a kind that openssl does not write; {way_out}")
    return decrypted[0]


def _open_pkcs12(path: str, content: bytes, passphrase: str | None) -> tuple[Block, ...]:
    """Twice: what OpenSSL 1, Windows and Java 8 wrote is legacy to OpenSSL 3."""
    ways = (("pkcs12", "-nodes"), ("pkcs12", "-nodes", "-legacy"))
    return _ask(f"The PKCS#12 file {path}", "pkcs12", ways, content=content, passphrase=passphrase or "")


def _ask(
    subject: str, option: str, ways: Iterable[tuple[str, ...]], *, content: bytes, passphrase: str
) -> tuple[Block, ...]:
    for way in ways:
        answer = run_openssl(way, content=content, passphrase=passphrase)
        if answer.code == 0:
            return load_blocks(answer.output)
        if answer.code == 127:
            fact = f"{subject} is encrypted, which takes the program openssl, and the host has none"
            way_out = "install it there, or pass an unencrypted PEM key, or the controller's file (without remote_src)"
            raise UnusableError("openssl_missing", f"{fact}; {way_out}")
        if answer.code == 124:
            fact = f"{subject} keeps openssl busy for more than {DEADLINE:g} s"
            raise UnusableError(f"{option}_unreadable", f"{fact}; encrypt it again with fewer iterations")
    fact = f"{option}_passphrase is wrong, or the file is damaged" if passphrase else f"pass {option}_passphrase"
    raise UnusableError("wrong_passphrase", f"{subject} cannot be decrypted: {fact}")
