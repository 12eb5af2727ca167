# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of service presets. A new one is a file beside this and a line here."""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset
from ansible_collections.certwright.tls.plugins.plugin_utils._services.apache import APACHE
from ansible_collections.certwright.tls.plugins.plugin_utils._services.bluemind import BLUEMIND
from ansible_collections.certwright.tls.plugins.plugin_utils._services.custom import CUSTOM
from ansible_collections.certwright.tls.plugins.plugin_utils._services.dovecot import DOVECOT
from ansible_collections.certwright.tls.plugins.plugin_utils._services.haproxy import HAPROXY
from ansible_collections.certwright.tls.plugins.plugin_utils._services.js7_agent import JS7_AGENT
from ansible_collections.certwright.tls.plugins.plugin_utils._services.js7_controller import JS7_CONTROLLER
from ansible_collections.certwright.tls.plugins.plugin_utils._services.js7_joc import JS7_JOC
from ansible_collections.certwright.tls.plugins.plugin_utils._services.nginx import NGINX
from ansible_collections.certwright.tls.plugins.plugin_utils._services.postfix import POSTFIX
from ansible_collections.certwright.tls.plugins.plugin_utils._services.postgresql import POSTGRESQL

_ALL = (APACHE, BLUEMIND, CUSTOM, DOVECOT, HAPROXY, JS7_AGENT, JS7_CONTROLLER, JS7_JOC, NGINX, POSTFIX, POSTGRESQL)
PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}
