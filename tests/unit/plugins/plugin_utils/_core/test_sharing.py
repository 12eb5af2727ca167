# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a home hands out, read back: complete, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import Handed, Sharing, name_at_home

SECRET = "correct horse battery staple"
WORDS: dict[str, Any] = {
    "certificate": "leaf",
    "chain": "intermediate",
    "sealed_key": SECRET,
    "fingerprint": "5d",
    "issuer": "https://ca.example/directory",
    "order": {"cert_id": "a.b"},
}
HANDED = Handed("leaf", "intermediate", SECRET, "5d", "https://ca.example/directory", {"cert_id": "a.b"})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(WORDS, HANDED, id="everything"),
        pytest.param({**WORDS, "more": 1}, HANDED, id="more than is known"),
        pytest.param(
            {**WORDS, "chain": None},
            Handed("leaf", "", SECRET, "5d", HANDED.issuer, {"cert_id": "a.b"}),
            id="without a chain",
        ),
        *(
            pytest.param(
                {**WORDS, "order": order},
                Handed("leaf", "intermediate", SECRET, "5d", HANDED.issuer, {}),
                id=f"the order is {order!r}",
            )
            for order in (None, "x", [])
        ),
        *(
            pytest.param({**WORDS, word: value}, None, id=f"{word} is {value!r}")
            for word in ("certificate", "sealed_key", "fingerprint", "issuer")
            for value in (None, "")
        ),
        *(pytest.param(words, None, id=f"{words!r}") for words in (None, "text", [], {})),
    ],
)
def test_what_a_home_hands_out(words: object, expected: Handed | None) -> None:
    assert expected == Handed.from_json(words)


def test_the_name_at_home_is_another_one_than_a_members() -> None:
    assert name_at_home("wildcard") == "wildcard.shared"


def test_no_secret_shows() -> None:
    assert SECRET not in repr(Sharing("pki01", True, Passphrase(SECRET), HANDED))
