# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_activate
short_description: Hand stored certificates to their services, or put the previous ones back
version_added: 0.1.0
description:
  - Activates on a host whatever is stored in its store and not active yet, in one transaction for each certificate.
  - It gives a service again what is live already when a port shows something else, once for each generation and start
    of the service.
  - Services, their commands and their probes are those of the last task that declared the certificate.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
  - certwright.tls._store
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows names, dates and fingerprints, never keys.
  idempotent:
    support: full
options:
  names:
    description:
      - The certificates to activate, by their names in the store. All when empty.
    type: list
    elements: str
    default: []
seealso:
  - module: certwright.tls.ssl_certificate
"""

EXAMPLES = r"""
- name: Activate everything that is pending on the host
  certwright.tls.certificate_activate:

- name: Activate the system certificate only
  certwright.tls.certificate_activate:
    names: [system]
"""

RETURN = r"""
reasons:
  description:
    - Why the host was changed, with the codes RV(reasons[].code=activation_pending), RV(reasons[].code=link_missing),
      RV(reasons[].code=not_served) and RV(reasons[].code=interrupted), as M(certwright.tls.ssl_certificate) has them.
  returned: always
  type: list
  elements: dict
  contains:
    certificate:
      description: The certificate's name in the store.
      type: str
    code:
      description: The stable code.
      type: str
    message:
      description: The same for people.
      type: str
problems:
  description: Everything that failed, as M(certwright.tls.ssl_certificate) has it.
  returned: on failure
  type: list
  elements: dict
outcomes:
  description: By certificate, how it ended, as M(certwright.tls.ssl_certificate) has it.
  returned: always
  type: dict
  sample:
    system:
      outcome: activated
      generation: 2
      previous: 1
      message: ''
      services:
        - {name: nginx, state: served}
pending:
  description: Whether something is still left to do.
  returned: always
  type: bool
retried:
  description: Those whose activation has failed before. A rollout does not stop again for the same fault.
  returned: success
  type: list
  elements: str
store_path:
  description: The store on the host.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC = dict(
    names=dict(type="list", elements="str", default=[]),
    store_path=dict(type="str"),
    keep_generations=dict(type="int", default=3),
    probe_timeout=dict(type="int", default=10),
)

CONSTRAINTS: dict = dict()


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
