# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was found on hosts beside what the inventory wants: the urgency of every certificate, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.declared import Declared, list_declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_alarms import Limits, find_alarms
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_drift import find_drift
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_report import (
    FleetView,
    HostFound,
    report_fleet,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_table import draw_fleet, render_fleet
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import Inventory

NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)
VIEW = FleetView(NOW)
DIRECTORY = "https://ca.example/directory"
WANTED = Declared("www", "acme", ("www.example.org",), "le", DIRECTORY)
SUPPLIED = Declared("www", "files", ("www.example.org",))


def row(*codes: str, **words: Any) -> dict[str, Any]:
    return {
        "source": "store",
        "name": "www",
        "state": "live",
        "path": "/s/www",
        "services": ["nginx"],
        "names": ["WWW.example.org"],
        "subject": "CN=www",
        "issuer": "CN=ca",
        "serial": "1",
        "not_before": "2026-11-01T00:00:00Z",
        "not_after": "2027-01-30T00:00:00Z",
        "life_left": 0.5,
        "days_left": 60,
        "key_type": "EC P-256",
        "fingerprint_sha256": "ab",
        "is_ca": False,
        "recorded_issuer": DIRECTORY,
        "next_renewal": "2026-12-31T00:00:00Z",
        "renewal_needed_by": "2027-01-15T00:00:00Z",
        "last_failure": None,
        "next_try": "",
        "problems": [{"code": code, "message": f"it is {code}"} for code in codes],
        **words,
    }


def port(*codes: str, certificate: str | None = "www", shown: str | None = "ab") -> dict[str, Any]:
    problems = [{"code": code, "message": f"it is {code}"} for code in codes]
    words = {"port": 443, "address": "::", "server_name": "", "starttls": "", "state": "served"}
    return {
        **words,
        "is_live": not codes,
        "fingerprint_sha256": shown,
        "certificate": certificate,
        "problems": problems,
    }


def found(*rows: dict[str, Any], **words: Any) -> dict[str, Any]:
    return {"certificates": list(rows), "ports": [], "unissued": [], "problems": [], **words}


def failure(tries: int = 5, code: str = "rate_limited", *, heals: bool = True) -> dict[str, Any]:
    return {"at": "2026-11-30T00:00:00Z", "code": code, "message": "the CA said no", "tries": tries, "heals": heals}


def supplied(*codes: str, **words: Any) -> dict[str, Any]:
    return row(*codes, **{"recorded_issuer": "files", "next_renewal": "", "renewal_needed_by": "", **words})


ROWS = [
    ("all is well", found(row()), (WANTED,), "ok", []),
    ("ended", found(row("expired", "due", not_after="2026-11-30T00:00:00Z")), (WANTED,), "expired", ["expired"]),
    (
        "what is wrong beside that is told later",
        found(row("chain_incomplete", "due", "crl_ended", "expired", not_after="2026-11-30T00:00:00Z")),
        (),
        "expired",
        ["expired", "crl_ended", "chain_incomplete", "unmanaged"],
    ),
    (
        "so close to its end that it is no longer only due",
        found(row("due", "key_exposed", not_after="2026-12-05T00:00:00Z")),
        (WANTED,),
        "problem",
        ["key_exposed", "ends_soon"],
    ),
    ("its end is near", found(row("due")), (WANTED,), "due", ["due"]),
    ("its key lies open", found(row("key_exposed")), (WANTED,), "problem", ["key_exposed"]),
    ("another one is served", found(row(), ports=[port("not_served")]), (WANTED,), "problem", ["not_served"]),
    (
        "the port shows what is live, one waits",
        found(row(state="pending"), ports=[port("no_tls")]),
        (),
        "unmanaged",
        ["unmanaged"],
    ),
    ("the port of another one", found(row(), ports=[port("silent", certificate="api")]), (WANTED,), "ok", []),
    ("not there", found(), (WANTED,), "missing", ["missing"]),
    ("a name too few", found(row(names=["x.example.org", "www.example.org"])), (WANTED,), "problem", ["name_dropped"]),
    ("a name too many", found(row(names=[])), (WANTED,), "problem", ["name_missing"]),
    ("a name too few, and a newer one waits", found(row(names=[], state="pending")), (WANTED,), "ok", []),
    ("a wildcard that was supplied", found(supplied(names=["*.example.org", "a.b"])), (SUPPLIED,), "ok", []),
    ("supplied without a name", found(supplied(names=["a.b"])), (SUPPLIED,), "problem", ["name_missing"]),
    ("nobody declared it", found(row()), (), "unmanaged", ["unmanaged"]),
    ("nobody declared it, and it nears its end", found(row("due")), (), "due", ["due", "unmanaged"]),
    ("a domain that uses the system's", found(row(state="disabled")), (), "ok", []),
    ("a file that the store knows", found(row(source="file")), (), "ok", []),
    ("a file that nobody knows", found(row(source="file", name=None, state=None)), (), "unmanaged", ["unknown"]),
    ("a port that shows what nobody knows", found(row(source="port", name=None)), (), "unmanaged", ["unknown"]),
    ("CA certificates", found(row(source="file", name=None, is_ca=True)), (), "ok", []),
]


@pytest.mark.parametrize(
    ("result", "declared", "urgency", "codes"), [item[1:] for item in ROWS], ids=[item[0] for item in ROWS]
)
def test_every_certificate_has_an_urgency_and_why(
    result: dict[str, Any], declared: tuple[Declared, ...], urgency: str, codes: list[str]
) -> None:
    report = report_fleet([HostFound("h", result, declared)], VIEW)
    (told,) = report["certificates"]
    assert (told["urgency"], [problem["code"] for problem in told["problems"]]) == (urgency, codes)
    assert {word: count for word, count in report["counts"].items() if count} == {urgency: 1}


def test_without_a_readable_inventory_nothing_is_called_unmanaged() -> None:
    rows = (row(), row(source="file", name=None))
    report = report_fleet([HostFound("h", found(*rows), fault="tls_domains must be a list")], VIEW)
    assert [told["urgency"] for told in report["certificates"]] == ["ok", "ok"]
    assert report["problems"][0]["code"] == "inventory_invalid"


def test_a_host_that_cannot_be_asked_is_named_and_its_certificates_are_not_called_missing() -> None:
    hosts = [
        HostFound("gone", {"unreachable": True, "msg": "timeout"}, (WANTED,)),
        HostFound("broken", {"failed": True, "msg": "no python"}, (WANTED,)),
        HostFound("never", declared=(WANTED,)),
    ]
    report = report_fleet(hosts, VIEW)
    assert (report["certificates"], report["unreachable"]) == ([], ["gone"])
    told = [(problem["host"], problem["message"]) for problem in report["problems"]]
    assert told == [("broken", "no python"), ("never", "it could not be asked")]


def test_what_belongs_to_no_certificate_is_told_with_its_subject() -> None:
    problem = {"subject": "/etc/ssl", "code": "file_unreadable", "message": "why"}
    report = report_fleet([HostFound("h", {**found(), "problems": [problem]})], VIEW)
    assert report["problems"] == [{"host": "h", **problem}]


DRIFT = [
    ("as wanted", row(), WANTED, []),
    ("another kind of issuer", row(recorded_issuer="internal_ca:77"), WANTED, ["engine_differs"]),
    ("supplied instead", supplied(), WANTED, ["engine_differs"]),
    ("ordered, and to be supplied", row(), SUPPLIED, ["engine_differs"]),
    (
        "signed by a CA of ours",
        row(recorded_issuer="internal_ca:77"),
        replace(WANTED, engine="internal_ca", directory=""),
        [],
    ),
    ("adopted, and to be ordered", row(state="adopted"), WANTED, ["engine_differs"]),
    ("adopted, as wanted", row(state="adopted"), replace(SUPPLIED, engine="adopted"), []),
    ("another CA", row(recorded_issuer="https://other.example/"), WANTED, ["issuer_differs"]),
    ("another key", row(), replace(WANTED, key_type="RSA 2048"), ["key_type_differs"]),
    ("the key that was said", row(), replace(WANTED, key_type="EC P-256"), []),
    ("a key of what cannot be read", row(key_type=None), replace(WANTED, key_type="EC P-256"), []),
    ("it waits, and what is live is judged", row(state="pending", names=[]), WANTED, []),
]


@pytest.mark.parametrize(("told", "wanted", "codes"), [item[1:] for item in DRIFT], ids=[item[0] for item in DRIFT])
def test_what_is_not_as_the_inventory_says_is_drift(told: dict[str, Any], wanted: Declared, codes: list[str]) -> None:
    found_drift = list(find_drift(told, wanted))
    assert [reason.code for reason in found_drift] == codes
    assert all("run certwright.tls." in reason.message for reason in found_drift)


ALARMS = [
    ("no reason", row(), WANTED, Limits(), []),
    ("a sixth is left", row(not_after="2026-12-05T00:00:00Z"), WANTED, Limits(), ["ends_soon"]),
    ("a sixth is left of what nobody knows", row(not_after="2026-12-05T00:00:00Z"), None, Limits(), ["ends_soon"]),
    ("a CA nears its end", row(not_after="2026-12-05T00:00:00Z", is_ca=True), None, Limits(), []),
    ("a line of one's own", row(), WANTED, Limits(fail_below=0.9), ["ends_soon"]),
    ("above that line", row(not_after="2026-12-05T00:00:00Z"), WANTED, Limits(fail_below=0.01), []),
    ("it cannot be read", row(not_before=None, not_after=None), WANTED, Limits(), []),
    ("it has ended, which is told", row(not_after="2026-11-30T00:00:00Z"), WANTED, Limits(), []),
    ("no run came", row(renewal_needed_by="2026-11-30T00:00:00Z"), WANTED, Limits(), ["renewal_overdue"]),
    ("nobody is to come", supplied(), SUPPLIED, Limits(), []),
    ("nobody knows it", row(renewal_needed_by="2026-11-30T00:00:00Z"), None, Limits(), []),
    ("it failed often", row(last_failure=failure(5)), WANTED, Limits(), ["renewal_failed"]),
    ("it failed", row(last_failure=failure(4)), WANTED, Limits(), []),
    ("it failed once too often", row(last_failure=failure(1)), WANTED, Limits(missed=1), ["renewal_failed"]),
    ("it does not heal", row(last_failure=failure(1, heals=False)), WANTED, Limits(), ["renewal_failed"]),
    ("it is supplied now", row(last_failure=failure()), SUPPLIED, Limits(), []),
    ("a service refused it", row(last_failure=failure(9, "activation_failed", heals=False)), WANTED, Limits(), []),
]


@pytest.mark.parametrize(
    ("told", "wanted", "limits", "codes"), [item[1:] for item in ALARMS], ids=[item[0] for item in ALARMS]
)
def test_what_cannot_wait_is_an_alarm(
    told: dict[str, Any], wanted: Declared | None, limits: Limits, codes: list[str]
) -> None:
    assert [reason.code for reason in find_alarms(told, wanted, limits, NOW)] == codes


def test_a_row_tells_who_issues_it_when_it_is_renewed_and_what_failed() -> None:
    tried = row(last_failure=failure(2), next_try="2026-12-01T00:10:00Z")
    never = {"name": "api", "last_failure": failure(1, heals=False), "next_try": "2026-12-01T00:01:00Z"}
    declared = (WANTED, replace(WANTED, name="api"), replace(SUPPLIED, name="shop"))
    result = found(tried, supplied(name="shop", last_failure=failure()), unissued=[never])
    report = report_fleet([HostFound("h", result, declared)], VIEW)
    assert (report["schema"], report["generated"]) == (1, "2026-12-01T00:00:00Z")
    words = ("certificate", "urgency", "engine", "issuer_name", "next_renewal", "last_failure", "next_try")
    assert [tuple(told[word] for word in words) for told in report["certificates"]] == [
        ("api", "missing", "acme", "le", "", failure(1, heals=False), "2026-12-01T00:01:00Z"),
        ("shop", "ok", "files", "", "", None, ""),
        ("www", "ok", "acme", "le", "2026-12-31T00:00:00Z", failure(2), "2026-12-01T00:10:00Z"),
    ]
    assert [problem["code"] for problem in report["certificates"][0]["problems"]] == ["missing", "renewal_failed"]
    assert len({frozenset(told) for told in report["certificates"]}) == 1, "every row has the same words"


LATE = {"renewal_needed_by": "2026-11-30T00:00:00Z", "next_renewal": "2026-11-29T00:00:00Z"}
LAST = Declared("www", "internal_ca", WANTED.names, ends=datetime(2027, 1, 30, tzinfo=timezone.utc))
SIGNED = {**LATE, "recorded_issuer": "internal_ca:7"}
NO_MORE = [
    ("no run came", found(row(**LATE)), WANTED, ["renewal_overdue"]),
    ("its successor waits", found(row(**LATE), row("activation_pending", state="pending")), WANTED, []),
    ("it is supplied now", found(row(**LATE)), SUPPLIED, ["engine_differs"]),
    ("it is to be the last", found(row(**SIGNED)), LAST, []),
    ("its end was put off", found(row(**SIGNED, not_after="2027-01-29T00:00:00Z")), LAST, ["renewal_overdue"]),
    ("nobody knows it", found(row(**LATE, name="x")), WANTED, ["unmanaged"]),
]


@pytest.mark.parametrize(
    ("result", "wanted", "codes"), [item[1:] for item in NO_MORE], ids=[item[0] for item in NO_MORE]
)
def test_nobody_waits_for_a_renewal_that_is_not_to_come(
    result: dict[str, Any], wanted: Declared, codes: list[str]
) -> None:
    rows = report_fleet([HostFound("h", result, (wanted,))], VIEW)["certificates"]
    (told,) = (item for item in rows if item["state"] == "live")
    assert [problem["code"] for problem in told["problems"]] == codes
    assert bool(told["next_renewal"]) == ("renewal_overdue" in codes)


def test_a_port_stands_with_what_it_shows_and_one_that_belongs_to_nothing_is_told() -> None:
    live, waiting = row(), row(state="pending", fingerprint_sha256="cd")
    other = row(source="file", name=None, path="/f", fingerprint_sha256="ef")
    shown = (port("not_served"), port(certificate=None, shown="ef"), port("silent", certificate=None, shown=None))
    report = report_fleet([HostFound("h", found(live, waiting, other, ports=shown), (WANTED,))], VIEW)
    told = [(item["state"], len(item["ports"])) for item in report["certificates"] if item["source"] == "store"]
    assert told == [("live", 1), ("pending", 0)]
    assert [len(item["ports"]) for item in report["certificates"] if item["path"] == "/f"] == [1]
    assert report["problems"] == [{"host": "h", "subject": "port 443", "code": "silent", "message": "it is silent"}]


FOREIGN = {"source": "port", "name": None, "state": None, "fingerprint_sha256": "ef"}
AT_A_SERVICE = [
    ("only there", (), (), ["not_served"]),
    ("at a port of nobody too", (), (port(certificate=None, shown="ef"),), ["not_served", "unknown"]),
    ("it has ended", ("expired",), (), ["expired", "unknown", "not_served"]),
]


@pytest.mark.parametrize(
    ("codes", "ports", "told"), [item[1:] for item in AT_A_SERVICE], ids=[item[0] for item in AT_A_SERVICE]
)
def test_what_a_service_shows_instead_is_told_once(
    codes: tuple[str, ...], ports: tuple[dict[str, Any], ...], told: list[str]
) -> None:
    result = found(row(), row(*codes, **FOREIGN), ports=[port("not_served", shown="ef"), *ports])
    report = report_fleet([HostFound("h", result, (WANTED,))], VIEW)
    assert [problem["code"] for item in report["certificates"] for problem in item["problems"]] == told


def test_a_table_does_not_grow_without_end() -> None:
    rows = [row(name=f"w{number}") for number in range(103)]
    hosts = [HostFound(f"h{number}", {"unreachable": True}) for number in range(102)]
    lines = draw_fleet(report_fleet([HostFound("h", found(*rows)), *hosts], VIEW))
    assert (len(lines), lines[-1].text[:12], lines[-1].tone) == (203, "… and 5 more", "plain")
    assert sum("unreachable" in line.text for line in lines[2:]) == 100


def test_the_worst_comes_first_and_what_is_ok_is_only_counted() -> None:
    hosts = [
        HostFound("web2", found(row("due", life_left=0.2)), (WANTED,)),
        HostFound("web1", found(row("expired", life_left=0.0)), (WANTED, Declared("api", "files", ()))),
        HostFound("web3", found(row()), (WANTED,)),
        HostFound("web4", {"unreachable": True}),
        HostFound("web5", {"failed": True, "msg": "no\npython"}),
        HostFound("web6", found(problems=[{"subject": "/a.p12", "code": "keystore_unread", "message": "shut"}])),
    ]
    assert render_fleet(report_fleet(hosts, VIEW), width=79) == [
        "hosts 6, unreachable 1; certificates: expired 1, problem 0, missing 1, due 1, unmanaged 0, ok 1",
        "HOST  CERTIFICATE  STATE            ENDS        LEFT  WHY",
        "web4               unreachable                        nothing is known of it",
        "web5               failed                             no python",
        "web1  www          expired          2027-01-30  0%    it is expired",
        "web1  api          missing                            api is not on the host; …",
        "web2  www          due              2027-01-30  20%   it is due",
        "web6  /a.p12       keystore_unread                    shut",
    ]


def test_each_line_has_its_tone_and_the_first_that_of_the_worst() -> None:
    late, odd, well = (found(row("due")), found(row()), found(row()))
    hosts = [HostFound("a", late, (WANTED,)), HostFound("b", odd), HostFound("c", well, (WANTED,))]
    assert [line.tone for line in draw_fleet(report_fleet(hosts, VIEW))] == ["late", "plain", "late", "odd"]
    assert [line.tone for line in draw_fleet(report_fleet(hosts[1:2], VIEW))] == ["odd", "plain", "odd"]
    assert [line.tone for line in draw_fleet(report_fleet(hosts[2:], VIEW))] == ["well"]
    gone = HostFound("d", {"unreachable": True})
    assert [line.tone for line in draw_fleet(report_fleet([*hosts, gone], VIEW))][:3] == ["bad", "plain", "bad"]


def test_a_calm_fleet_takes_one_line() -> None:
    assert len(render_fleet(report_fleet([HostFound("h", found(row()), (WANTED,))], VIEW))) == 1


def test_what_is_to_be_absent_is_not_declared() -> None:
    inventory = Inventory(
        entries=(
            {"domain": "system", "state": "present", "external_url": "a", "other_urls": ["b"]},
            {"domain": "old", "state": "absent"},
            {"domain": "bot", "state": "adopted", "external_url": "c"},
        ),
        orders=({"name": "le", "external_url": "d"},),
        signed=({"name": "db", "external_url": "e", "key_type": "rsa2048"},),
        issuers={"le": "bought-le"},
    )
    shared = {"name": "w", "external_url": "https://W.example", "shared": {"home": "pki"}, "acme_directory": DIRECTORY}
    assert list_declared(inventory) == (
        Declared("system", "files", ("a", "b")),
        Declared("bot", "adopted", ("c",)),
        Declared("le", "acme", ("d",), "bought-le", "https://acme-v02.api.letsencrypt.org/directory"),
        Declared("db", "internal_ca", ("e",), key_type="RSA 2048"),
    )
    member = Declared("w", "acme", ("w.example",), "", DIRECTORY)
    assert list_declared(Inventory((), (shared,)), host="web1") == (member,)
    assert list_declared(Inventory((), (shared,)), host="pki") == (member, replace(member, name="w.shared"))
    mistyped = ({"name": "le", "key_type": "rsa-2048"}, {"name": "db", "key_type": "ec"})
    with pytest.raises(RefusedError) as refused:
        list_declared(Inventory((), mistyped[:1], signed=mistyped[1:]))
    assert [(item.certificate, item.code) for item in refused.value.problems] == [
        ("le", "inventory_invalid"),
        ("db", "inventory_invalid"),
    ]
    odd = Inventory(({"domain": "x", "external_url": "not a name"},), ())
    assert list_declared(odd) == (Declared("x", "files", ("not a name",)),)
