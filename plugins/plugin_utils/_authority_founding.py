# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first entry of a CA: made here, handed over, or waiting for a signature from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_draft import Draft, Situation
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_import import Imported
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_keys import make_ledger_key
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_making import Made, Maker
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority_checks import find_authority_notices
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import (
    Constraints,
    load_constraints,
    load_constraints_of,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState, HeldAuthority
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import refuse
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason


def found(situation: Situation) -> Draft:
    """A CA where there was none. Raises RefusedError: ca_missing, subject_missing, private_key_missing, …"""
    task = situation.task
    if not task.may_create:
        way_out = "mount it, restore its backup, or correct the path; `create: true` is for the first time only"
        raise refuse(task.path, "ca_missing", f"{_describe_absence(situation)}; {way_out}")
    if task.imported:
        return _found_imported(situation, task.imported)
    if task.fingerprint:
        fact = f"{_describe_absence(situation)}, and the fingerprint says that there was one"
        way_out = "mount it or restore its backup; a new CA has none before it is made"
        raise refuse(task.path, "ca_missing", f"{fact}; {way_out}")
    if task.making.subject is None:
        raise refuse(task.path, "subject_missing", "a new CA needs a name; pass subject, as CN=Example Root,O=Example")
    maker = make_maker(situation)
    if task.request:
        waiting = maker.make_request(task.making.issuing_subject or task.making.subject)
        return _begin(situation, waiting, Reason("ca_requested", "A request waits to be signed elsewhere"))
    made = maker.make_all(task.making.subject, task.making.issuing_subject)
    return _begin(situation, made, Reason("ca_created", f"A new CA, {made.authorities[0].title}"))


def make_maker(situation: Situation) -> Maker:
    """For a directory without a ledger."""
    return Maker(situation.keyring, situation.task.making, make_ledger_key(), situation.now)


def require_sound(situation: Situation, imported: Imported) -> None:
    """Raises RefusedError with everything that keeps it from being a CA here."""
    found_problems = [
        Problem(situation.task.path, reason.code, reason.message)
        for reason in imported.find_problems(now=situation.now)
    ]
    if found_problems:
        raise RefusedError.from_problems(found_problems)


def require_wanted_root(situation: Situation, imported: Imported) -> None:
    """What is handed over is what the inventory pins."""
    wanted = situation.task.fingerprint
    if wanted and imported.top.fingerprint != wanted:
        fact = f"{imported.top.title}, the root of what is imported, has the fingerprint {imported.top.fingerprint}"
        raise refuse(situation.task.path, "fingerprint_differs", f"{fact}, which is not the pinned one; look at both")


def require_key(situation: Situation, imported: Imported) -> None:
    if imported.key is None:
        fact = f"the private key of {imported.certificate.title} is missing"
        way_out = "pass private_key_src, or begin with `request: true`, whose key is born in the directory"
        raise refuse(situation.task.path, "private_key_missing", f"{fact}; {way_out}")


def find_import_notices(imported: Imported) -> tuple[Notice, ...]:
    strict = find_authority_notices(imported.certificate.parsed)
    if imported.ends_in_root:
        return strict
    fact = f"{imported.top.title}, the highest certificate, is no root, and some clients cannot check what ends there"
    return (*strict, Notice("root_missing", f"{fact}; pass its root with chain_src"))


def describe_constraints(authority: HeldAuthority) -> dict[str, list[str]] | None:
    """As its certificate says them."""
    limits = load_constraints_of(authority.loaded.parsed) if authority.loaded else None
    return limits.describe() if limits else None


def keep_constraints(authority: HeldAuthority, situation: Situation, state: CaState) -> Mapping[str, Any] | None:
    """Who says none itself is bound by what the task says, else by what bound the one before."""
    said = situation.task.making.constraints
    return describe_constraints(authority) or (said.describe() if said else None) or state.constraints


def find_constraint_notices(authority: HeldAuthority, state: CaState) -> tuple[Notice, ...]:
    """When the limits of who follows are not those of who was there."""
    own, before = (load_constraints(words or {}) for words in (describe_constraints(authority), state.constraints))
    if own == before:
        return ()
    fact = f"{authority.title} says {_say(own)} for the names that it signs, and {_say(before)} was there before"
    way_out = "" if own else "; what was there goes on, unless name_constraints says others"
    return (Notice("constraints_differ", f"{fact}{way_out}"),)


def _say(limits: Constraints | None) -> str:
    words = limits.describe() if limits else {}
    return "; ".join(f"{word} {', '.join(found)}" for word, found in words.items() if found) or "no limit"


def _found_imported(situation: Situation, imported: Imported) -> Draft:
    require_wanted_root(situation, imported)
    require_key(situation, imported)
    require_sound(situation, imported)
    draft = _begin(
        situation,
        make_maker(situation).hold_imported(imported),
        Reason("ca_imported", f"{imported.certificate.title} was handed over"),
    )
    return replace(draft, notices=find_import_notices(imported))


def _begin(situation: Situation, made: Made, reason: Reason) -> Draft:
    last, limits = made.authorities[-1], situation.task.making.constraints
    root = next((held.loaded for held in made.authorities if held.is_root and held.loaded), None)
    state = CaState(
        id=root.fingerprint if root else "",
        authorities=made.authorities,
        constraints=describe_constraints(last) or (limits.describe() if limits else None),
    )
    return Draft(state).to(state, reason, files=made.files)


def _describe_absence(situation: Situation) -> str:
    is_missing = situation.view.status == "missing"
    return "the directory is not there" if is_missing else "the directory is empty: it holds no CA"
