# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role writes for infra.aap_configuration: by its names, sound, rendered by nobody before the controller."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.certwright.tls.tests.awx.controller_rules import (
    STUB,
    find_notification_faults,
    find_schedule_faults,
    find_survey_faults,
    find_type_faults,
    render,
)
from ansible_collections.certwright.tls.tests.integration.playbook_run import Controller as Node

ROOT = Path(__file__).parents[2]
KINDS = (
    "acme_account",
    "dns_update",
    "dns_provider",
    "internal_ca",
    "internal_ca_root",
    "supplied",
    "keystores",
    "shared",
    "mail",
)
SAID = {
    "tls_awx_image": "registry.example/ee-tls:1",
    "tls_awx_project_url": "https://git.example/tls.git",
    "tls_awx_prefix": "Certificates",
    # As a command line says lists, and what is left empty in a form.
    "tls_awx_credentials": ", ".join(KINDS),
    "tls_awx_secrets": {kind: {"passphrase": "very-secret"} for kind in ("internal_ca", "shared")},
    "tls_awx_dns_provider": "gandi",
    "tls_awx_dns_fields": "auth_token, auth_username",
    "tls_awx_other_credentials": "Machines, Vault",
    "tls_awx_mail_to": "pki@example.org, it@example.org",
    "tls_awx_mail_host": "",
    "tls_awx_organization": "",
    "tls_awx_inventory": "",
    "tls_awx_mail_from": "awx@example.org",
    "tls_awx_mail_password": "very-secret",
    "tls_awx_webhook_url": "https://hooks.example/tls",
    "tls_awx_webhook_password": "very-secret",
    "tls_awx_approval": True,
    "tls_awx_minute": 7,
}
RENEWAL = {
    "run": "renew",
    "check": False,
    "checked": 5,
    "renewed": [{"host": "web1", "certificate": "system", "message": ""}],
    "not_due": [{"host": "web4", "certificate": "system"}],
    "failed": [{"host": "web2", "certificate": "shop", "message": 'The webroot "/nonexistent" does not exist'}],
    "deferred": [],
    "unreachable": ["web3"],
    "next_run_needed": "2027-02-05T06:00:00Z",
    "warnings": ["a run is needed sooner"],
}
LOOK = {
    "run": "report",
    "counts": {"expired": 1, "problem": 0, "ok": 7},
    "certificates": [
        {"host": "web1", "certificate": "system", "urgency": "expired", "problems": [{"message": "it has ended"}]},
        {"host": "web2", "certificate": "system", "urgency": "ok", "problems": []},
    ],
    "problems": [{"host": "web9", "subject": "the inventory", "code": "inventory_invalid", "message": "it is empty"}],
    "unreachable": [],
}


class Marked(str):
    """A text that Ansible leaves as it is."""


class Loader(yaml.SafeLoader):
    """Knows the mark, as Ansible does."""


Loader.add_constructor("!unsafe", lambda loader, node: Marked(loader.construct_scalar(node)))  # type: ignore[type-var]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Written twice: the second time nothing changes, and no collection of a controller is there."""
    place = tmp_path_factory.mktemp("node")
    (place / "files").mkdir()
    said = {**SAID, "tls_awx_write_to": "controller.yml"}
    node = Node(place, {}, inventory="localhost,")
    changed = []
    for _run in range(2):
        play = node.start("certwright.tls.awx", variables=said)
        play.actions = ("ansible.builtin.copy",)
        finished = play.finish()
        assert finished.code == 0, finished.output
        assert "very-secret" not in finished.output
        changed.append(finished.result["changed"])
    assert changed == [True, False]
    text = (place / "controller.yml").read_text()
    assert "very-secret" not in text
    loaded: dict[str, list[dict[str, Any]]] = yaml.load(text, Loader)
    return loaded


def find_texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from find_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from find_texts(inner)
    elif isinstance(value, str):
        yield value


def test_the_variables_are_those_of_infra_aap_configuration(written: dict[str, Any]) -> None:
    assert list(written) == [
        *("controller_organizations", "controller_execution_environments", "controller_credential_types"),
        *("controller_credentials", "controller_notifications", "controller_projects", "controller_inventories"),
        *("controller_inventory_sources", "controller_templates", "controller_workflows", "controller_schedules"),
    ]
    assert [item["update_secrets"] for item in written["controller_credentials"]] == [False] * len(KINDS)


def test_what_the_controller_renders_is_marked_and_nothing_else_is(written: dict[str, Any]) -> None:
    texts = list(find_texts(written))
    assert [text for text in texts if isinstance(text, Marked) != bool(re.search(r"\{[{%]", text))] == []
    assert len([text for text in texts if isinstance(text, Marked)]) > 30


def test_a_controller_has_nothing_to_say_against_it(written: dict[str, Any]) -> None:
    found = [
        fault
        for item in written["controller_credential_types"]
        for fault in find_type_faults(item["inputs"], item["injectors"])
    ]
    found += [fault for item in written["controller_notifications"] for fault in find_notification_faults(item)]
    found += [fault for item in written["controller_schedules"] for fault in find_schedule_faults(item["rrule"])]
    launched = written["controller_templates"] + written["controller_workflows"]
    surveys = [item["survey_spec"] for item in launched if "survey_spec" in item]
    found += [fault for survey in surveys for fault in find_survey_faults(survey)]
    assert (found, len(surveys)) == ([], 7)


def test_each_secret_reaches_the_modules_by_a_name_that_they_read(written: dict[str, Any]) -> None:
    """And as a file, but for what a library reads from its own variables; no secret is a variable of the run."""
    code = "".join(path.read_text() for path in (ROOT / "plugins").rglob("*.py"))
    for item in written["controller_credential_types"]:
        secrets = {field["id"] for field in item["inputs"]["fields"] if field.get("secret")}
        injectors = item["injectors"]
        used = {re.sub(r"\W", "", template.replace("tower.filename", "")) for template in injectors["env"].values()}
        assert used == secrets
        for name, template in injectors["env"].items():
            if name.startswith("LEXICON_GANDI_"):
                assert template == "{{ " + name.removeprefix("LEXICON_GANDI_").lower() + " }}"
            else:
                assert f'"{name.removesuffix("_SRC")}"' in code
                assert template.startswith("{{ tower.filename.")
        assert set(injectors.get("extra_vars", {})) <= {"tls_eab_kid"}


def test_the_minute_is_the_one_that_was_said(written: dict[str, Any]) -> None:
    rules = [item["rrule"] for item in written["controller_schedules"]]
    assert rules == [
        "DTSTART:20260101T000700Z RRULE:FREQ=HOURLY;INTERVAL=1",
        "DTSTART:20260101T060700Z RRULE:FREQ=DAILY;INTERVAL=1",
    ]
    assert written["controller_schedules"][0]["unified_job_template"] == "Certificates renew"


def tell(written: dict[str, Any], report: dict[str, Any]) -> tuple[str, list[str], dict[str, Any]]:
    """Subject and lines of the mail, and what the webhook gets."""
    job = {**STUB["job"], "name": "Certificates job", "status": "failed", "artifacts": {"tls_report": report}}
    context = {**STUB, "job": job}
    mail, webhook = (item["messages"]["error"] for item in written["controller_notifications"])
    lines = [line.strip() for line in render(mail["body"], context).splitlines()]
    return render(mail["message"], context), lines[1:], json.loads(render(webhook["body"], context))


def test_a_notification_says_what_a_run_came_to(written: dict[str, Any]) -> None:
    subject, lines, told = tell(written, RENEWAL)
    assert subject == (
        "Certificates job failed, renewed 1, failed 1, unreachable 1, next run needed by 2027-02-05T06:00:00Z"
    )
    assert lines == [
        'failed: web2 shop The webroot "/nonexistent" does not exist',
        "unreachable: web3",
        "warnings: a run is needed sooner",
        STUB["url"],
    ]
    assert (told["job"], told["status"]) == ("Certificates job", "failed")
    assert told["tls_report"] == {word: value for word, value in RENEWAL.items() if word != "not_due"}


def test_a_notification_says_what_a_report_found(written: dict[str, Any]) -> None:
    subject, lines, told = tell(written, LOOK)
    assert subject == "Certificates job failed, expired 1, ok 7"
    assert lines == [
        "problems: web9 the inventory it is empty",
        "expired: web1 system; it has ended",
        STUB["url"],
    ]
    assert told["tls_report"]["counts"] == LOOK["counts"]
    assert "certificates" not in told["tls_report"]


def test_a_job_without_a_report_is_told_all_the_same(written: dict[str, Any]) -> None:
    mail, webhook = (item["messages"]["error"] for item in written["controller_notifications"])
    for artifacts in ({}, {"artifacts": None}, {"artifacts": {"tls_report": None}}):
        context = {**STUB, "job": {"id": 1, "name": "Certificates renew", "status": "canceled", **artifacts}}
        assert render(mail["message"], context) == "Certificates renew canceled"
        assert json.loads(render(webhook["body"], context))["tls_report"] == {}


def test_a_text_is_a_list_and_an_empty_one_says_nothing(written: dict[str, Any]) -> None:
    mail = written["controller_notifications"][0]["notification_configuration"]
    assert (mail["recipients"], mail["host"]) == (["pki@example.org", "it@example.org"], "localhost")
    assert [item["name"] for item in written["controller_organizations"]] == ["Default"]
    assert [item["name"] for item in written["controller_inventories"]] == ["Certificates inventory"]
    (report,) = (item for item in written["controller_templates"] if item["name"] == "Certificates report")
    assert report["credentials"] == ["Machines", "Vault"]


def test_the_report_is_red_for_a_problem(written: dict[str, Any]) -> None:
    said = {item["name"]: item["extra_vars"] for item in written["controller_templates"] if "extra_vars" in item}
    assert said == {"Certificates report": {"tls_report_fail": "problem"}}


def test_an_installation_that_waits_for_a_word_has_the_form_of_its_nodes(written: dict[str, Any]) -> None:
    (workflow,) = (item for item in written["controller_workflows"] if "survey_spec" in item)
    templates = {item["name"]: item for item in written["controller_templates"]}
    assert workflow["name"] == "Certificates approved installation"
    assert workflow["survey_enabled"] is True
    for node in ("preview", "install"):
        assert templates[f"Certificates {node}"]["survey_spec"] == workflow["survey_spec"]
