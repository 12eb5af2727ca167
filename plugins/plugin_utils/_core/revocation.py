# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can revoke a certificate, by what words, and what is said of one that was not."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
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


# What an operator accepts: that is revoked too of which nobody but the host says that it had it.
UNPROVEN = "revoke_unproven"


def find_objection(leaf: Leaf, names: Container[str], accepted: Container[str]) -> str:
    """Why no CA is asked, since whoever owns a host could have another one's revoked; empty where it may be.

    `names` are those that the inventory gives the host. An internal CA asks its ledger.
    """
    if not leaf.is_readable:
        return "what the host keeps of it is no certificate"
    if find_kind(leaf) != ACME or UNPROVEN in accepted:
        return ""
    foreign = [name for name in leaf.certified if name not in names]
    if not foreign:
        return ""
    fact = f"it is for {', '.join(map(printable, foreign))}, and the inventory declares none for that on this host"
    return f"{fact}; if it was ordered for this host, say `tls_remove_accept: [{UNPROVEN}]`"


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
    revocations: Iterable[Mapping[str, Any]], infos: Iterable[Mapping[str, Any]], *, owner: str, is_whole: bool
) -> dict[str, list[dict[str, str]]]:
    """By the name of an internal CA, what it is to revoke. `infos` are results of a loop over these names.

    Of its ledger only what it signed for `owner`, a host; empty where an operator says so. A host that goes as a
    whole takes with it whatever else such a CA signed for it.
    """
    asked = [item for item in revocations if item["outcome"] == "asked"]
    batches = {}
    for info in infos:
        own = [item for item in asked if item["issuer"] == f"{SCHEME}{info.get('ca_id')}"]
        of_host = {"host": owner} if owner else {}
        batch = [{"certificate": str(item["pem"]), **of_host, "reason": str(item["reason"])} for item in own]
        if own and owner and is_whole:
            batch.append({"host": owner, "reason": str(own[0]["reason"])})
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
    unknown = _find_unknown(answer)
    if unknown:
        why = unknown.get(str(item.get("serial")))
        return {**told, "outcome": "failed", "message": why} if why else {**told, "outcome": "revoked"}
    if answer.get("failed") or answer.get("unreachable"):
        return {**told, "outcome": "failed", "message": f"the CA {name}: {answer.get('msg', 'it gave no reason')}"}
    return {**told, "outcome": "revoked"}


def _find_unknown(answer: Mapping[str, Any]) -> dict[str, str]:
    """By serial number, where a CA failed for nothing but what its ledger does not have of the host."""
    problems = answer.get("problems") or ()
    if any(item.get("code") != "certificate_unknown" for item in problems):
        return {}
    way_out = f"if it was signed for this host, say `tls_remove_accept: [{UNPROVEN}]`"
    return {str(item["certificate"]): f"{item['message']}; {way_out}" for item in problems}


_UNASKED = "no internal CA of tls_issuers that could be read has signed it; declare it there, with its fingerprint"
