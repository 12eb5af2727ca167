# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""js7_controller: keystores below its configuration, which it watches; it restarts its listener by itself."""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset
from ansible_collections.certwright.tls.plugins.plugin_utils._services import js7_stores

JS7_CONTROLLER = Preset(
    name="js7_controller",
    files=js7_stores.ENGINE_FILES,
    unit="js7_controller_{id}.service",
    method="none",
    hint=js7_stores.ENGINE_HINT,
    words=(*js7_stores.ENGINE_WORDS, "id"),
    defaults=(("config_directory", "/var/sos-berlin.com/js7/controller/config"),),
    required=(*js7_stores.REQUIRED, ("id", "unit")),
    uses=js7_stores.USES,
    own_client=True,
    private=True,
    read_back=True,
    settings=js7_stores.ENGINE_SETTINGS,
    patience=js7_stores.ENGINE_PATIENCE,
    subject_form=js7_stores.SUBJECT_FORM,
)
