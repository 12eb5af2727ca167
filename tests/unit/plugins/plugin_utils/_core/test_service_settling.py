# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom services trust and which lists they get: of words, of CAs that answered, and of a host that has some already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, ObservedGeneration
from ansible_collections.certwright.tls.plugins.plugin_utils._core.differences import find_placing_differences
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import SigningCa
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore import word_keystores
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan, plan_activation
from ansible_collections.certwright.tls.plugins.plugin_utils._core.recorded_lists import find_list_faults
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import RevocationList
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_settling import Settled, settle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_sources import with_cas, with_sources
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._core.wishes import Supplied
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Authority, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.internal_certificates import (
    load_pem,
    office,
    root,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.revocation_lists import (
    list_of,
    sign_list,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    found,
    services_of,
    stored,
    wanted,
)

OTHER = ca("Partners")
FIRST, SECOND = list_of(root(), 1), list_of(root(), 2)
ENDED, ENDING = list_of(root(), 3, begins=-30, ends=-1), list_of(root(), 2, begins=-29, ends=1)
FOREIGN = list_of(OTHER, 9)
FILES = ({"name": "ca.pem", "parts": ["trust"]}, {"name": "ca.crl", "parts": ["crl"]})


def service_of(*files: dict[str, Any], **words: Any) -> Service:
    (service,) = services_of({"custom": {"files": [*(files or FILES)], **words}})
    return service


def publishing(*lists: RevocationList, of: Authority | None = None) -> SigningCa:
    return office(anchors=load_pem((of or root()).pem), crl=lists)


def asked(*told: SigningCa | None, service: Service | None = None, **words: Any) -> Service:
    """With the CAs `office` (the certificate's own) and `partners`."""
    own, partners = (*told, None)[:2]
    return with_cas(service or service_of(**words), {"office": own, "partners": partners}, own, issuer="office")


def held(service: Service, number: int = 1) -> ObservedGeneration:
    return stored(replace(wanted(), services=(service,)), number)


def numbers(service: Service) -> list[int | None]:
    return [item.number for file in service.files for item in file.lists]


def codes(settled: Settled) -> tuple[list[str], list[str], list[str]]:
    each = (settled.problems, settled.failures, settled.notices)
    return tuple([item.code for item in items] for items in each)  # type: ignore[return-value]


NOTHING = found()
HAS_FIRST = found(live=held(asked(publishing(FIRST))))
HAS_SECOND = found(live=held(asked(publishing(SECOND))))
HAS_ENDED = found(live=held(asked(publishing(ENDED))))
BOTH = {"trust": ["office", "partners"]}


@pytest.mark.parametrize(
    ("service", "observed", "expected", "lists"),
    [
        pytest.param(asked(publishing(FIRST)), NOTHING, ([], [], []), [1], id="that of its own CA"),
        pytest.param(asked(publishing(SECOND)), HAS_FIRST, ([], [], []), [2], id="a newer one"),
        pytest.param(asked(publishing(FIRST)), HAS_SECOND, ([], [], ["crl_older"]), [2], id="an older one"),
        pytest.param(asked(publishing(ENDED)), HAS_SECOND, ([], [], ["crl_older"]), [2], id="newer, and has ended"),
        pytest.param(asked(publishing(ENDED)), NOTHING, (["crl_ended"], [], []), [3], id="ended, and nothing better"),
        pytest.param(asked(publishing(ENDED)), HAS_ENDED, ([], ["crl_ended"], []), [3], id="ended where it is"),
        pytest.param(asked(publishing(SECOND)), HAS_ENDED, ([], [], []), [2], id="older than one that has ended"),
        pytest.param(asked(publishing(ENDING)), NOTHING, ([], [], ["crl_ends_soon"]), [2], id="ends soon"),
        pytest.param(asked(publishing()), NOTHING, (["crl_missing"], [], []), [], id="none is published"),
        pytest.param(asked(publishing()), HAS_FIRST, ([], ["crl_missing"], []), [1], id="none any more"),
        pytest.param(asked(None), NOTHING, (["ca_silent", "ca_silent"], [], []), [], id="silent from the start"),
        pytest.param(asked(None), HAS_FIRST, ([], [], ["ca_silent"]), [1], id="silent"),
        pytest.param(asked(None), HAS_ENDED, ([], ["crl_ended"], ["ca_silent"]), [3], id="silent for too long"),
        pytest.param(
            asked(publishing(FIRST), publishing(FOREIGN, of=OTHER), **BOTH), NOTHING, ([], [], []), [1, 9], id="of two"
        ),
        pytest.param(
            asked(publishing(SECOND), None, **BOTH),
            found(live=held(asked(publishing(FIRST), publishing(FOREIGN, of=OTHER), **BOTH))),
            ([], [], ["ca_silent"]),
            [2, 9],
            id="of two, one of them silent",
        ),
        pytest.param(
            asked(publishing(SECOND)),
            found(live=held(asked(publishing(FIRST), publishing(FOREIGN, of=OTHER), **BOTH))),
            ([], [], []),
            [2],
            id="of one that is named no more",
        ),
        pytest.param(
            asked(publishing(FIRST)),
            replace(HAS_FIRST, pending=held(asked(publishing(SECOND)), 2)),
            ([], [], ["crl_older"]),
            [2],
            id="a newer one waits to be activated",
        ),
        pytest.param(
            asked(None, crl_content=sign_list(root(), 5), trust_content=OTHER.pem.decode()),
            NOTHING,
            ([], [], []),
            [5],
            id="what was said is asked of nobody",
        ),
        pytest.param(service_of(), NOTHING, (["crl_missing"], [], []), [], id="no CA, and none was said"),
        pytest.param(service_of(**BOTH), NOTHING, (["service_invalid"], [], []), [], id="names, and no CA"),
    ],
)
def test_which_lists_a_service_gets(
    service: Service, observed: Observed, expected: tuple[list[str], ...], lists: list[int]
) -> None:
    settled = settle("web", (service,), observed, NOW)
    assert (codes(settled), numbers(settled.services[0])) == (expected, lists)


def test_what_is_wrong_refuses_or_fails_the_plan_once() -> None:
    settled = settle("web", (asked(None),), NOTHING, NOW)
    judged = settled.judge(settled.judge(Plan("web")))
    assert [item.code for item in judged.problems] == ["ca_silent"] * (len(set(settled.problems)))
    failing = settle("web", (asked(publishing(ENDED)),), HAS_ENDED, NOW).judge(Plan("web"))
    assert ([item.code for item in failing.failures], failing.problems) == (["crl_ended"], ())


TRUSTING = ({"name": "ca.pem", "parts": ["trust"]},)


def damaged(service: Service) -> Service:
    return replace(service, files=tuple(replace(file, trusted=("ab",), trusted_pem="x") for file in service.files))


def trusted(service: Service) -> list[str]:
    return [item.common_name or "" for item in service.trust]


@pytest.mark.parametrize(
    ("service", "live", "expected", "names"),
    [
        pytest.param(
            asked(publishing(), service=service_of(*TRUSTING)), None, ([], [], []), ["Office Root"], id="its own CA"
        ),
        pytest.param(
            asked(publishing(), publishing(of=OTHER), service=service_of(*TRUSTING, **BOTH)),
            None,
            ([], [], []),
            ["Office Root", "Partners"],
            id="those that are named",
        ),
        pytest.param(
            asked(publishing(), None, service=service_of(*TRUSTING, **BOTH)),
            asked(publishing(), publishing(of=OTHER), service=service_of(*TRUSTING, **BOTH)),
            ([], [], ["ca_silent"]),
            ["Office Root", "Partners"],
            id="one of them silent",
        ),
        pytest.param(
            asked(None, service=service_of(*TRUSTING)),
            service_of(*TRUSTING),
            ([], [], ["ca_silent"]),
            [],
            id="silent, and the certificate's own root is there",
        ),
        pytest.param(
            asked(None, service=service_of(*TRUSTING)),
            None,
            (["ca_silent"], [], []),
            [],
            id="silent, and nothing there",
        ),
        pytest.param(
            asked(None, service=service_of(*TRUSTING)),
            damaged(service_of(*TRUSTING)),
            (["ca_silent"], [], []),
            [],
            id="silent, and the record is damaged",
        ),
    ],
)
def test_whom_a_service_trusts(
    service: Service, live: Service | None, expected: tuple[list[str], ...], names: list[str]
) -> None:
    settled = settle("web", (service,), found(live=held(live)) if live else NOTHING, NOW)
    assert (codes(settled), trusted(settled.services[0])) == (expected, names)


def test_a_service_without_such_files_asks_nobody() -> None:
    service = services_of("nginx")[0]
    assert with_cas(service, {}, None, issuer="") == service
    assert with_sources(service, trust=load_pem(OTHER.pem)).files == service.files
    assert codes(settle("web", (service,), NOTHING, NOW)) == ([], [], [])


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(asked(publishing(FIRST)), [], id="the same"),
        pytest.param(asked(publishing(SECOND)), ["service_differs"], id="another number"),
        pytest.param(asked(publishing(FIRST, FOREIGN)), ["service_differs"], id="one more"),
        pytest.param(
            asked(office(anchors=load_pem(root().pem + OTHER.pem), crl=(FIRST,))), ["service_differs"], id="other roots"
        ),
    ],
)
def test_what_makes_the_files_anew(now: Service, expected: list[str]) -> None:
    settled = settle("web", (now,), HAS_FIRST, NOW).services
    assert HAS_FIRST.live is not None
    assert [item.code for item in find_placing_differences(settled, HAS_FIRST.live)] == expected


def test_the_host_gets_the_text_and_records_what_it_was() -> None:
    service = asked(publishing(FIRST))
    assert set(word_keystores((service,), alias="web", bundle=None, anchor=None)) == {"custom/ca.pem", "custom/ca.crl"}
    (_trust, crl) = service.to_record()["files"]
    assert [(item["number"], item["next_update"]) for item in crl["lists"]] == [(1, "2026-12-20T22:00:00Z")]
    assert not {"lists", "trusted_pem"} & set(service.to_request(NOW)["files"][1])
    assert service.to_record()["name"] == "custom"


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        pytest.param({"files": [FILES[0]], "crl_src": "a"}, "`crl_src`", id="a list without a file"),
        pytest.param({"files": [{"name": "a", "parts": ["leaf"]}], "trust": ["office"]}, "`trust`", id="names too"),
        pytest.param({"files": [FILES[0]], "trust": ["a"], "trust_src": "b"}, "beside `trust`", id="both"),
        pytest.param({"files": [FILES[0]], "trust": []}, "at least one CA", id="no names"),
        pytest.param({"files": [FILES[1]], "crl_content": "nonsense"}, "PEM of lists", id="no list"),
        pytest.param({"files": [{"name": "a", "parts": ["crl", "leaf"]}]}, "crl alone", id="beside others"),
        pytest.param(
            {"files": [{"name": "a", "parts": ["leaf"]}], "probes": [{"port": 1, "http_path": "a b"}]},
            "path of a URL",
            id="no path",
        ),
    ],
)
def test_wrong_words(words: dict[str, Any], fault: str) -> None:
    loaded = load_services([{"custom": words}], certificate="web", names=("a.example",), attributes={}, presets=PRESETS)
    assert [fault in problem.message for problem in loaded[1]] == [True], loaded[1]


def test_a_stored_list_that_has_ended_is_not_activated_unless_the_live_one_has_too() -> None:
    ended = replace(held(asked(publishing(ENDED))), number=2)
    for live, expected in ((HAS_FIRST, ["crl_ended"]), (HAS_ENDED, [])):
        plan = plan_activation("web", ended.services, replace(live, pending=ended, stored=(2,)), NOW)
        assert [item.code for item in plan.problems] == expected


def test_a_survey_names_the_lists_that_end() -> None:
    service = asked(publishing(ENDED, replace(FOREIGN, pem=sign_list(OTHER, begins=-29, ends=1))))
    ended, soon = find_list_faults({"services": [service.to_record()]}, NOW)
    assert ([item.code for item in ended], [item.code for item in soon]) == (["crl_ended"], ["crl_ends_soon"])
    assert find_list_faults({}, NOW) == ((), ())


def test_what_is_supplied_gets_the_list_that_its_service_names() -> None:
    words = {"crl_content": sign_list(root(), 5), "trust_content": root().pem.decode()}
    wish = Supplied(replace(wanted(), services=(service_of(**words),)))
    plan = wish.plan(NOTHING, NOW)
    assert (plan.stage, plan.problems) == (True, ())
    request = wish.request(plan, NOTHING, run="job 7", now=NOW)
    assert "custom/ca.crl" in request["material"]["keystores"]
    older = Supplied(replace(wanted(), services=(service_of(**{**words, "crl_content": sign_list(root(), 4)}),)))
    kept = older.plan(found(live=held(service_of(**words))), NOW)
    assert (kept.stage, [item.code for item in kept.notices if item.code.startswith("crl")]) == (False, ["crl_older"])
