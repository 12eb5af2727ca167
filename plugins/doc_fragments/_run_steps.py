# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filters take that put the steps of a run together."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  _input:
    description: The variables of each host of the run, by host.
    type: dict
    required: true
  words:
    description:
      - Which variable of a host holds the result of a step. A step that a host did not come to has none.
      - C(due) and C(ordered) are of M(certwright.tls.letsencrypt_cert), the look in check mode and the order.
        C(received) is of the same module with C(handed_out).
      - C(requested) and C(signed) are of M(certwright.tls.internal_certificate), C(stored) is of
        M(certwright.tls.domain_certificate), C(activated) of M(certwright.tls.certificate_activate).
      - C(read) is of a task that fails where the inventory cannot be read.
      - C(permission) is what P(certwright.tls.permitted_orders#filter) gave, on any host.
    type: dict
    required: true
"""
