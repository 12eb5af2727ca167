# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a controller refuses beyond names and types, in its own words where they are known."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible_collections.certwright.tls.tests.awx.controller_fields import is_of

_WORD = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
_JINJA = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
# What a job looks like to a message, as far as a notification may know it.
STUB: dict[str, Any] = {
    "job": {"id": 42, "name": "Stub JobTemplate", "status": "running", "artifacts": {}},
    "job_friendly_name": "Job",
    "url": "https://controller.example/#/jobs/playbook/42",
    "approval_status": "approved",
    "approval_node_name": "Approve Me",
    "workflow_url": "https://controller.example/#/workflows/42",
    "job_metadata": "{}",
}
_QUESTIONS: dict[str, type] = {
    **dict.fromkeys(("text", "textarea", "password", "multiplechoice", "multiselect"), str),
    "integer": int,
    "float": float,
}
_CHOOSING = ("multiplechoice", "multiselect")


def find_survey_faults(spec: Any) -> Iterator[str]:
    for word, kind in (("name", str), ("description", str), ("spec", list)):
        if word not in spec:
            yield f"Field '{word}' is missing from survey spec."
        elif not isinstance(spec[word], kind):
            yield f"Expected {kind.__name__} for field '{word}', received {type(spec[word]).__name__} type."
    questions = spec.get("spec") if isinstance(spec.get("spec"), list) else []
    if not questions:
        yield "'spec' doesn't contain any items."
    variables = [question.get("variable") for question in questions]
    yield from (f"'variable' '{word}' duplicated" for word in set(variables) if variables.count(word) > 1)
    for number, question in enumerate(questions):
        yield from (f"survey question {number}: {fault}" for fault in _find_question_faults(question))


def _find_question_faults(question: Mapping[str, Any]) -> Iterator[str]:
    for word in ("type", "question_name", "variable", "required"):
        if not isinstance(question.get(word), bool if word == "required" else str):
            yield f"'{word}' is missing or of another type"
    known = {"question_description", "choices", "default", "min", "max", "new_question"}
    yield from (
        f"{word} is unknown" for word in {*question} - {*known, "type", "question_name", "variable", "required"}
    )
    kind = question.get("type")
    if kind not in _QUESTIONS:
        yield f"'{kind}' is not one of the allowed question types."
        return
    default = question.get("default", "")
    if default != "" and not isinstance(default, _QUESTIONS[kind]):
        yield f"Default value {default} expected to be {_QUESTIONS[kind].__name__}."
    yield from (
        f"The {word} limit expected to be integer." for word in ("min", "max") if _is_no_limit(question.get(word))
    )
    if kind in _CHOOSING:
        yield from _find_choice_faults(question)


def _find_choice_faults(question: Mapping[str, Any]) -> Iterator[str]:
    choices, default = question.get("choices"), question.get("default", "")
    if not isinstance(choices, list) or not choices or not all(isinstance(choice, str) for choice in choices):
        yield "must specify choices."
    elif default and default not in choices:
        yield "Default choice must be answered from the choices listed."
    elif question["type"] == "multiplechoice" and not question.get("required") and not default:
        # The form sends an empty answer, which is none of the choices, and the launch is refused.
        yield "a question that may be left out has no default among its choices."


def _is_no_limit(value: object) -> bool:
    return value is not None and (not isinstance(value, int) or isinstance(value, bool))


def answer(survey: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:
    """The extra variables of a job that was started with these answers: defaults count, as the controller has it."""
    known = {question["variable"]: question for question in survey["spec"]}
    assert set(answers) <= set(known)
    given = {word: question["default"] for word, question in known.items() if "default" in question} | dict(answers)
    for word, value in given.items():
        question = known[word]
        assert isinstance(value, _QUESTIONS[question["type"]])
        assert question["type"] not in _CHOOSING or value in question["choices"]
        assert len(value) <= question.get("max", 1024)
    assert [word for word, question in known.items() if question["required"] and word not in given] == []
    return given


def find_type_faults(inputs: Mapping[str, Any], injectors: Mapping[str, Any]) -> Iterator[str]:
    """Of a type of credentials. A secret among the variables of a run stands in clear in the record of its job."""
    yield from (f"inputs.{word} is unknown" for word in {*inputs} - {"fields", "required"})
    yield from (f"injectors.{word} is unknown" for word in {*injectors} - {"file", "env", "extra_vars"})
    fields = {field.get("id"): field for field in inputs.get("fields", [])}
    if len(fields) != len(inputs.get("fields", [])):
        yield "field IDs must be unique"
    for name, field in fields.items():
        yield from _find_field_faults(name, field)
    templates = [name.partition(".") for name in injectors.get("file", {})]
    if any(head != "template" or not (not tail or _WORD.match(tail)) for head, _dot, tail in templates):
        yield "injectors.file takes template or template.NAME"
    files = {tail: "EXAMPLE" for _head, _dot, tail in templates if tail}
    names = {**dict.fromkeys(fields, "EXAMPLE"), "tower": {"filename": files or ("EXAMPLE" if templates else {})}}
    for place, words in injectors.items():
        for word, template in words.items():
            yield from _find_injector_faults(f"{place}.{word}", template, names)
    secrets = [name for name, field in fields.items() if field.get("secret")]
    for word, template in injectors.get("extra_vars", {}).items():
        open_words = re.sub(r"tower\.filename\.\w+", "", template)
        yield from (f"extra_vars.{word} shows {name}" for name in secrets if re.search(rf"\b{name}\b", open_words))


def _find_field_faults(name: Any, field: Mapping[str, Any]) -> Iterator[str]:
    known = {
        "type",
        "format",
        "choices",
        "id",
        "label",
        "help_text",
        "multiline",
        "secret",
        "ask_at_runtime",
        "default",
    }
    yield from (f"field {name}: {word} is unknown" for word in {*field} - known)
    if not isinstance(name, str) or not _WORD.match(name) or name == "tower":
        yield f"{name} is an invalid variable name"
    if not isinstance(field.get("label"), str):
        yield f"field {name} has no label"
    if field.get("type") not in ("string", "boolean"):
        yield f"field {name} has no type, so that the controller adds one, and shows another thing than it was told"


def _find_injector_faults(where: str, template: Any, names: Mapping[str, Any]) -> Iterator[str]:
    place, word = where.split(".", 1)
    if place != "file" and not _WORD.match(word):
        yield f"{where} is an invalid name"
    if place == "env" and word.startswith("ANSIBLE_"):
        yield f"Environment variable {word} may affect Ansible configuration so its use is not allowed in credentials."
    if not isinstance(template, str):
        yield f"{where} must be a text"
        return
    try:
        _JINJA.from_string(template).render(names)
    except TemplateError as error:
        yield f"{where} uses an undefined field ({error})"


_CONFIGURATIONS: dict[str, dict[str, type]] = {
    "email": {
        **dict.fromkeys(("host", "username", "password", "sender"), str),
        **dict.fromkeys(("port", "timeout"), int),
        **dict.fromkeys(("use_tls", "use_ssl"), bool),
        "recipients": list,
    },
    "webhook": {
        **dict.fromkeys(("url", "http_method", "username", "password"), str),
        "disable_ssl_verification": bool,
        "headers": dict,
    },
}


def find_notification_faults(body: Mapping[str, Any]) -> Iterator[str]:
    kind = body["notification_type"]
    yield from _find_configuration_faults(body.get("notification_configuration", {}), _CONFIGURATIONS[kind])
    for event, message in (body.get("messages") or {}).items():
        if event == "workflow_approval":
            for outcome, inner in message.items():
                if outcome not in ("running", "approved", "timed_out", "denied"):
                    yield f"Workflow Approval event '{outcome}' invalid"
                yield from _find_message_faults(kind, f"{event}.{outcome}", inner)
        elif event not in ("started", "success", "error"):
            yield f"Event '{event}' invalid, must be one of started, success, error, workflow_approval"
        else:
            yield from _find_message_faults(kind, event, message)


def _find_configuration_faults(given: Mapping[str, Any], wanted: Mapping[str, type]) -> Iterator[str]:
    yield from (f"Missing required fields for Notification Configuration: {word}" for word in {*wanted} - {*given})
    yield from (f"Notification Configuration has no field {word}" for word in {*given} - {*wanted})
    for word in {*wanted} & {*given}:
        if not is_of(given[word], wanted[word]):
            yield f"Configuration field '{word}' incorrect type, expected {wanted[word].__name__}."
        elif wanted[word] is list and not given[word]:
            yield f"No values specified for field '{word}'"


def _find_message_faults(kind: str, event: str, message: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        f"Message type '{word}' invalid, must be either 'message' or 'body'"
        for word in {*message} - {"message", "body"}
    )
    if "\n" in (message.get("message") or ""):
        yield f"Messages cannot contain newlines, found newline in {event} event"
    for word, template in message.items():
        try:
            rendered = render(template, STUB)
        except TemplateError as error:
            yield f"Unable to render {word} '{event}': {error}"
            continue
        if kind == "webhook" and word == "body" and not _is_dictionary(rendered):
            yield f"Webhook body for '{event}' should be a json dictionary. Found: {rendered}"


def render(template: str, context: Mapping[str, Any]) -> str:
    return _JINJA.from_string(template).render(context)


def _is_dictionary(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _is_time(start: str) -> bool:
    try:
        return bool(datetime.strptime(start.rpartition(":")[2].rstrip("Z"), "%Y%m%dT%H%M%S"))  # noqa: DTZ007
    except ValueError:
        return False


def find_schedule_faults(rrule: str) -> Iterator[str]:
    starts = re.findall(r"DTSTART(?:;[^:]+)?:\d{8}T\d{6}Z?", rrule)
    if not starts:
        yield "Valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ"
    yield from (f"{start} is no time" for start in starts if not _is_time(start))
    if len(starts) > 1:
        yield "Multiple DTSTART is not supported."
    if re.search(r"DTSTART:\d+T\d+( |\Z)", rrule):
        yield "DTSTART cannot be a naive datetime.  Specify ;TZINFO= or YYYYMMDDTHHMMSSZZ."
    rules = re.findall(r"RRULE:(\S*)", rrule)
    if not rules:
        yield "One or more rule required in rrule."
    for rule in rules:
        words = dict(part.partition("=")[::2] for part in rule.split(";"))
        if "INTERVAL" not in words:
            yield f"INTERVAL required in rrule: {rule}"
        if words.get("FREQ") not in ("MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
            yield f"rrule parsing failed validation: {rule}"
