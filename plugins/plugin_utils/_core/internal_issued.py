# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an internal CA signed becomes a certificate to install, and what it refused a failure with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle, HostKey, load_host_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import is_signed_by, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.checks import find_notices, find_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    Desired,
    Observed,
    format_time,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import (
    Due,
    find_failure,
    find_leeway,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_request import Waiting, find_waiting
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import (
    BOTH,
    CLIENT,
    SERVER,
    Signing,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import NO_MEMORY
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import DEFERRED
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ending, Issued, Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice

_SERVER_AUTH, _CLIENT_AUTH = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"  # RFC 5280 4.2.1.12
_WANTED = {SERVER: {_SERVER_AUTH}, CLIENT: {_CLIENT_AUTH}, BOTH: {_SERVER_AUTH, _CLIENT_AUTH}}
# The checks are those of a server; whom else it is for is judged here.
_SERVER_PROBLEM = "usage_unsuitable"
REFUSED = "refused"


@dataclass(frozen=True)
class Signature:
    """The CA's answer to one request: PEM texts, and where its ledger has it."""

    name: str
    outcome: str
    certificate: str = field(default="", repr=False)
    chain: str = field(default="", repr=False)
    root: str = field(default="", repr=False)
    serial: str = ""
    issuing: str = ""
    number: int = 0
    hash: str = ""
    seal: str = ""
    code: str = ""
    message: str = ""

    @classmethod
    def from_json(cls, words: Mapping[str, Any]) -> Signature:
        """As internal_ca_cert returns it."""
        texts = ("name", "outcome", "certificate", "root", "serial", "issuing", "hash", "seal", "code", "message")
        chain = words.get("chain") or ""
        return cls(
            **{word: str(words.get(word) or "") for word in texts},
            chain=chain if isinstance(chain, str) else "".join(str(pem) for pem in chain),
            number=int(words.get("number") or 0),
        )


def load_signatures(given: Sequence[Mapping[str, Any]] | None) -> dict[str, Signature] | None:
    """By certificate, the last answer to each; None where the CA was not asked yet."""
    return None if given is None else {str(words.get("name")): Signature.from_json(words) for words in given}


def with_signature(due: Due, signature: Signature | None, *, now: datetime) -> Ordered:
    """The wish with what was signed for it, or with why there is nothing to install."""
    if signature is None:
        fact = "it is due, and the CA's answer has no certificate for it; its request waits on the host"
        ending = Ending(find_leeway(due.observed, now), "not_signed", f"{fact}: see what internal_ca_cert said")
        return replace(due.wish, ending=ending)
    if signature.outcome == DEFERRED:
        ending = Ending(find_leeway(due.observed, now), signature.code, f"the CA put it off: {signature.message}")
        return replace(due.wish, ending=ending)
    try:
        return _with_certificate(due, signature, now=now)
    except UnusableError as error:
        return replace(due.wish, ending=Ending(find_failure(due.observed, now), error.code, error.message))


def find_unused(wish: Ordered, observed: Observed, signature: Signature, *, now: datetime) -> tuple[Notice, ...]:
    """What was signed for a certificate that is not due any more; what the host has already is no news."""
    held = (item.order for item in (observed.live, observed.pending) if item is not None)
    is_held = any((order.get("entry"), order.get("hash")) == (signature.number, signature.hash) for order in held)
    is_settled = bool(wish.issued or wish.ending or wish.requested)
    if is_held or is_settled or not signature.certificate or wish.find_reasons(observed, now):
        return ()
    fact = f"{wish.name}: it is not due any more, so what the CA signed for it (serial {signature.serial or 'unknown'})"
    way_out = "its request and key are given up; revoke the serial, or leave it to end by itself"
    return (Notice("answer_unused", f"{fact} was not installed; {way_out}"),)


def _with_certificate(due: Due, signature: Signature, *, now: datetime) -> Ordered:
    if signature.outcome == REFUSED:
        raise UnusableError(signature.code or "failed", f"the CA refused it: {signature.message}")
    waiting = find_waiting(due.wish, due.observed)
    if waiting is None:
        fact = "the host no longer has the request, and so the key, that this certificate was signed for"
        raise UnusableError("request_gone", f"{fact}; run again: another one is made and signed")
    signing = due.wish.words.signing or Signing()
    bundle = _load_bundle(due.name, signature, waiting)
    facts = list(_find_misfits(due.wish, signing, bundle, now))
    if facts:
        raise UnusableError("certificate_unfit", f"what was signed cannot be installed: {'; '.join(facts)}")
    bundle = _with_crosses(bundle, signature, signing)
    desired = Desired(
        due.name,
        due.wish.names,
        bundle,
        due.wish.declared.services,
        issuer=signing.directory,
        # How long it lives is declared, so it may end sooner than a bought one
        accepted=due.wish.declared.accepted | {"ends_sooner"},
        stage_only=due.wish.declared.stage_only,
        order=_word_record(due.wish, signing, signature, now),
    )
    notices = tuple(_find_notices(due.wish, signing, bundle, now))
    issued = Issued(desired, waiting.key_digest, due.reasons, notices)
    # An earlier CA's windows and failures are of no use any more
    return replace(due.wish, issued=issued, memory=NO_MEMORY)


def _with_crosses(bundle: Bundle, signature: Signature, signing: Signing) -> Bundle:
    """In a roll-over the new root as the old one signed it is served too, for clients that know the old one only."""
    anchors = signing.ca.anchors if signing.ca else ()
    found = load_certificates(f"{signature.certificate}\n{signature.chain}".encode("ascii", "replace"), "certificate")
    others = (item for item in found if item not in (*bundle.chain, bundle.root))
    crosses = (item for item in others if bundle.root and item.public_key == bundle.root.public_key)
    known = (item for item in crosses if any(is_signed_by(item, anchor) for anchor in anchors))
    return replace(bundle, chain=(*bundle.chain, *known))


def _load_bundle(name: str, signature: Signature, waiting: Waiting) -> Bundle:
    """With the key of the request that waits. Raises UnusableError certificate_unfit."""
    content = f"{signature.certificate}\n{signature.chain}".encode("ascii", "replace")
    root = signature.root.encode("ascii", "replace") or None
    wanted = waiting.request.public_key
    try:
        certificates = load_certificates(content, "certificate")
        fits = frozenset(item.fingerprint for item in certificates if item.public_key.sha256 == wanted.sha256)
        bundle = load_host_bundle(name, content, root, HostKey(wanted.key_type, fits))
    except UnusableError as error:
        raise _refuse_unreadable(error.message) from None
    except RefusedError as error:
        raise _refuse_unreadable(*(problem.message for problem in error.problems)) from None
    if not fits:
        fact = "what was signed is for another key than the one that waits on the host"
        raise UnusableError("certificate_unfit", f"{fact}; run again")
    return bundle


def _refuse_unreadable(*facts: str) -> UnusableError:
    return UnusableError("certificate_unfit", f"what was signed cannot be read: {'; '.join(facts)}")


def _find_misfits(wish: Ordered, signing: Signing, bundle: Bundle, now: datetime) -> Iterator[str]:
    anchors = signing.ca.anchors if signing.ca else ()
    problems = find_problems(bundle, certificate=wish.name, names=wish.names, now=now, anchors=anchors)
    yield from (item.message for item in problems if signing.usage != CLIENT or item.code != _SERVER_PROBLEM)
    if bundle.root not in anchors:
        yield "it does not lead to a root that internal_ca_info has of this CA; pass what that returned in this run"
    if not _WANTED[signing.usage] <= (bundle.leaf.extensions.extended_key_usage or frozenset()):
        yield f"it is not for the usage {signing.usage}"
    surplus = sorted(set(bundle.leaf.names) - set(wish.names))
    if surplus:
        yield f"it has names that nobody declared: {', '.join(surplus)}"


def _find_notices(wish: Ordered, signing: Signing, bundle: Bundle, now: datetime) -> Iterator[Notice]:
    """What the CA handed out beside the path is its own business: a roll-over has more than one."""
    anchors = signing.ca.anchors if signing.ca else ()
    for notice in find_notices(bundle, names=wish.names, now=now, anchors=anchors):
        if notice.code != "unrelated_certificate":
            yield notice


def _word_record(wish: Ordered, signing: Signing, signature: Signature, now: datetime) -> dict[str, Any]:
    """What later runs compare, and what tells this ledger from an older copy of it."""
    return {
        "directory": signing.directory,
        "issuing": signature.issuing,
        "serial": signature.serial,
        "entry": signature.number,
        "hash": signature.hash,
        "seal": signature.seal,
        "usage": signing.usage,
        "subject": signing.subject,
        **({"subject_form": signing.subject_form} if signing.subject_form else {}),
        "emails": list(signing.emails),
        "issued": format_time(now),
        "email": wish.words.issuer.contact,
    }
