# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever bytes arrive, a loader returns a value or refuses: never a traceback, in bounded time."""

from __future__ import annotations

import base64
import contextlib
import time
import tracemalloc
from collections.abc import Callable

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.checks import find_notices, find_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import covers, load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block, load_blocks
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pkcs12 import load_base64, load_pkcs12
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import load_private_key, require_sound
from ansible_collections.certwright.tls.tests.unit.authority import (
    NOW,
    ca,
    encode_pkcs7,
    export_pkcs12,
    shared_key,
)

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

# hypothesis' own deadline counts the wall clock, which a busy machine stretches; tolerate() counts our work.
SETTINGS = hypothesis.settings(max_examples=300, deadline=None, derandomize=True)
AUTHORITY = ca(permitted=["example"], path_length=1)
LEAF = AUTHORITY.issue("a.example", "10.0.0.1", issuer_url="http://ca.example/ca.cer")
RSA = AUTHORITY.issue("a.example", key=shared_key("RSA 2048"))
PASSPHRASE = Passphrase("secret")
KEYS = (
    LEAF.key_pem,
    LEAF.encode_key(style="TraditionalOpenSSL"),
    LEAF.encode_key(PASSPHRASE.text),
    RSA.encode_key(style="TraditionalOpenSSL"),
    RSA.encode_key(PASSPHRASE.text, "TraditionalOpenSSL"),
)

DER = (
    LEAF.der,
    AUTHORITY.der,
    LEAF.encode_key(encoding="DER"),
    LEAF.encode_key(PASSPHRASE.text, encoding="DER"),
    LEAF.encode_key(style="TraditionalOpenSSL", encoding="DER"),
    RSA.encode_key(style="TraditionalOpenSSL", encoding="DER"),
    encode_pkcs7(LEAF, AUTHORITY),
)
FEW = ("-iter", "1", "-maciter")
NO_MAC = export_pkcs12(LEAF, "-nomac", "-keypbe", "NONE", "-certpbe", "NONE")
CONTAINERS = (
    export_pkcs12(LEAF, *FEW),
    export_pkcs12(LEAF, "-legacy", *FEW),
    export_pkcs12(LEAF, "-nomac", *FEW),
    NO_MAC,
    b"\x30\x80" + NO_MAC[4:] + b"\0\0",
)
MEMORY = 64 * 2**20


def tolerate(call: Callable[[], object]) -> None:
    message = ""
    began = time.process_time()
    try:
        call()
    except TlsError as error:
        message = str(error)
    assert time.process_time() - began < 3
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
    tolerate(lambda: load_pkcs12(content, PASSPHRASE))
    tolerate(lambda: load_pkcs12(b"\x30\x80\x02\x01\x03\x30\x80" + content + bytes(4), None))


@SETTINGS
@hypothesis.given(st.one_of(*map(damaged, DER)))
def test_damaged_der(content: bytes) -> None:
    tolerate(lambda: load_certificates(content, "certificate"))
    tolerate(lambda: load_private_key(content, PASSPHRASE))
    tolerate(lambda: load_bundle(Material("web", content, content, content, passphrase=PASSPHRASE)))


@SETTINGS
@hypothesis.given(rewrap(encode_pkcs7(LEAF, AUTHORITY, encoding="PEM")))
def test_a_damaged_bag_of_certificates(content: bytes) -> None:
    tolerate(lambda: load_certificates(content, "ca"))


@SETTINGS
@hypothesis.given(st.one_of(*map(damaged, CONTAINERS)))
def test_damaged_containers(content: bytes) -> None:
    tolerate(lambda: load_pkcs12(content, PASSPHRASE))
    tolerate(lambda: load_pkcs12(content, None))
    tolerate(lambda: load_bundle(Material("web", pkcs12=content, pkcs12_passphrase=PASSPHRASE)))
    tolerate(lambda: load_certificates(content, "certificate"))


@SETTINGS
@hypothesis.given(
    st.one_of(st.text(max_size=300), damaged(base64.b64encode(NO_MAC)).map(lambda text: text.decode("latin-1")))
)
def test_damaged_base64(text: str) -> None:
    tolerate(lambda: load_pkcs12(load_base64(text), None))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(LEAF.pem * 2000, id="PEM, again and again"),
        pytest.param(LEAF.der * 2000, id="DER, again and again"),
        pytest.param(b"\x30\x80\x02\x01\x03\x30\x80" + b"\x04\x01\x30" * 20_000 + bytes(4), id="container of crumbs"),
        pytest.param(b"\x30\x80\x02\x01\x03" + b"\x30\x80" * 50_000, id="container of containers"),
        pytest.param(encode_pkcs7(*[LEAF] * 1500), id="bag of many"),
        pytest.param(b"\x30\x80" * 50_000, id="ever deeper"),
    ],
)
def test_a_megabyte_takes_bounded_memory(content: bytes) -> None:
    tracemalloc.start()
    try:
        for load in (load_pkcs12, load_private_key):
            with contextlib.suppress(TlsError):
                load(content, PASSPHRASE)
        with contextlib.suppress(TlsError):
            load_certificates(content, "certificate")
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


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
        load_bundle(Material("web", LEAF.pem + RSA.pem, content, passphrase=PASSPHRASE))
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
