# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory's words about trust, and what is made of the answers of CAs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.trust_inventory import (
    find_trust_reports,
    find_trust_sources,
    find_trusted_anchors,
)

OFFICE = {"type": "internal_ca", "host": "ca01", "path": "/srv/ca", "fingerprint": "sha256:5d", "passphrase": "secret"}
ISSUERS = {"office": OFFICE, "plant": {**OFFICE, "host": "ca02"}, "bought": {"type": "files"}, "none": None}
KNOWN = {"ca01", "ca02", "web1"}
ASKED = {"issuer": "office", "host": "ca01", "path": "/srv/ca", "fingerprint": "sha256:5d"}
PLANT = {**ASKED, "issuer": "plant", "host": "ca02"}


@pytest.mark.parametrize(
    ("trust", "authorities", "files"),
    [
        pytest.param(None, [], [], id="not said"),
        pytest.param([], [], [], id="nobody"),
        pytest.param(["office"], [ASKED], [], id="an internal CA"),
        pytest.param(["plant", "office", "plant"], [PLANT, ASKED], [], id="two, one of them twice"),
        pytest.param([{"certificate_src": "a.pem"}, "office"], [ASKED], ["a.pem"], id="a file beside one"),
    ],
)
def test_what_has_to_be_asked_and_read(trust: object, authorities: list[Any], files: list[str]) -> None:
    assert find_trust_sources(trust, ISSUERS, known=KNOWN) == {"authorities": authorities, "files": files}


@pytest.mark.parametrize(
    ("trust", "issuers", "problems"),
    [
        pytest.param("office", ISSUERS, [("tls_trust", "inventory_invalid")], id="no list"),
        pytest.param(["ofice"], ISSUERS, [("tls_trust[0]", "unknown_issuer")], id="no such issuer"),
        pytest.param([None], ISSUERS, [("tls_trust[0]", "unknown_issuer")], id="an empty entry"),
        pytest.param(
            ["bought"], ISSUERS, [("tls_trust[0]", "inventory_invalid")], id="an issuer that is no CA of ours"
        ),
        pytest.param(["none"], ISSUERS, [("tls_trust[0]", "inventory_invalid")], id="an issuer without words"),
        pytest.param([{}], ISSUERS, [("tls_trust[0]", "inventory_invalid")], id="no file"),
        pytest.param([{"certificate_src": ["a"]}], ISSUERS, [("tls_trust[0]", "inventory_invalid")], id="no path"),
        pytest.param(
            [{"certificate_src": "a", "cert": 1}],
            ISSUERS,
            [("tls_trust[0]", "inventory_invalid")],
            id="a word too much",
        ),
        pytest.param(
            ["office", "plant"],
            {"office": {"type": "internal_ca"}, "plant": {**OFFICE, "host": "gone"}},
            [("tls_trust[0]", "inventory_invalid"), ("tls_trust[1]", "inventory_invalid")],
            id="no place, and a host that is not there",
        ),
    ],
)
def test_faults_are_told_together(trust: object, issuers: object, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(RefusedError) as refused:
        find_trust_sources(trust, issuers, known=KNOWN)
    assert [(problem.certificate, problem.code) for problem in refused.value.problems] == problems
    assert "secret" not in str(refused.value)


def test_a_fault_says_the_way_out() -> None:
    with pytest.raises(RefusedError, match="lacks `host` and `path` and `fingerprint`; say where the CA is"):
        find_trust_sources(["office"], {"office": {"type": "internal_ca"}}, known=KNOWN)
    with pytest.raises(RefusedError, match="did you mean `office`"):
        find_trust_sources(["ofice"], ISSUERS, known=KNOWN)


def answer(item: dict[str, str], *anchors: str, phase: str = "", **words: Any) -> dict[str, Any]:
    return {"item": item, "anchors": list(anchors), "rollover": {"phase": phase}, "proved": True, **words}


def test_a_host_gets_the_roots_of_its_own_cas_each_once() -> None:
    answers = [answer(ASKED, "old", "new"), answer(PLANT, "plant", "old")]
    assert find_trusted_anchors(answers, [ASKED]) == ["old", "new"]
    assert find_trusted_anchors(answers, [PLANT, ASKED]) == ["plant", "old", "new"]
    assert find_trusted_anchors([], []) == []


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        pytest.param([], "it gave no anchors", id="not asked"),
        pytest.param([{"skipped": True}], "it gave no anchors", id="an empty loop"),
        pytest.param([answer(PLANT, "x")], "it gave no anchors", id="another one answered"),
        pytest.param([answer(ASKED)], "it gave no anchors", id="without roots"),
        pytest.param([{"item": ASKED, "failed": True, "msg": "damaged\nx"}], "damaged;", id="failed"),
        pytest.param([answer(ASKED, "old", failed=True, msg="damaged")], "damaged;", id="failed with roots"),
        pytest.param([{"item": ASKED, "unreachable": True, "msg": "no route"}], "no route", id="not reached"),
    ],
)
def test_a_silent_ca_changes_nothing_on_its_hosts(answers: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(RefusedError) as refused:
        find_trusted_anchors(answers, [ASKED])
    (problem,) = refused.value.problems
    assert (problem.certificate, problem.code) == ("office", "anchors_unknown")
    assert f"the CA on ca01 could not be asked whom to trust: {why}" in problem.message
    assert problem.message.endswith("nothing was changed here")


SOURCES = {
    "web1": {"authorities": [ASKED, PLANT]},
    "web2": {"authorities": [ASKED]},
    "web3": {"authorities": [ASKED]},
    "web4": {"authorities": [], "files": ["a.pem"]},
    "web5": {},
}
KEPT = {
    "web1": {"changed": True},
    "web2": {"changed": False},
    "web3": {"changed": False, "failed": True},
    "web4": {"changed": True},
    "web5": {"changed": False, "skipped": True},
}


@pytest.mark.parametrize(
    ("answers", "hosts"),
    [
        pytest.param([answer(ASKED, "old", "new", phase="trust")], {"ca01": ["web1", "web2"]}, id="rolls over"),
        pytest.param([answer(ASKED, "old", phase="switched"), answer(PLANT, "x")], {}, id="no next root on its way"),
        pytest.param([{"item": ASKED, "failed": True}], {}, id="silent"),
        pytest.param([answer(PLANT, "x", phase="trust")], {"ca02": ["web1"]}, id="another one rolls over"),
        pytest.param([answer({**PLANT, "issuer": "x"}, "x", phase="trust")], {}, id="nobody's"),
        pytest.param([answer(ASKED, "old", phase="trust", proved=False)], {}, id="what may lack the next root"),
        pytest.param([], {}, id="none was asked"),
    ],
)
def test_a_ca_that_rolls_over_is_told_who_has_its_next_root(
    answers: list[dict[str, Any]], hosts: dict[str, list[str]]
) -> None:
    reports = find_trust_reports(answers, SOURCES, KEPT)
    assert {report["host"]: report["hosts"] for report in reports} == hosts
    assert all(report["asker"] == report["hosts"][0] for report in reports)


def test_hosts_that_were_not_tried_are_not_told_of() -> None:
    assert find_trust_reports([answer(ASKED, "x", phase="trust")], SOURCES, {}) == []
