# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory's words about trust: which CAs are asked, what a host gets of their answers, what is told."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_issuers import load_issuers
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import (
    find_list_fault,
    find_text_fault,
    find_unknown_words,
    is_list,
    is_text,
    say_known,
    show_word,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

_SHAPE = "a list of names of issuers and of mappings with `certificate_src`"
_KIND, _FILE = "internal_ca", "certificate_src"
_WORDS = ("issuer", "host", "path", "fingerprint")
_NEXT_IS_SPREAD = "trust"

Source = Mapping[str, str]


def find_trust_sources(trust: object, issuers: object, *, known: Container[str]) -> dict[str, Any]:
    """`authorities` that are to be asked (issuer, host, path, fingerprint) and `files` of the controller.

    `known` are the hosts of the inventory. Raises RefusedError with every fault of the host's words.
    """
    fault = find_list_fault(trust, _SHAPE)
    if fault:
        raise RefusedError.from_problems([Problem("tls_trust", "inventory_invalid", fault)])
    entries = list(enumerate(trust if is_list(trust) else ()))
    declared = load_issuers(issuers)
    problems = [
        Problem(f"tls_trust[{number}]", code, fact)
        for number, entry in entries
        for code, fact in _find_faults(entry, declared, known)
    ]
    if problems:
        raise RefusedError.from_problems(problems)
    names = dict.fromkeys(str(entry) for _number, entry in entries if not isinstance(entry, Mapping))
    return {
        "authorities": [_describe(name, declared[name]) for name in names],
        "files": [str(entry[_FILE]) for _number, entry in entries if isinstance(entry, Mapping)],
    }


def find_trusted_anchors(answers: Iterable[Mapping[str, Any]], authorities: Iterable[Source]) -> list[str]:
    """The anchors of a host's authorities, each once. `answers` are those of internal_ca_info in a loop over them.

    Raises RefusedError for a CA that has not answered: without its anchors a host would trust it no more.
    """
    answered = {_identify(answer["item"]): answer for answer in answers if "item" in answer}
    anchors: dict[str, None] = {}
    problems = []
    for authority in authorities:
        answer = answered.get(_identify(authority), {})
        anchors.update(dict.fromkeys(str(anchor) for anchor in answer.get("anchors") or ()))
        if not answer.get("anchors") or answer.get("failed"):
            problems.append(_refuse_silent(authority, answer))
    if problems:
        raise RefusedError.from_problems(problems)
    return list(anchors)


def find_trust_reports(
    answers: Iterable[Mapping[str, Any]],
    sources: Mapping[str, Mapping[str, Any]],
    kept: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """For each CA whose next root is on its way to the hosts, those that have it now.

    `sources` and `kept` (results of trust_store) are by host. `asker` is a host whose inventory knows the CA's secrets.
    An answer that was not proved may lack the next root, and nobody is told to have it.
    """
    trusting = {
        host: {_identify(authority): authority for authority in found.get("authorities") or ()}
        for host, found in sources.items()
        if _has_succeeded(kept.get(host) or {})
    }
    reports: list[dict[str, Any]] = []
    for answer in answers:
        if _phase(answer) == _NEXT_IS_SPREAD and answer.get("proved"):
            identity = _identify(answer["item"])
            hosts = sorted(host for host, found in trusting.items() if identity in found)
            reports.extend({**trusting[host][identity], "asker": host, "hosts": hosts} for host in hosts[:1])
    return reports


def _find_faults(entry: object, issuers: Mapping[str, Any], known: Container[str]) -> Iterator[tuple[str, str]]:
    if isinstance(entry, Mapping):
        yield from (("inventory_invalid", fact) for fact in find_unknown_words(entry, (_FILE,)))
        if not entry.get(_FILE) or find_text_fault(entry[_FILE]):
            yield "inventory_invalid", f"`{_FILE}` must be the path of a file on the controller"
    elif not is_text(entry) or str(entry) not in issuers:
        yield "unknown_issuer", f"{show_word(entry)} is not in tls_issuers; {say_known(entry, issuers)}"
    else:
        yield from _find_issuer_faults(str(entry), issuers[str(entry)], known)


def _find_issuer_faults(name: str, issuer: object, known: Container[str]) -> Iterator[tuple[str, str]]:
    if not isinstance(issuer, Mapping) or issuer.get("type") != _KIND:
        fact = f"the issuer {name} is not of `type: {_KIND}`, and others keep no anchors that could be asked for"
        yield "inventory_invalid", f"{fact}; pass the file of its root as {{{_FILE}: …}}"
        return
    missing = [word for word in _WORDS[1:] if not issuer.get(word)]
    if missing:
        fact = f"the issuer {name} lacks {' and '.join(f'`{word}`' for word in missing)}"
        yield "inventory_invalid", f"{fact}; say where the CA is, and by which root it is known"
    elif str(issuer["host"]) not in known:
        fact = f"the CA of the issuer {name} is on {show_word(issuer['host'])}, which is no host of the inventory"
        yield "inventory_invalid", f"{fact}; add it there"


def _describe(name: str, issuer: Mapping[str, Any]) -> dict[str, str]:
    return {"issuer": name, **{word: str(issuer[word]) for word in _WORDS[1:]}}


def _identify(authority: Source) -> tuple[str, ...]:
    return tuple(str(authority.get(word, "")) for word in _WORDS)


def _refuse_silent(authority: Source, answer: Mapping[str, Any]) -> Problem:
    why = str(answer.get("msg") or "it gave no anchors").splitlines()[0]
    fact = f"the CA on {authority['host']} could not be asked whom to trust: {why}"
    return Problem(
        str(authority["issuer"]), "anchors_unknown", f"{fact}; mend that and run again, nothing was changed here"
    )


def _phase(answer: Mapping[str, Any]) -> str:
    return str((answer.get("rollover") or {}).get("phase") or "")


def _has_succeeded(result: Mapping[str, Any]) -> bool:
    return bool(result) and not any(result.get(word) for word in ("failed", "skipped", "unreachable"))
