# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: put_back
short_description: The hosts on which a service did not take its new certificate
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Those with an outcome V(rolled_back), V(kept_new_unproved) or V(stranded). A service that was broken before is none
    of them, since nothing of it was touched.
positional: _input
options:
  _input:
    description: Results of M(certwright.tls.certificate_activate) by host.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Stop before the next batch
  ansible.builtin.fail:
    msg: "{{ results | certwright.tls.put_back | join(', ') }} had to go back"
  when: results | certwright.tls.put_back | length > 0
  vars:
    results: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'activated'))) }}"
"""

RETURN = r"""
_value:
  description: The names of the hosts.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal_steps import find_put_back


def put_back(results: dict[str, Any]) -> list[str]:
    return find_put_back(results)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"put_back": put_back}
