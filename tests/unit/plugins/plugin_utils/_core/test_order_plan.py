# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a certificate has to be ordered, and what becomes of the one that stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    Observed,
    ObservedGeneration,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import NO_MEMORY, Memory
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_plan import (
    find_cert_id_of,
    find_foreseen,
    find_held,
    find_identity_reasons,
    find_life,
    find_time_reasons,
    is_damaged,
    plan_kept,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import OrderWords
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import Life
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declared
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    DAY,
    DIRECTORY,
    HOUR,
    STAGING,
    cert_id_of,
    declare,
    issued,
    window_of,
    words_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    OTHER,
    fallen_back,
    found,
    port,
    root,
    stored,
    up,
    wanted,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_plan import Steps, again, steps_of

LIVE = issued()
NEWER = issued(80, 2)
FALLEN = fallen_back(fingerprint=OTHER)
NAMES = ("a.example",)
TWO_NAMES = issued(certificate=root().authority().issue("a.example", "b.example", not_after=NOW + 60 * DAY))
BOUGHT = stored(wanted())
LE = "https://acme-v02.api.letsencrypt.org/directory"


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(), None, id="nothing"),
        pytest.param(found(live=LIVE), LIVE, id="what is live"),
        pytest.param(found(live=LIVE, pending=NEWER), NEWER, id="what waits is newer than what is live"),
        pytest.param(found(pending=NEWER), NEWER, id="only what waits"),
        pytest.param(found(live=FALLEN), None, id="another certificate's files are none of its own"),
        pytest.param(found(live=LIVE, pending=replace(FALLEN, number=2)), LIVE, id="and when they only wait"),
    ],
)
def test_the_certificate_that_a_host_has(observed: Observed, expected: ObservedGeneration | None) -> None:
    assert expected == find_held(observed)


@pytest.mark.parametrize(
    ("generation", "expected"),
    [
        pytest.param(None, None, id="nothing"),
        pytest.param(LIVE, Life(NOW - 30 * DAY, NOW + 60 * DAY), id="from its record"),
        pytest.param(replace(LIVE, certificate={"not_after": "2026-12-01T00:00:00Z"}), None, id="without a beginning"),
        pytest.param(replace(LIVE, certificate={"not_before": "2026-12-01T00:00:00Z"}), None, id="without an end"),
        pytest.param(
            replace(LIVE, certificate={"not_before": "then", "not_after": "then"}), None, id="with damaged dates"
        ),
    ],
)
def test_how_long_it_holds(generation: ObservedGeneration | None, expected: Life | None) -> None:
    assert expected == find_life(generation)


@pytest.mark.parametrize(
    ("generation", "expected"),
    [
        pytest.param(None, "", id="nothing"),
        pytest.param(BOUGHT, "", id="one that nobody ordered"),
        pytest.param(LIVE, cert_id_of(), id="one that was ordered"),
    ],
)
def test_what_the_ca_knows_it_by(generation: ObservedGeneration | None, expected: str) -> None:
    assert expected == find_cert_id_of(generation)


def drifted(file: str, fact: str = "content") -> ObservedGeneration:
    return replace(LIVE, drift=((file, fact),))


@pytest.mark.parametrize(
    ("names", "words", "live", "expected"),
    [
        pytest.param(NAMES, words_of(), LIVE, [], id="it is what is declared"),
        pytest.param(
            NAMES, words_of(), None, [("certificate_missing", "No certificate web is installed")], id="there is none"
        ),
        pytest.param(
            NAMES,
            words_of(),
            FALLEN,
            [("certificate_missing", "No certificate web is installed")],
            id="it shows another certificate's files",
        ),
        pytest.param(
            NAMES,
            words_of(),
            BOUGHT,
            [("issuer_differs", f"The installed certificate is supplied as files; {DIRECTORY} is declared")],
            id="it was bought",
        ),
        pytest.param(
            NAMES,
            words_of(),
            replace(BOUGHT, issuer=""),
            [("issuer_differs", f"The installed certificate is supplied as files; {DIRECTORY} is declared")],
            id="its record says nothing",
        ),
        pytest.param(
            NAMES,
            words_of(directory=LE),
            LIVE,
            [("issuer_differs", f"The installed certificate is from {DIRECTORY}; {LE} is declared")],
            id="another CA is declared",
        ),
        pytest.param(
            ("a.example", "b.example"),
            words_of(),
            LIVE,
            [("name_missing", "b.example is declared and not on the certificate")],
            id="a name was added",
        ),
        pytest.param(("b.example", "a.example"), words_of(), TWO_NAMES, [], id="names in another order"),
        pytest.param(
            NAMES,
            words_of(),
            TWO_NAMES,
            [("name_dropped", "b.example is on the certificate and no longer declared")],
            id="a name was taken away",
        ),
        pytest.param(
            ("c.example",),
            words_of(),
            TWO_NAMES,
            [
                ("name_missing", "c.example is declared and not on the certificate"),
                ("name_dropped", "a.example is on the certificate and no longer declared"),
                ("name_dropped", "b.example is on the certificate and no longer declared"),
            ],
            id="all names are others",
        ),
        pytest.param(NAMES, words_of(key_type="ec256"), LIVE, [], id="the key that is said"),
        pytest.param(
            NAMES,
            words_of(key_type="rsa2048"),
            LIVE,
            [("key_type_differs", "The key is EC P-256; RSA 2048 is declared")],
            id="another key is said",
        ),
        pytest.param(
            NAMES,
            words_of(),
            replace(LIVE, certificate={**LIVE.certificate, "key_type": "RSA 2048"}),
            [],
            id="another key, and none is said: a default is no difference",
        ),
        pytest.param(
            NAMES,
            words_of(profile="shortlived"),
            LIVE,
            [("profile_differs", "The profile was the CA's default; shortlived is declared")],
            id="a profile is said",
        ),
        pytest.param(
            NAMES,
            words_of(profile="shortlived"),
            issued(order={"profile": "classic"}),
            [("profile_differs", "The profile was classic; shortlived is declared")],
            id="another profile is said",
        ),
        pytest.param(
            NAMES, words_of(), issued(order={"profile": "classic"}), [], id="a profile that is no longer said stays"
        ),
        pytest.param(
            NAMES,
            words_of(key_origin="controller"),
            LIVE,
            [],
            id="where its key was made is not seen on a certificate",
        ),
        pytest.param(
            NAMES,
            words_of(),
            drifted("privkey.pem", "missing"),
            [("key_lost", "The file privkey.pem of generation 1 is missing")],
            id="its key is gone",
        ),
        pytest.param(
            NAMES,
            words_of(),
            drifted("privkey.sealed"),
            [("key_lost", "The file privkey.sealed of generation 1 was changed by somebody else")],
            id="its sealed key was changed",
        ),
        pytest.param(
            NAMES,
            words_of(),
            drifted("privkey.pem"),
            [("key_lost", "The file privkey.pem of generation 1 was changed by somebody else")],
            id="its key was changed",
        ),
        pytest.param(
            NAMES,
            words_of(),
            drifted("fullchain.pem", "missing"),
            [("certificate_lost", "The file fullchain.pem of generation 1 is missing")],
            id="its chain is gone",
        ),
        pytest.param(NAMES, words_of(), drifted("privkey.pem", "attributes"), [], id="its key has another owner"),
        pytest.param(NAMES, words_of(), drifted("nginx/privkey.pem"), [], id="a service's copy is placed again"),
    ],
)
def test_what_asks_for_another_certificate(
    names: tuple[str, ...], words: OrderWords, live: ObservedGeneration | None, expected: list[tuple[str, str]]
) -> None:
    reasons = find_identity_reasons("web", names, words, found(live=live))
    assert expected == [(reason.code, reason.message) for reason in reasons]


@pytest.mark.parametrize("what", ["names", "issuer"])
def test_what_waits_is_judged_and_not_what_is_live(what: str) -> None:
    old = TWO_NAMES if what == "names" else BOUGHT
    assert find_identity_reasons("web", NAMES, words_of(), found(live=old, pending=issued(70, 2))) == ()


@pytest.mark.parametrize(
    ("words", "live", "memory", "expected"),
    [
        pytest.param(words_of(), None, NO_MEMORY, [], id="nothing that could end"),
        pytest.param(words_of(), LIVE, NO_MEMORY, [], id="two thirds are left"),
        pytest.param(words_of(), issued(15), NO_MEMORY, ["due_by_date"], id="a third is left"),
        pytest.param(words_of(), issued(-1), NO_MEMORY, ["expired"], id="it has ended"),
        pytest.param(words_of(), LIVE, window_of(-2 * DAY, -DAY), ["due_by_window"], id="its window is over"),
        pytest.param(words_of(), LIVE, window_of(DAY, 2 * DAY), [], id="its window is to come"),
        pytest.param(words_of(), issued(15), window_of(DAY, 2 * DAY, days=15), [], id="its window comes later"),
        pytest.param(words_of(), issued(50), window_of(-2 * DAY, -DAY), [], id="the window is another certificate's"),
        pytest.param(words_of(force=True), LIVE, NO_MEMORY, ["forced"], id="forced"),
        pytest.param(words_of(force=True), issued(15), NO_MEMORY, ["due_by_date", "forced"], id="due and forced"),
        pytest.param(words_of(force=True), None, NO_MEMORY, [], id="forced, and there is nothing yet"),
        pytest.param(words_of(force=True, is_scheduled=True), LIVE, NO_MEMORY, [], id="forced in a scheduled job"),
        pytest.param(
            words_of(force=True, force_age=31 * DAY), LIVE, NO_MEMORY, [], id="forced, and younger than was said"
        ),
        pytest.param(
            words_of(force=True, force_age=30 * DAY), LIVE, NO_MEMORY, ["forced"], id="forced, and as old as was said"
        ),
    ],
)
def test_when_time_asks_for_another_certificate(
    words: OrderWords, live: ObservedGeneration | None, memory: Memory, expected: list[str]
) -> None:
    reasons = find_time_reasons(words, found(live=live), memory, NOW)
    assert expected == [reason.code for reason in reasons]


WITH_SECOND = declare(services=("nginx", {"nginx": {"name": "second"}}))
SERVED = {"nginx": up(port(LIVE.fingerprint))}


@pytest.mark.parametrize(
    ("declared", "observed", "expected"),
    [
        pytest.param(declare(), found(), Steps(), id="nothing there"),
        pytest.param(
            declare(), found(interrupted="job 6"), Steps(("interrupted",), recover=True), id="nothing but a crash"
        ),
        pytest.param(declare(), found(live=LIVE, services=SERVED), Steps(), id="right and served"),
        pytest.param(
            declare(),
            found(live=LIVE, services={"nginx": up(port(OTHER))}),
            again("not_served"),
            id="its service does not show it",
        ),
        pytest.param(
            declare(),
            found(live=LIVE, pending=NEWER),
            again("activation_pending", generation=2),
            id="what waits is activated",
        ),
        pytest.param(
            WITH_SECOND,
            found(live=LIVE),
            Steps(("service_added",), stage=True, activate=True, pending=True),
            id="a service was added",
        ),
        pytest.param(
            WITH_SECOND,
            found(live=LIVE, pending=NEWER, earlier=(3,)),
            Steps(("service_added", "pending_superseded"), stage=True, activate=True, pending=True, discard=(3,)),
            id="a service was added to what waits, which stays until it is stored again",
        ),
        pytest.param(
            declare(),
            found(live=issued(drift=(("nginx/privkey.pem", "missing"),)), interrupted="job 6"),
            Steps(
                ("file_missing", "interrupted"),
                *(True, None, True),
                put_back=False,
                recover=True,
                pending=True,
            ),
            id="a service's copy is gone, after a crash",
        ),
        pytest.param(
            declare(),
            found(live=issued(drift=(("privkey.pem", "attributes"),))),
            Steps(("attributes_differ",), stage=True, activate=True, pending=True),
            id="another owner is put right",
        ),
        pytest.param(
            WITH_SECOND,
            found(live=issued(drift=(("privkey.pem", "missing"),))),
            Steps(remember=1, put_back=False),
            id="what is damaged cannot be stored again",
        ),
        pytest.param(
            declare(),
            found(live=replace(LIVE, services_digest="old")),
            Steps(remember=1),
            id="its commands are others: the record is renewed",
        ),
        pytest.param(
            declare(services=()),
            found(live=LIVE),
            Steps(problems=("files_abandoned",)),
            id="files would be gone",
        ),
        pytest.param(
            declare(services=()),
            found(live=LIVE, interrupted="job 6"),
            Steps(problems=("files_abandoned",), recover=True),
            id="files would be gone, after a crash",
        ),
        pytest.param(
            declare(services=(), accept=["files_abandoned"]),
            found(live=LIVE),
            Steps(("service_removed",), stage=True, activate=True, pending=True),
            id="files may be gone",
        ),
        pytest.param(
            WITH_SECOND,
            found(live=LIVE, refusals=("There is no group tls",)),
            Steps(("service_added",), stage=True, activate=True, pending=True, problems=("refused",)),
            id="the host would refuse it",
        ),
        pytest.param(
            WITH_SECOND,
            found(live=LIVE, services={"nginx": up(broken="[emerg]")}),
            Steps(
                ("service_added",), stage=True, activate=True, pending=True, problems=("service_config_broken_before",)
            ),
            id="its service is broken already",
        ),
        pytest.param(
            declare(services=("nginx", {"nginx": {"name": "second"}}), stage_only=True),
            found(live=LIVE, services={"nginx": up(broken="[emerg]")}),
            Steps(("service_added",), stage=True, pending=True),
            id="stored only: what is broken is left to the activation",
        ),
        pytest.param(
            declare(stage_only=True),
            found(live=LIVE, pending=NEWER),
            Steps(pending=True),
            id="stored already, and only to be stored",
        ),
    ],
)
def test_what_is_kept(declared: Declared, observed: Observed, expected: Steps) -> None:
    assert expected == steps_of(plan_kept(declared, observed, NOW))


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(live=LIVE), 1, id="what is live"),
        pytest.param(found(live=LIVE, pending=NEWER), 2, id="what waits"),
    ],
)
def test_what_is_stored_again_for_another_service(observed: Observed, expected: int) -> None:
    plan = plan_kept(WITH_SECOND, observed, NOW)
    assert (expected, True, None) == (plan.restage, plan.stage, plan.generation)


@pytest.mark.parametrize(
    ("drift", "expected"),
    [
        pytest.param((), False, id="nothing"),
        pytest.param((("cert.pem", "content"),), True, id="the certificate"),
        pytest.param((("chain.pem", "missing"),), True, id="the chain"),
        pytest.param((("privkey.pem", "attributes"),), False, id="an owner"),
        pytest.param((("nginx/cert.pem", "content"),), False, id="a copy"),
        pytest.param((("nginx/cert.pem", "content"), ("privkey.pem", "content")), True, id="a copy and the key"),
    ],
)
def test_what_is_damaged(drift: tuple[tuple[str, str], ...], expected: bool) -> None:
    assert is_damaged(replace(LIVE, drift=drift)) is expected


def of_a_test_ca(**changes: Any) -> ObservedGeneration:
    return replace(LIVE, certificate={**LIVE.certificate, "test_issuer": True}, **changes)


TEST_ISSUER = (
    "test_issuer",
    (
        f"{STAGING} is a test CA and the installed certificate is not from one; "
        "order the real one, or say `accept: [test_issuer]`"
    ),
)


@pytest.mark.parametrize(
    ("declared", "words", "live", "expected"),
    [
        pytest.param(declare(), words_of(), LIVE, [], id="nothing"),
        pytest.param(declare(), words_of(), None, [], id="the first one"),
        pytest.param(declare(), words_of(directory=STAGING), None, [], id="the first one, from a test CA"),
        pytest.param(declare(), words_of(directory=STAGING), LIVE, [TEST_ISSUER], id="a test CA over a real one"),
        pytest.param(declare(), words_of(directory=STAGING), of_a_test_ca(), [], id="a test CA over a test CA"),
        pytest.param(declare(), words_of(directory=STAGING), FALLEN, [], id="a test CA over nothing of its own"),
        pytest.param(declare(), words_of(), of_a_test_ca(), [], id="a real one over a test CA"),
        pytest.param(
            declare(accept=["test_issuer"]), words_of(directory=STAGING), LIVE, [], id="a test CA that is meant"
        ),
        pytest.param(
            declare(services=()),
            words_of(directory=STAGING),
            LIVE,
            [
                (
                    "files_abandoned",
                    (
                        "fullchain.pem, privkey.pem of the service nginx would be gone, "
                        "which is no longer declared so; declare it again; or, when nothing names these "
                        "files any more, say `accept: [files_abandoned]`"
                    ),
                ),
                TEST_ISSUER,
            ],
            id="files that would be gone, and a test CA",
        ),
        pytest.param(
            declare(services=(), accept=["files_abandoned"]), words_of(), LIVE, [], id="files that may be gone"
        ),
    ],
)
def test_what_would_be_refused_is_told_before_it_is_ordered(
    declared: Declared, words: OrderWords, live: ObservedGeneration | None, expected: list[tuple[str, str]]
) -> None:
    problems = find_foreseen(declared, words, found(live=live))
    assert [("web", *told) for told in expected] == [(item.certificate, item.code, item.message) for item in problems]


def test_a_certificate_is_due_from_the_instant_on_that_every_run_agrees_upon() -> None:
    memory = window_of(-HOUR, HOUR)
    hours = [
        bool(find_time_reasons(words_of(), found(live=LIVE), memory, NOW + timedelta(minutes=minute)))
        for minute in range(-60, 61)
    ]
    assert (hours[0], hours[-1], hours) == (False, True, sorted(hours))
