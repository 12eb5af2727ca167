# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of keystores that somebody else made. Keys in them are not even decrypted."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ansible_collections.certwright.tls.plugins.module_utils._host.certificate_files import (
    JAVA_KEYSTORE,
    PKCS12,
    CertificateFile,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.der import is_certificate
from ansible_collections.certwright.tls.plugins.module_utils._host.openssl import DEADLINE, run_openssl
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block, load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.regular_files import read_regular
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_keytool import Keystore, find_keytool
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_places import PlaceError

# What Java ships its own stores with, and what has none: neither keeps anything from anybody.
_KNOWN = ("changeit", "")
# What OpenSSL 1, Windows and Java 8 wrote is legacy to OpenSSL 3.
_WAYS = (("pkcs12", "-nokeys"), ("pkcs12", "-nokeys", "-legacy"))
# keyBag and pkcs8ShroudedKeyBag (RFC 7292 4.2.1, 4.2.2); most programs leave what is around them in clear.
_KEY_BAGS = (bytes.fromhex("2a864886f70d010c0a0101"), bytes.fromhex("2a864886f70d010c0a0102"))
_PRIVATE, _TRUSTED = 1, 2
# A directory of hundreds must not keep a host busy for long.
BUDGET = 60.0
_NO_PROGRAM = "cannot be opened here: the host has neither openssl nor keytool"
_CLOSED = "opens with none of the passphrases that were tried"
_SPENT = f"was not opened: others took {BUDGET:g} s already; name fewer paths"


class _Unread(Exception):
    """`f"{path} {fact}"` is a sentence."""


@dataclass
class KeystoreReader:
    """Of one survey: `passphrase` is the operator's, and all keystores together have BUDGET seconds."""

    passphrase: str = field(default="", repr=False)
    ends: float = 0.0
    deadline: float = DEADLINE

    def open(self, file: CertificateFile) -> CertificateFile:
        """With its certificates, and whether it holds a key that they open; else with the fact that keeps them."""
        if file.certificates or not {PKCS12, JAVA_KEYSTORE}.intersection(file.holds):
            return file
        self.ends = self.ends or time.monotonic() + BUDGET
        if time.monotonic() > self.ends:
            return replace(file, unread=_SPENT)
        content = read_regular(file.path).content
        try:
            is_java = JAVA_KEYSTORE in file.holds
            return _with(file, *(_load_java(content) if is_java else self._load_pkcs12(file.path, content)))
        except _Unread as error:
            return replace(file, unread=str(error))

    def _load_pkcs12(self, path: str, content: bytes) -> tuple[tuple[bytes, ...], str]:
        for passphrase in dict.fromkeys((self.passphrase, *_KNOWN)):
            blocks = _open_by_openssl(content, passphrase, self.deadline)
            if blocks is None:
                blocks = _open_by_keytool(path, passphrase)
            if blocks is not None:
                certificates = tuple(block.content for block in blocks if is_certificate(block.content))
                return certificates, _describe_key(content, is_open=passphrase in _KNOWN)
        raise _Unread(_CLOSED)


def _with(file: CertificateFile, certificates: tuple[bytes, ...], key: str) -> CertificateFile:
    texts = tuple(dict.fromkeys(Block("CERTIFICATE", content).text for content in certificates))
    holds = (*file.holds, key) if key else file.holds
    return replace(file, certificates=texts, holds=holds)


def _describe_key(content: bytes, *, is_open: bool) -> str:
    if not any(bag in content for bag in _KEY_BAGS):
        return ""
    return "private key" if is_open or _KEY_BAGS[0] in content else "encrypted private key"


def _open_by_openssl(content: bytes, passphrase: str, deadline: float) -> tuple[Block, ...] | None:
    """None when it is closed to that passphrase, or there is no openssl."""
    for way in _WAYS:
        answer = run_openssl(way, content=content, passphrase=passphrase, deadline=deadline)
        if answer.code == 0:
            return load_blocks(answer.output)
        if answer.code == 124:
            raise _Unread(f"keeps openssl busy for more than {deadline:g} s")
        if answer.code == 127:
            return None
    return None


def _open_by_keytool(path: str, passphrase: str) -> tuple[Block, ...] | None:
    """Where there is no openssl. It takes a second, and no empty passphrase."""
    if _has_openssl() or not passphrase:
        return None
    try:
        entries = Keystore(os.path.realpath(path), find_keytool(""), passphrase).list_entries()
    except PlaceError as error:
        if error.code == "keytool_missing":
            raise _Unread(_NO_PROGRAM) from None
        return None
    return tuple(block for entry in entries for block in entry.certificates)


def _has_openssl() -> bool:
    return run_openssl(("version",)).code == 0


def _load_java(content: bytes) -> tuple[tuple[bytes, ...], str]:
    """A JKS or JCEKS has its certificates in clear: the passphrase only seals its keys and the digest at its end."""
    certificates: list[bytes] = []
    kinds: set[int] = set()
    try:
        for kind, certificate in _find_entries(content):
            kinds.add(kind)
            certificates.extend([certificate] if is_certificate(certificate) else [])
    except (struct.error, IndexError):
        raise _Unread("is damaged: its entries cannot be read") from None
    return tuple(certificates), "encrypted private key" if _PRIVATE in kinds else ""


def _find_entries(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each certificate with the kind of its entry; behind a secret key (JCEKS) only Java can go on."""
    reader = _Reader(content, 4)
    version, count = reader.number(), reader.number()
    for _entry in range(count):
        kind = reader.number()
        if kind not in (_PRIVATE, _TRUSTED):
            return
        reader.text()
        reader.skip(8)
        if kind == _PRIVATE:
            reader.skip(reader.number())
        for _certificate in range(reader.number() if kind == _PRIVATE else 1):
            if version == 2:
                reader.text()
            yield kind, reader.take(reader.number())


@dataclass
class _Reader:
    """Big-endian numbers and lengths, as Java's DataInput has them. Raises struct.error at the end."""

    content: bytes = field(repr=False)
    place: int

    def number(self) -> int:
        return int(struct.unpack(">I", self.take(4))[0])

    def text(self) -> None:
        self.skip(int(struct.unpack(">H", self.take(2))[0]))

    def skip(self, count: int) -> None:
        self.take(count)

    def take(self, count: int) -> bytes:
        if self.place + count > len(self.content):
            raise struct.error("it ends too early")
        self.place += count
        return self.content[self.place - count : self.place]
