# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: report_table
short_description: Show the report of a run as a table in the terminal
version_added: 0.1.0
description:
  - Prints what P(certwright.tls.fleet_table#filter), P(certwright.tls.renewal_table#filter) or
    P(certwright.tls.run_table#filter) gives, as lines and not as a list, and in colours, the worst in red.
  - Colours are Ansible's own and come when Ansible uses any, so E(NO_COLOR), E(ANSIBLE_NOCOLOR) and
    E(ANSIBLE_FORCE_COLOR) count.
  - A stdout callback whose output is for programs, one with C(json) in its name, gets the lines in the result only.
  - It is a part of the roles that end with a report, and runs on the controller.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  report:
    description:
      - What P(certwright.tls.fleet_report#filter), P(certwright.tls.renewal_report#filter) or
        P(certwright.tls.run_report#filter) gives.
    type: dict
    required: true
  width:
    description:
      - How wide a line may be. The last column is cut.
    type: int
    default: 160
seealso:
  - plugin: certwright.tls.fleet_table
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what somebody has to look at
  certwright.tls.report_table:
    report: "{{ tls_report }}"
  run_once: true
"""

RETURN = r"""
lines:
  description: The lines.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC = dict(
    report=dict(type="dict", required=True),
    width=dict(type="int", default=160),
)

CONSTRAINTS: dict = dict()


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
