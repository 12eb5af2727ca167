# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private key born on this host and the request for it (RFC 2986), by the `openssl` program, 1.1.1 or newer."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address

from ansible_collections.certwright.tls.plugins.module_utils._host.files import (
    Attributes,
    no_label,
    replace_file,
    write_new,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.openssl import Answer, run_openssl
from ansible_collections.certwright.tls.plugins.module_utils._host.order import (
    KEY,
    REQUEST,
    OrderKey,
    RefusedError,
    digest_of_key,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.pem import Block, load_blocks

_CURVE = ("-algorithm", "EC", "-pkeyopt", "ec_param_enc:named_curve", "-pkeyopt")
_BITS = ("-algorithm", "RSA", "-pkeyopt")
KEY_TYPES = {
    "ec256": (*_CURVE, "ec_paramgen_curve:P-256"),
    "ec384": (*_CURVE, "ec_paramgen_curve:P-384"),
    "rsa2048": (*_BITS, "rsa_keygen_bits:2048"),
    "rsa3072": (*_BITS, "rsa_keygen_bits:3072"),
    "rsa4096": (*_BITS, "rsa_keygen_bits:4096"),
}
# What means something in a configuration of openssl cannot be in a name.
_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})\Z")
# No zone of an interface, which may hold anything.
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+\Z")
# RSA 4096 takes ten seconds on a small machine, and more where several are made at once.
_DEADLINE = 120.0


def require_makeable(key: OrderKey) -> None:
    if key.type not in KEY_TYPES:
        raise RefusedError("key_type_unknown", f"There is no key type {key.type}; use one of {', '.join(KEY_TYPES)}")
    unfit = [name for name in key.names if not (_is_address(name) or _NAME.match(name))]
    if unfit or not key.names:
        fact = f"A request for a certificate cannot have {len(unfit)} of {len(key.names)} names"
        raise RefusedError("name_unfit", f"{fact}; they are DNS names, internationalised ones as xn--…, or addresses")


def _is_address(name: str) -> bool:
    try:
        return bool(_ADDRESS.match(name) and ip_address(name))
    except ValueError:
        return False


def make_key_and_request(directory: str, key: OrderKey) -> tuple[str, str]:
    """Both are on disk and synced, the key for root alone from its first byte. The digest of the key, and the request.

    The subject is empty and all names are alternative ones (RFC 5280 4.2.1.6). No usage is asked for: some CAs refuse.
    """
    text = _make_key(key.type)
    path = os.path.join(directory, KEY)
    write_new(path, text.encode("ascii"), attributes=Attributes(), label=no_label)
    request = _make_request(path, key.names)
    replace_file(os.path.join(directory, REQUEST), request.encode("ascii"))
    return digest_of_key(text.encode("ascii")), request


def _make_key(kind: str) -> str:
    answer = run_openssl(("genpkey", *KEY_TYPES[kind]), deadline=_DEADLINE)
    return _require_block(answer, "PRIVATE KEY", "private key").text


def _make_request(key_path: str, names: tuple[str, ...]) -> str:
    words = ("req", "-new", "-sha256", "-subj", "/", "-key", key_path, "-config", "/dev/stdin")
    answer = run_openssl(words, content=_configure(names).encode("ascii"), deadline=_DEADLINE)
    return _require_block(answer, "CERTIFICATE REQUEST", "request for a certificate").text


def _configure(names: tuple[str, ...]) -> str:
    """A configuration of its own: what the host's one says must not be in the request."""
    heading = ("[req]", "prompt = no", "string_mask = utf8only", "distinguished_name = subject")
    sections = ("req_extensions = extensions", "[subject]", "[extensions]", "subjectAltName = @names", "[names]")
    kinds = ("IP" if _is_address(name) else "DNS" for name in names)
    entries = (f"{kind}.{number} = {name}" for number, (kind, name) in enumerate(zip(kinds, names), 1))
    return "\n".join((*heading, *sections, *entries, ""))


def _require_block(answer: Answer, label: str, subject: str) -> Block:
    blocks = [block for block in load_blocks(answer.output) if block.label == label and block.content]
    if answer.code == 0 and len(blocks) == 1:
        return blocks[0]
    if answer.code == 127:
        raise openssl_missing()
    said = f"did not end within {_DEADLINE:g} s" if answer.code == 124 else f"ended with {answer.code}"
    raise RefusedError("openssl_failed", f"openssl made no {subject}: it {said}; set `key_origin: controller`")


def openssl_missing() -> RefusedError:
    fact = "A key that is born on the host takes the program openssl, and the host has none"
    return RefusedError("openssl_missing", f"{fact}; install it there, or set `key_origin: controller`")
