# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way back of a request: what is installed with the key that waits, what is kept without one, what is refused."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.neighbours import Neighbour
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._core.requested import Requested, load_requested
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declaration
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Issued, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    DAY,
    declare,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.requests_of_hosts import (
    KEY_DIGEST,
    issuance_of,
    order_of,
    request_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    fallen_back,
    found,
    leaf,
    load,
    root,
    stored,
    wanted,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_plan import (
    Steps,
    again,
    new,
    steps_of,
)

SAID = Notice("name_stripped", "Of a URL only the host name counts: a.example")
CRASHED = "job 6 of 2026-11-21T21:00:00Z"
SIGNED, EARLIER, RENEWED = leaf(), leaf(15), leaf(80)
NEWER = root().authority("Test Intermediate").issue("a.example", not_before=NOW - DAY, not_after=NOW + 89 * DAY)
TWO = ("nginx", {"nginx": {"name": "second"}})
CERTBOT = Neighbour("certbot", "/etc/a.pem", "/etc/a.key", "/etc/a.conf", "certbot.timer", load(EARLIER))


def waiting_for(issued: Issued, *names: str) -> dict[str, Any]:
    """As the host tells of the request that the certificate was signed for."""
    return issuance_of(request_of(*(names or ("a.example",)), key=issued.key))


def wish(issued: Issued = SIGNED, *more: Issued, ca: bytes | None = None, **words: Any) -> Requested:
    certificate = issued.pem + b"".join(item.pem for item in more)
    return Requested(declare(**words), certificate, issued.ca_pem if ca is None else ca, (load(root()),))


LIVE, OLD = stored(wanted(SIGNED)), stored(wanted(EARLIER))
FOR_SIGNED = waiting_for(SIGNED)


@pytest.mark.parametrize(
    ("requested", "observed", "expected"),
    [
        pytest.param(
            wish(), found(issuance=FOR_SIGNED), new("certificate_missing", put_back=False), id="the first one"
        ),
        pytest.param(wish(), found(live=OLD, issuance=FOR_SIGNED), new("certificate_differs"), id="the next one"),
        pytest.param(
            wish(),
            found(live=OLD, issuance=FOR_SIGNED, interrupted=CRASHED),
            new("certificate_differs", "interrupted", recover=True),
            id="the next one, after a crash",
        ),
        pytest.param(
            wish(stage_only=True),
            found(live=OLD, issuance=FOR_SIGNED),
            new("certificate_differs", activate=False),
            id="stored only",
        ),
        pytest.param(
            wish(EARLIER, NEWER, ca=EARLIER.ca_pem + NEWER.ca_pem),
            found(live=OLD, issuance=waiting_for(NEWER)),
            new("certificate_differs", notices=("unrelated_certificate",) * 2),
            id="behind the one that it replaces, in one file",
        ),
        pytest.param(
            wish(),
            found(live=OLD, pending=stored(wanted(RENEWED), 2), issuance=FOR_SIGNED),
            new("certificate_differs", "pending_superseded", discard=(2,)),
            id="another one was stored before",
        ),
        pytest.param(
            wish(),
            found(live=replace(LIVE, drift=(("privkey.pem", "missing"),)), issuance=FOR_SIGNED),
            new("file_missing", put_back=False),
            id="it is damaged, and its key still waits",
        ),
        pytest.param(wish(), found(live=LIVE), Steps(), id="it is there"),
        pytest.param(wish(), found(live=LIVE, issuance=waiting_for(RENEWED)), Steps(), id="the next request waits"),
        pytest.param(wish(), found(live=LIVE, issuance=order_of()), Steps(), id="an order by ACME was begun"),
        pytest.param(
            wish(), found(live=LIVE, interrupted=CRASHED), Steps(("interrupted",), recover=True), id="crashed"
        ),
        pytest.param(
            wish(),
            found(live=OLD, pending=stored(wanted(SIGNED), 2)),
            again("activation_pending", generation=2),
            id="it is stored",
        ),
        pytest.param(
            wish(),
            found(live=OLD, earlier=(2,), pending=stored(wanted(SIGNED), 3)),
            again("activation_pending", "pending_superseded", generation=3, discard=(2,)),
            id="it is stored, and so is an earlier one",
        ),
        pytest.param(
            wish(),
            found(live=LIVE, pending=stored(wanted(RENEWED), 2)),
            Steps(("pending_superseded",), discard=(2,)),
            id="it is there, and another one was stored",
        ),
        pytest.param(
            wish(services=TWO), found(live=LIVE), new("service_added"), id="it is there, and another service wants it"
        ),
        pytest.param(
            wish(services=TWO),
            found(live=LIVE, pending=stored(wanted(RENEWED), 2)),
            new("service_added", "pending_superseded", discard=(2,)),
            id="another service wants it, and another one was stored",
        ),
        pytest.param(
            wish(services=()), found(live=LIVE), Steps(problems=("files_abandoned",)), id="its files would be gone"
        ),
        pytest.param(
            wish(notices=(SAID,)),
            found(live=LIVE, neighbours=(CERTBOT,)),
            Steps(notices=("name_stripped", "other_renewer")),
            id="what is to be told of one that is there",
        ),
        pytest.param(
            wish(),
            found(live=replace(LIVE, chain=("ab" * 32,))),
            Steps(notices=("chain_kept",)),
            id="it is there with another chain",
        ),
        pytest.param(
            wish(),
            found(live=replace(LIVE, drift=(("privkey.pem", "missing"), ("cert.pem", "content"))), interrupted=CRASHED),
            Steps(problems=("key_lost", "certificate_lost"), recover=True),
            id="it is damaged, and nobody has the key",
        ),
        pytest.param(
            wish(),
            found(live=replace(LIVE, drift=(("privkey.pem", "attributes"),))),
            new("attributes_differ"),
            id="its key may be read by others",
        ),
        pytest.param(wish(), found(), Steps(problems=("no_request",)), id="no request waits"),
        pytest.param(
            wish(),
            found(live=fallen_back(fingerprint=LIVE.fingerprint)),
            Steps(problems=("no_request",)),
            id="not its own",
        ),
        pytest.param(
            wish(),
            found(live=OLD, issuance=order_of(request_of("a.example", key=SIGNED.key))),
            Steps(problems=("no_request",)),
            id="an order by ACME is no request",
        ),
        pytest.param(
            wish(), found(issuance=waiting_for(RENEWED)), Steps(problems=("key_mismatch",)), id="signed for another key"
        ),
        pytest.param(
            wish(EARLIER, ca=ca("Other").pem),
            found(interrupted=CRASHED),
            Steps(problems=("no_request", "chain_incomplete"), recover=True),
            id="everything that is wrong at once",
        ),
        pytest.param(
            wish(leaf(-1)),
            found(live=stored(wanted(leaf(-1)))),
            Steps(problems=("expired",)),
            id="it is there, and has ended",
        ),
        pytest.param(
            wish(EARLIER),
            found(live=LIVE, issuance=waiting_for(EARLIER)),
            Steps(problems=("ends_sooner",)),
            id="it ends sooner than what is there",
        ),
    ],
)
def test_what_is_planned(requested: Requested, observed: Observed, expected: Steps) -> None:
    plan = requested.plan(observed, NOW)
    assert expected == steps_of(plan)
    # Its order ends when its key is stored, and not before
    assert ("finish" if plan.stage and plan.restage is None else "") == plan.end_order


@pytest.mark.parametrize(
    ("observed", "message"),
    [
        pytest.param(
            found(),
            "private_key_requested says that the host has the key, and no request waits there; let certificate_request "
            "make one, have it signed, and supply the certificate, or pass the key as private_key_src",
            id="no request",
        ),
        pytest.param(
            found(issuance=waiting_for(RENEWED, "a.example", "b.example")),
            f"The certificate {load(SIGNED).title} (EC P-256) is not for the request that waits on the host "
            "(a.example, b.example, EC P-256); have that one signed, which certificate_request returns, or pass the "
            "key as private_key_src",
            id="another key",
        ),
        pytest.param(
            found(live=replace(LIVE, drift=(("privkey.pem", "content"),))),
            "the file privkey.pem of generation 1 was changed by somebody else, and its key was on this host only; let "
            "certificate_request make one, have it signed, and supply the certificate",
            id="changed",
        ),
    ],
)
def test_the_way_out_is_named(observed: Observed, message: str) -> None:
    assert [message] == [problem.message for problem in wish().plan(observed, NOW).problems]


def test_the_key_is_named_and_never_sent() -> None:
    observed = found(live=OLD, issuance=FOR_SIGNED)
    requested = wish()
    told = requested.request(requested.plan(observed, NOW), observed, run="job 7", now=NOW)
    assert told["source"] == {"order": True, "key_digest": KEY_DIGEST}
    assert {**wanted(SIGNED).to_material(), "key": ""} == told["material"]
    assert (told["end_order"], told["issuance"], told["expect"]) == ("finish", True, "digest")
    assert told["record"]["order"] == {"requested_names": ["a.example"]}
    assert ("files", LIVE.fingerprint) == (told["record"]["issuer"], told["record"]["fingerprint"])
    assert "PRIVATE" not in json.dumps(told)


@pytest.mark.parametrize(
    ("observed", "services", "restage"),
    [
        pytest.param(found(live=LIVE), TWO, 1, id="for another service"),
        pytest.param(found(live=OLD, pending=stored(wanted(SIGNED), 2)), ("nginx",), None, id="to be activated"),
    ],
)
def test_what_is_stored_needs_no_material(
    observed: Observed, services: tuple[object, ...], restage: int | None
) -> None:
    requested = wish(services=services)
    told = requested.request(requested.plan(observed, NOW), observed, run="job 7", now=NOW)
    expected = {
        "declared_names": ["a.example"],
        "services": [service.to_record() for service in requested.declared_services],
        "run": "job 7",
        "stored": "2026-11-21T22:00:00Z",
    }
    assert (restage, expected, "") == (told["restage"], told["record"], told["end_order"])
    assert not {"material", "source"} & told.keys()


def test_keystores_that_are_stored_again_are_made_of_what_the_ca_gave() -> None:
    files = [
        {"name": "a.p12", "format": "pkcs12", "passphrase": "sesame street", "parts": ["key", "leaf", "root"]},
        {"name": "t.pem", "parts": ["trust"]},
    ]
    requested, observed = wish(services=("nginx", {"custom": {"files": files}})), found(live=LIVE)
    told = requested.request(requested.plan(observed, NOW), observed, run="job 7", now=NOW)
    top = root().pem
    expected = {
        "custom/a.p12": {"passphrase": "sesame street", "root": top.decode()},
        "custom/t.pem": {"content": base64.b64encode(top).decode()},
    }
    assert (1, expected) == (told["restage"], told["keystores"])


def test_what_is_refused_is_asked_for_no_more_than_the_end_of_a_crash() -> None:
    observed = found(interrupted=CRASHED)
    told = wish().request(Plan("web", recover=True), observed, run="job 7", now=NOW)
    assert (told["activate"], told["restage"], told["end_order"]) == (False, None, "")


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(), EARLIER, id="the first, as long as nobody knows"),
        pytest.param(found(issuance=waiting_for(NEWER)), NEWER, id="the one that was signed for the request"),
        pytest.param(found(live=OLD), EARLIER, id="the one that is there"),
    ],
)
def test_which_one_is_meant(observed: Observed, expected: Issued) -> None:
    assert describe(load(expected)) == wish(EARLIER, NEWER).describe(observed)


def test_it_is_asked_for_with_its_services_and_what_waits() -> None:
    requested = wish()
    asked = requested.look(NOW)
    assert (asked["name"], asked["issuance"], [item["name"] for item in asked["services"]]) == ("web", True, ["nginx"])
    assert (requested.name, requested.names) == ("web", ("a.example",))


def requested_of(certificate: bytes, *, names: tuple[str, ...] = ("a.example",)) -> Requested:
    declaration = Declaration("web", names, ("nginx",), {})
    return load_requested(declaration, certificate, SIGNED.ca_pem, presets=PRESETS, anchors=())


def test_words_and_files_are_read_before_a_host_is_asked() -> None:
    requested = requested_of(SIGNED.pem)
    assert (SIGNED.pem, SIGNED.ca_pem, ("a.example",)) == (requested.certificate, requested.ca, requested.names)


@pytest.mark.parametrize(
    ("certificate", "names", "codes"),
    [
        pytest.param(SIGNED.pem, ("a b",), ["name_invalid"], id="words"),
        pytest.param(b"", ("a.example",), ["input_empty"], id="an empty file"),
        pytest.param(b"hello", ("a b",), ["name_invalid", "not_pem"], id="both"),
        pytest.param(request_of("a.example").encode(), ("a.example",), ["no_certificate"], id="the request itself"),
    ],
)
def test_all_that_is_wrong_is_told_together(certificate: bytes, names: tuple[str, ...], codes: list[str]) -> None:
    with pytest.raises(RefusedError) as error:
        requested_of(certificate, names=names)
    assert codes == [problem.code for problem in error.value.problems]
