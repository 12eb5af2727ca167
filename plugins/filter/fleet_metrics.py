# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet_metrics
short_description: The report of a fleet as text for Prometheus
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - What the textfile collector of node_exporter reads from a file C(*.prom). All are gauges.
  - Of the fleet C(certwright_report_timestamp_seconds), C(certwright_hosts), C(certwright_hosts_unreachable),
    C(certwright_certificates) by C(urgency), C(certwright_host_unreachable) by C(host), and C(certwright_host_problems)
    by C(host) and C(code).
  - Of each certificate, by C(host), C(certificate), C(source) and C(state),
    C(certwright_certificate_not_after_timestamp_seconds), C(certwright_certificate_life_left_ratio),
    C(certwright_certificate_served), C(certwright_certificate_renewal_timestamp_seconds),
    C(certwright_certificate_failed_tries), C(certwright_certificate_last_failure_timestamp_seconds),
    C(certwright_certificate_problem) with C(code), and C(certwright_certificate_info) with C(engine), C(issuer) and
    C(urgency). What is not known of one is left out.
  - Several certificates in one file have one line, with the worst value.
positional: _input
options:
  _input:
    description: What P(certwright.tls.fleet_report#filter) gives.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Write it where node_exporter looks
  ansible.builtin.copy:
    content: "{{ tls_report | certwright.tls.fleet_metrics }}"
    dest: /var/lib/prometheus/node-exporter/certwright.prom
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_metrics import render_metrics


def fleet_metrics(report: dict[str, Any]) -> str:
    return render_metrics(report)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"fleet_metrics": fleet_metrics}
