# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in refuses what AWX refuses, and each rule of it is seen to."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.awx.controller import ENCRYPTED, Controller
from ansible_collections.certwright.tls.tests.awx.controller_rules import answer

API = "/api/v2"
TEMPLATE = {"name": "renew", "project": 2, "inventory": 3, "playbook": "renew.yml"}
QUESTION = {"type": "text", "variable": "tls_remove", "question_name": "What", "required": False}
CHOICE = {**QUESTION, "type": "multiplechoice", "choices": ["false", "true"]}
FIELDS = {"fields": [{"id": "key", "label": "Key", "type": "string", "secret": True}]}
HOOK = {
    "url": "u",
    "http_method": "POST",
    "disable_ssl_verification": False,
    "username": "",
    "password": "p",
    "headers": {},
}
TOLD = {"name": "hook", "organization": 1, "notification_type": "webhook", "notification_configuration": HOOK}


@pytest.fixture
def controller() -> Controller:
    """Not listening: it is asked directly."""
    with_all = Controller(("renew.yml",), ("top-secret",))
    for kind, body in (
        ("organizations", {"name": "org"}),
        ("projects", {"name": "project", "organization": 1, "scm_type": "git"}),
        ("inventories", {"name": "inventory", "organization": 1}),
        ("job_templates", TEMPLATE),
        ("workflow_job_templates", {"name": "flow", "organization": 1}),
        *(("workflow_job_template_nodes", {"identifier": name, "workflow_job_template": 5}) for name in "abc"),
        ("credential_types", {"name": "type", "kind": "cloud", "inputs": FIELDS}),
        ("credentials", {"name": "one", "credential_type": 9, "inputs": {"key": "top-secret"}}),
        ("credentials", {"name": "two", "credential_type": 9}),
    ):
        code, said = with_all.answer("POST", f"{API}/{kind}/", body)
        assert code == 201, said
    return with_all


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        pytest.param("job_templates", {**TEMPLATE, "name": "b", "colour": "red"}, "colour", id="an unknown field"),
        pytest.param(
            "job_templates", {**TEMPLATE, "name": "b", "forks": "5"}, "Not a valid int", id="a number as text"
        ),
        pytest.param(
            "job_templates", {**TEMPLATE, "name": "b", "diff_mode": "True"}, "Not a valid bool", id="a switch as text"
        ),
        pytest.param(
            "job_templates", {**TEMPLATE, "name": "b", "job_type": "scan"}, "not a valid choice", id="a choice"
        ),
        pytest.param(
            "job_templates", {**TEMPLATE, "name": "b", "project": 3}, "does not exist", id="an object of another kind"
        ),
        pytest.param(
            "job_templates", {**TEMPLATE, "name": "b", "playbook": "x.yml"}, "Playbook not found", id="a playbook"
        ),
        pytest.param("job_templates", {**TEMPLATE, "name": "b", "inventory": None}, "inventory", id="no inventory"),
        pytest.param("job_templates", {**TEMPLATE, "extra_vars": "{}"}, "already exists", id="a name twice"),
        pytest.param(
            "job_templates", {**TEMPLATE, "name": "b", "extra_vars": '{"a": "top-secret"}'}, "is shown", id="a secret"
        ),
        pytest.param("job_templates", {"name": "b"}, "This field is required", id="what is needed"),
        pytest.param(
            "credentials", {"name": "c", "credential_type": 9, "inputs": {"kee": "x"}}, "not a field", id="an input"
        ),
        pytest.param(
            "credential_types",
            {"name": "b", "kind": "cloud", "inputs": FIELDS, "injectors": {"extra_vars": {"a": "{{ key }}"}}},
            "extra_vars.a shows key",
            id="a secret among the variables of a run",
        ),
        pytest.param(
            "credential_types",
            {"name": "b", "kind": "cloud", "inputs": FIELDS, "injectors": {"env": {"A": "{{ tower.filename.key }}"}}},
            "undefined field",
            id="a file that nobody writes",
        ),
        pytest.param(
            "credential_types",
            {"name": "b", "kind": "cloud", "inputs": FIELDS, "injectors": {"env": {"ANSIBLE_A": "a"}}},
            "not allowed in credentials",
            id="a variable of Ansible itself",
        ),
        pytest.param("credential_types", {"name": "b", "kind": "secret"}, "not a valid choice", id="a kind of type"),
        pytest.param(
            "notification_templates",
            {**TOLD, "notification_configuration": {**HOOK, "headers": "none"}},
            "incorrect type",
            id="a word of a webhook",
        ),
        pytest.param(
            "notification_templates",
            {**TOLD, "messages": {"error": {"body": "{{ job.artifacts.tls_report.failed }}"}}},
            "Unable to render",
            id="a report that is not there yet",
        ),
        pytest.param(
            "notification_templates", {**TOLD, "messages": {"error": {"body": "x"}}}, "json dictionary", id="no JSON"
        ),
        pytest.param(
            "notification_templates", {**TOLD, "messages": {"failure": {}}}, "Event 'failure' invalid", id="an event"
        ),
        pytest.param(
            "notification_templates", {**TOLD, "messages": {"error": {"message": "a\nb"}}}, "newline", id="two lines"
        ),
        pytest.param(
            "schedules",
            {"name": "s", "unified_job_template": 4, "rrule": "DTSTART:20260101T000000Z RRULE:FREQ=HOURLY"},
            "INTERVAL required",
            id="a rule without an interval",
        ),
        pytest.param(
            "schedules",
            {"name": "s", "unified_job_template": 4, "rrule": "DTSTART:20260101T000000 RRULE:FREQ=HOURLY;INTERVAL=1"},
            "naive",
            id="a start in no zone",
        ),
        pytest.param(
            "schedules",
            {"name": "s", "unified_job_template": 4, "rrule": "DTSTART:20260101T007500Z RRULE:FREQ=HOURLY;INTERVAL=1"},
            "is no time",
            id="a minute that no hour has",
        ),
    ],
)
def test_what_awx_would_not_take_is_refused(controller: Controller, kind: str, body: dict[str, Any], told: str) -> None:
    code, said = controller.answer("POST", f"{API}/{kind}/", body)
    assert code == 400
    assert told in str(said)
    assert controller.refused


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        pytest.param({"name": "", "spec": [QUESTION]}, "'description' is missing", id="a word of the survey"),
        pytest.param({"name": "", "description": "", "spec": []}, "doesn't contain any items", id="no question"),
        pytest.param(
            {"name": "", "description": "", "spec": [QUESTION, QUESTION]}, "duplicated", id="a variable twice"
        ),
        pytest.param(
            {"name": "", "description": "", "spec": [{**QUESTION, "type": "bool"}]}, "allowed question", id="a type"
        ),
        pytest.param(
            {"name": "", "description": "", "spec": [{**QUESTION, "required": "no"}]},
            "required",
            id="a text for a switch",
        ),
        pytest.param(
            {"name": "", "description": "", "spec": [{**QUESTION, "default": 3}]}, "Default value", id="a default"
        ),
        pytest.param(
            {"name": "", "description": "", "spec": [{**QUESTION, "max": "9"}]}, "max limit", id="a limit as text"
        ),
        pytest.param(
            {"name": "", "description": "", "spec": [{**CHOICE, "choices": []}]}, "must specify", id="no choices"
        ),
        pytest.param(
            {"name": "", "description": "", "spec": [{**CHOICE, "choices": [True]}]}, "must specify", id="no texts"
        ),
        pytest.param(
            {"name": "", "description": "", "spec": [{**CHOICE, "default": "no"}]},
            "Default choice",
            id="another choice",
        ),
        pytest.param({"name": "", "description": "", "spec": [CHOICE]}, "no default among", id="an empty answer"),
    ],
)
def test_a_survey_that_awx_would_not_take_is_refused(controller: Controller, spec: dict[str, Any], told: str) -> None:
    code, said = controller.answer("POST", f"{API}/job_templates/4/survey_spec/", spec)
    assert code == 400
    assert told in str(said)
    assert controller.surveys == {}


def join(controller: Controller, node: int, link: str, other: int) -> int:
    return controller.answer("POST", f"{API}/workflow_job_template_nodes/{node}/{link}/", {"id": other})[0]


def test_a_node_is_the_child_of_another_in_one_way_and_not_its_own_ancestor(controller: Controller) -> None:
    assert join(controller, 6, "success_nodes", 7) == 204
    assert join(controller, 6, "failure_nodes", 7) == 400
    assert join(controller, 7, "always_nodes", 8) == 204
    assert join(controller, 8, "always_nodes", 6) == 400
    assert join(controller, 6, "other_nodes", 8) == 404


def test_a_template_has_one_credential_of_a_type_and_its_secret_is_shown_to_nobody(controller: Controller) -> None:
    place = f"{API}/job_templates/4/credentials/"
    assert controller.answer("POST", place, {"id": 10})[0] == 204
    assert controller.answer("POST", place, {"id": 11})[0] == 400
    _code, shown = controller.answer("GET", f"{API}/credentials/?name=one", {})
    assert shown["results"][0]["inputs"] == {"key": ENCRYPTED}


def test_a_field_that_is_not_there_finds_nothing(controller: Controller) -> None:
    assert controller.answer("GET", f"{API}/job_templates/?colour=red", {})[0] == 400
    assert controller.answer("GET", f"{API}/colours/", {})[0] == 404


def test_answers_are_texts_and_defaults_count() -> None:
    survey = {
        "spec": [
            {**QUESTION, "default": ""},
            {**CHOICE, "variable": "tls_revoke", "required": True, "default": "false"},
        ]
    }
    assert answer(survey, {}) == {"tls_remove": "", "tls_revoke": "false"}
    assert answer(survey, {"tls_remove": "a, b", "tls_revoke": "true"}) == {"tls_remove": "a, b", "tls_revoke": "true"}
    with pytest.raises(AssertionError):
        answer(survey, {"tls_revoke": "yes"})
