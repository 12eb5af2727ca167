# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a batch came to, as plain JSON; keystores of the controller are written on the way."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

with contextlib.suppress(ImportError):  # require_libraries() says so at run time
    from cryptography import x509

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import Entry
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import describe_subject
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.java_name import describe_java
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import report_problems, report_warnings
from ansible_collections.certwright.tls.plugins.plugin_utils._requested_keys import (
    Requested,
    Unasked,
    write_keystore,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._signing import (
    ISSUED,
    REFUSED,
    Answer,
    Ended,
    find_chain,
    find_refused,
)


def report_batch(
    requested: Requested, ended: Ended, unfit: Iterable[Problem] = (), *, check_mode: bool
) -> dict[str, Any]:
    """`unfit` are revocations that could not be told."""
    problems: list[Problem] = [*requested.problems, *find_refused(ended.answers), *unfit, *ended.problems]
    written = list(_write_keystores(requested, ended, problems, check_mode=check_mode))
    shown = [_describe(answer, ended, requested) for answer in ended.answers]
    issued = [answer for answer in ended.answers if answer.outcome == ISSUED]
    result = {
        "changed": bool(issued or ended.revoked or written),
        "certificates": [*shown, *map(_describe_unasked, requested.unasked)],
        "revoked": [_describe_revoked(entry) for entry in ended.revoked],
        "reasons": list(_find_reasons(ended)),
        "ledger": {"number": ended.view.head.number, "hash": ended.view.head.hash},
        "warnings": report_warnings(_find_notices(ended)),
    }
    if ended.backup is not None:
        result["backup"] = dict(ended.backup)
    return {**result, **report_problems(problems)} if problems else result


def _write_keystores(requested: Requested, ended: Ended, problems: list[Problem], *, check_mode: bool) -> Iterator[str]:
    """Their paths; what the ledger has is handed over, and what cannot be written says so."""
    for answer in ended.answers:
        keystore = requested.keystores.get(answer.item.digest)
        if keystore is None or answer.entry is None or ended.view.state is None:
            continue
        try:
            chain, root = find_chain(ended.view.state, answer.entry)
            issuers = (*chain, *([root] if root else ()))
            if not keystore.has(answer.entry, issuers):
                yield keystore.path
                if not check_mode:
                    write_keystore(keystore, answer, answer.entry, issuers)
        except RefusedError as error:
            problems.extend(error.problems)


def _describe(answer: Answer, ended: Ended, requested: Requested) -> dict[str, Any]:
    asked = answer.item.asked
    subject = _find_subject(answer)
    shown = {
        "host": asked.host,
        "name": asked.name,
        "outcome": answer.outcome,
        **(_describe_reason(answer.reason) if answer.reason else {}),
        "subject": describe_subject(subject),
        "distinguished_name": describe_java(subject),
    }
    keystore = requested.keystores.get(answer.item.digest)
    path = {"path": keystore.path} if keystore else {}
    return {**shown, **path, **(_describe_entry(answer.entry, ended) if answer.entry else {})}


def _find_subject(answer: Answer) -> x509.Name:
    """That of the certificate where there is one: the CA may have completed what was asked for."""
    if answer.entry is None:
        return answer.item.asked.subject
    return x509.load_der_x509_certificate(base64.b64decode(answer.entry.words["certificate"])).subject


def _describe_reason(reason: Reason) -> dict[str, str]:
    return {"code": reason.code, "message": reason.message}


def _describe_entry(entry: Entry, ended: Ended) -> dict[str, Any]:
    chain, root = find_chain(ended.view.state, entry) if ended.view.state else ((), "")
    words = entry.words
    return {
        "certificate": Block("CERTIFICATE", base64.b64decode(words["certificate"])).text,
        "chain": "".join(chain),
        "root": root,
        **{word: words[word] for word in ("serial", "issuing", "not_before", "not_after")},
        "number": entry.number,
        "hash": entry.hash,
        "seal": ended.seal(entry),
    }


def _describe_unasked(item: Unasked) -> dict[str, Any]:
    message = "; ".join(problem.message for problem in item.problems)
    code = item.problems[0].code
    return {"host": item.host, "name": item.name, "outcome": REFUSED, "code": code, "message": message}


def _describe_revoked(entry: Entry) -> dict[str, Any]:
    return {word: entry.words[word] for word in ("serial", "host", "name", "revocation_reason")}


def _find_reasons(ended: Ended) -> Iterator[Mapping[str, str]]:
    for answer in ended.answers:
        if answer.outcome == ISSUED and answer.reason:
            title = answer.item.asked.title
            yield {"certificate": title, "code": answer.reason.code, "message": answer.reason.message}
    for entry in ended.revoked:
        fact = f"Its revocation was asked for ({entry.words['revocation_reason']})"
        yield {"certificate": str(entry.words["serial"]), "code": "revocation", "message": fact}


def _find_notices(ended: Ended) -> Iterator[Notice]:
    yield from ended.notices
    if ended.backup is not None and not ended.backup["done"]:
        fact = f"The CA's directory was not copied to its backup: {ended.backup['message']}"
        yield Notice("backup_failed", f"{fact}; what was signed is only in the directory itself")
