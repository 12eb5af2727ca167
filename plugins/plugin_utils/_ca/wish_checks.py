# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether our CA may and should sign what is wished. Each check asks one question and yields refusals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

try:  # noqa: SIM105 - ansible-test wants imports at the top
    from cryptography.x509.oid import NameOID
except ImportError:
    pass  # require_libraries() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.profiles import CLIENT, SERVER, USAGES, list_purposes
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signer, Wish
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import find_ignored_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason

_ANY_PURPOSE = "2.5.29.37.0"


def find_wish_problems(wish: Wish, signer: Signer, now: datetime) -> tuple[Problem, ...]:
    """All of them. The codes: usage_unknown, no_names, wildcard_for_client, name_outside_constraints, outlives_ca,
    date_invalid, ca_expired, ca_not_yet_valid, key_of_ca, usage_unsuitable.
    """
    reasons = (
        *_find_usage_faults(wish, signer),
        *_find_name_faults(wish),
        *_find_outside(wish, signer),
        *_find_date_faults(wish, signer, now),
        *_find_key_faults(wish, signer),
    )
    return tuple(Problem(wish.title, reason.code, reason.message) for reason in reasons)


def _find_usage_faults(wish: Wish, signer: Signer) -> Iterator[Reason]:
    if wish.usage not in USAGES:
        yield Reason("usage_unknown", f"The usage `{wish.usage[:40]}` is not known; say one of {', '.join(USAGES)}")
        return
    wanted = {purpose.dotted_string for purpose in list_purposes(wish.usage)}
    for authority in signer.path:
        purposes = authority.extensions.extended_key_usage
        if purposes is not None and _ANY_PURPOSE not in purposes and not wanted <= purposes:
            fact = f"The CA {authority.title} is not for the usage `{wish.usage}`: its extendedKeyUsage lacks it"
            yield Reason("usage_unsuitable", f"{fact}; say another usage, or use another CA")


def _find_name_faults(wish: Wish) -> Iterator[Reason]:
    """Servers are found by their SANs alone (RFC 9525 1.2); a client may be known by its subject."""
    if wish.usage != CLIENT and not wish.names:
        yield Reason("no_names", "It has no name, and clients look for servers by name only; declare `names`")
    if wish.usage == CLIENT and not (wish.names or wish.emails or wish.subject.rdns):
        yield Reason("no_names", "It has no name, so nobody could tell the client; declare `names` or a subject")
    wildcards = [name for name in wish.names if name.startswith("*.")]
    if wildcards and wish.usage != SERVER:
        fact = f"{', '.join(wildcards)} is a wildcard, and a client is one host"
        yield Reason("wildcard_for_client", f"{fact}; declare its own name, or the usage `server`")


def _find_outside(wish: Wish, signer: Signer) -> Iterator[Reason]:
    """OpenSSL reads a host name in the common name too where there is no SAN of a host."""
    common_names = [str(item.value) for item in wish.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    in_subject = [name for name in (find_ignored_name(text, wish.names) for text in common_names) if name]
    for limit in signer.limits:
        yield from limit.find_outside((*wish.names, *in_subject), wish.emails)


def _find_date_faults(wish: Wish, signer: Signer, now: datetime) -> Iterator[Reason]:
    if signer.not_after <= now:
        fact = f"The CA, or one above it, expired on {format_instant(signer.not_after)}"
        yield Reason("ca_expired", f"{fact}; roll it over to a new one")
    elif wish.not_after > signer.not_after:
        fact = f"It is to end on {format_instant(wish.not_after)}, after the CA, which ends on"
        way_out = "ask for less, or roll the CA over"
        yield Reason("outlives_ca", f"{fact} {format_instant(signer.not_after)}; {way_out}")
    if signer.not_before > now:
        fact = f"The CA, or one above it, is not valid before {format_instant(signer.not_before)}"
        yield Reason("ca_not_yet_valid", f"{fact}; wait until then, or correct the controller's clock")
    if wish.not_after <= now:
        fact = f"It is to end on {format_instant(wish.not_after)}, which is over"
        yield Reason("date_invalid", f"{fact}; ask for a later end, or correct the controller's clock")


def _find_key_faults(wish: Wish, signer: Signer) -> Iterator[Reason]:
    if wish.public_key in signer.public_keys:
        fact = "The request is for the CA's own key, which only the CA may have"
        yield Reason("key_of_ca", f"{fact}; make a key of its own and a request from that")
