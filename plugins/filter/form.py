# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: form
short_description: The answers of a console's form, laid over the inventory
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Translates what people fill in, as the survey of a job template has it, to the variables of an inventory.
  - An answer that is empty says nothing. What belongs to another engine than the chosen one is dropped.
requirements:
  - cryptography >= 42 on the controller
positional: _input, answers
options:
  _input:
    description: What the inventory has, C(tls_system) and C(tls_domains).
    type: dict
    required: true
  answers:
    description:
      - Texts by what was asked, which are C(engine) (V(Files), V(Let's Encrypt), V(Disabled), V(As the inventory says),
        or the name of one of C(tls_issuers)), C(domain) (empty for the system-wide certificate), C(external_url),
        C(other_urls), C(services), C(terms), C(email), C(certificate) and C(ca).
      - Lists are separated by blanks, commas or lines.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what a form comes to
  ansible.builtin.debug:
    msg: "{{ {'tls_system': tls_system | default({})} | certwright.tls.form(answers) }}"
  vars:
    answers: {engine: Let's Encrypt, external_url: mail.example.org, terms: 'Yes, I agree'}
"""

RETURN = r"""
_value:
  description: The variables with the answers over them, which may hold keys, and what the form said.
  type: dict
  contains:
    tls_system:
      description: The system-wide certificate.
      type: dict
    tls_domains:
      description: The domains.
      type: list
      elements: dict
    said:
      description: What the form said, in the words of the inventory; nothing in it is secret.
      type: dict
"""

from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.dependencies import require_libraries
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.form import fill_in
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain


def form(variables: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    try:
        require_libraries()
        filled = fill_in(variables, answers)
    except TlsError as error:
        raise AnsibleFilterError(explain(error)) from None
    return {"tls_system": filled.system, "tls_domains": list(filled.domains), "said": filled.said}


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"form": form}
