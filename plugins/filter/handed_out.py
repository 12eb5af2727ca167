# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: handed_out
short_description: What homes handed out for one host
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Of the answers of several homes, what is for one host, each certificate from its own home. Keys in it are sealed.
  - A home that failed, or was not reached, handed out nothing.
positional: _input
options:
  _input:
    description:
      - Results of M(certwright.tls.certificate_export) in a loop over what P(certwright.tls.shared_homes#filter) gives.
    type: list
    elements: dict
    required: true
  shared:
    description: The shared certificates of the host, as in the input of P(certwright.tls.shared_homes#filter).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Install what came
  certwright.tls.letsencrypt_cert:
    certificates: "{{ orders }}"
    handed_out: "{{ fetched.results | certwright.tls.handed_out(shared=shared) }}"
"""

RETURN = r"""
_value:
  description: For O(certwright.tls.letsencrypt_cert#module:handed_out).
  type: dict
"""

from collections.abc import Iterable
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.shared_homes import find_handed_out


def handed_out(answers: Iterable[dict[str, Any]], shared: dict[str, Any]) -> dict[str, Any]:
    return find_handed_out(answers, shared)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"handed_out": handed_out}
