# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_reports
short_description: Which hosts trust the next root of which CA
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - What each CA that rolls over, and whose next root is on its way to the hosts, is to be told once they have it. Hosts
    on which it failed are left out, and so are CAs that do not roll over.
positional: _input
options:
  _input:
    description:
      - Results of M(certwright.tls.internal_ca_info), as in the input of P(certwright.tls.trusted_anchors#filter).
    type: list
    elements: dict
    required: true
  sources:
    description: By host what P(certwright.tls.trust_sources#filter) gave.
    type: dict
    required: true
  kept:
    description: By host the result of M(certwright.tls.trust_store).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Tell each CA
  certwright.tls.internal_ca:
    path: "{{ item.path }}"
    fingerprint: "{{ item.fingerprint }}"
    trusted: "{{ item.hosts }}"
  loop: "{{ asked.results | certwright.tls.trust_reports(sources=sources_of_hosts, kept=results_of_hosts) }}"
  delegate_to: "{{ item.host }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: For each CA one call of M(certwright.tls.internal_ca).
  type: list
  elements: dict
  contains:
    issuer:
      description: Its name in the inventory of C(asker).
      type: str
    host:
      description: Where it is.
      type: str
    path:
      description: Its directory.
      type: str
    fingerprint:
      description: The root that the inventory knows it by.
      type: str
    asker:
      description: One of the hosts, whose inventory knows the secrets of the CA.
      type: str
    hosts:
      description: Those that trust its next root now.
      type: list
      elements: str
"""

from collections.abc import Iterable
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.trust_inventory import find_trust_reports


def trust_reports(
    answers: Iterable[dict[str, Any]], sources: dict[str, Any], kept: dict[str, Any]
) -> list[dict[str, Any]]:
    return find_trust_reports(answers, sources, kept)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"trust_reports": trust_reports}
