# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  owner:
    description:
      - Owner of every file that is made for a service. A service's own O(services) words win.
    type: str
  group:
    description:
      - Group of every file that is made for a service.
    type: str
  mode:
    description:
      - Mode of the files that hold the private key, as octal digits in quotes, as in V('0640'). Others are V('0644').
      - Files with the key are V('0600') unless said otherwise, and are refused when everybody could read them.
    type: raw
  seuser:
    description:
      - The user part of the SELinux context. What is not given is the policy's own default for the place.
    type: str
  serole:
    description:
      - The role part of the SELinux context.
    type: str
  setype:
    description:
      - The type part of the SELinux context.
    type: str
  selevel:
    description:
      - The level part of the SELinux context.
    type: str
"""
