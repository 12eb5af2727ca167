# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore_passphrase import KeystorePassphrase

SESAME = KeystorePassphrase("sesame street", bytes(range(16)))


def test_what_is_recorded_is_scrypt_of_passphrase_and_salt() -> None:
    stretched = hashlib.scrypt(b"sesame street", salt=bytes(range(16)), n=2**14, r=8, p=1, dklen=32).hex()
    assert f"scrypt-14:{bytes(range(16)).hex()}:{stretched}" == SESAME.digest


@pytest.mark.parametrize(
    ("passphrase", "recorded", "expected"),
    [
        pytest.param(SESAME, SESAME.digest, True, id="the same"),
        pytest.param(KeystorePassphrase("sesame street", b"other"), SESAME.digest, True, id="salted otherwise"),
        pytest.param(KeystorePassphrase("Sesame street"), SESAME.digest, False, id="another"),
        pytest.param(SESAME, "", False, id="none"),
        pytest.param(SESAME, SESAME.digest.replace("14", "15"), False, id="a kind of another release"),
        pytest.param(SESAME, SESAME.digest.replace(":00", ":0"), False, id="half a byte"),
        pytest.param(SESAME, SESAME.digest + "\n", False, id="something after it"),
    ],
)
def test_a_passphrase_is_known_again(passphrase: KeystorePassphrase, recorded: str, *, expected: bool) -> None:
    assert expected is passphrase.is_of(recorded)


def test_it_shows_nowhere() -> None:
    assert "sesame" not in f"{SESAME!r} {SESAME.digest}"
