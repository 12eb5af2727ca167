# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook certwright.tls.renew`: what is due over a fleet, its limits, its report, and who is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from fault_proxy import EVER
from faults import rate_limited

from ansible_collections.certwright.tls.tests.integration.acme_site import ACCOUNT_KEY, AcmeSite
from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
from ansible_collections.certwright.tls.tests.integration.servers import free_port
from ansible_collections.certwright.tls.tests.integration.site import NAME, NOW
from ansible_collections.certwright.tls.tests.unit.mail_sink import MailSink

SHOP = "shop.example.org"
STATES = ("renewed", "not_due", "deferred", "failed", "expired")


@dataclass(frozen=True)
class Run:
    """What a run came to: exit status, output, and `tls_report` as a job gets it."""

    code: int
    output: str
    report: dict[str, Any]

    def find(self, *words: str) -> dict[str, list[str]]:
        """`host/certificate` by state, of those states that have any."""
        lists = {word: self.report[word] for word in (*STATES, *words)}
        return {
            word: [f"{row['host']}/{row.get('certificate', '')}" for row in rows]
            for word, rows in lists.items()
            if rows
        }


class Fleet:
    """Hosts in one directory, each with a store of its own; `declared` is the inventory of all of them."""

    def __init__(self, acme: AcmeSite, **declared: Any) -> None:
        self.acme, self.controller = acme, acme.site.controller
        issuer = {
            "type": "acme",
            "acme_directory": acme.front.directory,
            "acme_ca_certificates": acme.ca.ca,
            "terms_agreed": True,
            "email": "pki@example.org",
            "account_key_src": str(self.controller.secrets / ACCOUNT_KEY),
            "challenge": acme.webroot_words(),
        }
        self.declared = {"tls_issuers": {"ca": issuer}, "tls_store_path": str(acme.site.store), **declared}

    def play(self, name: str, *options: str, **variables: Any) -> Finished:
        finished = self.controller.start(
            f"certwright.tls.{name}", *options, variables={**self.declared, **variables}
        ).finish()
        self.acme.learn_secrets()
        return finished

    def look(self) -> dict[str, dict[str, Any]]:
        """The rows of a report by certificate."""
        path = self.controller.root / "report.json"
        finished = self.play("report", tls_report_json=str(path))
        assert finished.code == 0, finished.output
        return {row["certificate"]: row for row in json.loads(path.read_text("utf-8"))["certificates"]}

    def renew(self, *options: str, **variables: Any) -> Run:
        finished = self.play("renew", *options, **variables)
        events = max(self.controller.root.glob("events-*"), key=lambda path: int(path.name.rpartition("-")[2]))
        told = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
        reports = [event["result"] for event in told if event["action"] == "ansible.builtin.set_stats"]
        assert len(reports) == 1, finished.output
        return Run(finished.code, finished.output, reports[0]["ansible_stats"]["data"]["tls_report"])


def declare(acme: AcmeSite, **words: Any) -> dict[str, Any]:
    """The system certificate, served by nginx."""
    common = {"external_url": NAME, "issuer": "ca", "accept": ["test_issuer"], "services": [acme.service()]}
    return {**common, **words}


def store_of_each(acme: AcmeSite) -> str:
    """Each host needs one of its own, since all of them are this machine."""
    acme.site.store.mkdir()
    return f"{acme.site.store}/{{{{ inventory_hostname }}}}"


def supply_old(acme: AcmeSite) -> dict[str, Any]:
    """Bought files of which a tenth is left."""
    life = {"not_before": NOW - timedelta(days=90), "not_after": NOW + timedelta(days=10)}
    supplied = acme.site.supply(SHOP, **life)
    words = {word: str(acme.site.controller.secrets / name) for word, name in supplied.words.items()}
    return {"names": [SHOP], "email": "buyer@example.org", **words}


def test_what_is_ordered_is_installed_beside_files_and_renewed_alone(acme: AcmeSite) -> None:
    acme.serve("system")
    fleet = Fleet(acme, tls_system=declare(acme), tls_host_certificates={"bought": supply_old(acme)})
    installed = fleet.play("install")
    assert (installed.code, len(acme.front.orders)) == (0, 1), installed.output
    assert acme.served() != acme.by_hand["system"]
    executions = acme.site.executions
    assert fleet.play("install").code == 0
    assert acme.site.executions == executions + 2, "one for each kind of issuer"

    # One execution for what is ordered, and one for what nobody renews.
    executions = acme.site.executions
    kept = fleet.renew()
    assert (kept.code, kept.find("ends_soon")) == (
        0,
        {"not_due": ["host1/system"], "ends_soon": ["host1/bought"]},
    ), kept.output
    assert (acme.site.executions, len(acme.front.orders)) == (executions + 2, 1)
    (ending,) = kept.report["ends_soon"]
    assert (ending["email"], ending["is_close"]) == ("buyer@example.org", True)

    again = declare(acme, key_type="ec384")
    foretold = fleet.renew("--check", tls_system=again)
    assert (foretold.code, foretold.find()) == (0, {"renewed": ["host1/system"]}), foretold.report
    assert foretold.report["check"] is True
    refused = fleet.renew(tls_system=again, tls_max_reissues=0)
    assert (refused.code, refused.find()) == (2, {"failed": ["host1/system"]})
    (failed,) = refused.report["failed"]
    assert (failed["code"], len(acme.front.orders)) == ("too_many_reissues", 1)

    before = acme.served()
    digest = failed["message"].rpartition("tls_confirm_reissue: ")[2]
    renewed = fleet.renew(tls_system=again, tls_max_reissues=0, tls_confirm_reissue=digest)
    assert (renewed.code, renewed.find()) == (0, {"renewed": ["host1/system"]}), renewed.output
    assert (renewed.report["renewed"][0]["code"], renewed.report["pending"]) == ("key_type_differs", [])
    assert acme.served() != before


def test_one_fault_is_red_or_put_off_and_the_others_go_on(acme: AcmeSite) -> None:
    """`broken` has a webroot that no server shows; the limit is met while everything else is there already."""
    acme.serve("system")
    other = {"names": ["www.api"], "issuer": "ca"}
    unshown = acme.site.host / "unshown"
    unshown.mkdir()
    broken = {**other, "names": ["www.broken"], "challenge": acme.webroot_words(webroot=str(unshown))}
    fleet = Fleet(acme, tls_system=declare(acme), tls_host_certificates={"api": other, "broken": broken})
    mixed = fleet.renew()
    assert (mixed.code, mixed.find()) == (
        2,
        {"renewed": ["host1/system", "host1/api"], "failed": ["host1/broken"]},
    ), mixed.output
    assert mixed.report["failed"][0]["is_news"] is True
    told = fleet.look()
    assert {name: row["urgency"] for name, row in told.items()} == {"system": "ok", "api": "ok", "broken": "missing"}
    assert (told["broken"]["last_failure"]["code"], told["broken"]["issuer_name"]) == ("challenge_not_served", "ca")
    assert (told["system"]["last_failure"], told["system"]["next_try"]) == (None, "")
    first, renewal, last = (told["system"][word] for word in ("not_before", "next_renewal", "not_after"))
    assert first < renewal < last

    fleet = Fleet(acme, tls_system=declare(acme), tls_host_certificates={"api": {**other, "key_type": "ec384"}})
    acme.front.inject("newOrder", rate_limited(3600), times=EVER)
    late = fleet.renew()
    assert (late.code, late.find()) == (0, {"not_due": ["host1/system"], "deferred": ["host1/api"]}), late.output
    acme.front.clear()
    waiting = fleet.renew()
    assert (waiting.code, waiting.find(), acme.front.orders) == (0, late.find(), [])
    api = fleet.look()["api"]
    assert (api["urgency"], [item["code"] for item in api["problems"]]) == ("problem", ["key_type_differs"])
    assert (api["last_failure"]["code"], api["last_failure"]["tries"]) == ("rate_limited", 1)
    assert api["next_try"] > api["last_failure"]["at"]


def test_the_same_names_on_two_hosts_are_refused_before_anything_is_ordered(acme: AcmeSite) -> None:
    acme.serve("system")
    fleet = Fleet(acme, tls_system=declare(acme, services=[]), tls_store_path=store_of_each(acme))
    run = fleet.renew("-i", "host2,")
    assert (run.code, run.find()) == (2, {"failed": ["host1/system", "host2/system"]}), run.output
    assert {row["code"] for row in run.report["failed"]} == {"names_on_two_hosts"}
    assert acme.front.orders == []


def test_a_host_that_had_to_go_back_stops_the_next_once_and_nothing_is_ordered_again(acme: AcmeSite) -> None:
    acme.serve("system")
    files = [{"name": "fullchain.pem", "parts": ["leaf", "chain"], "path": str(acme.files_of("system")[0])}]
    files.append({"name": "privkey.pem", "parts": ["key"], "path": str(acme.files_of("system")[1])})
    nginx = acme.nginx
    deaf = {"files": files, "pid_file": str(nginx.pid_file), "reload": ["true"], "ports": [nginx.port]}
    heard = {**deaf, "reload": nginx.command("-s", "reload")}

    def systems(service: dict[str, Any]) -> dict[str, Any]:
        hosts = {"host1": declare(acme, services=[{"custom": service}]), "host2": declare(acme, services=[])}
        hosts["host2"]["external_url"] = "www.host2"
        return {"systems": hosts}

    system, store = "{{ systems[inventory_hostname] }}", store_of_each(acme)
    fleet = Fleet(acme, tls_system=system, tls_store_path=store, tls_probe_timeout=1)
    # The first time it stops the batches after it; a fault that lasts must not keep the others from theirs
    for waiting in (["host1", "host2"], ["host1"]):
        stopped = fleet.renew("-i", "host2,", **systems(deaf))
        assert stopped.code == 2
        assert stopped.report["failed"][0]["code"] == "rolled_back", stopped.output
        pending = [row["host"] for row in stopped.report["pending"]]
        assert (pending, acme.served()) == (waiting, acme.by_hand["system"])
    assert len(acme.front.orders) == 2

    mended = fleet.renew("-i", "host2,", **systems(heard))
    assert (mended.code, mended.report["pending"], len(acme.front.orders)) == (0, [], 2), mended.output
    assert acme.served() != acme.by_hand["system"]


def test_a_host_that_is_gone_is_red_and_told_by_mail_and_the_others_are_renewed(acme: AcmeSite) -> None:
    acme.serve("system")
    connection = "{{ 'ssh' if inventory_hostname == 'gone' else 'local' }}"
    where = {"ansible_connection": connection, "ansible_host": "127.0.0.1", "ansible_port": free_port()}
    fleet = Fleet(acme, tls_system=declare(acme), **where)
    with MailSink() as sink:
        mail = {
            "tls_mail": "always",
            "tls_mail_host": "127.0.0.1",
            "tls_mail_port": sink.port,
            "tls_mail_encryption": "none",
            "tls_mail_from": "tls@example.org",
            "tls_mail_to": "admins@example.org",
        }
        assert fleet.renew("-i", "gone,", "--check", **mail).report["unreachable"] == ["gone"]
        assert sink.mails == []
        run = fleet.renew("-i", "gone,", **mail)
    assert (run.code, run.find()) == (2, {"renewed": ["host1/system"]}), run.output
    assert run.report["unreachable"] == ["gone"]
    assert [(mail["To"], mail["Subject"]) for mail in sink.mails] == [
        ("admins@example.org", "TLS certificates: 1 unreachable")
    ]

    alone = fleet.renew("-i", "gone,", "--limit", "gone")
    assert (alone.code, alone.report["unreachable"], alone.find()) == (2, ["gone"], {})


@pytest.mark.parametrize("system", [{"engine": "disabled"}, {"external_url": NAME, "issuer": "nobody"}])
def test_a_faulty_inventory_is_told_by_the_summary_and_touches_nothing(acme: AcmeSite, system: dict[str, Any]) -> None:
    run = Fleet(acme, tls_system=system).renew()
    assert (run.code, run.find(), acme.site.executions) == (2, {"failed": ["host1/"]}, 0), run.output
    assert "tls_system" in run.report["failed"][0]["message"]
