# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook certwright.tls.awx`, by the real modules of awx.awx, against a strict stand-in of AWX."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.certwright.tls.tests.awx.controller import ENCRYPTED, Controller
from ansible_collections.certwright.tls.tests.awx.controller_fields import EDGES
from ansible_collections.certwright.tls.tests.awx.controller_server import TOKEN, serve
from ansible_collections.certwright.tls.tests.integration.playbook_run import Controller as Node
from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished

ROOT = Path(__file__).parents[2]
PLAYBOOKS = tuple(path.name for path in (ROOT / "examples/awx/project").glob("*.yml"))
SECRETS = {
    "acme_account": {
        "account_key": "-----BEGIN KEY-----\nc2VjcmV0\n-----END KEY-----\n",
        "eab_kid": "kid-1",
        "eab_hmac_key": "hmac-secret",
    },
    "internal_ca": {"passphrase": "issuing-secret"},
}
HIDDEN = ("c2VjcmV0", "hmac-secret", "issuing-secret", "mail-secret", "hook-secret")
LEAST = {"tls_awx_image": "registry.example/ee-tls:1", "tls_awx_project_url": "https://git.example/tls.git"}
MOST = {
    **LEAST,
    "tls_awx_organization": "Platform",
    "tls_awx_inventory_path": "inventory/hosts.yml",
    "tls_awx_credentials": ["acme_account", "internal_ca", "internal_ca_root", "dns_provider"],
    "tls_awx_secrets": SECRETS,
    "tls_awx_dns_provider": "gandi",
    "tls_awx_issuers": ["office"],
    "tls_awx_mail_to": ["pki@example.org"],
    "tls_awx_mail_from": "awx@example.org",
    "tls_awx_mail_password": "mail-secret",
    "tls_awx_webhook_url": "https://hooks.example/tls",
    "tls_awx_approval": True,
    "tls_awx_slices": 4,
}


@pytest.fixture
def controller() -> Iterator[Controller]:
    controller = Controller(PLAYBOOKS, HIDDEN)
    yield controller
    assert not any(secret in json.dumps(controller.surveys) for secret in HIDDEN)


def beside_ours(collections: Path) -> str:
    return f"{os.environ['ANSIBLE_COLLECTIONS_PATH']}:{collections}"


def run(place: Path, controller: Controller, variables: dict[str, Any], *, collections: Path) -> Finished:
    """At -vvvv, and nothing of what is secret is said there."""
    (place / "files").mkdir(exist_ok=True)
    path = beside_ours(collections)
    with serve(controller) as url:
        environment = {"CONTROLLER_HOST": url, "CONTROLLER_OAUTH_TOKEN": TOKEN, "ANSIBLE_COLLECTIONS_PATH": path}
        node = Node(place, {}, inventory="localhost,", environment=environment)
        play = node.start("certwright.tls.awx", variables=variables)
        play.actions = ("awx.awx.", "ansible.controller.", "ansible.builtin.copy", "ansible.builtin.assert")
        finished = play.finish(seconds=300)
    assert [secret for secret in HIDDEN if secret in finished.output] == []
    return finished


def find_changed(finished: Finished) -> list[str]:
    """The names of what was made or changed; of what nothing may be said, that."""
    assert finished.code == 0, finished.output
    found = (item for result in finished.results for item in result.get("results", [result]))
    return [
        str(item.get("item", {}).get("name") or item.get("name") or "censored") for item in found if item["changed"]
    ]


def test_everything_is_made_once_and_nothing_is_changed_but_what_awx_misreports(
    tmp_path: Path, controller: Controller, awx_collection: Path
) -> None:
    first = run(tmp_path, controller, MOST, collections=awx_collection)
    # With the workflows come their nodes, and an approval.
    assert len(find_changed(first)) == sum(map(len, controller.objects.values())) - 8
    assert controller.refused == []
    require_credentials(controller)
    require_jobs(controller)

    # One open field that is another is enough for the module to send them all, if it may.
    others = {"acme_account": {"account_key": "hook-secret", "eab_kid": "kid-2"}, "internal_ca": {}}
    second = run(tmp_path, controller, {**MOST, "tls_awx_secrets": others}, collections=awx_collection)
    # A password cannot be compared, and an approval is compared with its node.
    assert find_changed(second) == ["censored", "TLS approved installation"]
    assert controller.refused == []
    require_credentials(controller)
    require_jobs(controller)


def require_credentials(controller: Controller) -> None:
    """Each has what it was made with, shown to nobody, and is joined to the jobs that need it."""
    assert len(controller.objects["credential_types"]) == len(controller.objects["credentials"]) == 4
    account = controller.get("credentials", "TLS ACME account")
    assert account["inputs"] == SECRETS["acme_account"]
    _code, shown = controller.answer("GET", f"/api/v2/credentials/{account['id']}/", {})
    assert shown["inputs"] == {"account_key": ENCRYPTED, "eab_kid": "kid-1", "eab_hmac_key": ENCRYPTED}
    # The passphrase of the root is where a root is used, and nowhere else.
    holders = [name for name in find_names(controller) if "TLS internal CA root" in find_joined(controller, name)]
    assert holders == ["TLS internal CA", "TLS new internal CA"]
    assert find_joined(controller, "TLS report") == []
    assert find_joined(controller, "TLS issue") == ["TLS ACME account", "TLS DNS provider gandi", "TLS internal CA"]
    assert find_joined(controller, "TLS activate") == []
    provider = controller.get("credential_types", "TLS DNS provider gandi")
    assert provider["injectors"] == {"env": {"LEXICON_GANDI_AUTH_TOKEN": "{{ auth_token }}"}}


def find_names(controller: Controller) -> list[str]:
    return sorted(item["name"] for item in controller.objects["job_templates"].values())


def find_joined(controller: Controller, name: str) -> list[str]:
    return controller.joined("job_templates", name, "credentials")


def require_jobs(controller: Controller) -> None:
    templates = {name: controller.get("job_templates", name) for name in find_names(controller)}
    assert (templates["TLS preview"]["job_type"], templates["TLS preview"]["playbook"]) == ("check", "form.yml")
    assert [templates[f"TLS {half}"]["job_tags"] for half in ("issue", "activate")] == ["issue", "activate"]
    slices = {name: item["job_slice_count"] for name, item in templates.items() if "job_slice_count" in item}
    assert slices == {"TLS activate": 4}
    said = {name: json.loads(item["extra_vars"]) for name, item in templates.items() if item.get("extra_vars")}
    assert said == {"TLS report": {"tls_report_fail": "problem"}}
    assert [item for item in templates.values() if item.get("use_fact_cache")] == []
    workflow = controller.get("workflow_job_templates", "TLS approved installation")
    assert controller.surveys[workflow["id"]] == controller.surveys[templates["TLS install"]["id"]]
    nodes = {item["id"]: item["identifier"] for item in controller.objects["workflow_job_template_nodes"].values()}
    joined = [(node, link, other) for (_kind, node, link), others in controller.links.items() for other in others]
    assert {(nodes[node], link, nodes[other]) for node, link, other in joined if link in EDGES} == {
        ("issue", "always_nodes", "activate"),
        ("activate", "always_nodes", "report"),
        ("preview", "success_nodes", "approval"),
        ("approval", "success_nodes", "install"),
        ("install", "always_nodes", "report"),
    }
    hourly = controller.get("schedules", "TLS renewal each hour")
    assert hourly["unified_job_template"] == controller.get("workflow_job_templates", "TLS renewal in slices")["id"]
    assert controller.joined("job_templates", "TLS renew", "notification_templates_error") == [
        "TLS mail",
        "TLS webhook",
    ]


def test_the_other_products_collection_is_one_word_and_a_playbook_that_no_project_shows_is_named(
    tmp_path: Path, controller: Controller, awx_collection: Path
) -> None:
    """That collection is not to be had here: the same modules under its name stand for it."""
    place = tmp_path / "other" / "ansible_collections" / "ansible" / "controller"
    shutil.copytree(awx_collection / "ansible_collections" / "awx" / "awx", place)
    for path in place.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("ansible_collections.awx.awx", "ansible_collections.ansible.controller"))
    said = {**LEAST, "tls_awx_collection": "ansible.controller", "tls_awx_project_path": "else/"}
    finished = run(tmp_path, controller, said, collections=tmp_path / "other")
    assert finished.code != 0
    assert "Playbook not found for project: else/form.yml" in finished.output
    used = re.findall(r"Using module file \S*/ansible_collections/(\S+?)/plugins/modules/(\w+)", finished.output)
    assert {collection for collection, _module in used} == {"ansible/controller"}
    assert {"organization", "project", "job_template"} <= {module for _collection, module in used}


def test_every_module_of_the_role_is_of_the_collection_that_was_said() -> None:
    tasks = yaml.safe_load((ROOT / "roles/awx/tasks/apply.yml").read_text())
    inner = [each for task in tasks for each in task.get("block", [task])]
    assert len(inner) == 11
    assert [task["action"] for task in inner if not task["action"].startswith("{{ awx_collection }}.")] == []


def test_a_missing_collection_is_named_with_the_ways_out(tmp_path: Path, controller: Controller) -> None:
    finished = run(tmp_path, controller, LEAST, collections=tmp_path)
    assert finished.code != 0
    assert "ansible-galaxy collection install awx.awx" in finished.output
    assert "tls_awx_collection: ansible.controller" in finished.output
    assert "tls_awx_write_to" in finished.output
    assert controller.written == []


def test_a_controller_that_is_not_there_is_named_with_what_says_where_it_is(
    tmp_path: Path, awx_collection: Path
) -> None:
    (tmp_path / "files").mkdir()
    nobody = "http://127.0.0.1:1"
    environment = {"CONTROLLER_HOST": nobody, "ANSIBLE_COLLECTIONS_PATH": beside_ours(awx_collection)}
    node = Node(tmp_path, {}, inventory="localhost,", environment=environment)
    finished = node.start("certwright.tls.awx", variables=LEAST).finish()
    assert finished.code != 0
    assert f"The controller is where CONTROLLER_HOST says (now {nobody})" in finished.output


@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param({"tls_awx_image": None}, "tls_awx_image", id="no image"),
        pytest.param(
            {"tls_awx_credentials": "mail, acme_acount"},
            "tls_awx_credentials has acme_acount, which is no kind; there are acme_account, dns_update",
            id="a kind that nobody knows",
        ),
        pytest.param({"tls_awx_credentials": ["dns_provider"]}, "tls_awx_dns_provider", id="a provider without a name"),
        pytest.param({"tls_awx_secrets": {"mail": {}}}, "tls_awx_secrets has mail", id="a secret for no credential"),
        pytest.param({"tls_awx_mail_to": ["a@b.example"]}, "tls_awx_mail_from", id="mail from nobody"),
        pytest.param(
            {"tls_awx_minute": 75, "tls_awx_report_hour": "99", "tls_awx_slices": -3},
            "tls_awx_minute is 75; say a number from 0 to 59; tls_awx_report_hour is 99; say a number from 0 to 23; "
            "tls_awx_slices is -3; say a number from 1 to 1000",
            id="times that no day has, and fewer slices than none",
        ),
        pytest.param(
            {"tls_awx_credentials": "dns_provider", "tls_awx_dns_provider": "my-dns", "tls_awx_dns_fields": "a b,key"},
            "my-dns, a b cannot",
            id="names that no variable can have",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_made(
    tmp_path: Path, controller: Controller, awx_collection: Path, said: dict[str, Any], told: str
) -> None:
    given = {word: value for word, value in {**LEAST, **said}.items() if value is not None}
    finished = run(tmp_path, controller, given, collections=awx_collection)
    assert finished.code != 0
    assert told in finished.output
    assert controller.written == []
