# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are more than PEM parts: PKCS#12 with the key, Java truststores, and the CAs that a service trusts.

What the controller can make travels as bytes. A keystore whose key is on the host is made there: only its passphrase
travels.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

try:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle, HostKey
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import (
    LEGACY,
    PEM,
    PKCS12,
    TRUSTSTORE,
    Service,
    ServiceFile,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import KeySerializationEncryption

    from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import SigningKey

# As OpenSSL on a host is told, so that both are alike.
_ROUNDS = 20000
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def can_make_truststores() -> bool:
    """Java shows only entries with an attribute of its own, which `cryptography` 45 learned to write."""
    return hasattr(pkcs12, "serialize_java_truststore")


def needs_own_anchor(services: Iterable[Service]) -> bool:
    """Whether a file trusts whoever the certificate comes from."""
    return any(file.holds_trust and not file.trusted for service in services for file in service.files)


def find_anchor(bundle: Bundle) -> Certificate | None:
    """The certificate's own root, or its top-most issuer; None when neither was supplied."""
    return bundle.root or (bundle.chain[-1] if bundle.chain else None)


def find_keystore_problems(name: str, services: tuple[Service, ...], bundle: Bundle) -> Iterator[Problem]:
    if needs_own_anchor(services) and find_anchor(bundle) is None:
        fact = "a service is to trust the certificate's own root, and neither a root nor an issuer was supplied"
        yield Problem(name, "trust_missing", f"{fact}; pass it as ca_src, or say `trust_src` for the service")


def find_keystore_notices(name: str, services: Iterable[Service]) -> Iterator[Notice]:
    known = [
        f"{service.name}/{file.name}"
        for service in services
        for file in service.files
        if file.passphrase is not None and file.passphrase.is_well_known
    ]
    if known:
        fact = f"the passphrase of {', '.join(known)} is a default that everybody knows"
        yield Notice("passphrase_known", f"{name}: {fact}; choose another one, for the product's settings too")


def word_keystores(
    services: tuple[Service, ...], *, alias: str, bundle: Bundle | None, anchor: Certificate | None
) -> dict[str, dict[str, str]]:
    """By `service/file`: base64 `content`, or the `passphrase` that the host makes it with and the `root` to put in.

    For secret requests only. Without a bundle every key is on the host. `alias` is for entries that declare none.
    """
    made = {}
    for service in services:
        trust = service.trust or ((anchor,) if anchor else ())
        for file in service.files:
            if file.holds_crl:
                lists = "".join(item.pem for item in file.lists)
                made[f"{service.name}/{file.name}"] = _word_content(lists.encode("ascii"))
            elif file.holds_trust:
                told = _word_proof(file, entries=len(trust)) if service.read_back else {}
                made[f"{service.name}/{file.name}"] = {**_word_content(_make_trust(file, trust)), **told}
            elif file.format == PKCS12:
                told = _word_proof(file) if service.read_back else {}
                made[f"{service.name}/{file.name}"] = {**_word_entry(file, file.alias or alias, bundle), **told}
    return made


def _word_proof(file: ServiceFile, *, entries: int = 1) -> dict[str, str]:
    """What the host opens the file with again, and how many entries it is to find."""
    return {} if file.format == PEM else {"passphrase": _require_passphrase(file), "entries": str(entries)}


def _word_content(content: bytes) -> dict[str, str]:
    return {"content": base64.b64encode(content).decode("ascii")}


def _make_trust(file: ServiceFile, trust: tuple[Certificate, ...]) -> bytes:
    if not trust:
        raise LookupError(f"Nothing is trusted in {file.name}")
    if file.format != TRUSTSTORE:
        return "".join(certificate.pem for certificate in trust).encode("ascii")
    entries = [pkcs12.PKCS12Certificate(item.parsed, _name_trusted(item).encode("ascii")) for item in trust]
    return bytes(pkcs12.serialize_java_truststore(entries, _encrypt(_require_passphrase(file), file.level)))


def _name_trusted(certificate: Certificate) -> str:
    """Its fingerprint keeps apart the old and the new CA of one name, which an alias must."""
    name = _UNFIT.sub("-", certificate.common_name or "ca").strip("-")[:60].lower()
    return f"{name or 'ca'}-{certificate.fingerprint[:12]}"


def _word_entry(file: ServiceFile, alias: str, bundle: Bundle | None) -> dict[str, str]:
    root = bundle.root if bundle and "root" in file.parts else None
    if bundle is None or isinstance(bundle.private_key, HostKey):
        return {"passphrase": _require_passphrase(file), **({"root": root.pem} if root else {})}
    chain = bundle.chain if "chain" in file.parts else ()
    issuers = [item.parsed for item in (*chain, *([root] if root else ())) if item != bundle.leaf]
    content = serialize_keystore(
        bundle.private_key.parsed,
        bundle.leaf.parsed,
        issuers,
        alias=alias,
        passphrase=_require_passphrase(file),
        level=file.level,
    )
    return _word_content(content)


def serialize_keystore(  # noqa: PLR0913 - what is in it, and what shapes it
    key: SigningKey,
    certificate: x509.Certificate,
    issuers: Sequence[x509.Certificate],
    *,
    alias: str,
    passphrase: str,
    level: str,
) -> bytes:
    """PKCS#12 (RFC 7292) with one key entry, whose chain is the certificate and its issuers.

    Alias and passphrase are ASCII, as Java and OpenSSL read them alike.
    """
    encryption = _encrypt(passphrase, level)
    return pkcs12.serialize_key_and_certificates(alias.encode("ascii"), key, certificate, issuers, encryption)


def _encrypt(passphrase: str, level: str) -> KeySerializationEncryption:
    """Store and key have one passphrase, as Java's PKCS#12 asks."""
    is_legacy = level == LEGACY
    ciphers = pkcs12.PBES
    cipher = ciphers.PBESv1SHA1And3KeyTripleDESCBC if is_legacy else ciphers.PBESv2SHA256AndAES256CBC
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(_ROUNDS).key_cert_algorithm(cipher)
    builder = builder.hmac_hash(hashes.SHA1() if is_legacy else hashes.SHA256())  # noqa: S303 - what old Java reads
    return builder.build(passphrase.encode("ascii"))


def _require_passphrase(file: ServiceFile) -> str:
    """It was read before anybody looked at the host; a record has none."""
    if file.passphrase is None:
        raise LookupError(f"The passphrase of {file.name} was not read")
    return file.passphrase.text
