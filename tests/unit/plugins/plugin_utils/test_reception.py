# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member receives what its home handed out, or keeps what it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_outcome import DEFERRED, FAILED
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ending, Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sealing import NONCE_BYTES, SALT_BYTES, seal
from ansible_collections.certwright.tls.plugins.plugin_utils._core.sharing import Handed
from ansible_collections.certwright.tls.plugins.plugin_utils._reception import with_handed
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Issued, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.ordered_certificates import (
    DIRECTORY,
    SECRET,
    issued,
    member_of,
    wish_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    found,
    leaf,
    load,
    root,
)

LIVE = issued()
ORDER = {"cert_id": "a.b"}


@cache
def sealed(key: bytes, passphrase: str = SECRET) -> str:
    return seal(key, passphrase, salt=b"s" * SALT_BYTES, nonce=b"n" * NONCE_BYTES)


def handed(given: Issued | None = None, **changes: Any) -> Handed:
    given = given or leaf(80)
    sound = Handed(
        certificate=given.pem.decode(),
        chain=given.chain_pem.decode(),
        sealed_key=sealed(given.key_pem),
        fingerprint=load(given).fingerprint,
        issuer=DIRECTORY,
        order=ORDER,
    )
    return replace(sound, **changes)


def receive(handed_out: Handed | None, observed: Observed | None = None, **sharing: Any) -> Ordered:
    wish = wish_of(sharing=replace(member_of(handed_out), **sharing))
    return with_handed(wish, observed or found(live=LIVE), now=NOW, anchors=(load(root()),))


def test_what_was_handed_out_is_received_with_its_key_and_its_record() -> None:
    wish = receive(handed())

    assert wish.issued is not None
    desired = wish.issued.desired
    assert (load(leaf(80)).fingerprint, leaf(80).key_pem.decode()) == (
        desired.bundle.leaf.fingerprint,
        desired.to_material()["key"],
    )
    assert (DIRECTORY, ORDER, {"ends_sooner"}) == (desired.issuer, desired.order, desired.accepted)
    assert (wish.issued.key_digest, wish.issued.reasons, wish.issued.sealed_key, wish.ending) == ("", (), "", None)
    plan = wish.plan(found(live=LIVE), NOW)
    assert (plan.stage, [reason.code for reason in plan.reasons]) == (True, ["certificate_differs"])


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(found(live=issued(80)), id="live"),
        pytest.param(found(live=LIVE, pending=issued(80, 2)), id="waiting"),
    ],
)
def test_what_is_there_already_is_not_received_again(observed: Observed) -> None:
    wish = receive(handed(sealed_key="cannot be opened"), observed)
    assert (wish.issued, wish.ending) == (None, None)


SILENT = "its home pki01 handed out nothing: it could not be reached, or has not ordered it yet"


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param(
            found(live=LIVE), Ending(DEFERRED, "home_silent", f"{SILENT}; this host keeps what it has"), id="something"
        ),
        pytest.param(
            found(), Ending(FAILED, "home_silent", f"{SILENT}; run the issue play for pki01 first"), id="nothing"
        ),
    ],
)
def test_without_its_home_a_member_keeps_what_it_has(observed: Observed, expected: Ending) -> None:
    assert expected == receive(None, observed).ending


def test_a_member_without_its_home_whose_own_has_ended_is_not_green() -> None:
    ending = receive(None, found(live=issued(-1))).ending
    assert ending is not None
    assert ending.verdict != DEFERRED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"sealed_key": "x"}, "sealed_unreadable", id="a key that is not sealed"),
        pytest.param({"sealed_key": sealed(b"no key")}, "not_pem", id="no key within"),
        pytest.param({"sealed_key": sealed(leaf(30).key_pem)}, "key_mismatch", id="another one's key"),
        pytest.param({"certificate": "x"}, "key_mismatch", id="no certificate: what is left is the chain"),
        pytest.param({"certificate": "\udcff"}, "key_mismatch", id="what is no text"),
    ],
)
def test_what_cannot_be_used_is_told_with_whose_it_is(changes: dict[str, Any], code: str) -> None:
    ending = receive(handed(**changes)).ending
    assert ending is not None
    assert (FAILED, code, True) == (ending.verdict, ending.code, ending.message.startswith("what pki01 handed out: "))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param(root().issue("b.example"), "name_missing", id="other names"),
        pytest.param(root().issue("a.example", not_after=NOW - timedelta(days=1)), "expired", id="it has ended"),
    ],
)
def test_what_clients_would_refuse_is_refused(given: Issued, code: str) -> None:
    ending = receive(handed(given)).ending
    assert ending is not None
    assert (FAILED, code) == (ending.verdict, ending.code)


@pytest.mark.parametrize(
    ("passphrase", "code"),
    [
        pytest.param(Passphrase("another"), "wrong_passphrase", id="another one"),
        pytest.param(None, "passphrase_missing", id="none"),
    ],
)
def test_the_passphrase_decides(passphrase: Passphrase | None, code: str) -> None:
    ending = receive(handed(), passphrase=passphrase).ending
    assert ending is not None
    assert code == ending.code


def test_a_root_that_nobody_trusts_is_told_of_the_ca() -> None:
    other = ca("Other Root").authority("Other Intermediate").issue("a.example")
    wish = receive(handed(other))
    assert wish.issued is not None
    told = [notice.message for notice in wish.issued.notices if notice.code == "root_not_proved"]
    assert [message.startswith(f"The root of {DIRECTORY} is not in") for message in told] == [True]


def test_no_secret_shows() -> None:
    told = repr(receive(handed())) + repr(receive(handed(sealed_key="x")))
    assert [secret in told for secret in (SECRET, "PRIVATE KEY")] == [False, False]
