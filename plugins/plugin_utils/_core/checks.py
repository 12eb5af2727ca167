# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every question a certificate must answer before a host is touched, and every one that is only worth a warning.

A check is a function of the Inspection that yields Reasons (refusals) or Notices (warnings). To add one, write it
beside its kin and name it here: the order is that of the report.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ansible_collections.certwright.tls.plugins.plugin_utils._core import leaf_checks, path_checks
from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle, HostKey
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, is_self_signed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import Inspection
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import find_ignored_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.profile import find_objection
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem

_PATH_CHECKS = (
    path_checks.find_missing_issuer,
    path_checks.find_invalid_signatures,
    path_checks.find_bad_dates,
    path_checks.find_issuers_not_ca,
    path_checks.find_exceeded_path_lengths,
    path_checks.find_violated_name_constraints,
    path_checks.find_unsuitable_ca_usages,
    path_checks.find_weak_keys,
    path_checks.find_weak_signatures,
)
_LEAF_CHECKS = (
    leaf_checks.find_ca_as_leaf,
    leaf_checks.find_self_signed,
    leaf_checks.find_ca_without_ca,
    leaf_checks.find_unsuitable_leaf_usage,
    leaf_checks.find_missing_names,
)
_CHECKS = (leaf_checks.find_key_mismatch, *_LEAF_CHECKS, *_PATH_CHECKS)


def find_problems(
    bundle: Bundle, *, certificate: str, names: tuple[str, ...], now: datetime, anchors: tuple[Certificate, ...]
) -> tuple[Problem, ...]:
    """All refusals, in the order of _CHECKS; `certificate` is its name in the store, the rest as in Inspection."""
    inspection = Inspection(bundle, names, now, anchors)
    reasons = (reason for check in _CHECKS for reason in check(inspection))
    return tuple(Problem(certificate, reason.code, reason.message) for reason in reasons)


def find_notices(
    bundle: Bundle, *, names: tuple[str, ...], now: datetime, anchors: tuple[Certificate, ...]
) -> tuple[Notice, ...]:
    """All warnings, with the same arguments; they stand beside refusals too."""
    inspection = Inspection(bundle, names, now, anchors)
    key = bundle.private_key
    of_key = () if isinstance(key, HostKey) else key.notices
    return (*of_key, *(notice for check in _NOTICE_CHECKS for notice in check(inspection)))


def _find_unused(inspection: Inspection) -> Iterator[Notice]:
    for certificate in inspection.bundle.unused:
        fact = f"The supplied certificate {certificate.title} is not on the path of {inspection.bundle.leaf.title}"
        yield Notice("unrelated_certificate", f"{fact} and is left out")


def _find_ignored_common_name(inspection: Inspection) -> Iterator[Notice]:
    """A declared name that stands there only is a refusal, name_missing."""
    leaf = inspection.bundle.leaf
    ignored = find_ignored_name(leaf.common_name, leaf.names)
    if ignored and ignored not in inspection.names:
        fact = f"{ignored} stands only in the common name of {leaf.title}, which clients ignore"
        yield Notice("name_in_cn_only", f"{fact}; have it issued with this name in subjectAltName if it is used")


def _find_unproved_root(inspection: Inspection) -> Iterator[Notice]:
    """Silent where chain_incomplete, self_signed or leaf_is_ca already says more."""
    last = inspection.bundle.path[-1]
    if inspection.find_anchor() or is_self_signed(last) or any(path_checks.find_missing_issuer(inspection)):
        return
    yield Notice(
        "root_not_proved",
        f"The path of {inspection.bundle.leaf.title} ends at {last.title}, issued by {last.issuer}, which is neither "
        "supplied nor in the controller's trust store; add that root to the CA input to have it proved",
    )


def _find_unproved_profile(inspection: Inspection) -> Iterator[Notice]:
    """Only what our own checks do not name: private CAs that every TLS stack accepts fail a strict profile."""
    if any(any(check(inspection)) for check in (*_LEAF_CHECKS, *_PATH_CHECKS)):
        return
    objection = find_objection(inspection)
    if objection:
        title = inspection.bundle.leaf.title
        fact = f"The path of {title} passes every check of ours, but not a strict reading of RFC 5280 ({objection})"
        yield Notice("profile_unproved", f"{fact}; most clients accept it, consider a stricter profile at the CA")


_NOTICE_CHECKS = (_find_unused, _find_ignored_common_name, _find_unproved_root, _find_unproved_profile)
