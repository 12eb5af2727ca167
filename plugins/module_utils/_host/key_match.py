# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a key belongs to a certificate, asked of the TLS library that services use. The key stays in memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import ssl
from collections.abc import Iterator, Sequence

from ansible_collections.certwright.tls.plugins.module_utils._host.key_files import UnusableError
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block, load_blocks

# A chain is far shorter; each costs 2 ms.
_MAXIMUM_CERTIFICATES = 20
_MEMORY = "/dev/shm"  # noqa: S108
_MISMATCHES = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")


def find_fitting(path: str, key: Block, certificates: Sequence[str]) -> list[str]:
    """The SHA-256 fingerprints (hex) of the certificates that the key of the file `path` belongs to.

    Raises UnusableError: private_key_unreadable when the library cannot load the key with any of them.
    """
    looked_at = certificates[:_MAXIMUM_CERTIFICATES]
    with _memory_file(key.text) as key_path:
        answers = [_fits(certificate, key_path) for certificate in looked_at]
    if looked_at and all(answer is None for answer in answers):
        fact = f"The private key {path} cannot be loaded together with a certificate"
        way_out = (
            "try it by `openssl pkey -in FILE -noout -check`, and the certificate by `openssl x509 -in FILE -noout`"
        )
        raise UnusableError("private_key_unreadable", f"{fact}; {way_out}")
    return [_fingerprint(certificate) for certificate, answer in zip(looked_at, answers) if answer]


def _fits(certificate: str, key_path: str) -> bool | None:
    """None when one of the two cannot be loaded."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with contextlib.suppress(ssl.SSLError):  # LibreSSL knows no security levels
        context.set_ciphers("ALL:@SECLEVEL=0")
    with _memory_file(certificate) as path:
        try:
            # The empty password keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(path, key_path, password="")
        except ssl.SSLError as error:
            return False if error.reason in _MISMATCHES else None
    return True


@contextlib.contextmanager
def _memory_file(text: str) -> Iterator[str]:
    """A path that leads to the text and to no disk, as long as it is needed."""
    try:
        descriptor = _open_memory()
    except OSError as error:
        fact = f"The host gives no file in memory for a private key ({error.strerror})"
        raise UnusableError("no_memory_file", f"{fact}; pass the controller's file (without remote_src)") from None
    try:
        with open(os.dup(descriptor), "w", encoding="ascii") as file:
            file.write(text)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _open_memory() -> int:
    """Some containers forbid memfd_create(2); a file without a name on a memory file system is the same."""
    with contextlib.suppress(OSError, AttributeError):
        return os.memfd_create("certwright", os.MFD_CLOEXEC)
    return os.open(_MEMORY, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600)


def _fingerprint(certificate: str) -> str:
    (block,) = load_blocks(certificate.encode("ascii"))
    return hashlib.sha256(block.content).hexdigest()
