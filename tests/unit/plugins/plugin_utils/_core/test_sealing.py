# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sealing import seal, unseal

SALT, NONCE, PLAINTEXT, PASSPHRASE = bytes(range(16)), bytes(range(12)), b"what nobody may read", "pässphräse"
# Written by the first release; whatever seals, this must open for ever.
SEALED = """{
  "version": 1,
  "kdf": {
    "name": "scrypt",
    "n": 131072,
    "r": 8,
    "p": 1,
    "salt": "AAECAwQFBgcICQoLDA0ODw=="
  },
  "cipher": {
    "name": "AES-256-GCM",
    "nonce": "AAECAwQFBgcICQoL"
  },
  "content": "sTfxynZ0n2yHafEB3uWYxRTBf2u7n7hdV21Hvfrn7O2usszD"
}"""


def change(**words: Any) -> str:
    return json.dumps({**json.loads(SEALED), **words})


def change_in(word: str, **words: Any) -> str:
    return change(**{word: {**json.loads(SEALED)[word], **words}})


def test_what_is_sealed_is_what_every_release_writes() -> None:
    assert seal(PLAINTEXT, PASSPHRASE, salt=SALT, nonce=NONCE) == SEALED


def test_a_sealed_text_opens_however_it_was_laid_out_since() -> None:
    words = dict(reversed(json.loads(SEALED).items()))
    assert unseal(json.dumps(words), PASSPHRASE) == PLAINTEXT


def test_others_can_open_it_by_the_standards_alone() -> None:
    words = json.loads(SEALED)
    content = base64.b64decode(words.pop("content"))
    key = hashlib.scrypt(PASSPHRASE.encode(), salt=SALT, n=2**17, r=8, p=1, maxmem=2**28, dklen=32)
    header = json.dumps(words, sort_keys=True, separators=(",", ":")).encode()
    assert AESGCM(key).decrypt(NONCE, content, header) == PLAINTEXT


def refuse(text: str, passphrase: str = PASSPHRASE) -> tuple[str, str]:
    with pytest.raises(UnusableError) as caught:
        unseal(text, passphrase)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.code, caught.value.message


WRONG = (
    "wrong_passphrase",
    (
        "The sealed text does not open: it was sealed under another passphrase, or altered since;"
        " pass the right one, or restore a backup"
    ),
)
DAMAGED = (
    "sealed_unreadable",
    "The sealed text is damaged, or is something else; restore it from a backup",
)
UNKNOWN = (
    "sealed_unreadable",
    "The sealed text is of a kind that this release does not know; open it with the release that made it",
)


@pytest.mark.parametrize(
    ("text", "passphrase", "expected"),
    [
        pytest.param(SEALED, "passphrase", WRONG, id="another passphrase"),
        pytest.param(change(content="AAAA" * 12), PASSPHRASE, WRONG, id="another content"),
        pytest.param(change(content=""), PASSPHRASE, WRONG, id="no content"),
        pytest.param(change_in("cipher", nonce="BBECAwQFBgcICQoL"), PASSPHRASE, WRONG, id="another nonce"),
        pytest.param(change_in("kdf", salt="BBECAwQFBgcICQoLDA0ODw=="), PASSPHRASE, WRONG, id="another salt"),
        pytest.param(
            SEALED,
            "",
            ("passphrase_missing", "The passphrase to seal or open a secret with is empty; pass one"),
            id="no passphrase",
        ),
    ],
)
def test_what_does_not_open(text: str, passphrase: str, expected: tuple[str, str]) -> None:
    assert expected == refuse(text, passphrase)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", DAMAGED, id="nothing"),
        pytest.param("-----BEGIN PRIVATE KEY-----", DAMAGED, id="not sealed at all"),
        pytest.param(SEALED[:-9], DAMAGED, id="cut off"),
        pytest.param("[" * 100_000, DAMAGED, id="deep"),
        pytest.param("[]", DAMAGED, id="a list"),
        pytest.param('"content"', DAMAGED, id="a text"),
        pytest.param("{}", DAMAGED, id="an empty object"),
        pytest.param(change(content="AAAA!"), DAMAGED, id="content is not base64"),
        pytest.param(change(content=None), DAMAGED, id="content is nothing"),
        pytest.param(change(content="ä"), DAMAGED, id="content is not ASCII"),
        pytest.param(change(kdf="scrypt"), DAMAGED, id="no parameters"),
        pytest.param(change_in("cipher", nonce=7), DAMAGED, id="nonce is a number"),
        pytest.param(change(version=2), UNKNOWN, id="later version"),
        pytest.param(change(note="mine"), UNKNOWN, id="one word more"),
        pytest.param(change_in("kdf", n=2**40), UNKNOWN, id="asks for all memory"),
        pytest.param(change_in("kdf", n=2), UNKNOWN, id="asks for no work"),
        pytest.param(change_in("kdf", name="pbkdf2"), UNKNOWN, id="another derivation"),
        pytest.param(change_in("cipher", name="AES-128-CBC"), UNKNOWN, id="another cipher"),
        pytest.param(change_in("cipher", nonce="AAAA"), UNKNOWN, id="short nonce"),
        pytest.param(change_in("kdf", salt=""), UNKNOWN, id="no salt"),
    ],
)
def test_what_is_refused_before_any_work_is_done(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: tuple[str, str]
) -> None:
    monkeypatch.delattr("ansible_collections.certwright.tls.plugins.plugin_utils._core.sealing.Scrypt")
    assert expected == refuse(text)


def test_nothing_is_sealed_under_no_passphrase() -> None:
    with pytest.raises(UnusableError) as caught:
        seal(PLAINTEXT, "", salt=SALT, nonce=NONCE)
    assert caught.value.code == "passphrase_missing"


@pytest.mark.parametrize(("salt", "nonce"), [(b"short", NONCE), (SALT, b"short")])
def test_salt_and_nonce_of_another_length_are_a_bug_of_the_caller(salt: bytes, nonce: bytes) -> None:
    with pytest.raises(ValueError, match="salt must have 16 bytes and nonce 12"):
        seal(PLAINTEXT, PASSPHRASE, salt=salt, nonce=nonce)


def test_a_sealed_text_says_nothing_of_what_is_in_it() -> None:
    assert len(base64.b64decode(json.loads(SEALED)["content"])) == len(PLAINTEXT) + 16
    assert PLAINTEXT.decode() not in SEALED
