# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A round's end as a task result: plain JSON, every verdict with its code, never key material."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import Plan
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service

_CHANGED = (
    *("staged", "discarded", "activated", "placed_not_served", "restart_pending", "kept_new_unproved", "stranded"),
    *("removed", "purged", "adopted"),
)
_BOOKKEEPING = "remembered"
_FAILED = ("rolled_back", "kept_new_unproved", "not_served", "refused", "left_alone", "stranded")
_WORDS = {
    "rolled_back": "rolled back",
    "kept_new_unproved": "the new files are in place and unproved",
    "not_served": "not served",
    "refused": "refused, nothing was switched",
    "left_alone": "left alone",
    "stranded": "stranded half way",
}
# Steps that say more than how it ended.
_CODES = {"baseline": "service_config_broken_before", "openssl": "openssl_missing"}
_CLOCK_TOLERANCE = 300
# A BEGIN line with text after it, in any case and however the line end is written; our own messages name the line only.
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----(?:\\[nr]|\s)*[A-Za-z0-9+/=]{4}", re.IGNORECASE)


def report_outcomes(
    plans: Iterable[Plan], outcomes: Iterable[Mapping[str, Any]], *, check_mode: bool
) -> dict[str, Any]:
    """`changed`, `reasons`, `outcomes` by certificate, and, when one failed, `failed`, `msg` and `problems`."""
    plans, outcomes = tuple(plans), tuple(outcomes)
    last = {str(outcome["certificate"]): outcome for outcome in outcomes if outcome["outcome"] != _BOOKKEEPING}
    problems = [problem for plan in plans for problem in (*plan.problems, *plan.failures)]
    problems.extend(_failure(outcome) for outcome in last.values() if outcome["outcome"] in _FAILED)
    result: dict[str, Any] = {
        "changed": _is_changed(plans, outcomes, check_mode=check_mode),
        "reasons": [
            {"certificate": plan.certificate, "code": reason.code, "message": reason.message}
            for plan in plans
            for reason in plan.reasons
        ],
        "pending": _is_pending(plans, last),
        "outcomes": {plan.certificate: _outcome_of(plan, last, check_mode=check_mode) for plan in plans},
    }
    return {**result, **report_problems(problems)} if problems else result


def _is_changed(plans: tuple[Plan, ...], outcomes: tuple[Mapping[str, Any], ...], *, check_mode: bool) -> bool:
    if check_mode:
        return any(plan.changes and not plan.problems for plan in plans)
    return any(_has_changed(outcome) for outcome in outcomes)


def _has_changed(outcome: Mapping[str, Any]) -> bool:
    """What is kept although no port shows it has changed the host, unless it was live before."""
    if outcome["outcome"] == "not_served":
        return bool(outcome["previous"] != outcome["generation"])
    return outcome["outcome"] in _CHANGED


def _is_pending(plans: tuple[Plan, ...], last: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether an activation has something left to do."""
    return any(_is_left(plan, last.get(plan.certificate)) for plan in plans)


def _is_left(plan: Plan, outcome: Mapping[str, Any] | None) -> bool:
    """A generation that was put back stays stored; one that was refused was stored before, or for its staged check."""
    if outcome is None and plan.held:
        return bool(plan.discard) or (plan.pending and not (plan.stage or plan.follows))
    if outcome is None or outcome["outcome"] == "discarded":
        return plan.pending
    if outcome["outcome"] == "held_back":
        return plan.generation is not None
    if outcome["outcome"] == "refused":
        return plan.generation is not None or outcome["step"] == "staged_check"
    return outcome["outcome"] in ("staged", "rolled_back", "stranded")


def _outcome_of(plan: Plan, last: Mapping[str, Mapping[str, Any]], *, check_mode: bool) -> dict[str, Any]:
    if plan.certificate in last:
        outcome = last[plan.certificate]
        word = "disabled_fallback" if plan.fallback and outcome["outcome"] == "activated" else outcome["outcome"]
        rest = {key: outcome[key] for key in ("generation", "previous", "message", "services")}
        return {"outcome": word, "changed": _has_changed(outcome), "pending": _is_left(plan, outcome), **rest}
    return {
        "outcome": _word_inaction(plan, check_mode=check_mode),
        "changed": check_mode and plan.changes and not plan.problems,
        "pending": _is_left(plan, None),
        "generation": plan.generation,
        "previous": None,
        "message": "",
        "services": [],
    }


def _word_inaction(plan: Plan, *, check_mode: bool) -> str:
    """Why nothing was done. What is sound is held back when another certificate of the task refuses all."""
    if plan.problems:
        return "refused"
    if plan.held:
        return "held_back"
    if plan.verdict:
        return plan.verdict
    if check_mode and plan.changes:
        return "planned"
    return "disabled_fallback" if plan.fallback else "unchanged"


def _failure(outcome: Mapping[str, Any]) -> Problem:
    word = str(outcome["outcome"])
    code = _CODES.get(str(outcome["step"]), word)
    return Problem(str(outcome["certificate"]), code, f"{_WORDS[word]}. {outcome['message']}")


def report_problems(problems: Iterable[Problem]) -> dict[str, Any]:
    """A failed result. The first line of `msg` stands alone: some callbacks show no more."""
    problems = tuple(problems)
    problems = tuple(replace(problem, message=without_pem(problem.message)) for problem in problems)
    lines = [f"{problem.certificate}: {problem.message}" for problem in problems]
    first = lines[0] if len(lines) == 1 else f"{len(lines)} problems. {lines[0]}"
    return {
        "failed": True,
        "msg": "\n".join([first, *lines[1:]]),
        "problems": [
            {"certificate": item.certificate, "code": item.code, "message": item.message} for item in problems
        ],
    }


def explain(error: TlsError) -> str:
    """An error as text for people, without what may be a key."""
    if isinstance(error, RefusedError):
        return str(report_problems(error.problems)["msg"])
    return without_pem(str(error))


def without_pem(message: str) -> str:
    """A key that landed in the wrong option is quoted by nobody."""
    if not _PEM.search(message):
        return message
    return (
        "an option holds PEM text where a word or a path belongs; PEM text goes into the options that end in _content"
    )


def report_warnings(notices: Iterable[Notice]) -> list[str]:
    return list(dict.fromkeys(f"{notice.message} ({notice.code})" for notice in notices))


def load_notices(outcomes: Iterable[Mapping[str, Any]]) -> tuple[Notice, ...]:
    """What the host had to say beside the outcome."""
    return tuple(Notice(item["code"], item["message"]) for outcome in outcomes for item in outcome["notices"])


def find_clock_notices(host_time: float, now: datetime) -> tuple[Notice, ...]:
    difference = abs(host_time - now.timestamp())
    if difference <= _CLOCK_TOLERANCE:
        return ()
    message = f"The clocks of the host and the controller are {difference / 60:.0f} minutes apart; dates may mislead"
    return (Notice("clock_skew", message),)


def list_paths(store: str, certificate: str, services: Iterable[Service]) -> dict[str, dict[str, str]]:
    """By service, where each file is for its configuration to name: stable as long as the certificate has its name."""
    return {
        service.name: {
            file.name: file.path or f"{store}/live/{certificate}/{service.name}/{file.name}" for file in service.files
        }
        for service in services
    }


def list_hints(store: str, certificate: str, services: Iterable[Service]) -> dict[str, str]:
    """By service, what to put into its configuration. With the paths of this host."""
    services = tuple(services)
    paths = list_paths(store, certificate, services)
    hints = {}
    for service in services:
        text = service.hint
        for name, path in paths[service.name].items():
            text = text.replace(f"{{{name}}}", path)
        hints.update({service.name: text} if text else {})
    return hints


def describe_diff(name: str, observed: Observed, after: Mapping[str, Any]) -> dict[str, str]:
    """Names, dates and fingerprints before and after."""
    before: Mapping[str, Any] = observed.live.certificate if observed.live else {}
    where = f"{name} (generation {observed.live.number})" if observed.live else f"{name} (nothing installed)"
    return {
        "before_header": where,
        "after_header": f"{name} (to be served)",
        "before": _describe(before),
        "after": _describe(after),
    }


_SHOWN = ("names", "subject", "issuer", "not_before", "not_after", "key_type", "fingerprint_sha256")


def _describe(certificate: Mapping[str, Any]) -> str:
    lines = []
    for word in _SHOWN:
        if word in certificate:
            value = certificate[word]
            lines.append(f"{word}: {', '.join(value) if isinstance(value, (list, tuple)) else value}")
    return "".join(f"{line}\n" for line in lines)
