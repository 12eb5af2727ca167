# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ca_revocations
short_description: What each internal CA is to revoke
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Sorts what M(certwright.tls.certificate_removal) returned by the CA that signed it.
positional: _input
options:
  _input:
    description: RV(certwright.tls.certificate_removal#module:revocations).
    type: list
    elements: dict
    required: true
  infos:
    description: The results of M(certwright.tls.internal_ca_info) in a loop over the names of CAs.
    type: list
    elements: dict
    default: []
  owner:
    description: The host. Of what it says that a CA signed only what the ledger has for this host is revoked.
    type: str
    default: ''
  accept:
    description: With V(revoke_unproven) the ledger's host does not count.
    type: list
    elements: str
    default: []
  whole:
    description: Whether the host goes as a whole. Whatever else such a CA has signed for it is revoked too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Have a CA revoke what it signed
  certwright.tls.internal_ca_cert:
    path: /var/lib/certwright-ca
    fingerprint: "{{ tls_issuers.office.fingerprint }}"
    revoke: "{{ batches.office | default([]) }}"
  delegate_to: ca01
  vars:
    batches: "{{ found.revocations | certwright.tls.ca_revocations(infos=infos.results, owner=inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: By the name of a CA, elements for O(certwright.tls.internal_ca_cert#module:revoke).
  type: dict
"""

from collections.abc import Sequence
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation import UNPROVEN, find_ca_batches


def ca_revocations(
    revocations: list[dict[str, Any]],
    infos: list[dict[str, Any]] | None = None,
    owner: str = "",
    accept: Sequence[str] = (),
    whole: bool = False,
) -> dict[str, list[dict[str, str]]]:
    asked = "" if UNPROVEN in accept else str(owner)
    return find_ca_batches(revocations, infos or (), owner=asked, is_whole=bool(whole))


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"ca_revocations": ca_revocations}
