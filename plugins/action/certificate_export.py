# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the home of shared certificates hands out. Asked once, nothing is changed."""

from __future__ import annotations

from typing import Any

from ansible_collections.certwright.tls.plugins.modules.certificate_export import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._core.entry import spell_store_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import name_at_home
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import require_name
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction


class ActionModule(TlsAction):
    SPEC, CONSTRAINTS = ARGUMENT_SPEC, CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:  # noqa: ARG002
        names = [require_name(name_at_home(spell_store_name(str(name)))) for name in arguments["names"]]
        answer = host.observe([{"name": name, "sealed": True} for name in names], baseline=False)
        handed = {name: answer["certificates"][name].get("handed") for name in names}
        return {"changed": False, "handed_out": {name: words for name, words in handed.items() if words}}
