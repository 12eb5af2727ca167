# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in a service's file: PEM parts, bytes of the controller, or a PKCS#12 of a key that never left this host."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.openssl import DEADLINE, has_openssl, run_openssl
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Material, Wanted

# As `cryptography` on a controller is told, so that both are alike. OpenSSL 1.1.1 has other defaults than 3.
_LEVELS = {
    "modern": ("-keypbe", "AES-256-CBC", "-certpbe", "AES-256-CBC", "-macalg", "sha256"),
    "legacy": ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"),
}
_ROUNDS = ("-iter", "20000")
_CODES = {127: "cannot be started", 124: f"did not end within {DEADLINE:g} s"}


@dataclass(frozen=True)
class Keystore:
    """A file below a generation: `service/file`, its words, its certificate's name, and where its key is already."""

    relative: str
    spec: FileSpec
    certificate: str
    key_path: str


def find_openssl_fault(wanted: Wanted) -> str:
    """Before anything is written: a keystore of a key of this host, and no program to make it with."""
    keystores = wanted.material.keystores if wanted.material else {}
    needing = [name for name, words in keystores.items() if "content" not in words]
    if not needing or has_openssl():
        return ""
    fact = f"The keystore {', '.join(needing)} of a key on this host takes the program openssl, and the host has none"
    return f"{fact}; install it there, or supply the key from the controller"


def make_file(keystore: Keystore, material: Material) -> bytes:
    """The bytes to write; those of a PKCS#12 are others each time. Raises HostError."""
    words = material.keystores.get(keystore.relative)
    if words is None and keystore.spec.format == "pem":
        return material.render(keystore.spec.parts)
    if words is None:
        fact = f"The controller sent nothing to make {keystore.relative} of"
        raise HostError(f"{fact}; install the certificate again by its own module")
    if "content" in words:
        return base64.b64decode(words["content"])
    texts = {"leaf": material.leaf, "chain": material.chain, "root": words.get("root") or material.root}
    certificates = "".join(texts[part] for part in keystore.spec.parts if part in texts)
    return _export(keystore, certificates.encode("ascii"), words["passphrase"])


def _export(keystore: Keystore, certificates: bytes, passphrase: str) -> bytes:
    """The key is read where it has just been stored, 0600; the certificate that belongs to it comes first."""
    spec = keystore.spec
    entry = ("-inkey", keystore.key_path, "-name", spec.alias or keystore.certificate)
    command = ("pkcs12", "-export", *entry, *_LEVELS[spec.level or "modern"], *_ROUNDS)
    answer = run_openssl(command, content=certificates, passphrase=passphrase, option="-passout")
    if answer.code == 0 and answer.output:
        return answer.output
    said = _CODES.get(answer.code, f"ended with {answer.code}")
    fact = f"openssl made no keystore {keystore.relative}: it {said}"
    raise HostError(f"{fact}; a host in FIPS mode makes none of `level: legacy`")
