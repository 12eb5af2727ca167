# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever bytes arrive, a loader returns a value or refuses: never a traceback, in bounded time."""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Callable

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.checks import find_notices, find_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import covers, load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block, load_blocks
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import load_private_key, require_sound
from ansible_collections.certwright.tls.tests.unit.authority import NOW, ca, shared_key

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

# hypothesis' own deadline counts the wall clock, which a busy machine stretches; tolerate() counts our work.
SETTINGS = hypothesis.settings(max_examples=300, deadline=None, derandomize=True)
AUTHORITY = ca(permitted=["example"], path_length=1)
LEAF = AUTHORITY.issue("a.example", "10.0.0.1", issuer_url="http://ca.example/ca.cer")
RSA = AUTHORITY.issue("a.example", key=shared_key("RSA 2048"))
PASSPHRASE = "correct horse"
KEYS = (
    LEAF.key_pem,
    LEAF.encode_key(style="TraditionalOpenSSL"),
    LEAF.encode_key(PASSPHRASE),
    RSA.encode_key(style="TraditionalOpenSSL"),
    RSA.encode_key(PASSPHRASE, "TraditionalOpenSSL"),
)


def tolerate(call: Callable[[], object]) -> None:
    message = ""
    began = time.process_time()
    try:
        call()
    except TlsError as error:
        message = str(error)
    assert time.process_time() - began < 2
    assert len(message) < 1000


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Bits flipped, cut or stuffed."""
    position = st.integers(0, len(content) - 1)
    flipped = st.builds(
        lambda at, bit: content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :],
        position,
        st.integers(0, 7),
    )
    cut = st.builds(lambda at: content[:at], position)
    stuffed = st.builds(lambda at, more: content[:at] + more + content[at:], position, st.binary(max_size=8))
    return st.one_of(flipped, cut, stuffed)


def rewrap(content: bytes) -> st.SearchStrategy[bytes]:
    """Damage below the base64, so that the parser behind it sees it."""
    (block,) = load_blocks(content, "certificate")
    return damaged(block.content).filter(bool).map(lambda der: Block(block.label, der, block.headers).text.encode())


@SETTINGS
@hypothesis.given(st.one_of(st.binary(max_size=500), st.binary(max_size=500).map(base64.b64encode), damaged(LEAF.pem)))
def test_random_bytes(content: bytes) -> None:
    tolerate(lambda: load_certificates(content, "certificate"))
    tolerate(lambda: load_private_key(content, PASSPHRASE))


@SETTINGS
@hypothesis.given(st.one_of(rewrap(LEAF.pem), rewrap(AUTHORITY.pem), rewrap(RSA.pem)))
def test_damaged_certificates(content: bytes) -> None:
    def check() -> None:
        bundle = load_bundle(Material("web", content, LEAF.key_pem, AUTHORITY.pem + content))
        find_problems(bundle, certificate="web", names=("a.example",), now=NOW, anchors=())
        find_notices(bundle, names=("a.example",), now=NOW, anchors=bundle.supplied_ca)

    tolerate(lambda: load_certificates(content, "certificate"))
    with contextlib.suppress(TlsError):
        check()


@SETTINGS
@hypothesis.given(st.one_of(*(strategy(key) for key in KEYS for strategy in (damaged, rewrap))))
def test_damaged_keys(content: bytes) -> None:
    def load() -> None:
        private_key = load_private_key(content, PASSPHRASE)
        load_bundle(Material("web", LEAF.pem + RSA.pem, content, None, PASSPHRASE))
        require_sound(private_key)

    tolerate(load)


@SETTINGS
@hypothesis.given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_random_names(text: str) -> None:
    try:
        name, _notice = load_name(text)
    except TlsError:
        return
    assert load_name(name) == (name, None)
    assert covers([name], name)
