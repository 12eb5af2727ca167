# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CA gave becomes a certificate to install, and what it refused something to remember. Pure but for parsing."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.key_request import find_request_key
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import (
    Bundle,
    HostKey,
    Material,
    load_bundle,
    load_host_bundle,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired, Observed, format_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import (
    digest_asked,
    find_patience,
    find_sound_life,
    with_outcome,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import Memory, find_cert_id
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import (
    PERMANENT,
    TRANSIENT,
    Fault,
    judge_failure,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import (
    Ending,
    Issued,
    Ordered,
    find_issue_notices,
    load_memory,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.refusals import find_refusals
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sealing import (
    NONCE_BYTES,
    SALT_BYTES,
    seal,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import Sharing
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import complete
from ansible_collections.certwright.tls.plugins.plugin_utils._ordering import Given

_CLOCK_TOLERANCE = timedelta(minutes=5)
# Another run's business, or this run's own caution: nothing was asked, so nothing is to be remembered.
_NOT_REMEMBERED = ("claimed", "stopped")


def with_given(given: Given, *, memory: Memory, now: datetime, anchors: tuple[Certificate, ...]) -> Ordered:
    """Raises AcmeProblem certificate_unfit for what no service could use."""
    wish = given.wish
    try:
        bundle = _load_bundle(given)
        desired, notices = complete(
            wish.declared, bundle, now=_judged_at(bundle.leaf, now), anchors=anchors, is_issued=True
        )
    except RefusedError as error:
        facts = "; ".join(problem.message for problem in error.problems)
        raise AcmeProblem("permanent", "certificate_unfit", f"What the CA gave cannot be installed: {facts}") from None
    _require_acceptable(desired, given.observed)
    surplus = sorted(set(bundle.leaf.names) - set(wish.names))
    if surplus:
        fact = f"What the CA gave has names that nobody ordered: {', '.join(surplus)}"
        raise AcmeProblem("permanent", "certificate_unfit", f"{fact}; ask the CA, or order from another one")
    desired = replace(
        desired,
        issuer=wish.words.issuer.directory,
        # A CA decides how long its certificates live; a renewal may end sooner than a bought certificate
        accepted=desired.accepted | {"ends_sooner"},
        order=_word_order(given, bundle.leaf, now=now),
    )
    sealed = _seal(given, wish.sharing)
    issued = Issued(desired, given.key_digest, given.reasons, tuple(find_issue_notices(wish, notices)), sealed)
    return replace(wish, issued=issued, memory=memory)


def _seal(given: Given, sharing: Sharing | None) -> str:
    """The key of a shared certificate lies sealed at its home; members open it on the controller."""
    if sharing is None or sharing.passphrase is None or given.own is None:
        return ""
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    return seal(given.own.private_key.encode("ascii"), sharing.passphrase.text, salt=salt, nonce=nonce)


def _require_acceptable(desired: Desired, observed: Observed) -> None:
    """What only the certificate itself shows (a test CA's over a real one) is a failure to remember, not to repeat."""
    problems = tuple(find_refusals(replace(desired, accepted=desired.accepted | {"ends_sooner"}), observed))
    if problems:
        raise AcmeProblem("permanent", problems[0].code, "; ".join(problem.message for problem in problems))


def _judged_at(leaf: Certificate, now: datetime) -> datetime:
    """A CA's clock may be a little ahead of ours, and a certificate begins when it is signed."""
    return leaf.not_before if timedelta(0) < leaf.not_before - now <= _CLOCK_TOLERANCE else now


def _load_bundle(given: Given) -> Bundle:
    if given.own is not None:
        key = given.own.private_key.encode("ascii")
        return load_bundle(Material(name=given.name, certificate=given.chain, private_key=key))
    try:
        certificates = load_certificates(given.chain, "certificate")
    except TlsError as error:
        raise AcmeProblem("permanent", "certificate_unfit", f"What the CA gave cannot be read: {error}") from None
    wanted = find_request_key(given.request)
    own = [item for item in certificates if item.public_key.sha256 == wanted]
    if not own:
        fact = "What the CA gave is for another key than the one that was asked for"
        raise AcmeProblem("permanent", "certificate_unfit", f"{fact}; run again, or order from another CA")
    fits = frozenset(item.fingerprint for item in own)
    return load_host_bundle(given.name, given.chain, None, HostKey(own[0].key_type, fits))


def _word_order(given: Given, leaf: Certificate, *, now: datetime) -> dict[str, str]:
    """What later runs compare, and what people look for when they ask the CA."""
    words = given.wish.words
    return {
        "directory": words.issuer.directory,
        "account": given.client.account,
        "url": given.order.url,
        "cert_id": find_cert_id(leaf),
        "issued": format_time(now),
        "terms": given.terms,
        "profile": words.profile,
        "challenge": words.validation.type,
        "email": words.issuer.contact,
    }


def with_failure(wish: Ordered, observed: Observed, problem: AcmeProblem, *, now: datetime, is_begun: bool) -> Ordered:
    """`is_begun` says that the host has the order: one that may still come to its end is kept there."""
    is_transient = problem.kind == TRANSIENT
    end_order = ("release" if is_transient else "finish") if is_begun else ""
    if problem.code in _NOT_REMEMBERED:
        ending = Ending(find_patience(observed, now), problem.code, str(problem), end_order)
        # What was written down before the order, in case it would not be stored
        memory = load_memory(wish, observed) if is_begun else wish.memory
        return replace(wish, ending=ending, memory=memory)
    memory = load_memory(wish, observed)
    kind = TRANSIENT if is_transient else PERMANENT
    fault = Fault(kind, problem.code, str(problem), digest_asked(wish), problem.retry_after)
    outcome = judge_failure(fault, memory, life=find_sound_life(observed), now=now)
    return replace(with_outcome(wish, outcome, end_order), memory=replace(memory, failure=outcome.failure))
