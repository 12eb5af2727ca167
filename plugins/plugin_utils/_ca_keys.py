# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of a CA, opened in the controller's memory for as long as a task takes."""

from __future__ import annotations

import os

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import load_constraints
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import Envelope, identify, open_key, seal_key
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signer
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState, HeldAuthority, load_pem
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import CaView, refuse
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sealing import NONCE_BYTES, SALT_BYTES


def open_key_of(view: CaView, authority: HeldAuthority, passphrase: str) -> Envelope:
    """Raises RefusedError: ca_key_missing, passphrase_missing, wrong_passphrase, sealed_unreadable."""
    text = view.files.get(authority.key) if authority.key else None
    if text is None:
        place = f"the file {authority.key}" if authority.key else "it is not kept in this directory"
        fact = f"the key of {authority.title} is not there ({place})"
        raise refuse(view.path, "ca_key_missing", f"{fact}; put its file back for the time of this task")
    if not passphrase:
        fact = f"the passphrase of the key of {authority.title} is nowhere"
        way_out = "pass it as an option, as a file (`_src`), or in the environment of the controller"
        raise refuse(view.path, "passphrase_missing", f"{fact}; {way_out}")
    try:
        envelope = open_key(text, passphrase)
    except UnusableError as error:
        raise refuse(view.path, error.code, f"the key of {authority.title}: {error.message}") from None
    if identify(envelope.private_key.public_key()) != authority.id:
        fact = f"the file {authority.key} has another key than that of {authority.title}"
        raise refuse(view.path, "ca_damaged", f"{fact}; restore the directory from its backup")
    return envelope


def find_ledger_key(view: CaView, envelope: Envelope) -> bytes:
    """What the head's tag is made with. Raises RefusedError (ca_damaged) for an envelope of another key."""
    if not envelope.ledger_key:
        fact = "the envelope of the issuing key has no key for the ledger"
        raise refuse(view.path, "ca_damaged", f"{fact}; restore the directory from its backup")
    return envelope.ledger_key


def make_signer(state: CaState, authority: HeldAuthority, envelope: Envelope | None) -> Signer:
    """For what that authority signs, or would sign; it has its certificate."""
    root = state.root_of(authority)
    chain = tuple(load_pem(pem).parsed for pem in state.chain_of(authority))
    top = root.certificate if root else (authority.certificate, *authority.chain)[-1]
    return Signer(
        certificate=load_pem(authority.certificate).parsed,
        key=envelope.private_key if envelope else None,
        chain=chain,
        root=load_pem(top).parsed,
        constraints=load_constraints(state.constraints or {}),
        crl_url=state.crl.url if state.crl.enabled else "",
    )


def seal_anew(envelope: Envelope, passphrase: str) -> str:
    return seal_key(envelope, passphrase, salt=os.urandom(SALT_BYTES), nonce=os.urandom(NONCE_BYTES))


def make_serial() -> int:
    """127 random bits, so that nobody can foresee one and no two are equal (RFC 5280 4.1.2.2)."""
    return int.from_bytes(os.urandom(16), "big") >> 1 | 1
