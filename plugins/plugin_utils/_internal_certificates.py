# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of internal CAs on one host: from a task's words to its wishes, and from their end to its result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import describe_subject, load_subject
from ansible_collections.certwright.tls.plugins.plugin_utils._collected import Collected
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ca_failure import (
    explain_failure,
    has_failed,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.entry import spell_store_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_issued import find_unused
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_request import describe_request
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import (
    Signing,
    SigningCa,
    find_anchors,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_words import SigningTask
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment import Enrolled
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment_report import report_enrolled
from ansible_collections.certwright.tls.plugins.plugin_utils._internal_talk import InternalTalk
from ansible_collections.certwright.tls.plugins.plugin_utils._issuers import OrderTask
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import PipelinedAction
from ansible_collections.certwright.tls.plugins.plugin_utils._service_files import read_service_files


def read_cas(one: Mapping[str, Any] | None, by_name: Mapping[str, Any] | None) -> dict[str, SigningCa | None]:
    """`one` is for certificates that name none of the others, and is without a name. Raises RefusedError."""
    named = {str(name): SigningCa.from_info(f"cas.{name}", words or {}) for name, words in (by_name or {}).items()}
    return {"": SigningCa.from_info("ca", one or {}), **named}


def read_faults(one: Mapping[str, Any] | None, by_name: Mapping[str, Any] | None) -> dict[str, Reason]:
    """Of the CAs that answered with a failure, by the names of read_cas()."""
    cas = {"": one, **(by_name or {})}
    return {str(name): explain_failure(words) for name, words in cas.items() if words and has_failed(words)}


def read_wishes(
    action: PipelinedAction, elements: Iterable[Mapping[str, Any]], task: SigningTask, *, on_problem: str
) -> OrderTask:
    """Raises RefusedError when one problem refuses all."""
    collected: Collected[Ordered] = Collected()
    for element in elements:
        collected.add(partial(_load, action, task, element))
    return OrderTask(tuple(collected.wishes.values()), collected.refuse(on_problem))


def _load(action: PipelinedAction, task: SigningTask, element: Mapping[str, Any]) -> Ordered:
    return task.load(_with_values(action, element))


def _with_values(action: PipelinedAction, element: Mapping[str, Any]) -> dict[str, Any]:
    """Its subject in the one spelling that is compared, and what its services name on the controller. May raise."""
    name = spell_store_name(str(element["name"]))
    try:
        subject = describe_subject(load_subject(str(element.get("subject") or "")))
    except UnusableError as error:
        raise RefusedError.from_problems([Problem(name, error.code, error.message)]) from None
    services = read_service_files(action, name, element.get("services") or ())
    return {**element, "subject": subject, "services": services}


def report_internal(  # noqa: PLR0913 - what is told beside the enrolment
    task: OrderTask,
    enrolled: Enrolled,
    talk: InternalTalk,
    *,
    faults: Mapping[str, Reason],
    host: str,
    now: datetime,
    check_mode: bool,
) -> dict[str, Any]:
    """With the requests that wait for their CA, which CA failed, and what this host remembers of the CAs' ledgers."""
    enrolled = replace(enrolled, notices=(*enrolled.notices, *_find_unused(enrolled, talk, now)))
    result = report_enrolled(task, enrolled, now=now, check_mode=check_mode)
    del result["orders"]  # the guards of a fleet are for CAs that count
    made = {name for name, wish in enrolled.wishes.items() if wish.requested and wish.requested.is_made}
    outcomes = result["outcomes"].items()
    anchors = {name: _find_anchors(wish, enrolled) for name, wish in enrolled.wishes.items()}
    return {
        **result,
        "changed": result["changed"] or bool(made),
        "outcomes": {name: {**item, "changed": item["changed"] or name in made} for name, item in outcomes},
        "requests": [
            describe_request(enrolled.wishes[name], request, host=host, anchors=anchors[name])
            for name, request in talk.requests.items()
        ],
        "unanswered": [
            {"issuer": issuer, "code": fault.code, "message": fault.message}
            for issuer, fault in _find_faults(enrolled.wishes.values(), faults).items()
        ],
        "anchors": [
            {"issuer": _signing_of(enrolled.wishes[name]).issuer, **anchor}
            for name, found in anchors.items()
            for anchor in found
        ],
    }


def _find_unused(enrolled: Enrolled, talk: InternalTalk, now: datetime) -> Iterator[Notice]:
    for name, signature in (talk.signed or {}).items():
        if name in enrolled.wishes:
            yield from find_unused(enrolled.wishes[name], enrolled.round.observed[name], signature, now=now)


def _find_faults(wishes: Iterable[Ordered], faults: Mapping[str, Reason]) -> dict[str, Reason]:
    """By CA, of those that these certificates are of, or their services trust."""
    found: dict[str, Reason] = {}
    for wish in wishes:
        signing = _signing_of(wish)
        if signing.fault:
            found[signing.issuer] = signing.fault
        trusted = (name for service in wish.declared.services for name in service.trust_names)
        found.update({name: faults[name] for name in trusted if name in faults})
    return found


def _find_anchors(wish: Ordered, enrolled: Enrolled) -> list[dict[str, Any]]:
    return find_anchors(enrolled.round.observed[wish.name], _signing_of(wish).directory)


def _signing_of(wish: Ordered) -> Signing:
    return wish.words.signing or Signing()
