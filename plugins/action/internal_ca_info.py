# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private CA as it is. Question, answer, report; there is nothing to append."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.certwright.tls.plugins.modules.internal_ca_info import ARGUMENT_SPEC, CONSTRAINTS
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_show import show
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_words import read_question
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._task import TlsAction


class ActionModule(TlsAction):
    SPEC, CONSTRAINTS = ARGUMENT_SPEC, CONSTRAINTS

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:  # noqa: ARG002
        return show(host, read_question(self, arguments), now=datetime.now(timezone.utc))
