# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can revoke a certificate, by what words, and what is said of one that was not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import SCHEME
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import Leaf

# RFC 5280 5.3.1; those that are said of a certificate that its holder gives up.
REASONS = {
    "unspecified": 0,
    "key_compromise": 1,
    "affiliation_changed": 3,
    "superseded": 4,
    "cessation_of_operation": 5,
    "privilege_withdrawn": 9,
}
KEY_COMPROMISE = "key_compromise"
ACME, INTERNAL, ELSEWHERE = "acme", "internal_ca", "files"
_LARGE = re.compile(r"(?<=[a-z])([A-Z])")


def spell_reason(text: str) -> str:
    """As the RFC spells it (`keyCompromise`) or as our modules do (`key_compromise`)."""
    return _LARGE.sub(r"_\1", text).lower()


def find_kind(leaf: Leaf) -> str:
    if leaf.issuer.startswith(("https://", "http://")):
        return ACME
    return INTERNAL if leaf.issuer.startswith(SCHEME) else ELSEWHERE


def choose_reason(leaf: Leaf, said: str, *, is_compromised: bool) -> str:
    """A key that leaked is said to have leaked, whatever else is."""
    return KEY_COMPROMISE if is_compromised or leaf.is_compromised else said


def find_left_unrevoked(
    name: str, leaves: Iterable[Leaf], outcomes: Mapping[str, Mapping[str, Any]]
) -> tuple[tuple[Problem, ...], tuple[Notice, ...]]:
    """Failures, and what is said of those that no CA known here signed."""
    problems, notices = [], []
    for leaf in leaves:
        subject = f"the certificate with the serial {printable(leaf.serial)}"
        if find_kind(leaf) == ELSEWHERE:
            origin = "was supplied as files" if leaf.issuer else "has no record any more of the CA that signed it"
            fact = f"{name}: {subject} {origin}, and is valid until {printable(leaf.not_after)}"
            notices.append(Notice("revoke_elsewhere", f"{fact}; have it revoked by the CA that signed it"))
            continue
        told = outcomes.get(leaf.fingerprint)
        why = str(told.get("message") or "it was refused") if told else "its CA was not asked"
        way_out = "mend that and run the same again; its public part stays known to this host"
        problems.append(Problem(name, "not_revoked", f"{subject} is not revoked: {why}; {way_out}"))
    return tuple(problems), tuple(notices)


def find_ca_batches(
    revocations: Iterable[Mapping[str, Any]], infos: Iterable[Mapping[str, Any]], *, host: str
) -> dict[str, list[dict[str, str]]]:
    """By the name of an internal CA, what it is to revoke. `infos` are results of a loop over these names.

    `host` is one that goes as a whole: whatever else such a CA signed for it goes too.
    """
    asked = [item for item in revocations if item["outcome"] == "asked"]
    batches = {}
    for info in infos:
        own = [item for item in asked if item["issuer"] == f"{SCHEME}{info.get('ca_id')}"]
        batch = [{"certificate": str(item["pem"]), "reason": str(item["reason"])} for item in own]
        if own and host:
            batch.append({"host": host, "reason": str(own[0]["reason"])})
        if batch:
            batches[str(info["item"])] = batch
    return batches


def find_answered(
    revocations: Iterable[Mapping[str, Any]],
    infos: Iterable[Mapping[str, Any]],
    answers: Iterable[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """What became of each, without what nobody needs any more. `answers` are results of a loop over CAs."""
    ids = {f"{SCHEME}{info.get('ca_id')}": str(info["item"]) for info in infos if info.get("ca_id")}
    by_ca = {str(answer["item"]): answer for answer in answers}
    return [_with_answer(item, ids, by_ca) for item in revocations]


def _with_answer(
    item: Mapping[str, Any], ids: Mapping[str, str], answers: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    told = {word: value for word, value in item.items() if word != "pem"}
    if item["outcome"] != "asked":
        return told
    name = ids.get(str(item["issuer"]), "")
    answer = answers.get(name)
    if answer is None:
        return {**told, "outcome": "failed", "message": _UNASKED}
    if answer.get("failed") or answer.get("unreachable"):
        return {**told, "outcome": "failed", "message": f"the CA {name}: {answer.get('msg', 'it gave no reason')}"}
    return {**told, "outcome": "revoked"}


_UNASKED = "no internal CA of tls_issuers that could be read has signed it; declare it there, with its fingerprint"
