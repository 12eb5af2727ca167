# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  store_path:
    description:
      - The directory on the host that holds every generation of every certificate, and the stable paths that services
        name.
      - Defaults to V(/etc/ssl/certwright), and to V(/etc/pki/tls/certwright) on the Red Hat family, where confined
        services may read.
      - Never on a network file system.
    type: str
  keep_generations:
    description:
      - How many earlier generations stay on the host after a successful activation.
    type: int
    default: 3
  probe_timeout:
    description:
      - Seconds after a reload within which every probed port must show the new certificate, in three handshakes in
        a row.
    type: int
    default: 10
"""
