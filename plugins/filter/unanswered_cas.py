# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: unanswered_cas
short_description: The internal CAs that failed to tell of themselves, and who is to say so
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - A CA that is damaged, or is not the one that is pinned, is a fault also while nothing is due. The first host that
    asked it says so, for all. One that was not reached is none of them.
positional: _input
options:
  _input:
    description: Results of M(certwright.tls.internal_certificate) by host.
    type: dict
    required: true
  kept:
    description:
      - By host, the results of M(certwright.tls.internal_ca) in a loop over the names of its CAs. What failed there is
        told there.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Fail for a CA that could not be read
  ansible.builtin.fail:
    msg: "{{ faults | map(attribute='message') | join(', ') }}"
  when: faults | length > 0
  vars:
    results: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'requested'))) }}"
    faults: "{{ results | certwright.tls.unanswered_cas | selectattr('host', 'equalto', inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: Each with C(host), C(issuer), C(code) and C(message).
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_batch import find_unanswered


def unanswered_cas(results: dict[str, Any], kept: dict[str, Any] | None = None) -> list[dict[str, str]]:
    return find_unanswered(results, kept or {})


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"unanswered_cas": unanswered_cas}
