# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job as AWX launches it: a playbook of the example project, the answers to its survey, and a credential's files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.certwright.tls.tests.awx.controller_rules import answer, render
from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
from ansible_collections.certwright.tls.tests.integration.site import Site

ROOT = Path(__file__).parents[2]


class Loader(yaml.SafeLoader):
    """Knows the mark of what the controller renders."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))  # type: ignore[type-var]


def load_variables(name: str) -> dict[str, Any]:
    text = (ROOT / f"roles/awx/vars/main/{name}.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader)
    return loaded


def find_survey(name: str) -> dict[str, Any]:
    """With the engines of the consoles alone."""
    variables = load_variables("surveys")
    questions = variables[name]["spec"]
    offered = {"tls_form_engine": {"choices": variables["awx_console_engines"]}}
    return {"spec": [question | offered.get(question["variable"], {}) for question in questions]}


def inject(site: Site, kind: str, **inputs: str) -> dict[str, str]:
    """The environment of a job with such a credential: each field becomes a file, an empty one too."""
    words = load_variables("kinds")["awx_kinds"][kind]["type"]
    given = {field["id"]: inputs.get(field["id"], "") for field in words["inputs"]["fields"]}
    files = {}
    for name, template in words["injectors"]["file"].items():
        path = site.controller.secrets / f"tmp-{name}"
        path.write_text(render(template, given), encoding="utf-8")
        files[name.partition(".")[2]] = str(path)
    names = {"tower": {"filename": files}}
    return {name: render(template, names) for name, template in words["injectors"]["env"].items()}


def launch(
    site: Site,
    playbook: str,
    inventory: dict[str, Any],
    answers: dict[str, Any],
    *,
    environment: dict[str, str] | None = None,
    names: tuple[str, ...] = ("host1",),
) -> Finished:
    """The inventory is a file, as in AWX; the answers are extra variables."""
    hosts = site.controller.secrets / "hosts.json"
    words = {**inventory, "tls_store_path": str(site.store)}
    hosts.write_text(json.dumps({"all": {"hosts": dict.fromkeys(names, words)}}))
    node = replace(site.controller, inventory=str(hosts), environment=environment or {})
    return node.start(str(ROOT / "examples/awx/project" / playbook), variables=answers).finish()


def fill_in(
    site: Site, inventory: dict[str, Any], answers: dict[str, str], environment: dict[str, str] | None = None
) -> Finished:
    """The form of the consoles."""
    return launch(site, "form.yml", inventory, answer(find_survey("awx_form"), answers), environment=environment)


def outcomes(finished: Finished) -> dict[str, str]:
    assert finished.code == 0, finished.output
    told = (result["outcomes"] for result in finished.results if result.get("outcomes"))
    return {name: item["outcome"] for each in told for name, item in each.items()}
