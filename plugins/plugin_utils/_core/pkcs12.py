# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificate, private key and chain from one PKCS#12 file (RFC 7292), as Windows, Java and `openssl` write it."""

from __future__ import annotations

import base64
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

try:
    from cryptography import x509
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_each
from ansible_collections.certwright.tls.plugins.plugin_utils._core.der import OBJECT_IDENTIFIER, find_files, scan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.look_alikes import explain
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase, describe_unused
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError, require_sensible_size
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import PrivateKey, read_private_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._core.stretching import Work, load_work

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates

_SOURCE = "pkcs12"
# keyBag and pkcs8ShroudedKeyBag (RFC 7292 4.2.1, 4.2.2)
_KEY_BAGS = (bytes.fromhex("2a864886f70d010c0a0101"), bytes.fromhex("2a864886f70d010c0a0102"))
_OTHER_FILES = {
    "CERTIFICATE": "it is a certificate in DER; pass it as certificate_src, and its private key as private_key_src",
    "PKCS7": "it is PKCS#7, which holds no key; pass it as certificate_src, and the private key as private_key_src",
}
_KEY_ALONE = "it is a private key in DER; pass it as private_key_src, and its certificate as certificate_src"
_SEPARATELY = "pass certificate and key apart, as certificate_src and private_key_src"


@dataclass(frozen=True)
class Pkcs12:
    """What one file holds; the key's own certificate comes first when it is there."""

    certificates: tuple[Certificate, ...]
    private_key: PrivateKey


def load_pkcs12(content: bytes, passphrase: Passphrase | None) -> Pkcs12:
    """Raises UnusableError: input_empty, input_too_large, pkcs12_unreadable, pkcs12_encrypted, wrong_passphrase,
    several_private_keys, no_private_key, no_certificate and what is wrong with the parts themselves.
    """
    require_sensible_size(content, _SOURCE)
    _require_kind(content)
    work = load_work(content)
    _require_bearable(work)
    _require_one_key(content)
    opened, notices = _open(content, passphrase, work)
    return _load_parts(opened, notices)


def load_base64(text: str) -> bytes:
    """The bytes behind pkcs12_content. Raises UnusableError: input_not_base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        way_out = "pass what `base64 FILE.p12` prints, or the file as pkcs12_src"
        if "-----BEGIN" in text:
            way_out = "it is PEM; pass it as certificate_content and private_key_content"
        raise UnusableError("input_not_base64", f"The text of pkcs12_content is not base64; {way_out}") from None


def _require_kind(content: bytes) -> None:
    labels = [label for label, file in find_files(content)]
    if labels == ["PKCS12"]:
        return
    label = next(iter(labels), "")
    fact = _KEY_ALONE if label.endswith("PRIVATE KEY") else _OTHER_FILES.get(label) or explain(content, _SOURCE)
    raise UnusableError("pkcs12_unreadable", f"The PKCS#12 input is not PKCS#12: {fact}")


def _require_bearable(work: Work) -> None:
    if not work.is_bearable:
        fact = "The PKCS#12 input cannot be used: trying its passphrase would take minutes or hundreds of megabytes"
        raise UnusableError("pkcs12_unreadable", f"{fact}; export it anew with the defaults of `openssl pkcs12`")


def _require_one_key(content: bytes) -> None:
    """The library takes the first of several keys without a word."""
    keys = sum(tag == OBJECT_IDENTIFIER and value in _KEY_BAGS for tag, value in scan(content))
    if keys > 1:
        fact = f"The PKCS#12 input holds {keys} private keys"
        way_out = "`keytool -importkeystore -srckeystore FILE -srcalias NAME -destkeystore ONE.p12`"
        raise UnusableError("several_private_keys", f"{fact}; export the one of the certificate alone: {way_out}")


def _open(
    content: bytes, passphrase: Passphrase | None, work: Work
) -> tuple[PKCS12KeyAndCertificates, tuple[Notice, ...]]:
    passwords = _list_passwords(passphrase)
    for password in (*passwords, None) if work.rounds else (None, *passwords):
        opened = _try_open(content, password)
        if opened and password is None:
            fact = "the PKCS#12 file opens without it"
            return opened, describe_unused(passphrase, option="pkcs12_passphrase", fact=fact)
        if opened:
            return opened, ()
    raise _unopened(passphrase, work)


def _list_passwords(passphrase: Passphrase | None) -> tuple[bytes, ...]:
    """OpenSSL before 1.1 took each byte of UTF-8 for a character of its own."""
    if passphrase is None or not passphrase.text:
        return ()
    password = passphrase.encode()
    return tuple(dict.fromkeys((password, password.decode("latin-1").encode("utf-8"))))


def _try_open(content: bytes, password: bytes | None) -> PKCS12KeyAndCertificates | None:
    try:
        with warnings.catch_warnings():
            # BER, which macOS and Java libraries write, is read with a UserWarning
            warnings.simplefilter("ignore")
            return pkcs12.load_pkcs12(content, password)
    except (UnsupportedAlgorithm, InternalError, x509.InvalidVersion, ValueError, TypeError):
        return None


def _unopened(passphrase: Passphrase | None, work: Work) -> UnusableError:
    if not work.rounds:
        fact = "The PKCS#12 input is damaged: its parts cannot be read"
        return UnusableError("pkcs12_unreadable", f"{fact}; pass the file as it was exported, copied in binary mode")
    if passphrase is None or not passphrase.text:
        return UnusableError(
            "pkcs12_encrypted", "The PKCS#12 input is protected by a passphrase; pass it as pkcs12_passphrase"
        )
    fact = "The PKCS#12 input cannot be opened: pkcs12_passphrase is wrong, or the file is damaged"
    return UnusableError("wrong_passphrase", f"{fact}; try it by `openssl pkcs12 -in FILE -noout` (-legacy if old)")


def _load_parts(opened: PKCS12KeyAndCertificates, notices: tuple[Notice, ...]) -> Pkcs12:
    found = [entry.certificate for entry in (opened.cert, *opened.additional_certs) if entry]
    if opened.key is None:
        fact = "The PKCS#12 input holds no private key" + ("" if found else " and no certificate")
        raise UnusableError("no_private_key", f"{fact}; export it together with its key, or {_SEPARATELY}")
    if not found:
        fact = "The PKCS#12 input holds a private key, but no certificate"
        raise UnusableError("no_certificate", f"{fact}; export it together with its certificate, or {_SEPARATELY}")
    certificates = load_each([certificate.public_bytes(Encoding.DER) for certificate in found], _SOURCE)
    return Pkcs12(certificates, read_private_key(opened.key, notices))
