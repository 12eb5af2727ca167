# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a batch of hosts asks for what, and what each host gets of the answers."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.shared_homes import (
    find_awaited,
    find_handed_out,
    find_holding,
    find_homes,
    find_members,
    find_own_names,
)

WILDCARD = {"wildcard": {"home": "pki01"}}
HANDED = {"wildcard.shared": {"fingerprint": "5d"}}


def answer(home: str, **words: Any) -> dict[str, Any]:
    """Of one turn of a loop."""
    return {"item": {"home": home, "names": ["wildcard"]}, **words}


@pytest.mark.parametrize(
    ("shared", "expected"),
    [
        pytest.param([], [], id="no hosts"),
        pytest.param([{}, {}], [], id="nothing is shared"),
        pytest.param([WILDCARD, WILDCARD, {}], [("pki01", ["wildcard"])], id="two members of one home"),
        pytest.param(
            [WILDCARD, {"mail": {"home": "pki01"}, "api": {"home": "pki02"}}],
            [("pki01", ["mail", "wildcard"]), ("pki02", ["api"])],
            id="several certificates and homes",
        ),
        pytest.param([{"wildcard": {"home": "gone"}}, WILDCARD], [("pki01", ["wildcard"])], id="a home nobody knows"),
    ],
)
def test_each_home_is_asked_once_for_all_that_a_batch_has_from_it(
    shared: list[dict[str, Any]], expected: list[tuple[str, list[str]]]
) -> None:
    homes = find_homes(shared, known={"pki01", "pki02", "web1"})
    assert expected == [(item["home"], item["names"]) for item in homes]


@pytest.mark.parametrize(
    ("answers", "shared", "expected"),
    [
        pytest.param([answer("pki01", handed_out=HANDED)], WILDCARD, HANDED, id="what is shared"),
        pytest.param(
            [answer("pki01", handed_out={**HANDED, "mail.shared": {}})], WILDCARD, HANDED, id="not what others share"
        ),
        pytest.param([answer("pki02", handed_out=HANDED)], WILDCARD, {}, id="another home's of the same name"),
        pytest.param(
            [answer("pki02", handed_out={"wildcard.shared": {}}), answer("pki01", handed_out=HANDED)],
            WILDCARD,
            HANDED,
            id="of two with the same name its own",
        ),
        pytest.param([answer("pki01", unreachable=True)], WILDCARD, {}, id="a home that was not reached"),
        pytest.param([answer("pki01", failed=True, handed_out=None)], WILDCARD, {}, id="a home that failed"),
        pytest.param([{"failed": True}], WILDCARD, {}, id="a turn that did not begin"),
        pytest.param([answer("pki01", handed_out=HANDED)], {}, {}, id="a host that shares nothing"),
    ],
)
def test_a_host_gets_its_own_certificates_from_their_own_homes(
    answers: list[dict[str, Any]], shared: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert expected == find_handed_out(answers, shared)


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        pytest.param(
            {"pki01": {"orders": [{"certificate": "wildcard.shared"}]}}, ["wildcard"], id="its home orders it"
        ),
        pytest.param({"pki02": {"orders": [{"certificate": "wildcard.shared"}]}}, [], id="another host orders it"),
        pytest.param({"pki01": {"orders": [{"certificate": "wildcard"}]}}, [], id="its home orders something else"),
        pytest.param({"pki01": {"orders": []}}, [], id="nothing is due"),
        pytest.param({"pki01": {"skipped": True}}, [], id="its home orders nothing ever"),
        pytest.param({"pki01": None}, [], id="its home said nothing"),
        pytest.param({}, [], id="its home is not in the play"),
    ],
)
def test_what_is_ordered_first_is_awaited(looks: dict[str, Any], expected: list[str]) -> None:
    assert expected == find_awaited(WILDCARD, looks)


WILD = {"shared": {"home": "pki01"}}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({"tls_certificates": {"Wild": WILD}}, {"pki01": {"wild": ["web1"]}}, id="for all"),
        pytest.param({"tls_system": WILD}, {"pki01": {"system": ["web1"]}}, id="the system certificate"),
        pytest.param(
            {"tls_domains": [{"domain": "a.example", **WILD}, {"domain": "b.example"}, "odd"]},
            {"pki01": {"a.example": ["web1"]}},
            id="a domain",
        ),
        pytest.param(
            {"tls_certificates": {"wild": WILD}, "tls_host_certificates": {"wild": {"shared": {"home": "pki02"}}}},
            {"pki02": {"wild": ["web1"]}},
            id="the last level counts",
        ),
        pytest.param({"tls_group_certificates": {"wild": {**WILD, "state": "absent"}}}, {}, id="it is to be absent"),
        pytest.param({"tls_group_certificates": {"wild": {**WILD, "engine": "disabled"}}}, {}, id="disabled"),
        pytest.param({"tls_certificates": {"own": {"issuer": "ca"}}, "tls_domains": None}, {}, id="nothing is shared"),
        pytest.param({"tls_certificates": ["odd"]}, {}, id="no mapping"),
    ],
)
def test_members_are_those_that_declare_it(variables: dict[str, Any], expected: dict[str, Any]) -> None:
    assert find_members([{"inventory_hostname": "web1", **variables}]) == expected


GOING = {"remove_prepared": {"outcomes": {"wild": {}}}}


@pytest.mark.parametrize(
    ("hosts", "told", "check", "expected"),
    [
        pytest.param({}, False, False, ["web1"], id="not in this run"),
        pytest.param({"web1": {}}, False, False, [], id="it is to be told yet"),
        pytest.param({"web1": {}}, True, False, ["web1"], id="it was told nothing"),
        pytest.param({"web1": {"remove_prepared": {"skipped": True}}}, True, False, ["web1"], id="not this host"),
        pytest.param({"web1": {"remove_prepared": {"skipped": True}}}, True, True, [], id="in a check"),
        pytest.param({"web1": {"remove_prepared": {"outcomes": {"shop": {}}}}}, True, False, ["web1"], id="another"),
        pytest.param({"web1": GOING}, True, False, [], id="it let go"),
        pytest.param(
            {"web1": {"remove_prepared": {**GOING["remove_prepared"], "failed": True}}},
            True,
            False,
            ["web1"],
            id="refused",
        ),
        pytest.param(
            {"web1": {**GOING, "remove_activated": {"unreachable": True}}}, True, False, ["web1"], id="out of reach"
        ),
        pytest.param({"web1": {"decommission_prepared": {"outcomes": {}}}}, True, False, [], id="it goes as a whole"),
        pytest.param({"web1": {"decommission_prepared": {"failed": True}}}, True, True, ["web1"], id="it is in use"),
        pytest.param(
            {"web1": {"decommission_prepared": {"outcomes": {}}, "decommission_finished": {"unreachable": True}}},
            True,
            False,
            ["web1"],
            id="it was lost before anything of it was deleted",
        ),
    ],
)
def test_who_keeps_a_shared_certificate(hosts: dict[str, Any], told: bool, check: bool, expected: list[str]) -> None:
    holding = find_holding({"wild": ["web1"]}, hosts, is_told=told, check_mode=check)
    assert holding == ({"wild": expected} if expected else {})


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            {"tls_certificates": {"web": {"names": ["https://A.example/", "b.example"], "state": "absent"}}},
            ["a.example", "b.example"],
            id="also of what is to be absent",
        ),
        pytest.param({"tls_certificates": {"web": {"names": "a.example"}}}, ["a.example"], id="one name"),
        pytest.param({"tls_host_certificates": {"wild": {"names": ["*.example"], **WILD}}}, [], id="another's home"),
        pytest.param(
            {"tls_host_certificates": {"wild": {"names": ["*.example"], "shared": {"home": "web1"}}}},
            ["*.example"],
            id="its own home",
        ),
        pytest.param(
            {
                "tls_system": {"external_url": "https://mail.example/", "other_urls": ["imap.example", "no name"]},
                "tls_domains": [{"domain": "c.example", "external_url": "www.c.example"}],
            },
            ["c.example", "imap.example", "mail.example", "www.c.example"],
            id="words of the consoles",
        ),
    ],
)
def test_the_names_that_a_host_may_have_revoked(variables: dict[str, Any], expected: list[str]) -> None:
    assert find_own_names(variables, "web1") == expected
