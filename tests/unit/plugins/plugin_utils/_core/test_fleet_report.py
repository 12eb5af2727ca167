# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was found on hosts beside what the inventory wants: the urgency of every certificate, and why."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.declared import Declared, list_declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_report import HostFound, report_fleet
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_table import render_fleet
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import Inventory

WANTED = Declared("www", "acme", ("www.example.org",))


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
        "problems": [{"code": code, "message": f"it is {code}"} for code in codes],
        **words,
    }


def port(*codes: str, certificate: str = "www") -> dict[str, Any]:
    problems = [{"code": code, "message": f"it is {code}"} for code in codes]
    words = {"port": 443, "address": "::", "server_name": "", "starttls": "", "state": "served"}
    return {**words, "is_live": not codes, "fingerprint_sha256": "ab", "certificate": certificate, "problems": problems}


def found(*rows: dict[str, Any], ports: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"certificates": list(rows), "ports": list(ports), "problems": []}


ROWS = [
    ("all is well", found(row()), (WANTED,), "ok", []),
    ("ended", found(row("expired", "due")), (WANTED,), "expired", ["expired", "due"]),
    ("its end is near", found(row("due")), (WANTED,), "due", ["due"]),
    ("its key lies open", found(row("key_exposed")), (WANTED,), "problem", ["key_exposed"]),
    ("another one is served", found(row(), ports=(port("not_served"),)), (WANTED,), "problem", ["not_served"]),
    ("the port of another one", found(row(), ports=(port("silent", certificate="api"),)), (WANTED,), "ok", []),
    ("not there", found(), (WANTED,), "missing", ["missing"]),
    ("a name too few", found(row(names=["x.example.org"])), (WANTED,), "problem", ["name_missing"]),
    ("a name too few, and a newer one waits", found(row(names=[], state="pending")), (WANTED,), "ok", []),
    ("nobody declared it", found(row()), (), "unmanaged", ["unmanaged"]),
    ("nobody declared it, and it nears its end", found(row("due")), (), "due", ["due", "unmanaged"]),
    ("a domain that uses the system's", found(row(state="disabled")), (), "ok", []),
    ("a file", found(row(source="file", name=None)), (), "ok", []),
]


@pytest.mark.parametrize(
    ("result", "declared", "urgency", "codes"), [item[1:] for item in ROWS], ids=[item[0] for item in ROWS]
)
def test_every_certificate_has_an_urgency_and_why(
    result: dict[str, Any], declared: tuple[Declared, ...], urgency: str, codes: list[str]
) -> None:
    report = report_fleet([HostFound("h", result, declared)])
    (told,) = report["certificates"]
    assert (told["urgency"], [problem["code"] for problem in told["problems"]]) == (urgency, codes)
    assert {word: count for word, count in report["counts"].items() if count} == {urgency: 1}


def test_without_a_readable_inventory_nothing_is_called_unmanaged() -> None:
    report = report_fleet([HostFound("h", found(row()), fault="tls_domains must be a list")])
    assert (report["certificates"][0]["urgency"], report["problems"][0]["code"]) == ("ok", "inventory_invalid")


def test_a_host_that_cannot_be_asked_is_named_and_its_certificates_are_not_called_missing() -> None:
    hosts = [
        HostFound("gone", {"unreachable": True, "msg": "timeout"}, (WANTED,)),
        HostFound("broken", {"failed": True, "msg": "no python"}, (WANTED,)),
        HostFound("never", declared=(WANTED,)),
    ]
    report = report_fleet(hosts)
    assert (report["certificates"], report["unreachable"]) == ([], ["gone"])
    told = [(problem["host"], problem["message"]) for problem in report["problems"]]
    assert told == [("broken", "no python"), ("never", "it could not be asked")]


def test_what_belongs_to_no_certificate_is_told_with_its_subject() -> None:
    problem = {"subject": "/etc/ssl", "code": "file_unreadable", "message": "why"}
    report = report_fleet([HostFound("h", {**found(), "problems": [problem]})])
    assert report["problems"] == [{"host": "h", **problem}]


def test_the_worst_comes_first_and_what_is_ok_is_only_counted() -> None:
    hosts = [
        HostFound("web2", found(row("due", life_left=0.2)), (WANTED,)),
        HostFound("web1", found(row("expired", life_left=0.0)), (WANTED, Declared("api", "files", ()))),
        HostFound("web3", found(row()), (WANTED,)),
        HostFound("web4", {"unreachable": True}),
        HostFound("web5", {"failed": True, "msg": "no\npython"}),
    ]
    assert render_fleet(report_fleet(hosts), width=75) == [
        "hosts 5, unreachable 1; certificates: expired 1, problem 0, missing 1, due 1, unmanaged 0, ok 1",
        "HOST  CERTIFICATE  STATE        ENDS        LEFT  WHY",
        "web4               unreachable                    nothing is known of it",
        "web5               failed                         no python",
        "web1  www          expired      2027-01-30  0%    it is expired",
        "web1  api          missing                        api is not on the host; …",
        "web2  www          due          2027-01-30  20%   it is due",
    ]


def test_a_calm_fleet_takes_one_line() -> None:
    assert len(render_fleet(report_fleet([HostFound("h", found(row()), (WANTED,))]))) == 1


def test_what_is_to_be_absent_is_not_declared() -> None:
    inventory = Inventory(
        entries=(
            {"domain": "system", "state": "present", "external_url": "a", "other_urls": ["b"]},
            {"domain": "old", "state": "absent"},
            {"domain": "bot", "state": "adopted", "external_url": "c"},
        ),
        orders=({"name": "le", "external_url": "d"},),
        signed=({"name": "db", "external_url": "e"},),
    )
    assert list_declared(inventory) == (
        Declared("system", "files", ("a", "b")),
        Declared("bot", "adopted", ("c",)),
        Declared("le", "acme", ("d",)),
        Declared("db", "internal_ca", ("e",)),
    )
