# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private key of the CA in a file of the controller: encrypted, for its owner alone, and never over another file."""

from __future__ import annotations

import os

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_draft import Situation
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_words import Export
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import export_key
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import refuse
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason


def export(wish: Export, state: CaState, situation: Situation, *, check_mode: bool) -> Reason:
    """Raises RefusedError: export_exists, export_failed, passphrase_missing, and what opening the key may say."""
    path = situation.task.path
    authority = state.root if wish.kind == "root" else state.issuing
    if authority is None:
        raise refuse(path, "certificate_awaited", f"there is no {wish.kind} key to export yet; import its certificate")
    place = os.path.abspath(os.path.expanduser(wish.path))
    if os.path.lexists(place):
        fact = f"the file {place} is there on the controller, and a key may be in it"
        raise refuse(path, "export_exists", f"{fact}; move it away, or name another one")
    try:
        text = export_key(situation.keyring.open(authority).private_key, wish.passphrase)
    except UnusableError as error:
        raise refuse(path, error.code, f"export: {error.message}") from None
    if not os.access(os.path.dirname(place), os.W_OK | os.X_OK):
        fact = f"the directory of {place} is missing on the controller, or cannot be written into"
        raise refuse(path, "export_failed", f"{fact}; name another one")
    if not check_mode:
        _write(path, place, text)
    return Reason("key_exported", f"The key of {authority.title} is in {place}")


def _write(path: str, place: str, text: str) -> None:
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        fact = f"the file {place} cannot be written on the controller: {error.strerror}"
        raise refuse(path, "export_failed", f"{fact}; name another one") from None
