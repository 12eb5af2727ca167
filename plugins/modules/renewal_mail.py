# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: renewal_mail
short_description: Write to the contacts of certificates that could not be renewed
version_added: 0.1.0
description:
  - Writes one mail to each contact, with all of its certificates that failed, have ended, or are close to their end
    while nobody renews them. Hosts that were not reached are told to O(to).
  - Nothing is remembered. What this run met is told at once. What lasts is told in the first hour of the day (UTC), so
    an hourly run writes once a day about it. An order that fails is tried again after 1 minute, 10 minutes, 100 minutes
    and then once a day, and each try is news.
  - It is a part of the roles C(renew) and C(report), and runs on the controller.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
attributes:
  check_mode:
    support: full
    details:
      - Says whom it would write to.
  diff_mode:
    support: none
  idempotent:
    support: none
options:
  report:
    description:
      - What P(certwright.tls.renewal_report#filter) or P(certwright.tls.fleet_faults#filter) gives.
    type: dict
    required: true
  host:
    description:
      - The mail server.
    type: str
    required: true
  port:
    description:
      - Its port. V(25) if not given, V(465) with O(encryption=tls).
    type: int
  encryption:
    description:
      - V(starttls) requires it, V(tls) speaks TLS from the first byte. The server's certificate is verified in both.
    type: str
    choices: [none, starttls, tls]
    default: starttls
  user:
    description:
      - Log in with that name. Refused without O(encryption).
    type: str
  password:
    description:
      - The password of O(user). Give a vaulted variable.
      - If neither it nor O(password_src) is given, E(CERTWRIGHT_MAIL_PASSWORD) of the controller is used.
      - E(CERTWRIGHT_MAIL_PASSWORD_SRC) may name a file with it.
    type: str
  password_src:
    description:
      - File on the controller with the password.
    type: str
  sender:
    description:
      - The address that writes.
    type: str
    required: true
  to:
    description:
      - The address that is told where a certificate has no contact, or has C(no-reply@) of its default domain.
    type: str
  say:
    description:
      - V(news) as above. V(always) tells everything in each run, for runs that are once a day or rarer.
    type: str
    choices: [news, always]
    default: news
  timeout:
    description:
      - Seconds that each step of a conversation may take.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: Tell the contacts
  certwright.tls.renewal_mail:
    report:
      failed:
        - {host: web1, certificate: system, message: the CA said no, email: it@example.org, is_news: true}
      expired: []
      ends_soon: []
      unreachable: []
    host: mail.example.org
    sender: certificates@example.org
    to: admins@example.org
"""

RETURN = r"""
told:
  description: The addresses that were written to, or would be.
  returned: always
  type: list
  elements: str
untold:
  description: What nobody is told, since there is neither a contact nor O(to).
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC = dict(
    report=dict(type="dict", required=True),
    host=dict(type="str", required=True),
    port=dict(type="int"),
    encryption=dict(type="str", choices=["none", "starttls", "tls"], default="starttls"),
    user=dict(type="str"),
    password=dict(type="str", no_log=True),
    password_src=dict(type="str", no_log=False),
    sender=dict(type="str", required=True),
    to=dict(type="str"),
    say=dict(type="str", choices=["news", "always"], default="news"),
    timeout=dict(type="int", default=30),
)

CONSTRAINTS: dict = dict(mutually_exclusive=[["password", "password_src"]])


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **CONSTRAINTS)
    module.fail_json(msg="This module runs on the controller; its action plugin was not found")


if __name__ == "__main__":
    main()
