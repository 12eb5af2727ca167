# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sealed keys of a CA, opened when something is to be done with them, each once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_words import (
    ISSUING_VARIABLE,
    ROOT_VARIABLE,
    Passphrases,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import Envelope, open_key
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import LEDGER_KEY_BYTES
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import ROOT, CaState, HeldAuthority
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import KEYS, refuse
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_keys import seal_anew
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

_OPTIONS = {True: ("root_passphrase", ROOT_VARIABLE), False: ("passphrase", ISSUING_VARIABLE)}


class Keyring:
    """`files` are the sealed texts by name. The key of a root that does not issue has a passphrase of its own."""

    def __init__(self, path: str, files: Mapping[str, str | None], passphrases: Passphrases) -> None:
        self._path, self._files, self._passphrases = path, files, passphrases
        self._opened: dict[str, Envelope] = {}

    def on(self, files: Mapping[str, str | None]) -> Keyring:
        """The same for a later look at the directory; what is open stays open."""
        self._files = files
        return self

    def open(self, authority: HeldAuthority) -> Envelope:
        """Raises RefusedError: key_elsewhere, key_offline, root_key_offline, passphrase_missing, wrong_passphrase, …"""
        if authority.key not in self._opened:
            text = self._require_text(authority)
            self._opened[authority.key] = self._open(text, authority, self._require_passphrase(authority))
        return self._opened[authority.key]

    def has(self, authority: HeldAuthority) -> bool:
        """Whether its file is there."""
        return bool(authority.key and self._files.get(authority.key))

    def ledger_key(self, state: CaState) -> bytes:
        """That of the CA: the issuing one's envelope holds it, and hands it on to the next one's."""
        holder = state.issuing or state.next_issuing
        if holder is None:
            raise refuse(self._path, "ca_damaged", "no CA of its ledger issues; restore the directory from its backup")
        found = self.open(holder).ledger_key
        if found is None:
            fact = f"the key file {holder.key} does not hold what the ledger is sealed with"
            raise refuse(self._path, "ca_damaged", f"{fact}; restore the directory from its backup")
        return found

    def seal(self, authority: HeldAuthority, envelope: Envelope, *, anew: bool = False) -> dict[str, str]:
        """One new file with the passphrase that it is to have, by its name."""
        passphrase = self._new(authority) if anew else self._require_passphrase(authority)
        name = f"{KEYS}{authority.id[:16]}-{secrets.token_hex(4)}.sealed"
        self._opened[name] = envelope
        return {name: seal_anew(envelope, passphrase)}

    def is_sealed_anew(self, authority: HeldAuthority) -> bool:
        """Whether the new passphrase opens it already: the task was run before. Else the present one has to."""
        try:
            self._opened[authority.key] = self._open(self._require_text(authority), authority, self._new(authority))
        except RefusedError as error:
            if [problem.code for problem in error.problems] != ["wrong_passphrase"]:
                raise
            return False
        return True

    def _new(self, authority: HeldAuthority) -> str:
        return self._passphrases.new_root if _is_kept_apart(authority) else self._passphrases.new_issuing

    def _require_text(self, authority: HeldAuthority) -> str:
        text = self._files.get(authority.key)
        if text:
            return text
        if not authority.key:
            fact = f"the private key of {authority.title} was never in it"
            way_out = "import it, or have the next CA signed elsewhere by `request: true`"
            raise refuse(self._path, "key_elsewhere", f"{fact}; {way_out}")
        code = "root_key_offline" if _is_kept_apart(authority) else "key_offline"
        fact = f"the key file {authority.key} of {authority.title} is not there"
        raise refuse(self._path, code, f"{fact}; put it back (0600, of the directory's owner), and run again")

    def _require_passphrase(self, authority: HeldAuthority) -> str:
        is_apart = _is_kept_apart(authority)
        passphrase = self._passphrases.root if is_apart else self._passphrases.issuing
        if not passphrase:
            option, variable = _OPTIONS[is_apart]
            fact = f"the key of {authority.title} is needed, and {option} is empty"
            raise refuse(self._path, f"{option}_missing", f"{fact}; pass {option}, {option}_src or {variable}")
        return passphrase

    def _open(self, text: str, authority: HeldAuthority, passphrase: str) -> Envelope:
        try:
            return open_key(text, passphrase)
        except UnusableError as error:
            raise refuse(self._path, error.code, f"{authority.key}: {error.message}") from None


def make_ledger_key() -> bytes:
    return os.urandom(LEDGER_KEY_BYTES)


def _is_kept_apart(authority: HeldAuthority) -> bool:
    """A root alone signs every day, so its key is the issuing one."""
    return authority.role == ROOT
