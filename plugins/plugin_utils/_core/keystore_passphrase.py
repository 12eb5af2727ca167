# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The passphrase of a keystore: never kept, but known again by a salted, slow digest (scrypt, RFC 7914)."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from functools import lru_cache

with contextlib.suppress(ImportError):  # require_libraries() says so at run time
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

# 16 MiB and about 50 ms for each guess. Part of the kind: a record cannot ask for more.
_KIND, _N, _R, _P = "scrypt-14", 2**14, 8, 1
_RECORDED = re.compile(rf"{_KIND}:((?:[0-9a-f]{{2}}){{1,64}}):([0-9a-f]{{64}})\Z")
# Java reads no other characters in a passphrase of a key (PBEKey), and keytool none that is shorter.
_FIT = re.compile(r"[ -~]{6,500}\Z")
# What is in every installation of a product, or of Java.
_WELL_KNOWN = frozenset({"changeit", "changeme", "jobscheduler", "password", "secret", "123456"})
# A number that YAML made of digits is another one than was meant. A vaulted text of ansible-core 2.16 is no str.
NO_TEXT = (int, float, list, tuple, dict)


@dataclass(frozen=True)
class KeystorePassphrase:
    """Random `salt` bytes come with a passphrase that is to be recorded; one that is only judged has none."""

    text: str = field(repr=False)
    salt: bytes = b""

    @property
    def digest(self) -> str:
        """What a record has of it."""
        return f"{_KIND}:{self.salt.hex()}:{_stretch(self.text, self.salt)}"

    @property
    def is_well_known(self) -> bool:
        return self.text in _WELL_KNOWN

    def is_of(self, recorded: str) -> bool:
        """Whether the record is of this passphrase; one that cannot be read is of none."""
        found = _RECORDED.match(recorded)
        return found is not None and _stretch(self.text, bytes.fromhex(found[1])) == found[2]


def load_passphrase(value: object) -> KeystorePassphrase | None:
    """None for one that Java refuses."""
    passphrase = value if isinstance(value, KeystorePassphrase) else KeystorePassphrase(str(value))
    return passphrase if not isinstance(value, NO_TEXT) and _FIT.match(passphrase.text) else None


@lru_cache(maxsize=64)
def _stretch(text: str, salt: bytes) -> str:
    """Asked once for all keystores that have passphrase and salt in common."""
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(text.encode("utf-8")).hex()
