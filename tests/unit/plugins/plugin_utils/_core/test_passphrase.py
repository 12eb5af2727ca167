# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase, describe_unused
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("secret", b"secret"),
        ("pässwörd", "pässwörd".encode()),
        pytest.param("caf\udce9", b"caf\xe9", id="a byte that is no UTF-8"),
        pytest.param("\ud800", b"\xed\xa0\x80", id="what is no character"),
    ],
)
def test_a_passphrase_becomes_the_bytes_it_was(text: str, expected: bytes) -> None:
    assert Passphrase(text).encode() == expected


def test_a_passphrase_never_shows_itself() -> None:
    assert repr(Passphrase("secret")) == "Passphrase(is_declared=True)"


@pytest.mark.parametrize(
    ("passphrase", "expected"),
    [
        pytest.param(
            Passphrase("secret"), (Notice("passphrase_unused", "the_option is not needed: a fact"),), id="declared"
        ),
        pytest.param(Passphrase("secret", is_declared=False), (), id="of the environment"),
        pytest.param(Passphrase(""), (), id="empty"),
        pytest.param(None, (), id="none"),
    ],
)
def test_only_a_declared_passphrase_is_told_to_be_unused(
    passphrase: Passphrase | None, expected: tuple[Notice, ...]
) -> None:
    assert describe_unused(passphrase, option="the_option", fact="a fact") == expected
