# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the three components of JS7 have in common: their keystores, and the words that tell installations apart."""

from __future__ import annotations

import re

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import (
    PKCS12,
    TRUSTSTORE,
    ServiceFile,
    Setting,
)

KEYSTORE, TRUSTSTORE_FILE, CLIENT_KEYSTORE = "https-keystore.p12", "https-truststore.p12", "https-client-keystore.p12"
_CHAIN_TO_ROOT = ("key", "leaf", "chain", "root")
# By the word `keystore`. Without a keystore for clients a component shows the server's there too, and then there is one
# certificate. Where there are two, the truststore is by the client's: a public CA knows nothing of peers.
USES = (
    ("both", (KEYSTORE, TRUSTSTORE_FILE)),
    ("server", (KEYSTORE,)),
    ("client", (CLIENT_KEYSTORE, TRUSTSTORE_FILE)),
)
WORDS = ("keystore", "alias", "passphrase", "passphrase_src", "keytool", "trust", "trust_content", "trust_src")
REQUIRED = (("owner",), ("ports", "probes"))
SUBJECT_FORM = "js7"
# It waits until its directory is silent, and up to 10 s for the connections of the listener that ends.
ENGINE_PATIENCE = 60


def list_files(directory: str) -> tuple[ServiceFile, ...]:
    return (
        ServiceFile(KEYSTORE, _CHAIN_TO_ROOT, format=PKCS12, path=f"{directory}/{KEYSTORE}"),
        ServiceFile(TRUSTSTORE_FILE, ("trust",), format=TRUSTSTORE, path=f"{directory}/{TRUSTSTORE_FILE}"),
        ServiceFile(CLIENT_KEYSTORE, _CHAIN_TO_ROOT, format=PKCS12, path=f"{directory}/{CLIENT_KEYSTORE}"),
    )


# Of controller and agent. The order of the words in a block is that of the product's own.
ENGINE_DIRECTORY = "{config_directory}/private"
ENGINE_FILES = list_files(ENGINE_DIRECTORY)
ENGINE_WORDS = (*WORDS, "config_directory")
ENGINE_HINT = """\
In {config_directory}/private/private.conf:
js7.web.https.keystore { file="{https-keystore.p12}", store-password="...", key-password="...", alias="{alias}" }
js7.web.https.truststores=[ { file="{https-truststore.p12}", store-password="..." } ]
# only with a certificate of `keystore: client`:
js7.web.https.client-keystore { file="{https-client-keystore.p12}", store-password="...", key-password="..." }
js7.auth.users.<controller id or JOC>.distinguished-names=[ "<what js7_distinguished_names gives of the peers>" ]"""


def _find_in_block(file: str, word: str) -> Setting:
    pattern = rf'{re.escape(file)}"?[^{{}}]*?\b{word}\s*[=:]\s*"([^"]*)"'
    return Setting(file, f"{ENGINE_DIRECTORY}/private.conf", pattern)


ENGINE_SETTINGS = (
    _find_in_block(KEYSTORE, "store-password"),
    _find_in_block(KEYSTORE, "key-password"),
    _find_in_block(TRUSTSTORE_FILE, "store-password"),
    _find_in_block(CLIENT_KEYSTORE, "store-password"),
    _find_in_block(CLIENT_KEYSTORE, "key-password"),
)
