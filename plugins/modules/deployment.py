# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment
short_description: The host's side of this collection (internal)
version_added: 0.1.0
description:
  - Observes certificates, services and ports of a host, prepares it for the orders that the controller has placed at a
    CA, or applies what the controller has decided, as one transaction that ends committed or put back.
  - On the host of an internal CA it reads and verifies the directory of that CA, and appends to its ledger. Keys lie
    there sealed; only the controller opens them.
  - This module is internal. Use M(certwright.tls.ssl_certificate) and its companions, which decide and then call it.
  - It needs Python 3.9 or newer on the host and nothing else.
author:
  - The certwright.tls authors (@certwright)
extends_documentation_fragment:
  - certwright.tls._attributes
attributes:
  check_mode:
    support: full
    details:
      - In check mode only observing is allowed, and reading the directory of a CA.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  request:
    description:
      - What to observe, to prepare, to apply, to read of a CA or to append to it, as JSON text. It may hold private
        keys and is never logged.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Look at one certificate of the store (what the other modules do first)
  certwright.tls.deployment:
    request: '{"action": "observe", "certificates": [{"name": "system"}]}'
"""

RETURN = r"""
answer:
  description:
    - What was observed or prepared, how each certificate ended, or what a CA's directory holds, as JSON text without
      private keys, except sealed ones of a CA.
  returned: always
  type: str
"""

import json
import os
import traceback

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.certwright.tls.plugins.module_utils._host.files import Attributes, HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.observation import observe
from ansible_collections.certwright.tls.plugins.module_utils._host.own_client import with_own_clients
from ansible_collections.certwright.tls.plugins.module_utils._host.place import find_store_path
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Request
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

ARGUMENT_SPEC = dict(request=dict(type="str", required=True, no_log=True))


def answer_request(module):
    given = json.loads(module.params["request"])
    if given["action"] in ("ca_read", "ca_append"):
        return answer_ca(given, module)
    store = Store(find_store_path(given.get("store")))
    if given["action"] == "survey":
        return answer_survey(store, given)
    if given["action"] == "prepare":
        return answer_preparation(store, given, module)
    if given["action"] == "trust":
        return answer_trust_request(given, module)
    if given["action"] == "products":
        return answer_products(given)
    request = with_own_clients(store, Request.from_json(given))
    if request.action == "observe":
        return dict(observe(store, request))
    if module.check_mode:
        raise HostError("Nothing is applied in check mode")
    # Here, because most executions only look, and what they need not import takes 40 ms of their 260.
    from ansible_collections.certwright.tls.plugins.module_utils._host.transaction import apply  # noqa: PLC0415

    return apply(store, request, label=selinux_labeller(module))


def answer_preparation(store, given, module):
    if module.check_mode:
        raise HostError("Nothing is prepared in check mode")
    # Here, because it is needed by orders only, and brings threads and pipes.
    from ansible_collections.certwright.tls.plugins.module_utils._host.preparation import (  # noqa: PLC0415
        Preparation,
        prepare,
    )

    return prepare(store, Preparation.from_json(given), label=selinux_labeller(module))


def answer_ca(given, module):
    # Here, because only the host of a CA has one.
    if given["action"] == "ca_read":
        from ansible_collections.certwright.tls.plugins.module_utils._host.ca_reading import read_ca  # noqa: PLC0415

        return read_ca(given)
    if module.check_mode:
        raise HostError("Nothing is appended in check mode")
    from ansible_collections.certwright.tls.plugins.module_utils._host.ca_append import (  # noqa: PLC0415
        Addition,
        append,
    )

    return append(Addition.from_json(given))


def answer_trust_request(given, module):
    if module.check_mode and given.get("changes") is not None:
        raise HostError("Nothing is applied in check mode")
    # Here, because nothing else needs it.
    from ansible_collections.certwright.tls.plugins.module_utils._host.trust_answer import answer_trust  # noqa: PLC0415

    return answer_trust(given)


def answer_products(given):
    # Here, because few certificates leave anything to a product.
    from ansible_collections.certwright.tls.plugins.module_utils._host.products import (  # noqa: PLC0415
        observe_products,
    )

    return {"products": observe_products(given["questions"])}


def answer_survey(store, given):
    # Here, because ssl and the threads take 20 ms of an execution, which one without ports need not pay.
    from ansible_collections.certwright.tls.plugins.module_utils._host.survey import (  # noqa: PLC0415
        SurveyRequest,
        survey,
    )

    return survey(store, SurveyRequest.from_json(given))


def selinux_labeller(module):
    """The policy's own context for the place, with the declared words over it, before the first byte is written."""

    def label(path, attributes: Attributes):
        if not module.selinux_enabled():
            return
        context = list(attributes.context)
        if not module.selinux_mls_enabled():
            context = context[:3]
        default = module.selinux_default_context(path)
        wanted = [word if word is not None else default[index] for index, word in enumerate(context)]
        module.set_context_if_different(path, wanted, False)

    return label


def describe_os_error(error):
    """What the operating system refused, and where: a full disk, a read-only file system, a missing permission."""
    where = f" at {error.filename}" if error.filename else ""
    fact = f"The host could not go on: {error.strerror or error.__class__.__name__}{where} ({place_of(error)})"
    way_out = "Run with `become`" if isinstance(error, PermissionError) else "Mend it and run again"
    return f"{fact}. {way_out}: what was begun is finished or undone by the next run"


def place_of(error):
    """Type and line of a fault of ours. Its text is left out: it may quote what it choked on, and that may be a key."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    return f"{type(error).__name__} in {os.path.basename(last.filename)}, line {last.lineno}"


def main():
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        os.umask(0o077)
        answer = answer_request(module)
    except HostError as error:
        answer = {"refused": str(error)}
    except OSError as error:
        answer = {"refused": describe_os_error(error)}
    except Exception as error:  # noqa: BLE001  # the border: nothing unknown may print what it holds
        answer = {"crashed": place_of(error)}
    # As text: ansible-core walks through every word of an object, 130 ms for five hundred certificates.
    module.exit_json(changed=False, answer=json.dumps(answer))


if __name__ == "__main__":
    main()
