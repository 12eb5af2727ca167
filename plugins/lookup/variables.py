# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: variables
short_description: The variables of an inventory that are set, by their names
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Gives one mapping of the variables that are set for the host of a task, in a play or on the command line.
  - A variable that names another one which is not there is an error. The filter P(ansible.builtin.default#filter) would
    take its place, and nobody would renew what it declares.
  - The error names the one that is not there, and quotes no value, since values may hold keys.
options:
  _terms:
    description:
      - Names of variables. Those that P(certwright.tls.inventory#filter) takes, if none is given.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Show which certificates a host may have revoked
  ansible.builtin.debug:
    msg: "{{ lookup('certwright.tls.variables') | certwright.tls.declared_names(host=inventory_hostname) }}"
"""

RETURN = r"""
_raw:
  description: One mapping.
  type: list
  elements: dict
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import VARIABLES

_LACKING = re.compile(r"'\w{1,80}' is undefined|has no attribute '\w{1,80}'")


class LookupModule(LookupBase):  # type: ignore[misc]
    def run(self, terms: Sequence[Any], variables: Mapping[str, Any], **_words: Any) -> list[dict[str, Any]]:
        names = [str(term) for term in terms] or VARIABLES
        reader = lookup_loader.get("ansible.builtin.vars", loader=self._loader, templar=self._templar)
        return [{name: _read(reader, name, variables) for name in names if name in variables}]


def _read(reader: LookupBase, name: str, variables: Mapping[str, Any]) -> Any:
    try:
        return reader.run([name], variables)[0]
    except Exception as error:  # noqa: BLE001 - ansible-core before 2.19 quotes the value, which nobody may read
        found = _LACKING.findall(str(error))
        raise AnsibleLookupError(f"{name}: {found[-1] if found else error.__class__.__name__}") from None
