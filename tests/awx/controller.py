# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the API of AWX, as strict as its published description and stricter: what is unknown is refused.

It makes, changes, finds and joins objects, for the modules of the collection awx.awx. It runs no jobs.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ansible_collections.certwright.tls.tests.awx.controller_fields import EDGES, KINDS, LINKS, UNIFIED, Field, is_of
from ansible_collections.certwright.tls.tests.awx.controller_rules import (
    find_notification_faults,
    find_schedule_faults,
    find_survey_faults,
    find_type_faults,
)

API, ENCRYPTED = "/api/v2/", "$encrypted$"
_SINGULAR = {"inventories": "inventory", **UNIFIED}
_PAGING = ("order_by", "page_size", "page")


class RefusedRequest(Exception):
    def __init__(self, faults: Mapping[str, Any] | Iterable[str], code: int = 400) -> None:
        self.body = faults if isinstance(faults, Mapping) else {"__all__": list(faults)}
        self.code = code
        super().__init__(json.dumps(self.body))


@dataclass
class Controller:
    """`playbooks` are what its projects show; `secrets` are what may be nowhere but in inputs of credentials."""

    playbooks: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    objects: dict[str, dict[int, dict[str, Any]]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    links: dict[tuple[str, int, str], list[int]] = field(default_factory=dict)
    surveys: dict[int, dict[str, Any]] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    """Each request that was to change something, in the order in which they came."""
    refused: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """By its name, as it was told."""
        (found,) = (item for item in self.objects[kind].values() if item["name"] == name)
        return found

    def joined(self, kind: str, name: str, link: str) -> list[str]:
        ids = self.links.get((kind, self.get(kind, name)["id"], link), [])
        names = (self.objects[LINKS[kind][link]][number] for number in ids)
        return sorted(item.get("name") or item["identifier"] for item in names)

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        path, _mark, query = target.partition("?")
        with self._lock:
            try:
                return self._answer(method, path, dict(urllib.parse.parse_qsl(query, keep_blank_values=True)), body)
            except RefusedRequest as refused:
                self.refused.append(f"{method} {path}: {refused}")
                return refused.code, refused.body

    def _answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if method != "GET":
            self.written.append(f"{method} {path}")
        found = re.fullmatch(rf"{API}(\w+)/(?:(\d+)/)?(?:(\w+)/)?", path)
        if not found or (found[1] not in KINDS and found[1] != "unified_job_templates"):
            raise RefusedRequest({"detail": f"Not found: {path}"}, 404)
        kind, number, part = found[1], int(found[2] or 0), found[3]
        if not number:
            return self._list(kind, query) if method == "GET" else (201, self._create(kind, body))
        if number not in self.objects[kind]:
            raise RefusedRequest({"detail": "Not found."}, 404)
        if part:
            return self._answer_part(method, (kind, number, part), body)
        if method == "PATCH":
            self._change(kind, self.objects[kind][number], body)
        elif method != "GET":
            raise RefusedRequest({"detail": f'Method "{method}" not allowed.'}, 405)
        return 200, self._show(kind, self.objects[kind][number])

    def _answer_part(self, method: str, place: tuple[str, int, str], body: Any) -> tuple[int, Any]:
        kind, number, part = place
        if part == "survey_spec":
            return self._survey(method, number, body)
        if part == "create_approval_template":
            return 201, self._create_approval(number, body)
        return self._join(method, kind, number, part, body)

    def _list(self, kind: str, query: dict[str, str]) -> tuple[int, Any]:
        wanted = {word: value for word, value in query.items() if word not in _PAGING}
        kinds = UNIFIED if kind == "unified_job_templates" else (kind,)
        shown = [self._show(each, item) for each in kinds for item in self.objects[each].values()]
        unknown = [word for word in wanted if word.removeprefix("or__") not in {"id", "type", *self._find_fields(kind)}]
        if unknown:
            raise RefusedRequest({"detail": f"no field {', '.join(unknown)}"})
        rows = [item for item in shown if _is_meant(item, wanted)]
        return 200, {"count": len(rows), "next": None, "previous": None, "results": rows}

    def _find_fields(self, kind: str) -> Iterable[str]:
        return ("name", "organization") if kind == "unified_job_templates" else (*KINDS[kind], "organization")

    def _show(self, kind: str, item: Mapping[str, Any]) -> dict[str, Any]:
        """With what nobody has set, and without what is secret."""
        url = f"{API}{kind}/{item['id']}/"
        fields = {word: item.get(word, field.show()) for word, field in KINDS[kind].items()}
        if kind == "credentials":
            secret = self._find_secret_fields(item["credential_type"])
            fields["inputs"] = {
                word: ENCRYPTED if word in secret else value for word, value in fields["inputs"].items()
            }
        if kind == "notification_templates":
            told = fields["notification_configuration"]
            fields["notification_configuration"] = {**told, "password": ENCRYPTED if told["password"] else ""}
        related = {word: f"{url}{word}/" for word in (*LINKS.get(kind, ()), "survey_spec", "workflow_nodes")}
        if item.get("unified_job_template") in self.objects["workflow_approval_templates"]:
            related["unified_job_template"] = f"{API}workflow_approval_templates/{item['unified_job_template']}/"
        own: dict[str, Any] = {"id": item["id"], "type": _SINGULAR.get(kind, kind[:-1]), "url": url, "related": related}
        if kind == "projects":
            own.update(scm_revision="f0" * 20, status="successful")
        return {**fields, **own, "organization": self._find_organization(kind, item), "summary_fields": {}}

    def _find_organization(self, kind: str, item: Mapping[str, Any]) -> int | None:
        if kind == "job_templates":
            return self.objects["projects"][item["project"]].get("organization")
        if kind == "inventory_sources":
            return self.objects["inventories"][item["inventory"]].get("organization")
        return item.get("organization")

    def _find_secret_fields(self, number: int) -> set[str]:
        fields = self.objects["credential_types"][number].get("inputs", {}).get("fields", [])
        return {field["id"] for field in fields if field.get("secret")}

    def _create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        missing = [word for word, field in KINDS[kind].items() if field.needed and body.get(word) in (None, "")]
        if missing:
            raise RefusedRequest({word: ["This field is required."] for word in missing})
        item: dict[str, Any] = {"id": sum(map(len, self.objects.values())) + 1}
        self._change(kind, item, body)
        self.objects[kind][item["id"]] = item
        return self._show(kind, item)

    def _create_approval(self, number: int, body: dict[str, Any]) -> dict[str, Any]:
        """Of what a node says too, only what is of the approval counts."""
        own = {word: value for word, value in body.items() if word in KINDS["workflow_approval_templates"]}
        shown = self._create("workflow_approval_templates", own)
        self.objects["workflow_job_template_nodes"][number]["unified_job_template"] = shown["id"]
        return shown

    def _change(self, kind: str, item: dict[str, Any], body: Any) -> None:
        body = self._without_foreign(kind, body)
        faults = {
            word: [fault] for word, value in body.items() if (fault := self._find_fault(KINDS[kind].get(word), value))
        }
        if faults:
            raise RefusedRequest(faults)
        after = {**item, **body}
        problems = [
            *self._find_kind_faults(kind, after),
            *self._find_twins(kind, after),
            *self._find_shown_secrets(kind, body),
        ]
        if problems:
            raise RefusedRequest(problems)
        item.update({word: value for word, value in body.items() if value is not None or KINDS[kind][word].of})

    def _without_foreign(self, kind: str, body: Any) -> dict[str, Any]:
        """The modules say more of an approval than there is to it."""
        if not isinstance(body, dict):
            raise RefusedRequest(["JSON parse error"])
        return (
            {word: body[word] for word in KINDS[kind] if word in body}
            if kind == "workflow_approval_templates"
            else body
        )

    def _find_fault(self, field: Field | None, value: Any) -> str:
        if field is None:
            return "is unknown"
        if value is None and (field.of or field.is_nullable):
            return ""
        if not is_of(value, field.type):
            return f"Not a valid {field.type.__name__}: {value!r}"
        if field.choices and value not in field.choices:
            return f'"{value}" is not a valid choice.'
        known = UNIFIED if field.of == "unified_job_templates" else (field.of,)
        if field.of and not any(value in self.objects[kind] for kind in known):
            return f'Invalid pk "{value}" - object does not exist.'
        return ""

    def _find_twins(self, kind: str, item: Mapping[str, Any]) -> Iterator[str]:
        words = [
            word
            for word in ("name", "identifier", "organization", "workflow_job_template", "inventory")
            if word in item
        ]
        if kind in ("workflow_approval_templates", "job_templates"):
            words = ["name", "project"] if kind == "job_templates" else []
        for other in self.objects[kind].values():
            if words and other["id"] != item["id"] and all(other.get(word) == item[word] for word in words):
                yield f"{kind} with these {', '.join(words)} already exists."

    def _find_shown_secrets(self, kind: str, body: Mapping[str, Any]) -> Iterator[str]:
        open_words = {word: value for word, value in body.items() if (kind, word) != ("credentials", "inputs")}
        if kind == "notification_templates":
            open_words["notification_configuration"] = {**body.get("notification_configuration", {}), "password": ""}
        text = json.dumps(open_words)
        yield from (f"a secret is shown in {kind}" for secret in self.secrets if json.dumps(secret)[1:-1] in text)

    def _find_kind_faults(self, kind: str, item: Mapping[str, Any]) -> Iterator[str]:
        if kind == "credential_types":
            yield from find_type_faults(item.get("inputs", {}), item.get("injectors", {}))
        elif kind == "credentials":
            fields = self.objects["credential_types"][item["credential_type"]].get("inputs", {}).get("fields", [])
            unknown = set(item.get("inputs", {})) - {field["id"] for field in fields}
            yield from (f"'{word}' is not a field of its type" for word in unknown)
        elif kind == "notification_templates":
            yield from find_notification_faults(item)
        elif kind == "schedules":
            yield from find_schedule_faults(item["rrule"])
        elif kind == "job_templates":
            yield from self._find_template_faults(item)

    def _find_template_faults(self, item: Mapping[str, Any]) -> Iterator[str]:
        if item["playbook"] not in self.playbooks:
            yield f"Playbook not found for project: {item['playbook']}"
        if not item.get("inventory") and not item.get("ask_inventory_on_launch"):
            yield "Must either set a default value or ask to prompt on launch: inventory"
        if item.get("organization", self._find_organization("job_templates", item)) != self._find_organization(
            "job_templates", item
        ):
            yield "the organization of a job template is that of its project"

    def _survey(self, method: str, number: int, body: Any) -> tuple[int, Any]:
        if method == "POST":
            if faults := list(find_survey_faults(body)):
                raise RefusedRequest({"error": faults})
            if list(self._find_shown_secrets("survey", body)):
                raise RefusedRequest(["a secret is shown in a survey"])
            self.surveys[number] = body
        return 200, self.surveys.get(number, {})

    def _join(self, method: str, kind: str, number: int, link: str, body: Any) -> tuple[int, Any]:
        of = LINKS.get(kind, {}).get(link)
        if of is None:
            raise RefusedRequest({"detail": f"{kind} have no {link}"}, 404)
        ids = self.links.setdefault((kind, number, link), [])
        if method == "GET":
            rows = [self._show(of, self.objects[of][each]) for each in ids]
            return 200, {"count": len(rows), "next": None, "previous": None, "results": rows}
        if body.get("id") not in self.objects[of]:
            raise RefusedRequest({"msg": f"{of} {body.get('id')} does not exist"})
        if body.get("disassociate"):
            ids.remove(body["id"])
            return 204, None
        if faults := list(self._find_join_faults(kind, number, link, body["id"])):
            raise RefusedRequest({"error": faults})
        ids.append(body["id"])
        return 204, None

    def _find_join_faults(self, kind: str, number: int, link: str, other: int) -> Iterator[str]:
        if (kind, link) == ("job_templates", "credentials"):
            types = {self.objects["credentials"][each]["credential_type"] for each in self.links[kind, number, link]}
            if self.objects["credentials"][other]["credential_type"] in types:
                yield "Cannot assign multiple credentials of one type."
        if link in EDGES:
            if any(other in self.links.get((kind, number, each), []) for each in EDGES - {link}):
                yield "Relationship not allowed."
            if number in self._find_descendants(other):
                yield "Cycle detected."

    def _find_descendants(self, node: int) -> set[int]:
        below = [each for link in EDGES for each in self.links.get(("workflow_job_template_nodes", node, link), [])]
        return {node}.union(*map(self._find_descendants, below))


def _is_meant(item: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    either = {word.removeprefix("or__"): value for word, value in wanted.items() if word.startswith("or__")}
    every = {word: value for word, value in wanted.items() if not word.startswith("or__")}
    matches = [str(item.get(word)) == value for word, value in either.items()]
    return all(str(item.get(word)) == value for word, value in every.items()) and (not matches or any(matches))
