# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, bounded, load_problem
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import ERROR

TERMS = "https://ca.example/terms/2"
UNPAUSE = "https://portal.ca.example/sfe/v1/unpause?jwt=abc.def"


def load(kind: str, detail: str = "why", *, status: int = 400, **words: object) -> AcmeProblem:
    return load_problem(
        {"type": ERROR + kind, "detail": detail, **words}, subject="ca.example refuses it", status=status
    )


@pytest.mark.parametrize(
    ("kind", "detail", "verdict"),
    [
        ("rateLimited", "too many certificates", ("transient", "rate_limited")),
        ("rateLimited", f"temporarily prevented; visit {UNPAUSE}", ("permanent", "paused")),
        ("serverInternal", "oops", ("transient", "server_unavailable")),
        ("badNonce", "old", ("transient", "bad_nonce")),
        ("orderNotReady", "wait", ("transient", "order_not_ready")),
        ("unauthorized", "404 was served", ("permanent", "unauthorized")),
        ("caa", "CAA record for a.example", ("permanent", "caa_forbids")),
        ("dns", "DNS problem: NXDOMAIN looking up A", ("permanent", "dns_failed")),
        ("dns", "DNS problem: SERVFAIL looking up A", ("transient", "dns_failed")),
        ("connection", "Timeout during connect", ("permanent", "connection_failed")),
        ("tls", "handshake", ("permanent", "tls_failed")),
        ("incorrectResponse", "other content", ("permanent", "incorrect_response")),
        ("rejectedIdentifier", "blocked", ("permanent", "rejected_identifier")),
        ("unsupportedIdentifier", "ip", ("permanent", "rejected_identifier")),
        ("accountDoesNotExist", "none", ("permanent", "account_missing")),
        ("userActionRequired", "terms", ("permanent", "terms_changed")),
        ("externalAccountRequired", "eab", ("permanent", "external_account_required")),
        ("invalidContact", "mail", ("permanent", "contact_refused")),
        ("unsupportedContact", "tel", ("permanent", "contact_refused")),
        ("alreadyReplaced", "twice", ("permanent", "already_replaced")),
        ("invalidProfile", "fast", ("permanent", "profile_unknown")),
        ("badCSR", "short", ("permanent", "bad_csr")),
        ("badPublicKey", "weak", ("permanent", "account_key_refused")),
        ("malformed", "no", ("permanent", "bad_request")),
        ("somethingNew", "no", ("permanent", "bad_request")),
    ],
)
def test_each_type_has_its_verdict(kind: str, detail: str, verdict: tuple[str, str]) -> None:
    problem = load(kind, detail)

    assert (problem.kind, problem.code) == verdict
    assert problem.message.startswith(f"ca.example refuses it: {detail}; ")
    assert str(problem) == problem.message


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (429, ("transient", "rate_limited")),
        (500, ("transient", "server_unavailable")),
        (503, ("transient", "server_unavailable")),
        (408, ("transient", "server_unavailable")),
        (404, ("permanent", "not_found")),
        (409, ("permanent", "conflict")),
        (403, ("permanent", "bad_request")),
    ],
)
def test_without_a_type_the_status_decides(status: int, verdict: tuple[str, str]) -> None:
    problem = load_problem({}, subject="ca.example refuses it", status=status)

    assert (problem.kind, problem.code) == verdict
    assert problem.message.startswith(f"ca.example refuses it: HTTP status {status}; ")


def test_the_fact_stands_without_the_way_out() -> None:
    assert load("caa", "first; second").fact == "ca.example refuses it: first; second"
    assert AcmeProblem("permanent", "code", "only a fact").fact == "only a fact"


def test_the_types_of_older_servers_are_known() -> None:
    assert load_problem({"type": "urn:acme:error:caa"}, subject="x").code == "caa_forbids"


def test_a_compound_problem_names_each_part_and_is_as_bad_as_the_worst() -> None:
    subproblems = [
        {"type": f"{ERROR}rateLimited", "detail": "slow", "identifier": {"type": "dns", "value": "a.example"}},
        {"type": f"{ERROR}caa", "detail": "forbidden", "identifier": {"type": "dns", "value": "b.example"}},
        "no object",
    ]

    problem = load("compound", "two names", subproblems=subproblems)

    assert (problem.kind, problem.code) == ("permanent", "caa_forbids")
    assert "two names | a.example: slow | b.example: forbidden; " in problem.message


def test_a_compound_problem_of_passing_parts_passes() -> None:
    problem = load("compound", "names", subproblems=[{"type": f"{ERROR}serverInternal", "detail": "busy"}])

    assert (problem.kind, problem.code) == ("transient", "server_unavailable")


def test_a_limit_without_a_header_is_read_from_the_text() -> None:
    again = load("rateLimited", "too many, retry after 2026-11-23 10:00:00 UTC: see https://ca.example").retry_after

    assert again is not None
    assert again.isoformat() == "2026-11-23T10:00:00+00:00"
    assert load("rateLimited", "retry after 2026-99-23 10:00:00 UTC").retry_after is None


@pytest.mark.parametrize(
    ("problem", "link"),
    [
        (load("rateLimited", f"prevented. Please visit: {UNPAUSE}. Bye, unpause"), UNPAUSE),
        (load("userActionRequired", "new terms", instance=TERMS), TERMS),
        (load("userActionRequired", "new terms", instance="javascript:alert(1)"), ""),
        (load("malformed", f"see {TERMS}"), ""),
    ],
    ids=["a pause", "new terms", "no link", "another problem"],
)
def test_what_the_operator_has_to_open_is_named(problem: AcmeProblem, link: str) -> None:
    assert problem.link == link
    assert problem.message.endswith(link)


def test_foreign_text_is_one_bounded_line_without_control_characters() -> None:
    assert bounded("a\n\tb\x1b[31m") == "a b\\x1b[31m"
    assert len(bounded("x" * 100_000)) == 500
    assert len(load("malformed", "y" * 100_000).message) < 700


@pytest.mark.parametrize(
    "document",
    [
        {"type": 7, "detail": None, "subproblems": 3},
        {"type": f"{ERROR}compound", "subproblems": []},
        {"detail": {"a": 1}},
        {"subproblems": [{"identifier": {}}]},
    ],
    ids=["wrong types", "compound of nothing", "an object as detail", "an empty part"],
)
def test_damaged_documents_are_still_problems(document: dict[str, object]) -> None:
    assert load_problem(document, subject="x", status=400).kind == "permanent"
