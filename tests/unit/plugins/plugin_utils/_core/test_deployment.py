# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both sides of a plan as values; the builders here are what the tests of the decisions start from."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.observation import digest_of_services
from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import HostKey, Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    describe,
    load_certificates,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    Desired,
    Observed,
    ObservedGeneration,
    ObservedPath,
    ObservedService,
    Port,
    format_time,
    load_time,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.host_source import HostSource
from ansible_collections.certwright.tls.plugins.plugin_utils._core.neighbours import Neighbour
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._core.usage import Usage
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Authority, Issued, ca

OTHER = "ab" * 32


@cache
def root() -> Authority:
    return ca()


def leaf(days: int = 60, issuer: str = "Test Intermediate") -> Issued:
    """The same one each time, below an intermediate of this name."""
    return _leaf(days, issuer)


@cache
def _leaf(days: int, issuer: str) -> Issued:
    return root().authority(issuer).issue("a.example", not_after=NOW + timedelta(days=days))


def load(issued: Issued) -> Certificate:
    return load_certificates(issued.pem, "certificate")[0]


def services_of(*entries: object, attributes: dict[str, str] | None = None) -> tuple[Service, ...]:
    services, problems = load_services(
        entries, certificate="web", names=("a.example",), attributes=attributes or {}, presets=PRESETS
    )
    assert problems == ()
    return services


def wanted(issued: Issued | None = None, *, services: Iterable[object] = ("nginx",), **options: Any) -> Desired:
    issued = issued or leaf()
    bundle = load_bundle(Material("web", issued.pem, issued.key_pem, issued.ca_pem))
    return Desired("web", ("a.example",), bundle, services_of(*services), **options)


def stored(desired: Desired, number: int = 1, **changes: Any) -> ObservedGeneration:
    """As a host gives back what it was told to keep: by way of its record."""
    record = json.loads(json.dumps(desired.to_record(run="job 7", now=NOW)))
    answer = {
        "generation": number,
        "services_digest": digest_of_services(record["services"]),
        "record": record,
        "activation": {},
        "drift": [],
    }
    return replace(ObservedGeneration.from_answer(answer), **changes)


def found(
    *,
    live: ObservedGeneration | None = None,
    pending: ObservedGeneration | None = None,
    earlier: tuple[int, ...] = (),
    paths: tuple[ObservedPath, ...] = (),
    services: dict[str, ObservedService] | None = None,
    interrupted: str = "",
    refusals: tuple[str, ...] = (),
    **more: Any,
) -> Observed:
    """`earlier` are stored generations between the live and the pending one; `more` are the rarer words of Observed."""
    numbers = (*earlier, *([pending.number] if pending else ()))
    return Observed("digest", live, pending, numbers, paths, services or {}, interrupted, refusals, **more)


def fallen_back(number: int = 1, *, fingerprint: str = "", **changes: Any) -> ObservedGeneration:
    """A generation that consists of links to the files of `system`, whose leaf is its own as long as that is live."""
    record = {"services": [service.to_record() for service in services_of("nginx")], "fingerprint": fingerprint}
    answer = {
        "generation": number,
        "record": {**record, "follows": "system"},
        "activation": {},
        "drift": [],
    }
    return replace(ObservedGeneration.from_answer(answer), **changes)


def up(*ports: Port, running: bool = True, broken: str = "", unreferenced: tuple[str, ...] = ()) -> ObservedService:
    return ObservedService(running, "42:100", ports, broken, unreferenced)


def port(fingerprint: str, *, number: int = 443, state: str = "served") -> Port:
    return Port(number, "127.0.0.1", "a.example", state, fingerprint, "")


def test_the_record_says_what_later_comparisons_and_activations_need() -> None:
    desired = wanted()
    bundle = desired.bundle

    expected = {
        "version": 1,
        "issuer": "files",
        "declared_names": ["a.example"],
        "certificate": {**describe(bundle.leaf), "test_issuer": False},
        "fingerprint": bundle.leaf.fingerprint,
        "chain": [bundle.chain[0].fingerprint],
        "root": load(root()).fingerprint,
        "root_certificate": root().pem.decode(),
        "services": [desired.services[0].to_record()],
        "run": "job 7",
        "stored": "2026-11-21T22:00:00Z",
    }
    record = desired.to_record(run="job 7", now=NOW)
    assert expected == record
    assert "PRIVATE" not in json.dumps(record)


def test_the_record_says_how_it_was_ordered_and_gives_it_back() -> None:
    order = {"cert_id": "a.b", "account": "https://ca.example/account/1"}
    desired = wanted(issuer="https://ca.example/directory", order=order)

    assert order == desired.to_record(run="", now=NOW)["order"]
    generation = stored(desired)
    assert ("https://ca.example/directory", order) == (generation.issuer, generation.order)
    assert "order" not in wanted().to_record(run="", now=NOW)


def test_material_goes_by_part() -> None:
    issued = leaf()
    intermediate, top = issued.issuers

    expected = {
        "leaf": issued.pem.decode(),
        "chain": intermediate.pem.decode(),
        "root": top.pem.decode(),
        "key": issued.key_pem.decode(),
    }
    assert expected == wanted(issued).to_material()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param({}, None, id="not asked for"),
        pytest.param({"anchor": root().pem.decode()}, load(root()), id="a certificate"),
        pytest.param({"anchor": "damaged"}, None, id="none that can be read"),
    ],
)
def test_a_host_tells_whom_its_certificate_comes_from(answer: dict[str, str], expected: Certificate | None) -> None:
    told = {"generation": 1, "record": {}, "activation": {}, "drift": [], **answer}
    assert expected == ObservedGeneration.from_answer(told).anchor


def test_the_root_may_be_missing() -> None:
    issued = leaf()
    bundle = load_bundle(Material("web", issued.pem, issued.key_pem, issued.chain_pem))
    desired = replace(wanted(issued), bundle=bundle)

    assert desired.to_material()["root"] == ""
    assert desired.to_record(run="", now=NOW)["root"] == ""


def test_a_key_that_stays_on_the_host_is_no_part_of_the_material() -> None:
    desired = wanted()
    at_host = replace(desired, bundle=replace(desired.bundle, private_key=HostKey("EC P-256", frozenset())))

    assert {**desired.to_material(), "key": ""} == at_host.to_material()


def test_a_test_ca_is_recorded_as_one() -> None:
    record = wanted(leaf(issuer="(STAGING) Baloney Bulgur")).to_record(run="", now=NOW)

    assert record["certificate"]["test_issuer"] is True


SHARED_WORDS: list[dict[str, object]] = [
    {"name": "second"},
    {"owner": "www-data", "group": 33, "mode": "640"},
    {"setype": "cert_t", "selevel": "s0"},
    {"unit": "x.service"},
    {"unit": None, "pid_file": "/run/x.pid"},
    {"replace_links": "yes"},
    {"ports": [443, "8443"], "starttls": "smtp"},
    {"probes": [{"port": 25, "starttls": "smtp", "proxy_protocol": True}, {"port": 993, "address": "::1"}]},
    {"probe_names": ["x.example"]},
    {"restart": "window", "restart_window": "Sun 03:00-04:00 Europe/Paris", "unit": "x.service"},
]
OWN_WORDS: dict[str, list[dict[str, object]]] = {
    "nginx": [
        {"binary": "/opt/nginx"},
        {"config": "/srv/x.conf", "prefix": "/srv"},
        {"paths": {"privkey.pem": "/srv/key.pem"}},
    ],
    "custom": [
        {"check": "x --check", "staged_check": ["x", "{directory}"]},
        {"reload": "x -r", "status": "x -s", "references": "x -d"},
        {"restart_command": ["x", 1], "unit": None},
        {"watches_files": True},
        {"paths": {"a.pem": "/srv/a.pem"}},
    ],
}
FILES = [{"name": "a.pem", "parts": ["leaf", "key"], "group": "x"}, {"name": "ca.pem", "parts": ["root"], "path": "/c"}]


def declare(seed: int) -> tuple[object, dict[str, str]]:
    """Any of the words together, and any of the module's attributes."""
    dice = random.Random(seed)
    preset = dice.choice(sorted(OWN_WORDS))
    words: dict[str, object] = {"files": FILES} if preset == "custom" else {}
    for some in (*SHARED_WORDS, *OWN_WORDS[preset]):
        words.update(some if dice.random() < 0.4 else {})
    attributes = {"owner": "root", "group": "ssl-cert", "mode": "440", "serole": "object_r"}
    return {preset: words}, {word: value for word, value in attributes.items() if dice.random() < 0.5}


@pytest.mark.parametrize("seed", range(60))
def test_services_come_back_unchanged_from_the_record(seed: int) -> None:
    entry, attributes = declare(seed)
    desired = replace(wanted(), services=services_of(entry, attributes=attributes))

    generation = stored(desired)
    assert desired.services == generation.services
    assert desired.services_digest == generation.services_digest
    assert [item.declared_files for item in desired.services] == [item.declared_files for item in generation.services]


def test_both_sides_compute_the_same_digest_of_services() -> None:
    desired = wanted(services=["nginx", {"nginx": {"name": "b", "config": "/srv/größe.conf", "ports": [1, "2"]}}])

    recorded = json.loads(json.dumps(desired.to_record(run="job 7", now=NOW)))["services"]
    assert digest_of_services(recorded) == desired.services_digest


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        pytest.param(["nginx"], True, id="the same"),
        pytest.param([{"nginx": {"ports": [8443]}}], False, id="another probe"),
        pytest.param([{"nginx": {"binary": "/opt/nginx"}}], False, id="another command"),
        pytest.param([{"nginx": {"mode": "0400"}}], False, id="another file"),
        pytest.param([{"nginx": {"ports": [443]}}], False, id="the same in more words"),
        pytest.param(["nginx", {"nginx": {"name": "b"}}], False, id="one more"),
        pytest.param([], False, id="none"),
    ],
)
def test_what_the_digest_of_services_is_of(services: list[object], expected: bool) -> None:
    assert expected is (wanted(services=services).services_digest == wanted().services_digest)


def test_the_digest_of_services_is_of_nothing_else() -> None:
    assert wanted(leaf(30), stage_only=True).services_digest == wanted().services_digest


def test_a_generation_is_read_from_the_hosts_answer() -> None:
    desired = wanted()
    answer = {
        "generation": 4,
        "services_digest": "5d",
        "record": desired.to_record(run="", now=NOW),
        "activation": {"message": "nginx refused it", "reloaded_in_vain": {"nginx": "42:100"}},
        "drift": [{"file": "nginx/privkey.pem", "fact": "missing"}],
    }

    expected = ObservedGeneration(
        number=4,
        fingerprint=desired.bundle.leaf.fingerprint,
        chain=(desired.bundle.chain[0].fingerprint,),
        root=load(root()).fingerprint,
        services=desired.services,
        certificate={**describe(desired.bundle.leaf), "test_issuer": False},
        drift=(("nginx/privkey.pem", "missing"),),
        reloaded_in_vain={"nginx": "42:100"},
        failure="nginx refused it",
        services_digest="5d",
        issuer="files",
    )
    assert expected == ObservedGeneration.from_answer(answer)
    assert expected.not_after == NOW + timedelta(days=60)
    assert expected.not_before == NOW - timedelta(days=30)


def test_a_generation_of_links_says_whom_it_follows_and_whose_leaf_it_shows() -> None:
    expected = ObservedGeneration(3, OTHER, (), "", services_of("nginx"), {}, follows="system")

    assert expected == fallen_back(3, fingerprint=OTHER)
    assert expected.not_after is None


def test_a_generation_without_a_record_is_nothing_that_anybody_wants() -> None:
    answer: dict[str, Any] = {"generation": 4, "record": {}, "activation": {}, "drift": []}

    generation = ObservedGeneration.from_answer(answer)
    assert ObservedGeneration(4, "", (), "", (), {}) == generation
    assert generation.not_after is None


def answer_of(**changes: Any) -> dict[str, Any]:
    """What a host says of `web` when it holds nothing."""
    held = {"digest": "d1", "live": None, "pending": None, "stored": [], "paths": [], **changes.pop("held", {})}
    return {"journal": None, "certificates": {"web": held}, "services": {}, **changes}


def generation_answer(number: int) -> dict[str, Any]:
    return {"generation": number, "record": {}, "activation": {}, "drift": []}


def path_answer(content: str, state: str = "file", path: str = "/opt/tls.pem") -> dict[str, str]:
    return {"path": path, "state": state, "certificate": content}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(answer_of(), Observed("d1", None, None, (), (), {}), id="nothing"),
        pytest.param(
            answer_of(
                held={"live": generation_answer(1), "pending": generation_answer(3), "stored": [2, 3]},
                journal={"run": "job 6", "started": "2026-11-21T21:00:00Z", "certificates": ["web"]},
            ),
            Observed(
                digest="d1",
                live=ObservedGeneration(1, "", (), "", (), {}),
                pending=ObservedGeneration(3, "", (), "", (), {}),
                stored=(2, 3),
                paths=(),
                services={},
                interrupted="job 6 of 2026-11-21T21:00:00Z",
            ),
            id="generations and an interrupted run",
        ),
        pytest.param(
            answer_of(held={"refusals": ["There is no group tls", "/opt is not there"]}),
            Observed("d1", None, None, (), (), {}, refusals=("There is no group tls", "/opt is not there")),
            id="what the host would refuse",
        ),
        pytest.param(
            answer_of(held={"paths": [path_answer(leaf().pem.decode())]}),
            Observed("d1", None, None, (), (ObservedPath("/opt/tls.pem", "file", load(leaf())),), {}),
            id="somebody else's certificate",
        ),
        pytest.param(
            answer_of(held={"paths": [path_answer("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]}),
            Observed("d1", None, None, (), (ObservedPath("/opt/tls.pem", "file", None),), {}),
            id="somebody else's file that cannot be read",
        ),
        pytest.param(
            answer_of(held={"paths": [path_answer("", "missing")]}),
            Observed("d1", None, None, (), (ObservedPath("/opt/tls.pem", "missing", None),), {}),
            id="nothing at the path",
        ),
        pytest.param(
            answer_of(
                services={
                    "mail": {},
                    "web": {
                        "nginx": {
                            "running": True,
                            "start": "42:100",
                            "broken": "",
                            "unreferenced": ["/x"],
                            "probes": [
                                {
                                    "port": 443,
                                    "address": "127.0.0.1",
                                    "server_name": "a.example",
                                    "starttls": "",
                                    "state": "served",
                                    "fingerprint": OTHER,
                                    "detail": "",
                                }
                            ],
                        }
                    },
                }
            ),
            Observed("d1", None, None, (), (), {"nginx": up(port(OTHER), unreferenced=("/x",))}),
            id="a service and its port",
        ),
        pytest.param(
            answer_of(
                held={
                    "paths": [path_answer("", "missing")],
                    "candidates": [path_answer(leaf().pem.decode(), path="/c")],
                }
            ),
            Observed(
                *("d1", None, None, ()),
                (ObservedPath("/opt/tls.pem", "missing", None),),
                {},
                candidates=(ObservedPath("/c", "file", load(leaf())),),
            ),
            id="places that the operator named, beside those of services",
        ),
        pytest.param(
            answer_of(
                held={"source": {"certificate": "x", "ca": "", "fits": [], "key_type": "", "problems": []}},
            ),
            Observed(
                *("d1", None, None, (), (), {}), source=HostSource(b"x", None, HostKey("", frozenset()), problems=())
            ),
            id="material that lies there",
        ),
        pytest.param(
            answer_of(held={"removal": {"present": True, "named": ["nginx names x"], "unasked": [], "lacking": []}}),
            Observed("d1", None, None, (), (), {}, usage=Usage(True, ("nginx names x",))),
            id="who names what is to go",
        ),
        pytest.param(
            answer_of(held={"adopted": {"certificate_path": "/c"}}),
            Observed("d1", None, None, (), (), {}, adopted={"certificate_path": "/c"}),
            id="what was adopted",
        ),
        pytest.param(
            answer_of(held={"issuance": {"memory": {"terms": "x"}}}),
            Observed("d1", None, None, (), (), {}, issuance={"memory": {"terms": "x"}}),
            id="what it remembers of the issuing",
        ),
        pytest.param(answer_of(held={"issuance": None}), Observed("d1", None, None, (), (), {}), id="nothing of it"),
    ],
)
def test_what_is_observed_of_one_certificate(answer: dict[str, Any], expected: Observed) -> None:
    assert expected == Observed.from_answer(answer, "web")


def test_certificates_that_others_look_after_are_the_same_for_all() -> None:
    neighbour = Neighbour("certbot", "/c", "/k", "/conf", "", load(leaf()))

    expected = Observed("d1", None, None, (), (), {}, neighbours=(neighbour,))
    assert expected == Observed.from_answer(answer_of(), "web", (neighbour,))


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(found(), [], id="nothing stored"),
        pytest.param(found(live=stored(wanted())), ["nginx"], id="live"),
        pytest.param(
            found(live=stored(wanted()), pending=stored(wanted(services=[{"nginx": {"name": "second"}}]), 2)),
            ["second"],
            id="pending goes before live",
        ),
    ],
)
def test_which_services_are_on_record(observed: Observed, expected: list[str]) -> None:
    assert expected == [service.name for service in observed.recorded_services]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-11-21T22:00:00Z", NOW, id="ours"),
        pytest.param("", None, id="none"),
        pytest.param("2026-11-21 22:00", None, id="another spelling"),
    ],
)
def test_an_instant_of_a_record(text: str, expected: datetime | None) -> None:
    assert expected == load_time(text)


def test_an_instant_is_written_in_utc() -> None:
    assert format_time(NOW.astimezone(timezone(timedelta(hours=9)))) == "2026-11-21T22:00:00Z"
