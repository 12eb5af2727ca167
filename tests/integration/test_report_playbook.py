# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook certwright.tls.report`: what is on hosts, beside what the inventory wants."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.tests.integration.playbook_run import Controller, Finished
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import EXPIRED, NAME, Site
from ansible_collections.certwright.tls.tests.unit.mail_sink import MailSink

SHOP = "shop.example.org"
CALLING = {
    "tls_mail_host": "127.0.0.1",
    "tls_mail_port": 9,
    "tls_mail_encryption": "none",
    "tls_mail_from": "tls@example.org",
    "tls_mail_to": "it@example.org",
}


def play(site: Site, name: str, variables: dict[str, Any], *options: str) -> Finished:
    return site.controller.start(f"certwright.tls.{name}", *options, variables=variables).finish()


def test_what_is_missing_unknown_or_not_served_is_found_and_what_is_well_takes_one_line(
    site: Site, nginx: Nginx
) -> None:
    supplied = site.supply()
    material = {word: str(site.controller.secrets / file) for word, file in supplied.words.items()}
    system = {"external_url": NAME, "services": [{"nginx": {**nginx.words, "paths": site.paths}}], **material}
    other = site.supply(SHOP)
    spare = {
        "issuer": "bought",
        "names": [SHOP],
        **{word: str(site.controller.secrets / file) for word, file in other.words.items()},
    }
    path = site.controller.root / "report.json"
    declared = {
        "tls_store_path": str(site.store),
        "tls_issuers": {"bought": {"type": "files"}},
    }
    both = {**declared, "tls_system": system, "tls_host_certificates": {"spare": spare}}
    assert play(site, "install", both).code == 0

    before, executions = site.look(), site.executions
    # Nobody is called while all is well, whatever is asked for.
    calm = play(site, "report", {**both, **CALLING, "tls_report_fail": "due", "tls_report_mail": "due"})
    assert (calm.code, site.look(), site.executions) == (0, before, executions + 1), calm.output
    assert "expired 0, problem 0, missing 0, due 0, unmanaged 0, ok 2" in calm.output
    assert play(site, "report", both, "--limit", "nobody").code != 0

    # The inventory changes, and the server goes back to what it had by hand.
    live = site.paths["fullchain.pem"]
    by_hand = site.make(NAME)
    nginx.stop()
    shutil.copyfile(live, site.tls / "kept.pem")
    nginx.configure(site.tls / "other.pem", site.tls / "other.key")
    (site.tls / "other.pem").write_bytes(by_hand.pem)
    (site.tls / "other.key").write_bytes(by_hand.key_pem)
    nginx.start()
    wanted = {
        **declared,
        "tls_system": system,
        "tls_host_certificates": {"api": {**spare, "names": ["api.example.org"]}},
    }
    page = site.root / "report.html"
    metrics = site.root / "metrics" / "tls.prom"
    metrics.parent.mkdir()
    files = {"tls_report_json": "report.json", "tls_report_prometheus": str(metrics), "tls_report_html": str(page)}
    with MailSink() as sink:
        alarms = {"tls_report_fail": "problem", "tls_report_mail": "problem", "tls_mail_port": sink.port}
        told = play(site, "report", {**wanted, **files, **CALLING, **alarms})
    report = json.loads(path.read_text("utf-8"))
    urgencies = {row["certificate"]: row["urgency"] for row in report["certificates"] if row["source"] != "port"}
    assert urgencies == {"system": "problem", "api": "missing", "spare": "unmanaged"}, told.output
    assert (told.code, told.output.count('"msg": "system: Port ')) == (2, 1), told.output
    assert "\\napi: api is not on the host" in told.output
    assert [(mail["To"], mail["Subject"]) for mail in sink.mails] == [("it@example.org", "TLS certificates: 2 failed")]
    text = metrics.read_text("utf-8")
    assert 'code="missing"} 1\n' in text
    assert 'certwright_certificate_served{host="host1",certificate="system",source="store",state="live"} 0\n' in text
    assert (metrics.stat().st_mode & 0o7777, [item.name for item in metrics.parent.iterdir()]) == (0o644, ["tls.prom"])
    assert [problem["code"] for problem in report["certificates"][0]["problems"]] == ["not_served"]
    # What the port shows instead is told there, and by no row of its own.
    assert [row for row in report["certificates"] if row["source"] == "port"] == []
    assert (report["schema"], report["certificates"][0]["issuer_name"]) == (1, "")
    assert datetime.fromisoformat(report["generated"].replace("Z", "+00:00")) <= datetime.now(timezone.utc)
    data = re.search(r'<script type="application/json" id="data">(.*)</script>\n<script>', page.read_text("utf-8"))
    assert data
    assert json.loads(data[1]) == report


def test_the_page_can_lie_on_a_host_and_shows_what_a_certificate_says_as_it_says_it(site: Site) -> None:
    """Neither Jinja nor the browser takes it for anything else."""
    subject = "{{ 7 * 7 }}<script>"
    found, page = site.tls / "found.pem", site.root / "shown.html"
    found.write_bytes(site.make("found.example.org", cn=subject).pem)
    words = {"tls_store_path": str(site.store), "tls_report_paths": [str(found)]}
    told = play(site, "report", {**words, "tls_report_html": str(page), "tls_report_html_host": "host1"})
    text = page.read_text("utf-8")
    assert (told.code, page.stat().st_mode & 0o7777) == (0, 0o644), told.output
    assert '"subject":"CN={{ 7 * 7 }}\\\\\\u003cscript\\\\\\u003e"' in text


def test_what_cannot_be_written_or_sent_is_told_and_keeps_nobody_from_an_alarm(site: Site) -> None:
    """Each host fails for its own, and one of them for the files as well."""
    (site.tls / "ended.pem").write_bytes(site.make("ended.example.org", **EXPIRED).pem)
    nowhere, metrics = site.root / "nowhere", site.root / "tls.prom"
    found = {"tls_store_path": str(site.store), "tls_report_paths": [str(site.tls)], "tls_report_fail": "expired"}
    fleet = Controller(site.root / "fleet", site.controller.variables, inventory="host1,host2,")
    fleet.secrets.mkdir(parents=True)
    files = {"tls_report_json": f"{nowhere}/r.json", "tls_report_html": f"{nowhere}/r.html"}
    # A form sends an empty text for what nobody filled in.
    empty = dict.fromkeys(("tls_hosts", "tls_report_html_host", "tls_report_prometheus_host", "tls_mail_user"), "")
    words = {**found, **files, **empty, "tls_report_prometheus": f"{nowhere}/tls.prom", "tls_report_mail": "expired"}
    told = fleet.start("certwright.tls.report", variables=words).finish()
    assert told.code == 2, told.output
    for word, name in (("json", "r.json"), ("html", "r.html"), ("prometheus", "tls.prom")):
        assert f"tls_report_{word}: {nowhere}/{name} could not be written" in told.output, told.output
    assert "it takes tls_mail_host, tls_mail_from and tls_mail_to as well" in told.output
    for host in ("host1", "host2"):
        failed = rf"fatal: \[{host}\]: FAILED! => {{\s+\"changed\": false,\s+\"msg\": \".*ended.pem: The "
        assert re.search(failed, told.output), told.output

    # A host that is not reached keeps nothing either, and the mail goes out.
    inventory = site.root / "inventory"
    words = "ansible_connection=local ansible_python_interpreter=" + site.variables["ansible_python_interpreter"]
    inventory.write_text(f"host1 {words}\nhost2 {words}\nfar ansible_host=127.0.0.1 ansible_port=1\n", encoding="utf-8")
    fleet = Controller(site.root / "fleet", {"tls_hosts": "host*"}, inventory=str(inventory))
    far = {"tls_report_html_host": "far", "tls_report_html": "/r.html", "tls_report_prometheus": str(metrics)}
    with MailSink() as sink:
        words = {**found, **CALLING, **far, "tls_report_mail": "expired", "tls_mail_port": sink.port}
        told = fleet.start("certwright.tls.report", variables=words).finish()
    assert (told.code, [mail["Subject"] for mail in sink.mails]) == (2, ["TLS certificates: 2 expired"]), told.output
    assert "tls_report_html: /r.html could not be written on far: " in told.output, told.output
    assert [item.name for item in site.root.glob("tls.prom*")] == ["tls.prom"]


def test_two_reports_at_once_may_write_the_same_metrics(site: Site) -> None:
    metrics = site.root / "metrics" / "tls.prom"
    metrics.parent.mkdir()
    words = {"tls_store_path": str(site.store), "tls_report_prometheus": str(metrics)}
    fleets = [Controller(site.root / name, site.controller.variables) for name in ("one", "two")]
    for fleet in fleets:
        fleet.secrets.mkdir(parents=True)
    runs = [fleet.start("certwright.tls.report", variables=words) for fleet in fleets]
    for told in [run.finish() for run in runs]:
        assert told.code == 0, told.output
        assert len(set(re.findall(r"tls\.prom\.\d+", told.output))) == 1
    names = {name for run in runs for name in re.findall(r"tls\.prom\.\d+", run.output.read_text("utf-8"))}
    assert len(names) == 2
    assert [item.name for item in metrics.parent.iterdir()] == ["tls.prom"]
