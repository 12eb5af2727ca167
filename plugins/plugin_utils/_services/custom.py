# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""custom: any service; its files, commands and ports are the operator's own words."""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset

CUSTOM = Preset(
    name="custom",
    method="",
    words=(
        *("files", "status", "check", "staged_check", "reload", "restart_command", "watches_files", "references"),
        *("trust", "trust_content", "trust_src", "crl_content", "crl_src"),
    ),
)
