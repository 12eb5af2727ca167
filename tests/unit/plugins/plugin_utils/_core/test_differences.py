# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired, ObservedGeneration
from ansible_collections.certwright.tls.plugins.plugin_utils._core.differences import find_differences
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore_passphrase import KeystorePassphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.unit.authority import Issued, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    leaf,
    stored,
    wanted,
)

WITH_ROOT = {"custom": {"files": [{"name": "ca.pem", "parts": ["chain", "root"]}]}}
LIVE = stored(wanted())


def without_root(desired: Desired) -> Desired:
    return replace(desired, bundle=replace(desired.bundle, root=None))


def in_another_order() -> Desired:
    """The same certificates in one file, root first, key of the old kind."""
    issued = leaf()
    everything = b"".join(item.pem for item in reversed(issued.issuers)) + issued.pem
    bundle = load_bundle(Material("web", everything, issued.encode_key(style="TraditionalOpenSSL")))
    return replace(wanted(), bundle=bundle)


def cross_signed() -> Desired:
    """The same leaf, its intermediate signed by another root."""
    issued = leaf()
    intermediate = issued.issuers[0]
    other = ca("Other Root").authority("Test Intermediate", key=intermediate.key)
    return replace(wanted(), bundle=load_bundle(Material("web", issued.pem, issued.key_pem, other.pem)))


@pytest.mark.parametrize(
    ("desired", "generation", "codes"),
    [
        pytest.param(wanted(), None, ["certificate_missing"], id="nothing"),
        pytest.param(wanted(), LIVE, [], id="the same"),
        pytest.param(in_another_order(), LIVE, [], id="the same in another order and encoding"),
        pytest.param(wanted(leaf(90)), LIVE, ["certificate_differs"], id="another leaf and chain, said once"),
        pytest.param(cross_signed(), LIVE, ["chain_differs"], id="the same leaf below another chain"),
        pytest.param(wanted(), replace(LIVE, chain=(*LIVE.chain, "00")), ["chain_differs"], id="a longer chain"),
        pytest.param(without_root(wanted()), LIVE, [], id="the root counts only for services that take it"),
        pytest.param(
            without_root(wanted(services=[WITH_ROOT])),
            stored(wanted(services=[WITH_ROOT])),
            ["chain_differs"],
            id="a service lost its root",
        ),
        pytest.param(
            wanted(services=[WITH_ROOT]),
            stored(without_root(wanted(services=[WITH_ROOT]))),
            ["chain_differs"],
            id="a service gets a root",
        ),
        pytest.param(
            wanted(),
            replace(LIVE, drift=(("a", "missing"), ("b", "content"), ("c", "attributes"))),
            ["file_missing", "file_differs", "attributes_differ"],
            id="all kinds of drift",
        ),
        pytest.param(
            wanted(leaf(90), services=["nginx", {"nginx": {"name": "second"}}]),
            replace(LIVE, drift=(("a", "missing"),)),
            ["certificate_differs", "service_added", "file_missing"],
            id="several at once",
        ),
    ],
)
def test_how_a_generation_differs(desired: Desired, generation: ObservedGeneration | None, codes: list[str]) -> None:
    assert codes == [reason.code for reason in find_differences(desired, generation)]


@pytest.mark.parametrize(
    ("before", "now", "codes"),
    [
        pytest.param(["nginx"], ["nginx"], [], id="the same"),
        pytest.param(["nginx"], [{"nginx": None}], [], id="another spelling"),
        pytest.param(["nginx"], ["nginx", {"nginx": {"name": "b"}}], ["service_added"], id="one more"),
        pytest.param(["nginx", {"nginx": {"name": "b"}}], ["nginx"], ["service_removed"], id="one less"),
        pytest.param(["nginx"], [], ["service_removed"], id="none any more"),
        pytest.param(["nginx"], [{"nginx": {"name": "b"}}], ["service_added", "service_removed"], id="another name"),
        pytest.param(["nginx"], [{"nginx": {"mode": "0640"}}], ["service_differs"], id="another mode"),
        pytest.param(
            [{"nginx": {"mode": "640"}}], [{"nginx": {"mode": "0640"}}], [], id="another spelling of the mode"
        ),
        pytest.param(["nginx"], [{"nginx": {"mode": "0600"}}], [], id="the default said aloud"),
        pytest.param(
            ["nginx"], [{"nginx": {"paths": {"privkey.pem": "/x"}}}], ["service_differs"], id="a path of its own"
        ),
        pytest.param(
            ["nginx"],
            [{"nginx": {"ports": [8443], "binary": "/opt/nginx", "unit": "x.service", "restart": "allowed"}}],
            [],
            id="commands and ports are taken as they are declared now",
        ),
    ],
)
def test_only_the_files_of_services_count(before: list[object], now: list[object], codes: list[str]) -> None:
    reasons = find_differences(wanted(services=now), stored(wanted(services=before)))

    assert codes == [reason.code for reason in reasons]


@pytest.mark.parametrize(
    ("before", "now", "fact"),
    [
        pytest.param({}, {}, "", id="the same, salted otherwise"),
        pytest.param({}, {"passphrase": KeystorePassphrase("open sesame")}, "another passphrase", id="passphrase"),
        pytest.param({"passphrase": None}, {}, "another passphrase", id="none was recorded"),
        pytest.param({}, {"passphrase": None}, "", id="none is known now"),
        pytest.param({}, {"alias": "web1"}, "declared otherwise", id="alias"),
        pytest.param({}, {"level": "legacy"}, "declared otherwise", id="level"),
        pytest.param({}, {"parts": ["key", "leaf"]}, "declared otherwise", id="parts"),
        pytest.param({}, {"parts": ["chain", "leaf", "key"]}, "", id="parts in another order"),
        pytest.param({"format": None, "parts": ["key", "leaf"]}, {}, "declared otherwise", id="format"),
    ],
)
def test_keystores_are_compared_by_what_shaped_them(before: dict[str, Any], now: dict[str, Any], fact: str) -> None:
    reasons = list(find_differences(wanted(services=[keystore(**now)]), stored(wanted(services=[keystore(**before)]))))
    assert ["service_differs"] * bool(fact) == [reason.code for reason in reasons]
    assert all(fact in reason.message for reason in reasons)


def keystore(**words: Any) -> dict[str, Any]:
    """With a salt of its own each time; what is None is left out."""
    said = {
        "name": "a.p12",
        "format": "pkcs12",
        "passphrase": KeystorePassphrase("sesame street", os.urandom(8)),
        **words,
    }
    if said["format"] is None:
        del said["passphrase"]
    return {"custom": {"files": [{word: value for word, value in said.items() if value is not None}]}}


def trusting(*certificates: Issued) -> dict[str, Any]:
    content = {"trust_content": "".join(item.pem.decode() for item in certificates)} if certificates else {}
    return {"custom": {"files": [{"name": "t.pem", "parts": ["trust"]}], **content}}


OLD, NEW = ca("Old"), ca("New")


@pytest.mark.parametrize(
    ("before", "now", "differs"),
    [
        pytest.param([OLD, NEW], [NEW, OLD], False, id="the same in another order"),
        pytest.param([OLD], [OLD, NEW], True, id="one more"),
        pytest.param([OLD], [NEW], True, id="another"),
        pytest.param([], [], False, id="its own"),
        pytest.param([], [NEW], True, id="another than its own"),
        pytest.param([OLD], [], True, id="its own again"),
    ],
)
def test_whom_a_service_trusts_is_compared_by_fingerprint(
    before: list[Issued], now: list[Issued], *, differs: bool
) -> None:
    reasons = list(find_differences(wanted(services=[trusting(*now)]), stored(wanted(services=[trusting(*before)]))))
    assert ["The file t.pem of custom was made with other trusted certificates than are declared now"] * differs == [
        reason.message for reason in reasons
    ]


def test_the_root_counts_where_it_is_what_is_trusted() -> None:
    desired = wanted(services=[trusting()])
    codes = [reason.code for reason in find_differences(without_root(desired), stored(desired))]
    assert codes == ["chain_differs"]
    explicit = wanted(services=[trusting(OLD)])
    assert list(find_differences(without_root(explicit), stored(explicit))) == []


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        pytest.param({}, [], id="nobody asked for it"),
        pytest.param({"group": "ssl-cert"}, ["service_differs"], id="the operator's own word changed too"),
    ],
)
def test_a_changed_default_is_no_difference(words: dict[str, str], codes: list[str]) -> None:
    nginx = PRESETS["nginx"]
    newer = replace(nginx, files=tuple(replace(file, group="nginx") for file in nginx.files))
    services, _problems = load_services(
        [{"nginx": words}], certificate="web", names=("a.example",), attributes={}, presets={"nginx": newer}
    )

    reasons = find_differences(replace(wanted(), services=services), LIVE)
    assert codes == [reason.code for reason in reasons]


def test_a_changed_attribute_of_the_module_is_a_difference() -> None:
    services, _problems = load_services(
        ["nginx"], certificate="web", names=("a.example",), attributes={"group": "ssl-cert"}, presets=PRESETS
    )

    reasons = find_differences(replace(wanted(), services=services), LIVE)
    assert [reason.code for reason in reasons] == ["service_differs"]


def test_a_reason_says_what_is_there_and_what_is_wanted() -> None:
    old, new = wanted().bundle.leaf.fingerprint[:16], wanted(leaf(90)).bundle.leaf.fingerprint[:16]

    expected = (
        f"The installed certificate is sha256 {old}… until 2027-01-20; "
        f"the supplied one is sha256 {new}… until 2027-02-19"
    )
    assert [expected] == [reason.message for reason in find_differences(wanted(leaf(90)), LIVE)]


def test_a_record_without_dates_is_told_without_them() -> None:
    reasons = find_differences(wanted(leaf(90)), replace(LIVE, certificate={}))

    assert [f"{LIVE.fingerprint[:16]}…; the"] == [reason.message.split("sha256 ")[1][:22] for reason in reasons]


def test_drift_is_told_by_file() -> None:
    generation = replace(LIVE, number=3, drift=(("nginx/privkey.pem", "attributes"),))

    expected = "The file nginx/privkey.pem of generation 3 has another owner, group or mode than it was given"
    assert [expected] == [reason.message for reason in find_differences(wanted(), generation)]
