# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import HostKey
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.host_source import HostSource
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.tests.unit.authority import Issued
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import leaf, load

UNREADABLE = {"code": "file_unreadable", "message": "The certificate /a.pem is not there"}
LOCKED = {"code": "key_encrypted", "message": "The private key /a.key is encrypted"}


def answer_of(issued: Issued, **changes: Any) -> dict[str, Any]:
    """What a host says of material that lies there: its public part, and what its key belongs to."""
    return {
        "certificate": issued.pem.decode(),
        "ca": issued.ca_pem.decode(),
        "fits": [load(issued).fingerprint],
        "key_digest": "5d" * 32,
        "key_type": "EC P-256",
        "problems": [],
        **changes,
    }


def source_of(issued: Issued, **changes: Any) -> HostSource:
    return HostSource.from_answer(answer_of(issued, **changes))


def test_material_on_a_host_is_read_from_its_answer() -> None:
    issued = leaf()

    key = HostKey("EC P-256", frozenset({load(issued).fingerprint}))
    expected = HostSource(issued.pem, issued.ca_pem, key, (), "5d" * 32)
    assert expected == source_of(issued)


def test_a_part_that_is_not_there_is_none() -> None:
    expected = replace(source_of(leaf()), ca=None, key=HostKey("", frozenset()))

    assert expected == source_of(leaf(), ca="", fits=[], key_type="")


def test_the_key_belongs_to_the_certificate_that_the_host_says() -> None:
    bundle = source_of(leaf()).load_bundle("web")

    assert load(leaf()) == bundle.leaf
    assert [load(issuer) for issuer in leaf().issuers[:1]] == list(bundle.chain)
    assert bundle.is_key_proven is True
    assert source_of(leaf(), fits=[]).load_bundle("web").is_key_proven is False


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"problems": [UNREADABLE, LOCKED], "certificate": ""},
            [Problem("web", *UNREADABLE.values()), Problem("web", *LOCKED.values())],
            id="what the host could not read, in its words",
        ),
        pytest.param({"problems": [LOCKED]}, [Problem("web", *LOCKED.values())], id="a key alone"),
    ],
)
def test_what_the_host_cannot_read_is_refused_as_it_says(changes: dict[str, Any], expected: list[Problem]) -> None:
    with pytest.raises(RefusedError) as refused:
        source_of(leaf(), **changes).load_bundle("web")
    assert tuple(expected) == refused.value.problems


def test_what_the_host_read_and_nobody_can_use_is_refused_here() -> None:
    with pytest.raises(RefusedError) as refused:
        source_of(leaf(), certificate="", ca="x").load_bundle("web")
    assert [(item.certificate, item.code) for item in refused.value.problems] == [
        ("web", "input_empty"),
        ("web", "not_pem"),
    ]
