# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: signing_requests
short_description: What all hosts have requested, as one batch for each internal CA
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Puts the requests of all hosts together by CA. A CA that nobody asks for anything is left out.
positional: _input
options:
  _input:
    description:
      - Results of M(certwright.tls.internal_certificate) by host. A host without requests counts too, for what it
        remembers of the ledger.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Put the requests of all hosts together
  ansible.builtin.set_fact:
    batches: "{{ dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'requested')))
      | certwright.tls.signing_requests }}"
  run_once: true

- name: Sign them, one batch for each CA
  certwright.tls.internal_ca_cert:
    path: "{{ tls_issuers[item].path }}"
    fingerprint: "{{ tls_issuers[item].fingerprint }}"
    passphrase_src: "{{ tls_issuers[item].passphrase_src }}"
    requests: "{{ batches[item].requests }}"
    anchors: "{{ batches[item].anchors }}"
  delegate_to: "{{ tls_issuers[item].host }}"
  loop: "{{ batches | list }}"
  run_once: true
  register: batch
"""

RETURN = r"""
_value:
  description: By the name of the CA, V('') for that of requests that name none.
  type: dict
  contains:
    requests:
      description: For O(certwright.tls.internal_ca_cert#module:requests).
      type: list
      elements: dict
    anchors:
      description: What hosts remember of its ledger, C(number) and C(hash) of entries, each once.
      type: list
      elements: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_batch import find_batches


def signing_requests(results: Any) -> dict[str, Any]:
    if not isinstance(results, Mapping):
        raise AnsibleFilterError("certwright.tls.signing_requests takes results of internal_certificate by host")
    return find_batches(results)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"signing_requests": signing_requests}
