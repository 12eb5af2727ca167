# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host's whole answer, as the rows of a result."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.finding import View
from ansible_collections.certwright.tls.plugins.plugin_utils._core.question import Question
from ansible_collections.certwright.tls.plugins.plugin_utils._core.survey import report_survey
from ansible_collections.certwright.tls.tests.unit.authority import NOW, ca, self_signed
from ansible_collections.certwright.tls.tests.unit.survey_answers import (
    answer,
    file,
    fingerprint,
    generation,
    served,
    service,
)

VIEW = View(NOW, ())
CA = ca()
INTERMEDIATE = CA.authority()
LEAF, OTHER = INTERMEDIATE.issue("a.example"), INTERMEDIATE.issue("b.example")
DIRECT, OWN = CA.issue("d.example"), self_signed("o.example")
ALL = (CA, INTERMEDIATE, LEAF, OTHER, DIRECT, OWN)
STORE, ELSEWHERE = Question(), Question(shows_store=False)


def rows(found: dict[str, Any], question: Question = STORE) -> list[tuple[Any, ...]]:
    result = report_survey(found, question, VIEW)
    return [
        (row["source"], row["name"], row["state"], [item["code"] for item in row["problems"]])
        for row in result["certificates"]
    ]


@pytest.mark.parametrize(
    ("states", "found"),
    [
        pytest.param(
            {"live": generation(1, LEAF, INTERMEDIATE)}, [("store", "web", "live", [])], id="a live certificate"
        ),
        pytest.param(
            {"live": generation(1, LEAF, INTERMEDIATE), "pending": generation(2, OTHER, INTERMEDIATE)},
            [("store", "web", "live", []), ("store", "web", "pending", ["activation_pending"])],
            id="one that waits behind it",
        ),
        pytest.param(
            {"pending": generation(1, LEAF, INTERMEDIATE, follows="system")},
            [("store", "web", "pending", ["activation_pending"])],
            id="links that wait",
        ),
        pytest.param(
            {"live": generation(1, LEAF, INTERMEDIATE, follows="system")},
            [("store", "web", "disabled", [])],
            id="links to another certificate",
        ),
        pytest.param(
            {"adopted": generation(0, LEAF, INTERMEDIATE)},
            [("store", "web", "adopted", [])],
            id="adopted",
        ),
        pytest.param(
            {"adopted": generation(0, failure="does not exist")},
            [("store", "web", "adopted", ["file_unreadable"])],
            id="adopted and gone",
        ),
        pytest.param(
            {"live": generation(1, LEAF, INTERMEDIATE, failure="once")},
            [("store", "web", "live", [])],
            id="live after a failure",
        ),
        pytest.param(
            {"live": generation(1, LEAF, INTERMEDIATE, declared_names=["a.example", "z.example"])},
            [("store", "web", "live", ["name_missing"])],
            id="a declared name that it does not cover",
        ),
        pytest.param(
            {"live": generation(1, DIRECT)},
            [("store", "web", "live", ["chain_incomplete"])],
            id="issued by a root that nobody knows",
        ),
        pytest.param(
            {"live": generation(1, DIRECT, root=fingerprint(CA))},
            [("store", "web", "live", [])],
            id="issued by a root that was supplied",
        ),
        pytest.param(
            {"live": generation(1, OWN, root=fingerprint(OWN))},
            [("store", "web", "live", [])],
            id="supplied as its own root",
        ),
        pytest.param(
            {
                "live": generation(
                    1,
                    drift=[("a", "missing"), ("b", "content"), ("c", "attributes")],
                )
            },
            [("store", "web", "live", ["file_missing", "file_differs", "attributes_differ"])],
            id="files that are not as they were made",
        ),
    ],
)
def test_what_is_told_of_the_store(states: dict[str, Any], found: list[tuple[Any, ...]]) -> None:
    assert found == rows(answer(*ALL, certificates={"web": states}))


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        pytest.param("", "Generation 2 is stored and not active; ", id="never tried"),
        pytest.param("boom", "Generation 2 is stored and not active; its last activation failed: boom; ", id="tried"),
    ],
)
def test_why_a_certificate_is_pending(failure: str, message: str) -> None:
    found = answer(*ALL, certificates={"web": {"pending": generation(2, LEAF, INTERMEDIATE, failure=failure)}})
    (row,) = report_survey(found, STORE, VIEW)["certificates"]
    assert [f"{message}activate it by certwright.tls.certificate_activate"] == [
        item["message"] for item in row["problems"]
    ]


@pytest.mark.parametrize(
    ("found", "question", "expected"),
    [
        pytest.param(
            answer(*ALL, files=[file("/x.pem", LEAF, INTERMEDIATE)]),
            ELSEWHERE,
            [("file", None, None, [])],
            id="a file",
        ),
        pytest.param(
            answer(
                *ALL,
                files=[file("/x.pem", LEAF, INTERMEDIATE)],
                certificates={"web": {"live": generation(1, LEAF, INTERMEDIATE)}},
            ),
            ELSEWHERE,
            [("file", "web", None, [])],
            id="a file that the store knows",
        ),
        pytest.param(
            answer(*ALL, served=[served(443, LEAF), served(8443, LEAF), served(25, None, state="silent")]),
            ELSEWHERE,
            [("port", None, None, [])],
            id="two ports with one certificate, and silence",
        ),
        pytest.param(
            answer(*ALL, served=[served(443, LEAF)], files=[file("/x.pem", LEAF, INTERMEDIATE)]),
            ELSEWHERE,
            [("file", None, None, [])],
            id="a port with what a file holds",
        ),
        pytest.param(
            answer(
                *ALL,
                served=[served(443, OTHER, ("web", "nginx"), asked=False)],
                certificates={"web": {"live": generation(1, LEAF, INTERMEDIATE)}},
            ),
            Question(names=("x.example",)),
            [("store", "web", "live", []), ("port", None, None, [])],
            id="a service with something else",
        ),
        pytest.param(
            answer(*ALL, served=[served(443, OTHER)]),
            Question(shows_store=False, names=("x.example",)),
            [("port", None, None, ["name_missing"])],
            id="a port without a wanted name",
        ),
        pytest.param(answer(served=[served(443, OTHER)]), ELSEWHERE, [], id="a leaf that was not told"),
    ],
)
def test_what_is_told_of_files_and_ports(
    found: dict[str, Any], question: Question, expected: list[tuple[Any, ...]]
) -> None:
    assert expected == rows(found, question)


@pytest.mark.parametrize(
    ("found", "question", "problems"),
    [
        pytest.param(answer(), STORE, [], id="none"),
        pytest.param(
            answer(store_fact="The store /store cannot be read: Permission denied; run with `become`"),
            Question(certificates=("web",)),
            [("/store", "store_unreadable", "The store /store cannot be read: Permission denied; run with `become`")],
            id="a store that cannot be read",
        ),
        pytest.param(answer(store_fact="No."), ELSEWHERE, [], id="a store that nobody asked for"),
        pytest.param(
            answer(),
            Question(certificates=("web",)),
            [("web", "not_stored", "The store /store holds no certificate web; is the name right?")],
            id="a name that is not stored",
        ),
        pytest.param(
            answer(journal={"run": "job 7", "started": "2026-11-21T22:00:00Z"}),
            STORE,
            [
                (
                    "/store",
                    "interrupted",
                    (
                        "job 7 of 2026-11-21T22:00:00Z was interrupted; "
                        "the next run that applies something ends or undoes it"
                    ),
                )
            ],
            id="an interrupted run",
        ),
        pytest.param(
            answer(files=[file("/x", fact="does not exist")]),
            ELSEWHERE,
            [("/x", "file_unreadable", "/x does not exist; correct the path, or run with `become`")],
            id="a file that cannot be read",
        ),
    ],
)
def test_what_could_not_be_shown(
    found: dict[str, Any], question: Question, problems: list[tuple[str, str, str]]
) -> None:
    result = report_survey(found, question, VIEW)
    assert problems == [(item["subject"], item["code"], item["message"]) for item in result["problems"]]


def test_a_certificate_that_cannot_be_read_is_a_problem_of_nobody_else() -> None:
    damaged = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    found = answer(LEAF, INTERMEDIATE, files=[file("/x.pem", LEAF, INTERMEDIATE)])
    found["texts"]["ab" * 32] = damaged
    result = report_survey(found, ELSEWHERE, VIEW)
    assert [(item["subject"], item["code"]) for item in result["problems"]] == [
        (f"sha256 {'ab' * 8}", "certificate_unreadable")
    ]
    assert [row["path"] for row in result["certificates"]] == ["/x.pem"]


def test_ports_stand_beside_their_certificates() -> None:
    states = {"live": generation(1, LEAF, INTERMEDIATE, services=[service("nginx", (443, None))])}
    found = answer(*ALL, certificates={"web": states}, served=[served(443, LEAF, ("web", "nginx"), asked=False)])
    result = report_survey(found, STORE, VIEW)
    assert [(row["name"], row["services"]) for row in result["certificates"]] == [("web", ["nginx"])]
    assert [(row["certificate"], row["service"], row["is_live"]) for row in result["ports"]] == [("web", "nginx", True)]


def test_what_the_host_remembers_of_orders_is_told_also_of_what_was_never_issued() -> None:
    failure = {
        **dict.fromkeys(("first", "last", "next_try"), "2026-11-20T00:00:00Z"),
        "code": "caa",
        "message": "no",
        "tries": 1,
        "kind": "permanent",
    }
    record = {"issuer": "https://ca.example/directory"}
    states = {
        "live": generation(1, LEAF, INTERMEDIATE, **record),
        "adopted": generation(0, OTHER, INTERMEDIATE, **record),
    }
    memories = {"web": {"failure": failure}, "api": {"failure": failure}, "old": {"terms": "https://ca.example/terms"}}
    result = report_survey(answer(*ALL, certificates={"web": states}, memories=memories), STORE, VIEW)
    assert [(row["state"], bool(row["next_renewal"])) for row in result["certificates"]] == [
        ("live", True),
        ("adopted", False),
    ]
    (never,) = result["unissued"]
    told = result["certificates"][0]["last_failure"]
    assert (told["code"], told["heals"]) == ("caa", False)
    assert never == {"name": "api", "last_failure": told, "next_try": "2026-11-20T00:00:00Z"}
