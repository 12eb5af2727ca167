# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as AWX runs them, through ansible-runner: workflows, slices, surveys, faults, and jobs that are cancelled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ansible_collections.certwright.tls.tests.integration.internal_site import CA_HOST, ISSUER, WORD, Ca
from ansible_collections.certwright.tls.tests.integration.runner_job import Ended, Job, cancel
from ansible_collections.certwright.tls.tests.integration.servers import wait_until
from ansible_collections.certwright.tls.tests.integration.site import Site

HOSTS = ("web1", "web2")
WORKFLOW = 90
# As forms of AWX send them: whatever is chosen or typed is text, and what was left empty may come as an empty one.
SURVEY = {
    "tls_max_orders": "",
    "tls_max_reissues": "5",
    "tls_confirm_reissue": "",
    "tls_force": "false",
    "tls_ignore_backoff": "",
    "tls_keep_generations": "2",
    "tls_probe_timeout": "",
    "tls_rollout": "1, 100%",
    "tls_mail": "",
    "tls_mail_host": "",
    "tls_renew_every": "",
    "tls_hosts": "",
    "tls_stop_at_unreachable": "false",
}


class JobFleet:
    """Two hosts with a service that logs its reloads, and the CA's, whose passphrase is a variable of the job."""

    def __init__(self, site: Site, ca: Ca, root: Path) -> None:
        self.site, self.ca, self.root, self.number = site, ca, root, 0
        site.store.mkdir()
        log, broken, slow = (f"{site.host}/$1.{word}" for word in ("log", "broken", "slow"))
        wait = f"[ ! -e {slow} ] || {{ touch {slow}.begun; exec sleep 100; }}"
        self.reload = site.script("reload", f"echo reloaded >>{log}; {wait}; [ ! -e {broken} ]")
        self.jobs: list[Ended] = []

    def job(self, *hosts: str, options: str = "", files: dict[str, str] | None = None, **survey: Any) -> Job:
        self.number += 1
        return Job(
            root=self.root / f"job{self.number}",
            hosts={host: {} for host in hosts or (*HOSTS, CA_HOST)},
            variables=self.variables,
            number=self.number,
            environment={"CERTWRIGHT_CA_PASSPHRASE": WORD},
            files=files or {},
            survey=survey,
            options=options,
        )

    @property
    def variables(self) -> dict[str, Any]:
        files = [{"name": "all.pem", "parts": ["leaf", "chain", "key"]}]
        service = {"custom": {"files": files, "reload": [self.reload, "{{ inventory_hostname }}"], "ports": []}}
        certificate = {"issuer": ISSUER, "names": ["{{ inventory_hostname }}.example.org"], "services": [service]}
        return {
            **self.site.variables,
            "tls_store_path": f"{self.site.store}/{{{{ inventory_hostname }}}}",
            "tls_issuers": {ISSUER: {"type": "internal_ca", "host": CA_HOST, **self.ca.place}},
            "tls_host_certificates": f"{{{{ {{}} if inventory_hostname == '{CA_HOST}' else certificates }}}}",
            "certificates": {"web": certificate},
        }

    def know(self, *jobs: Ended) -> None:
        """Whatever a job left or said is looked through for keys at the end."""
        self.jobs.extend(jobs)

    def mark(self, host: str, word: str) -> Path:
        path = self.site.host / f"{host}.{word}"
        path.touch()
        return path

    def count_reloads(self, host: str) -> int:
        log = self.site.host / f"{host}.log"
        return log.read_text("ascii").count("\n") if log.exists() else 0

    def find_leaks(self) -> dict[str, list[str]]:
        """Keys that were born on the hosts, and the passphrase, in all that a job told and kept for others.

        The runner itself writes down with which environment it began.
        """
        for path in self.site.store.glob("*/certificates/**/privkey.pem"):
            key = load_pem_private_key(path.read_bytes(), None)
            self.site.scanner.add_key(key, also=[path.read_bytes()])
            self.site.scanner.add_public(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        spared = [*self.root.rglob("env"), *self.root.rglob("artifacts/*/command")]
        return self.site.scanner.find_in_tree(self.root, spared=spared)


@pytest.fixture
def fleet(site: Site, made_ca: Ca, tmp_path: Path) -> Iterator[JobFleet]:
    ca = Ca(site)
    ca.copy_of(made_ca)
    fleet = JobFleet(site, ca, tmp_path)
    yield fleet
    assert list(tmp_path.rglob("job_events/*.json"))
    assert fleet.find_leaks() == {}


def test_a_workflow_issues_once_and_activates_in_slices_that_start_together(fleet: JobFleet) -> None:
    """The first node checks over a mesh, the second issues for all, the third is sliced; one slice is started twice."""
    before = fleet.site.look()
    foretold = fleet.job(options="--check", **SURVEY).relay("renew")
    assert (foretold.code, foretold.report["check"], foretold.hosts("renewed")) == (0, True, list(HOSTS)), foretold.tail
    assert fleet.site.look() == before

    issued = fleet.job(options="--tags issue", awx_workflow_job_id=WORKFLOW, **SURVEY).run("renew")
    told = (issued.code, issued.report["half"], issued.hosts("renewed"), issued.hosts("pending"))
    assert told == (0, "issue", list(HOSTS), list(HOSTS)), issued.tail
    assert (len(fleet.ca.issued), [fleet.count_reloads(host) for host in HOSTS]) == (2, [0, 0])
    assert fleet.ca.issued[0]["run"].startswith(f"job 2 of workflow {WORKFLOW}, ")

    # What an earlier node told comes as an extra variable, over everything.
    words = {"awx_workflow_job_id": WORKFLOW, "tls_report": issued.report, **SURVEY}
    slices = [fleet.job(host, options="--tags activate", **words) for host in ("web1", "web2", "web1")]
    for job in slices:
        job.lay_out()
    started = [job.start("renew") for job in slices]
    ended = [job.finish(process) for job, process in zip(slices, started, strict=True)]
    assert [job.code for job in ended] == [0, 0, 0], [job.tail for job in ended]
    assert {job.report["half"] for job in ended} == {"activate"}
    assert sorted(job.hosts("activated") for job in ended) == [[], ["web1"], ["web2"]]
    assert [fleet.count_reloads(host) for host in HOSTS] == [1, 1]

    executions = fleet.site.executions
    calm = fleet.job(options="--limit web2", **{**SURVEY, "tls_renew_every": "60w"}).run("renew")
    assert (calm.code, calm.hosts("not_due"), calm.hosts("needed_sooner")) == (0, ["web2"], ["web2"]), calm.tail
    assert "run it more often" in calm.output
    assert fleet.site.executions - executions <= 3


def test_a_host_that_fails_fails_the_job_and_one_that_was_cancelled_is_taken_up_by_the_next(fleet: JobFleet) -> None:
    broken = fleet.mark("web1", "broken")
    failed = fleet.job(tls_rollout="1").run("renew")
    told = (failed.code, failed.status, failed.hosts("failed"), failed.hosts("pending"))
    # Nothing was there before that could have been put back.
    assert told == (2, "failed", ["web1"], ["web2"]), failed.tail
    assert (failed.report["stopped_by"], fleet.count_reloads("web2")) == (["web1"], 0)

    broken.unlink()
    slow = fleet.mark("web2", "slow")
    begun = slow.with_name(f"{slow.name}.begun")
    cancelled = fleet.job("web2", options="--tags activate")
    cancelled.lay_out()
    process = cancelled.start("renew")
    wait_until(begun.exists, "a reload that goes on", seconds=100)
    journal = fleet.site.store / "web2" / "journal.json"
    cancel(process)
    assert json.loads(journal.read_text("utf-8"))["run"].startswith(f"job {cancelled.number}, ")
    slow.unlink()

    mended = fleet.job("web2", options="--tags activate").run("renew")
    assert (mended.code, mended.hosts("failed"), journal.exists()) == (0, [], False), mended.tail
    assert (fleet.site.store / "web2" / "live" / "web" / "custom" / "all.pem").exists()
    assert len(fleet.ca.issued) == 2


def test_a_form_the_care_of_a_ca_and_a_report_are_jobs_too(fleet: JobFleet) -> None:
    """Forms that nobody filled in. The report is red as its template says."""
    before = fleet.site.look()
    form = fleet.job(options="--check --limit web1", tls_form_engine="As the inventory says").run("form")
    assert (form.code, form.report["check"], form.hosts("changed")) == (0, True, ["web1"]), form.tail
    care = fleet.job(options=f"--limit {CA_HOST}", tls_ca_rollover="keep", tls_ca_reason="").run("internal_ca")
    assert (care.code, care.report["run"], care.report["checked"]) == (0, "install", 0), care.tail
    report = fleet.job(*HOSTS, tls_report_fail="problem").run("report")
    assert (report.code, report.status, report.report["counts"]["missing"]) == (2, "failed", 2), report.tail
    assert fleet.site.look() == before


@pytest.mark.parametrize(
    ("playbook", "words", "state"),
    [
        pytest.param("renew", {"ansible_connection": "ssh", "ansible_port": "1"}, "unreachable", id="nobody is there"),
        pytest.param("renew", {"tls_max_orders": "many"}, "failed", id="an answer that cannot be read"),
        pytest.param("install", {"ansible_connection": "ssh", "ansible_port": "1"}, "unreachable", id="install"),
        pytest.param("remove", {"tls_remove": "web", "ansible_connection": "ssh"}, "unreachable", id="remove"),
        pytest.param(
            "decommission",
            {"tls_hosts": "web*", "tls_remove_accept": ["nothing"], "tls_revoke": "false"},
            "failed",
            id="decommission",
        ),
    ],
)
def test_a_job_in_which_every_host_fails_hands_its_report_on(
    fleet: JobFleet, playbook: str, words: dict[str, Any], state: str
) -> None:
    job = fleet.job(*HOSTS, **{"ansible_host": "127.0.0.1", "ansible_port": "1", **words})
    failed = job.run(playbook)
    assert (failed.code, failed.status, failed.hosts(state)) == (2, "failed", list(HOSTS)), failed.tail
    assert failed.report["run"] == playbook
    assert "tls_max_orders" not in words or "tls_max_orders is 'many'" in failed.report["failed"][0]["message"]
