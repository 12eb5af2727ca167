# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request for an internal CA: the one that waits on a host with its key, or how the host is told to make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate_request import (
    CertificateRequest,
    load_request,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, format_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import Due, find_generations
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import Signing
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import DEFAULT_KEY_TYPE, KEY_TYPES
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

# What the words of an order say when an internal CA is to sign.
PURPOSE = "internal_ca"


@dataclass(frozen=True)
class Waiting:
    """A request on its host; `key_digest` tells its key from a later one."""

    request: CertificateRequest
    key_digest: str


def find_waiting(wish: Ordered, observed: Observed) -> Waiting | None:
    """That of an earlier run or task, when it is what is wished for: it is handed out again, and its key kept."""
    document = observed.issuance.get("order") or {}
    request = load_request(str(observed.issuance.get("request") or ""))
    if request is None or not _is_ours(document) or not is_met(wish, request):
        return None
    return Waiting(request, str((document.get("key") or {}).get("digest", "")))


def is_met(wish: Ordered, request: CertificateRequest) -> bool:
    """A key of any kind will do when none was said."""
    wanted = KEY_TYPES.get(wish.words.key_type)
    kinds = (wanted,) if wanted else tuple(KEY_TYPES.values())
    return set(request.names) == set(wish.names) and request.public_key.key_type in kinds


def word_preparation(due: Due) -> dict[str, Any]:
    """Nothing is claimed: a run that comes between asks the CA for the very same certificate."""
    names, key_type = list(due.wish.names), due.wish.words.key_type or DEFAULT_KEY_TYPE
    return {
        "name": due.name,
        "claimed_until": "",
        "generations": find_generations(due.observed),
        "order": {"purpose": PURPOSE, "names": names, "key_type": key_type},
        "key": {"type": key_type, "names": names},
        # The key of an order by ACME is for that CA alone
        "reuse": due.observed.issuance.get("order") is None,
        "ended_run": due.ended_run,
    }


def load_made(wish: Ordered, told: Mapping[str, Any]) -> CertificateRequest:
    """What the host made. Raises UnusableError with its refusal, or when it is not what it was asked for."""
    if told["refused"]:
        raise UnusableError(str(told["refused"]["code"]), str(told["refused"]["message"]))
    request = load_request(str(told["request"]))
    if request is None or not is_met(wish, request):
        fact = "the request that the host made is not for the declared names alone, or its key is another"
        raise UnusableError("request_unfit", f"{fact}; it is signed by nobody, look into the host")
    return request


def describe_request(
    wish: Ordered, request: CertificateRequest | None, *, host: str, anchors: list[dict[str, Any]]
) -> dict[str, Any]:
    """Plain JSON for the CA; what is not said is left out. Without a request its `csr` is empty: it would be made."""
    signing = wish.words.signing or Signing()
    ends = format_time(signing.not_after) if signing.not_after else ""
    said = {"subject": signing.subject, "subject_form": signing.subject_form, "days": signing.days, "not_after": ends}
    return {
        "issuer": signing.issuer,
        "name": wish.name,
        "host": host,
        "csr": request.pem if request else "",
        "usage": signing.usage,
        "names": [name for name in wish.names if not is_address(name)],
        "ips": [name for name in wish.names if is_address(name)],
        "emails": list(signing.emails),
        **{word: value for word, value in said.items() if value},
        "anchors": anchors,
    }


def _is_ours(document: Mapping[str, Any]) -> bool:
    return (document.get("order") or {}).get("purpose") == PURPOSE
