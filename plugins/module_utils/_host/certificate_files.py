# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The public part of what lies on a host. Bytes of a key never leave this file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from ansible_collections.certwright.tls.plugins.module_utils._host.der import (
    describe_binary,
    find_elements,
    find_pkcs7_certificates,
    is_certificate,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block, load_blocks
from ansible_collections.certwright.tls.plugins.module_utils._host.place import NETWORK_FILE_SYSTEMS
from ansible_collections.certwright.tls.plugins.module_utils._host.regular_files import RegularFile, read_regular

# Beside networks: where a look alone mounts something, and where no files are.
_UNSEARCHED = NETWORK_FILE_SYSTEMS | {"autofs", "proc", "sysfs"}
_BOUNCY_CASTLE = ".bcfks"
_SUFFIXES = (
    *("", ".pem", ".crt", ".cer", ".cert", ".der", ".chain", ".bundle", ".ca-bundle", ".key", ".p7b", ".p7c"),
    *(".p12", ".pfx", ".pkcs12", ".jks", ".jceks", ".ks", ".keystore", ".truststore", _BOUNCY_CASTLE),
)
PKCS12, JAVA_KEYSTORE, BCFKS = "PKCS#12", "Java keystore", "BCFKS"
_STORES = {PKCS12, "PKCS#7", JAVA_KEYSTORE, BCFKS}
_ONLY_BOUNCY_CASTLE = "is read by Bouncy Castle alone"
_PLAIN_KEY = "private key"
_CERTIFICATE, _PKCS7 = ("CERTIFICATE", "X509 CERTIFICATE"), ("PKCS7", "CMS")
UNREADABLE = "unreadable certificate"
# By the end of a label; the first that fits.
_WORDS = (
    ("PRIVATE KEY", _PLAIN_KEY),
    ("PUBLIC KEY", "public key"),
    ("TRUSTED CERTIFICATE", "trusted certificate"),
    ("CERTIFICATE", UNREADABLE),
    ("CERTIFICATE REQUEST", "certificate request"),
    ("CRL", "CRL"),
    ("PARAMETERS", "parameters"),
    ("", "other PEM block"),
)


@dataclass(frozen=True)
class CertificateFile:
    """What one file holds: `certificates` as PEM text (LF, 64 columns) in file order, each once.

    `holds` names in words what else is in it; `fact` says why it cannot be read: `f"{path} {fact}"` is a sentence.
    `unread` is the same of a keystore that stays closed, and `ended` of a directory whose search ended too early.
    Owner, group and mode are those of the file that links lead to; -1 when it could not be looked at.
    """

    path: str
    certificates: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    fact: str = ""
    uid: int = -1
    gid: int = -1
    mode: int = 0
    unread: str = ""
    ended: str = ""


def read_certificates(path: str) -> CertificateFile:
    """What the file holds, in PEM, DER or PKCS#7; of PKCS#12 and Java keystores only that it is one. Never raises."""
    return _describe(path, read_regular(path))


def find_certificate_files(root: str, *, limit: int, without: str = "") -> Iterator[CertificateFile]:
    """Every file below `root` that holds a certificate, is a store, or is a key that everybody may use; at most `limit`
    files and directories are read.

    A directory `without` below it is left out.

    Links to files are followed, links to directories and network file systems are not. A `root` that is no directory,
    or is on a network file system, comes back itself, with its fact; and so does one that was not searched to its end.
    """
    if not os.path.isdir(root):
        yield read_certificates(root)
        return
    mounts, ended = _find_unsearched_mounts(), f"has more than {limit} files or directories, and the rest was left out"
    if _is_below(os.path.realpath(root), mounts):
        yield CertificateFile(root, fact="is on a network file system")
        return
    closed: list[CertificateFile] = []
    left_out = {*mounts, os.path.realpath(without)} if without else mounts
    for number, path in enumerate(_find_candidates(root, limit=limit, left_out=left_out, closed=closed)):
        if number == limit or not path:
            yield CertificateFile(root, ended=ended)
            return
        found = _read_candidate(path)
        if found.certificates or _STORES.intersection(found.holds) or _is_open_key(found):
            yield found
    yield from closed


def _is_open_key(found: CertificateFile) -> bool:
    """Not in a directory that others cannot go through, as certbot keeps its keys."""
    if _PLAIN_KEY not in found.holds or not found.mode & (stat.S_IROTH | stat.S_IWOTH):
        return False
    try:
        return all(
            os.stat(directory).st_mode & stat.S_IXOTH for directory in _list_parents(os.path.realpath(found.path))
        )
    except OSError:
        return False


def _list_parents(path: str) -> Iterator[str]:
    while path != os.path.dirname(path):
        path = os.path.dirname(path)
        yield path


def _find_candidates(root: str, *, limit: int, left_out: set[str], closed: list[CertificateFile]) -> Iterator[str]:
    """An empty path when there are more directories; into `closed` go those that cannot be opened."""
    real_root = os.path.realpath(root)

    def remember(error: OSError) -> None:
        closed.append(CertificateFile(str(error.filename), fact=f"cannot be opened: {error.strerror}"))

    walk = os.walk(root, onerror=remember)
    for number, (directory, directories, names) in enumerate(walk):
        if number == limit:
            yield ""
            return
        real = os.path.normpath(os.path.join(real_root, os.path.relpath(directory, root)))
        directories[:] = sorted(name for name in directories if os.path.join(real, name) not in left_out)
        for name in sorted(names):
            if os.path.splitext(name)[1].lower() in _SUFFIXES:
                yield os.path.join(directory, name)


def _find_unsearched_mounts(mounts: str = "/proc/self/mounts") -> set[str]:
    """By name only: to look at a network file system whose server is gone would take for ever."""
    try:
        with open(mounts, encoding="utf-8", errors="replace") as file:
            rows = [line.split() for line in file]
    except OSError:
        return set()
    kinds = {row[1].replace("\\040", " "): row[2] for row in rows if len(row) > 2}
    return {point for point, kind in kinds.items() if kind in _UNSEARCHED or kind.startswith("fuse.")}


def _is_below(path: str, mounts: set[str]) -> bool:
    return any(path == point or path.startswith(point.rstrip("/") + "/") for point in mounts)


def _read_candidate(path: str) -> CertificateFile:
    """Programs and lists have no suffix either: there only what begins as PEM counts, and keystores (Java: cacerts)."""
    file = read_regular(path)
    if os.path.splitext(path)[1] or file.content.startswith(b"-----BEGIN"):
        return _describe(path, file)
    if describe_binary(file.content) not in (PKCS12, JAVA_KEYSTORE):
        return CertificateFile(path)
    return _describe(path, file)


def _describe(path: str, file: RegularFile) -> CertificateFile:
    parts = tuple(dict.fromkeys(_find_parts(file.content)))
    certificates = tuple(Block("CERTIFICATE", part).text for part in parts if isinstance(part, bytes))
    holds = tuple(part for part in parts if isinstance(part, str))
    found = CertificateFile(path, certificates, holds, file.fact, file.uid, file.gid, file.mode)
    is_opaque = file.content and not parts and path.lower().endswith(_BOUNCY_CASTLE)
    return replace(found, holds=(BCFKS,), unread=_ONLY_BOUNCY_CASTLE) if is_opaque else found


def _find_parts(content: bytes) -> Iterator[bytes | str]:
    """Certificates as their DER, everything else as a word for it."""
    blocks = load_blocks(content)
    for block in blocks:
        if block.label in _CERTIFICATE and is_certificate(block.content):
            yield block.content
        elif block.label in _PKCS7:
            yield from _find_in_pkcs7(block.content)
        else:
            yield _describe_block(block)
    if not blocks:
        yield from _find_in_binary(content)


def _find_in_pkcs7(content: bytes) -> Iterator[bytes | str]:
    certificates = tuple(filter(is_certificate, find_pkcs7_certificates(content)))
    yield from certificates or ("PKCS#7",)


def _describe_block(block: Block) -> str:
    word = next(word for end, word in _WORDS if block.label.endswith(end))
    if not block.content and word != UNREADABLE:
        return f"damaged {word}"
    return f"encrypted {word}" if block.is_encrypted else word


def _find_in_binary(content: bytes) -> Iterator[bytes | str]:
    yield from takewhile(is_certificate, (element.whole for element in find_elements(content)))
    word = describe_binary(content)
    if word == "PKCS#7":
        yield from _find_in_pkcs7(content)
    elif word:
        yield word
