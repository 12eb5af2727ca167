# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: path
short_description: The stable path of a certificate's file, for the configuration of its service
version_added: 0.1.0
author:
  - The certwright.tls authors (@certwright)
description:
  - Where a service finds a file of a certificate, whichever generation is live. Use it in templates of configurations.
positional: _input, service, file
options:
  _input:
    description: The name of the certificate in the store.
    type: str
    required: true
  service:
    description: The name of the service, as it was declared.
    type: str
    required: true
  file:
    description: The name of the file, as V(fullchain.pem) or V(privkey.pem).
    type: str
    required: true
  store:
    description: The store on the host, when it is not at its default place. Wins over O(os_family).
    type: str
  os_family:
    description: The value of C(ansible_facts.os_family); the store of the Red Hat family is elsewhere.
    type: str
"""

EXAMPLES = r"""
- name: Name the files of the system certificate in a template of nginx
  ansible.builtin.debug:
    msg:
      - "ssl_certificate {{ 'system' | certwright.tls.path('nginx', 'fullchain.pem') }};"
      - "ssl_certificate_key {{ 'system' | certwright.tls.path('nginx', 'privkey.pem') }};"
"""

RETURN = r"""
_value:
  description: An absolute path on the host.
  type: str
"""

from typing import Any

_DEFAULT_STORE = "/etc/ssl/certwright"
_REDHAT_STORE = "/etc/pki/tls/certwright"


def path(certificate: str, service: str, file: str, store: str | None = None, os_family: str | None = None) -> str:
    place = store or (_REDHAT_STORE if os_family == "RedHat" else _DEFAULT_STORE)
    return f"{place.rstrip('/')}/live/{certificate}/{service}/{file}"


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"path": path}
