# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret sealed under a passphrase, as a text that may lie anywhere: scrypt (RFC 7914) and AES-256-GCM."""

from __future__ import annotations

import base64
import json
from typing import Any

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

SALT_BYTES, NONCE_BYTES = 16, 12
_VERSION = 1
# 128 MiB and about half a second for each guess. Part of the version: a text cannot ask for more.
_N, _R, _P = 2**17, 8, 1
_KEY_BYTES = 32


def seal(plaintext: bytes, passphrase: str, *, salt: bytes, nonce: bytes) -> str:
    """JSON text that unseal() opens. Salt and nonce are random bytes, new for each text.

    Raises UnusableError: passphrase_missing.
    """
    if len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
        raise ValueError(f"salt must have {SALT_BYTES} bytes and nonce {NONCE_BYTES}")
    header = _make_header(salt, nonce)
    content = AESGCM(_derive_key(passphrase, salt)).encrypt(nonce, plaintext, _authenticate(header))
    return json.dumps({**header, "content": _encode(content)}, indent=2)


def unseal(text: str, passphrase: str) -> bytes:
    """What was sealed, unaltered. Raises UnusableError: sealed_unreadable, passphrase_missing, wrong_passphrase."""
    header, content = _load(text)
    salt, nonce = _decode(header["kdf"]["salt"]), _decode(header["cipher"]["nonce"])
    try:
        return AESGCM(_derive_key(passphrase, salt)).decrypt(nonce, content, _authenticate(header))
    except InvalidTag:
        fact = "The sealed text does not open: it was sealed under another passphrase, or altered since"
        raise UnusableError("wrong_passphrase", f"{fact}; pass the right one, or restore a backup") from None


def _load(text: str) -> tuple[dict[str, Any], bytes]:
    """Header and content; the header is one that seal() would make."""
    try:
        header = json.loads(text)
        content = _decode(header.pop("content"))
        salt, nonce = _decode(header["kdf"]["salt"]), _decode(header["cipher"]["nonce"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        fact = "The sealed text is damaged, or is something else"
        raise UnusableError("sealed_unreadable", f"{fact}; restore it from a backup") from None
    if (len(salt), len(nonce)) != (SALT_BYTES, NONCE_BYTES) or header != _make_header(salt, nonce):
        fact = "The sealed text is of a kind that this release does not know"
        raise UnusableError("sealed_unreadable", f"{fact}; open it with the release that made it")
    return header, content


def _make_header(salt: bytes, nonce: bytes) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "kdf": {"name": "scrypt", "n": _N, "r": _R, "p": _P, "salt": _encode(salt)},
        "cipher": {"name": "AES-256-GCM", "nonce": _encode(nonce)},
    }


def _authenticate(header: dict[str, Any]) -> bytes:
    """The same bytes however the text was laid out since."""
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode()


def _derive_key(passphrase: str, salt: bytes) -> bytes:
    if not passphrase:
        raise UnusableError("passphrase_missing", "The passphrase to seal or open a secret with is empty; pass one")
    return Scrypt(salt=salt, length=_KEY_BYTES, n=_N, r=_R, p=_P).derive(Passphrase(passphrase).encode())


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
