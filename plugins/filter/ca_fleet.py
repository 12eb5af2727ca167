# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ca_fleet
short_description: What the hosts of an inventory tell of an internal CA
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Which hosts are to trust the CA, since their C(tls_trust) names it, which entries of its ledger they have in use,
    and what they remember of it.
  - The two last come from results of M(certwright.tls.internal_certificate) that were registered as
    C(internal_ca_looked), as the role P(certwright.tls.internal_ca#role) does it.
positional: _input
options:
  _input:
    description: The variables of the hosts.
    type: list
    elements: dict
    required: true
  issuer:
    description: The name of the CA in C(tls_issuers).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Go on with a roll-over
  certwright.tls.internal_ca:
    path: /srv/ca
    fingerprint: "sha256:5f0c…"
    rollover: distrust
    in_use: "{{ fleet.in_use }}"
  vars:
    fleet: "{{ groups['all'] | map('extract', hostvars) | certwright.tls.ca_fleet(issuer='office') }}"
"""

RETURN = r"""
_value:
  description: Each for the option of that name of M(certwright.tls.internal_ca).
  type: dict
  contains:
    trusting:
      description: Hosts that are to trust it.
      type: list
      elements: str
    in_use:
      description: By host the numbers of what it uses, null for one that was not looked at, or could not be.
      type: list
      elements: dict
    anchors:
      description: What each host remembers of the ledger.
      type: list
      elements: dict
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_fleet import find_fleet


def ca_fleet(hosts: Iterable[Mapping[str, Any]], issuer: str) -> dict[str, list[Any]]:
    return find_fleet(hosts, issuer)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"ca_fleet": ca_fleet}
