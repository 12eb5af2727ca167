# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: trusted_anchors
short_description: The roots that a host is to trust, out of the answers of CAs
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Of the answers of several CAs, the roots of those that one host is to trust, each once. While a CA rolls over, these
    are its old and its new ones.
  - Fails when one of them was not answered for, since its roots would be taken away as if nobody wanted them any more.
positional: _input
options:
  _input:
    description:
      - Results of M(certwright.tls.internal_ca_info) in a loop over C(authorities), as
        P(certwright.tls.trust_sources#filter) gives them.
    type: list
    elements: dict
    required: true
  authorities:
    description: Those of the host.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Trust them
  certwright.tls.trust_store:
    certificates: "{{ asked.results | certwright.tls.trusted_anchors(authorities=sources.authorities) }}"
"""

RETURN = r"""
_value:
  description: PEM texts, for O(certwright.tls.trust_store#module:certificates).
  type: list
  elements: str
"""

from collections.abc import Iterable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain
from ansible_collections.certwright.tls.plugins.plugin_utils._core.trust_inventory import find_trusted_anchors


def trusted_anchors(answers: Iterable[dict[str, Any]], authorities: Iterable[dict[str, str]]) -> list[str]:
    try:
        return find_trusted_anchors(answers, authorities)
    except TlsError as error:
        raise AnsibleFilterError(explain(error)) from None


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"trusted_anchors": trusted_anchors}
