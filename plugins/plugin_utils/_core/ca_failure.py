# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA that answered with a failure, told from one that was not reached: the first does not heal by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason


def has_failed(answer: Mapping[str, Any]) -> bool:
    """Of a result of internal_ca_info, internal_ca_cert or internal_ca."""
    return bool(answer.get("failed")) and not answer.get("unreachable")


def find_failures(answer: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Each problem with what it is of, which is the CA's path as a rule; without one what the module said."""
    if not has_failed(answer):
        return ()
    told = (
        Reason(str(item["code"]), f"{item['certificate']}: {item['message']}") for item in answer.get("problems") or ()
    )
    return tuple(told) or (Reason("failed", str(answer.get("msg") or "it failed without a word")),)


def explain_failure(answer: Mapping[str, Any]) -> Reason:
    """Of one that failed: the code of the first problem, and all of them."""
    reasons = find_failures(answer)
    return Reason(reasons[0].code, "; ".join(reason.message for reason in reasons))
