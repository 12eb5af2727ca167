# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""js7_joc: JOC Cockpit, whose Jetty reads its keystores at its start only, so it is restarted in a window."""

from __future__ import annotations

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset, Setting
from ansible_collections.certwright.tls.plugins.plugin_utils._services import js7_stores

_DIRECTORY = "{jetty_base}/resources/joc"


def _find_property(file: str, word: str) -> Setting:
    return Setting(file, f"{_DIRECTORY}/joc.properties", rf"(?m)^\s*{word}\s*[=:]\s*(.*?)\s*$")


def _find_start_word(file: str, word: str) -> Setting:
    return Setting(file, "{jetty_base}/start.d/ssl.ini", rf"(?m)^\s*jetty\.sslContext\.{word}\s*=\s*(.*?)\s*$")


JS7_JOC = Preset(
    name="js7_joc",
    files=js7_stores.list_files(_DIRECTORY),
    unit="js7_joc.service",
    method="restart",
    restart_policy="window",
    hint="""\
In {jetty_base}/resources/joc/joc.properties:
keystore_path={https-keystore.p12}
keystore_type=PKCS12
keystore_password=...
key_password=...
keystore_alias={alias}
truststore_path={https-truststore.p12}
truststore_type=PKCS12
truststore_password=...
With a certificate of `keystore: client` the keystore is {https-client-keystore.p12}
In {jetty_base}/start.d/ssl.ini:
jetty.sslContext.keyStorePath=resources/joc/https-keystore.p12
jetty.sslContext.keyStoreType=PKCS12
jetty.sslContext.keyStorePassword=...
jetty.sslContext.keyManagerPassword=...
jetty.sslContext.trustStorePath=resources/joc/https-truststore.p12
jetty.sslContext.trustStoreType=PKCS12
jetty.sslContext.trustStorePassword=...""",
    words=(*js7_stores.WORDS, "jetty_base", "restart_command"),
    defaults=(("jetty_base", "/var/sos-berlin.com/js7/joc"),),
    required=js7_stores.REQUIRED,
    uses=js7_stores.USES,
    own_client=True,
    private=True,
    read_back=True,
    settings=(
        _find_start_word(js7_stores.KEYSTORE, "keyStorePassword"),
        _find_start_word(js7_stores.KEYSTORE, "keyManagerPassword"),
        _find_start_word(js7_stores.TRUSTSTORE_FILE, "trustStorePassword"),
        _find_property(js7_stores.TRUSTSTORE_FILE, "truststore_password"),
        _find_property(js7_stores.CLIENT_KEYSTORE, "keystore_password"),
        _find_property(js7_stores.CLIENT_KEYSTORE, "key_password"),
    ),
    patience=180,
    subject_form=js7_stores.SUBJECT_FORM,
)
