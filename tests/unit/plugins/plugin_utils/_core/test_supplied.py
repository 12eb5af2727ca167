# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import HostKey, Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import load_private_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import (
    Declaration,
    Declared,
    complete,
    load_attributes,
    load_declared,
    load_desired,
    require_installable,
    require_name,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Issued, ca, self_signed, shared_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    leaf,
    services_of,
    wanted,
)

DECLARED = Declaration("web", ("a.example",), ("nginx",), {})


def material(issued: Issued, *, name: str = "web", **changes: Any) -> Material:
    return Material(name, **{"certificate": issued.pem, "private_key": issued.key_pem, "ca": issued.ca_pem, **changes})


def load(declared: Declaration, handed: Material) -> tuple[Desired, tuple[Notice, ...]]:
    return load_desired(declared, handed, presets=PRESETS, now=NOW, anchors=())


def refused_codes(declared: Declaration, handed: Material) -> list[str]:
    with pytest.raises(RefusedError) as refused:
        load(declared, handed)
    assert {problem.certificate for problem in refused.value.problems} == {declared.name}
    return [problem.code for problem in refused.value.problems]


def test_words_and_files_become_what_a_host_is_to_hold() -> None:
    declared = replace(DECLARED, accepted=frozenset({"ends_sooner"}), stage_only=True)

    expected = wanted(accepted=frozenset({"ends_sooner"}), stage_only=True)
    assert (expected, ()) == load(declared, material(leaf()))


def test_words_are_read_before_there_is_any_material() -> None:
    said = replace(
        DECLARED,
        names=("https://A.example/path", "b.example"),
        attributes={"group": "tls"},
        accepted=frozenset({"ends_sooner"}),
        stage_only=True,
    )

    expected = Declared(
        name="web",
        names=("a.example", "b.example"),
        services=services_of("nginx", attributes={"group": "tls"}),
        accepted=frozenset({"ends_sooner"}),
        stage_only=True,
        notices=(Notice("name_stripped", "Of a URL only the host name counts: a.example"),),
    )
    assert expected == load_declared(said, presets=PRESETS)


def test_everything_that_is_wrong_with_words_is_told_at_once() -> None:
    with pytest.raises(RefusedError) as refused:
        load_declared(replace(DECLARED, name="../web", names=("a..b",), services=("ngnix",)), presets=PRESETS)

    codes = ["name_invalid", "name_invalid", "unknown_service"]
    assert codes == [problem.code for problem in refused.value.problems]


def test_read_words_are_completed_with_material() -> None:
    said = replace(DECLARED, names=("a.example:443",), accepted=frozenset({"ends_sooner"}), stage_only=True)
    declared = load_declared(said, presets=PRESETS)
    expected = wanted(accepted=frozenset({"ends_sooner"}), stage_only=True)

    desired, notices = complete(declared, expected.bundle, now=NOW, anchors=())
    assert (expected, ["name_stripped"]) == (desired, [notice.code for notice in notices])


def test_what_clients_would_refuse_completes_nothing() -> None:
    declared = load_declared(replace(DECLARED, names=("b.example",)), presets=PRESETS)

    with pytest.raises(RefusedError) as refused:
        complete(declared, wanted().bundle, now=NOW, anchors=())
    assert [(problem.certificate, problem.code) for problem in refused.value.problems] == [("web", "name_missing")]


def test_a_service_that_would_trust_nobody_is_refused_with_the_rest() -> None:
    trusting = replace(DECLARED, services=({"custom": {"files": [{"name": "t.pem", "parts": ["trust"]}]}},))
    assert {"trust_missing", "self_signed"} <= set(refused_codes(trusting, material(self_signed("a.example"), ca=None)))


JS7 = {
    "js7_agent": {
        "owner": "js7",
        "passphrase": "jobscheduler",
        "http_port": 4445,
        "ports": [4445],
        "keystore": "server",
    }
}
HANDS_ON = {"custom": {"files": [{"name": "all.pem", "parts": ["leaf", "key"]}, {"name": "ca.pem", "parts": ["root"]}]}}


@pytest.mark.parametrize(
    "service",
    [
        pytest.param({"bluemind": {"via": "files"}}, id="bluemind"),
        pytest.param(JS7, id="js7"),
        pytest.param(HANDS_ON, id="custom"),
    ],
)
def test_a_file_that_is_to_hold_the_root_does_not_do_without(service: object) -> None:
    issued = ca("Root").authority().issue("a.example")
    declared = replace(DECLARED, name="system", services=(service,))

    assert set(refused_codes(declared, material(issued, name="system", ca=issued.chain_pem))) == {"root_not_proved"}
    desired, _notices = load(declared, material(issued, name="system"))
    assert desired.bundle.root is not None


def test_what_was_ordered_is_kept_without_the_root() -> None:
    issued = ca("Root").authority().issue("a.example")
    declared = load_declared(replace(DECLARED, services=(HANDS_ON,)), presets=PRESETS)
    bundle = load_bundle(material(issued, ca=issued.chain_pem))

    _desired, notices = complete(declared, bundle, now=NOW, anchors=(), is_issued=True)
    assert [notice.code for notice in notices] == ["root_not_proved"]


def test_names_are_in_one_spelling_and_each_there_once() -> None:
    issued = ca().issue("a.example", "b.example")
    names = ("https://A.example/path", "b.example", "a.example.")

    desired, notices = load(replace(DECLARED, names=names), material(issued))
    assert desired.names == ("a.example", "b.example")
    assert (Notice("name_stripped", "Of a URL only the host name counts: a.example"),) == notices


def test_notices_of_names_and_of_material_are_told_together() -> None:
    issued = ca(usage=None).issue("a.example")

    _desired, notices = load(replace(DECLARED, names=("a.example:443",)), material(issued))
    assert [notice.code for notice in notices] == ["name_stripped", "profile_unproved"]


def test_the_modules_attributes_reach_the_services() -> None:
    attributes = {"group": "ssl-cert", "mode": "0640"}

    desired, _notices = load(replace(DECLARED, attributes=attributes), material(leaf()))
    assert services_of("nginx", attributes=attributes) == desired.services


NONSENSE = b"nothing"


@pytest.mark.parametrize(
    ("changes", "handed", "codes"),
    [
        pytest.param({"name": "Web"}, {}, ["name_invalid"], id="certificate's name in upper case"),
        pytest.param({"name": "../web"}, {}, ["name_invalid"], id="certificate's name leads out of the store"),
        pytest.param({"name": "a" * 101}, {}, ["name_invalid"], id="certificate's name of 101 characters"),
        pytest.param({"names": ("a_*",)}, {}, ["name_invalid"], id="host name"),
        pytest.param({"names": ("a.example", "b.example")}, {}, ["name_missing"], id="a name that is not covered"),
        pytest.param({"services": ("ngnix",)}, {}, ["unknown_service"], id="service"),
        pytest.param({"attributes": {"mode": "rw"}}, {}, ["service_invalid"], id="mode"),
        pytest.param({"attributes": {"mode": "0644"}}, {}, ["service_invalid"], id="mode that opens the key"),
        pytest.param({}, {"private_key": NONSENSE}, ["not_pem"], id="key"),
        pytest.param(
            {"name": "Web", "names": ("a..b", "a.example"), "attributes": {"mode": "rw"}, "services": ("ngnix",)},
            {"certificate": b"", "private_key": NONSENSE},
            [
                *("name_invalid", "name_invalid", "service_invalid", "unknown_service"),
                *("input_empty", "not_pem"),
            ],
            id="words and unreadable files together",
        ),
        pytest.param(
            {"names": ("b.example",), "services": ("ngnix",)},
            {},
            ["unknown_service", "name_missing"],
            id="words and unsuitable files together",
        ),
        pytest.param(
            {"names": ("a..b",), "attributes": {"mode": "0644"}},
            {},
            ["name_invalid", "service_invalid"],
            id="a wrong name hides no open key",
        ),
    ],
)
def test_everything_that_is_wrong_is_told_at_once(
    changes: dict[str, Any], handed: dict[str, bytes], codes: list[str]
) -> None:
    declared = replace(DECLARED, **changes)

    assert codes == refused_codes(declared, material(leaf(), name=declared.name, **handed))


def test_a_name_for_a_certificate_says_what_is_allowed() -> None:
    with pytest.raises(RefusedError) as refused:
        load(replace(DECLARED, name="Web"), material(leaf()))

    expected = "Web: `Web` cannot name a certificate; use lower-case letters, digits, `.`, `_` and `-`"
    assert expected == str(refused.value)


def test_a_wrong_mode_is_told_as_the_modules() -> None:
    with pytest.raises(RefusedError) as refused:
        load(replace(DECLARED, attributes={"mode": "rw"}), material(leaf()))

    assert str(refused.value) == "web: `mode` must be octal digits in quotes, as in '0640'; `rw` is not"


def damaged_key() -> str:
    """Of its numbers only the two halves of the shortcut do not fit together, which a signature does not show."""
    numbers = shared_key("RSA 2048").private_numbers()
    wrong = rsa.RSAPrivateNumbers(
        p=numbers.p,
        q=numbers.q,
        d=numbers.d + 2,
        dmp1=numbers.dmp1,
        dmq1=numbers.dmq1,
        iqmp=numbers.iqmp,
        public_numbers=numbers.public_numbers,
    )
    return (
        wrong.private_key(unsafe_skip_rsa_key_validation=True)
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode("ascii")
    )


def test_a_sound_key_may_be_installed() -> None:
    require_installable(wanted())


def test_a_key_that_stays_on_the_host_is_checked_there() -> None:
    desired = wanted()

    require_installable(replace(desired, bundle=replace(desired.bundle, private_key=HostKey("", frozenset()))))


def test_a_key_whose_numbers_do_not_fit_is_not_installed() -> None:
    desired = wanted()
    key = load_private_key(damaged_key().encode("ascii"), None)
    desired = replace(desired, bundle=replace(desired.bundle, private_key=key))

    with pytest.raises(RefusedError) as refused:
        require_installable(desired)
    assert [(problem.certificate, problem.code) for problem in refused.value.problems] == [
        ("web", "private_key_unreadable")
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({}, {}, id="none"),
        pytest.param({"owner": None, "group": None, "name": "web", "state": "present"}, {}, id="none of them given"),
        pytest.param(
            {"owner": 0, "group": "ssl-cert", "mode": "0640", "name": "web"},
            {"owner": "0", "group": "ssl-cert", "mode": "0640"},
            id="some, as texts",
        ),
        pytest.param({"mode": 416}, {"mode": "the number 416"}, id="a mode without quotes"),
        pytest.param(
            dict.fromkeys(("seuser", "serole", "setype", "selevel"), "x"),
            {"seuser": "x", "serole": "x", "setype": "x", "selevel": "x"},
            id="SELinux",
        ),
    ],
)
def test_attributes_that_were_given(arguments: dict[str, object], expected: dict[str, str]) -> None:
    assert expected == load_attributes(arguments)


@pytest.mark.parametrize("name", ["web", "a.example", "0", "a_b-c.d"])
def test_a_name_becomes_a_directory(name: str) -> None:
    assert name == require_name(name)


@pytest.mark.parametrize("name", ["", "..", ".web", "../../etc", "a/b", "Web", "a b", "web\n"])
def test_a_name_that_cannot_be_a_directory_is_refused(name: str) -> None:
    with pytest.raises(RefusedError) as refused:
        require_name(name)
    assert [(name, "name_invalid")] == [(item.certificate, item.code) for item in refused.value.problems]
