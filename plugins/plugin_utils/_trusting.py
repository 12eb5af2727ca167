# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust from a task's words to its result: looked at, planned, applied by the host as one step and proved there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import report_problems, report_warnings
from ansible_collections.certwright.tls.plugins.plugin_utils._core.trust import (
    find_anchor_notices,
    load_anchors_to_trust,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.trust_plan import (
    Place,
    PlacePlan,
    describe_trusted,
    find_kept_notices,
    plan_place,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host, PipelinedAction, read_file
from ansible_collections.certwright.tls.plugins.plugin_utils._secrets import read_secret

ROUNDS = 3
_PASSPHRASE = "changeit"  # noqa: S105 - what every JDK is shipped with
_APPLIED = "applied"


@dataclass(frozen=True)
class TrustTask:
    """What a task wants of one host. Stores may hold a passphrase."""

    wanted: tuple[Certificate, ...]
    is_system: bool
    java_stores: tuple[Mapping[str, str], ...] = field(repr=False)
    purge: bool


@dataclass(frozen=True)
class Ended:
    """The plans and how they ended; nothing was applied when there are no outcomes."""

    plans: tuple[PlacePlan, ...]
    after: Mapping[str, Place]
    outcomes: tuple[Mapping[str, Any], ...] = ()


def read_trust(action: PipelinedAction, arguments: Mapping[str, Any], *, now: datetime) -> TrustTask:
    """Raises RefusedError with everything that is wrong with the words and the certificates."""
    stores = tuple(_read_store(action, words) for words in arguments["java_stores"] or ())
    problems = [*_find_store_problems(arguments, stores)]
    wanted: tuple[Certificate, ...] = ()
    try:
        wanted = _read_wanted(action, arguments, now)
    except RefusedError as error:
        problems.extend(error.problems)
    if problems:
        raise RefusedError.from_problems(problems)
    is_absent = arguments["state"] == "absent"
    return TrustTask(wanted, bool(arguments["system"]), stores, purge=is_absent or bool(arguments["purge"]))


def _read_wanted(action: PipelinedAction, arguments: Mapping[str, Any], now: datetime) -> tuple[Certificate, ...]:
    texts = [(f"certificates[{number}]", str(text)) for number, text in enumerate(arguments["certificates"] or ())]
    files = [str(path) for path in arguments["certificates_src"] or ()]
    if arguments["state"] == "absent":
        if texts or files:
            fact = "`state: absent` takes away everything that this collection placed, and certificates are listed"
            way_out = "take them out, or say `state: present` with those that are to stay"
            raise RefusedError.from_problems([Problem("state", "material_ambiguous", f"{fact}; {way_out}")])
        return ()
    read = [(path, _read_source(action, path)) for path in files]
    return load_anchors_to_trust([*((where, text.encode()) for where, text in texts), *read], now=now)


def _read_source(action: PipelinedAction, path: str) -> bytes:
    try:
        return read_file(action, path)
    except TlsError as error:
        raise RefusedError.from_problems([Problem("certificates_src", "file_unreadable", str(error))]) from None


def _read_store(action: PipelinedAction, words: Mapping[str, Any]) -> dict[str, str]:
    path = str(words["path"])
    passphrase = read_secret(action, path, words, "passphrase") or _PASSPHRASE
    return {"path": path, "keytool": str(words.get("keytool") or ""), "passphrase": passphrase}


def _find_store_problems(arguments: Mapping[str, Any], stores: tuple[Mapping[str, str], ...]) -> Iterable[Problem]:
    paths = [store["path"] for store in stores]
    if not arguments["system"] and not stores:
        yield Problem("system", "material_missing", "is false, and no java_stores are listed; there is nothing to do")
    for path in dict.fromkeys(paths):
        if not path.startswith(("/", "~")):
            yield Problem(path, "java_store_missing", "is no absolute path on the host; say it from / on")
        if paths.count(path) > 1:
            yield Problem(path, "name_used_twice", "is listed twice in java_stores; list it once")


def keep_trust(host: Host, task: TrustTask, *, check_mode: bool) -> dict[str, Any]:
    ended = _converge(host, task, check_mode=check_mode)
    changed = [plan for plan in ended.plans if plan.reasons]
    applied = {item["place"] for item in ended.outcomes if item["outcome"] == _APPLIED}
    notices = [*find_anchor_notices(task.wanted), *find_kept_notices(changed, ended.after if applied else {})]
    failures = [item for item in ended.outcomes if item["outcome"] != _APPLIED]
    result = {
        "changed": bool(changed) if check_mode else bool(applied),
        "reasons": [
            {"place": plan.place.name, "code": reason.code, "message": reason.message}
            for plan in changed
            for reason in plan.reasons
        ],
        "certificates": [describe_trusted(certificate) for certificate in task.wanted],
        "places": [plan.place.describe() for plan in ended.plans],
        "diff": [plan.describe_diff() for plan in changed if check_mode or plan.place.name in applied],
        "warnings": report_warnings(notices),
    }
    return {**result, **report_problems(_explain(item) for item in failures)} if failures else result


def _converge(host: Host, task: TrustTask, *, check_mode: bool) -> Ended:
    """Looked at and planned again when somebody was quicker."""
    state = _ask(host, task)
    for _round in range(ROUNDS):
        plans = tuple(plan_place(Place.from_answer(words), task.wanted, purge=task.purge) for words in state["places"])
        changes = {plan.place.name: plan.to_change() for plan in plans if plan.reasons}
        if check_mode or not changes:
            return Ended(plans, {})
        state = _ask(host, task, plans=plans, changes=changes, digest=state["digest"])
        if state["done"]:
            after = {words["place"]: Place.from_answer(words) for words in state["places"]}
            return Ended(plans, after, tuple(state["outcomes"]))
    fact = f"What this host trusts changed {ROUNDS} times between looking and acting"
    raise TlsError(f"{fact}; another run is at work here, run again when it has ended")


def _ask(host: Host, task: TrustTask, *, plans: Iterable[PlacePlan] = (), **words: Any) -> dict[str, Any]:
    """One execution. Raises RefusedError with the places that cannot be used; then nothing was changed."""
    leaving = [certificate.fingerprint for plan in plans for certificate in plan.leaving]
    asked = [*(certificate.fingerprint for certificate in task.wanted), *leaving]
    request = {"action": "trust", "system": task.is_system, "java_stores": list(task.java_stores), "asked": asked}
    state = host._ask({**request, **words})
    problems = [Problem(item["place"], item["code"], item["message"]) for item in state["problems"]]
    if problems and not state.get("done"):
        raise RefusedError.from_problems(problems)
    return state


def _explain(outcome: Mapping[str, Any]) -> Problem:
    code = "trust_put_back" if outcome["outcome"] == "put_back" else "trust_stranded"
    return Problem(str(outcome["place"]), code, str(outcome["message"]))
