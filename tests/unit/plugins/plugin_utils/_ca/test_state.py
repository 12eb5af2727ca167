# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The public state of a CA: read back as it was written, and recognised by the root that somebody pinned."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import (
    ACTIVE,
    BOTH,
    DISTRUSTED,
    ISSUING,
    NEXT,
    PREVIOUS,
    ROOT,
    TRUST,
    CaState,
    CrlRule,
    HeldAuthority,
    RollOver,
    Waiver,
    normalize_fingerprint,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Authority, build, ca

DAY = timedelta(days=1)


def pem(issued: Any) -> str:
    return issued.pem.decode()


def hold(authority: Authority, role: str, **words: Any) -> HeldAuthority:
    held = HeldAuthority("", role, pem(authority), **words)
    assert held.loaded is not None
    return replace(held, id=held.loaded.public_key.sha256)


def cross(root: Authority, older: Authority) -> str:
    """The root's key and name under an older root."""
    options = {"is_ca": True, "usage": ("key_cert_sign",), "not_after": NOW + 100 * DAY}
    certificate = build(root.key, subject=root.certificate.subject, issuer=older, **options)
    return Authority(certificate, root.key, older).pem.decode()


OLD, NEW, ELSEWHERE = ca("Old"), ca("New"), ca("Elsewhere")
MIDDLE = ELSEWHERE.authority("Middle")
OLD_ISSUING, NEW_ISSUING, SUB = OLD.authority("Old I"), NEW.authority("New I"), MIDDLE.authority("Sub")


def make_state(old: str, new: str, *, vouched: bool = True) -> CaState:
    """Two generations in the phases that are said; the new root is signed by the old one."""
    signed = cross(NEW, OLD) if vouched else ""
    return CaState(
        "first",
        (
            hold(OLD, ROOT, phase=old, key="keys/old.sealed"),
            hold(OLD_ISSUING, ISSUING, phase=old, key="keys/old-i.sealed"),
            hold(NEW, ROOT, phase=new, cross=signed),
            hold(NEW_ISSUING, ISSUING, phase=new, key="keys/new-i.sealed"),
        ),
    )


def fingerprint(authority: Authority) -> str:
    loaded = hold(authority, ROOT).loaded
    return loaded.fingerprint if loaded else ""


def test_a_state_is_read_back_as_it_was_written() -> None:
    state = replace(
        make_state(ACTIVE, NEXT),
        constraints={"permitted": ["example.org"], "excluded": []},
        crl=CrlRule(enabled=True, life_days=7, url="http://pki.example.org/ca.crl"),
        rollover=RollOver(TRUST, NOW),
        waivers=(Waiver("web1", "", "burnt down", NOW + DAY, NOW),),
    )
    assert CaState.from_json(json.loads(json.dumps(state.to_json()))) == state
    plain = CaState("", (HeldAuthority("ab", ISSUING, phase=NEXT, request="CSR"),))
    assert CaState.from_json(json.loads(json.dumps(plain.to_json()))) == plain


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param({"version": 2}, "ca_unknown", id="of another release"),
        pytest.param(
            {"waivers": [{"host": "h", "name": "", "reason": "", "until": "", "time": "2026-01-01T00:00:00Z"}]},
            "ca_damaged",
            id="a waiver without an end",
        ),
    ],
)
def test_a_state_that_says_something_else_is_refused(words: dict[str, Any], code: str) -> None:
    with pytest.raises(UnusableError) as refusal:
        CaState.from_json({**make_state(ACTIVE, NEXT).to_json(), **words})
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("old", "new", "signs", "trusted", "follows"),
    [
        pytest.param(ACTIVE, NEXT, ("Old I", "Old"), ["Old", "New"], "New I", id="both are trusted, the old signs"),
        pytest.param(PREVIOUS, ACTIVE, ("New I", "New"), ["Old", "New"], None, id="both are trusted, the new signs"),
        pytest.param(DISTRUSTED, ACTIVE, ("New I", "New"), ["New"], None, id="the new one alone"),
    ],
)
def test_who_signs_and_who_is_trusted_follows_from_the_phases(
    old: str, new: str, signs: tuple[str, str], trusted: list[str], follows: str | None
) -> None:
    state = make_state(old, new)
    assert [held.title if held else "" for held in (state.issuing, state.root)] == [f"CN={name}" for name in signs]
    assert [held.title for held in state.roots] == [f"CN={name}" for name in trusted]
    assert len(state.anchors) == len(trusted)
    assert (state.next_issuing.title if state.next_issuing else None) == (f"CN={follows}" if follows else None)


@pytest.mark.parametrize(
    ("old", "new", "vouched", "pinned", "expected"),
    [
        pytest.param(ACTIVE, NEXT, True, OLD, True, id="the active root"),
        pytest.param(ACTIVE, NEXT, True, NEW, False, id="the next root, which vouches for nobody"),
        pytest.param(PREVIOUS, ACTIVE, True, OLD, True, id="the previous root, which vouches for the active one"),
        pytest.param(PREVIOUS, ACTIVE, False, OLD, False, id="the previous root, which vouches for nobody"),
        pytest.param(PREVIOUS, ACTIVE, True, NEW, True, id="the active root after a switch"),
        pytest.param(DISTRUSTED, ACTIVE, True, OLD, False, id="a root that is not trusted any more"),
        pytest.param(ACTIVE, NEXT, True, ELSEWHERE, False, id="somebody else's root"),
    ],
)
def test_a_pin_holds_as_long_as_its_root_vouches(
    old: str, new: str, vouched: bool, pinned: Authority, expected: bool
) -> None:
    digits = fingerprint(pinned)
    spelled = "sha256:" + ":".join(digits[i : i + 2] for i in range(0, 64, 2)).upper()
    state = make_state(old, new, vouched=vouched)
    assert [state.is_pinned(text) for text in (digits, spelled)] == [expected, expected]


def test_a_cross_certificate_leads_only_from_an_older_root_to_the_active_one() -> None:
    assert make_state(ACTIVE, NEXT).crosses == ()
    assert len(make_state(PREVIOUS, ACTIVE).crosses) == 1
    assert make_state(DISTRUSTED, ACTIVE).crosses == ()
    waiting = CaState("", (HeldAuthority("ab", ISSUING, phase=NEXT, request="CSR"),))
    assert (waiting.crosses, waiting.root, waiting.issuing, waiting.anchors) == ((), None, None, ())
    unread = make_state(PREVIOUS, ACTIVE)
    foreign = replace(unread.authorities[2], cross=cross(ELSEWHERE, OLD))
    assert unread.with_authorities([*unread.authorities[:2], foreign, unread.authorities[3]]).crosses == ()


def test_a_ca_below_somebody_elses_root_has_its_chain() -> None:
    sub = hold(SUB, ISSUING, chain=(pem(MIDDLE),), key="keys/sub.sealed")
    state = CaState("x", (hold(ELSEWHERE, ROOT), sub))
    assert state.root == state.authorities[0]
    assert state.chain_of(sub) == (pem(SUB), pem(MIDDLE))
    assert state.key_files == ("keys/sub.sealed",)
    assert (state.find(sub.id), state.find("none")) == (sub, None)
    assert CaState("x", (sub,)).root is None


def test_a_root_alone_issues_and_has_no_chain() -> None:
    both = hold(OLD, BOTH, key="keys/old.sealed")
    state = CaState("x", (both,))
    assert (state.issuing, state.root, state.chain_of(both), state.is_pinned(fingerprint(OLD))) == (
        *(both, both),
        *((), True),
    )


def test_one_that_waits_has_no_root_yet_and_is_named_so() -> None:
    waiting = HeldAuthority("ab", ISSUING, phase=NEXT, request="CSR")
    state = CaState("", (waiting,))
    assert (state.root_of(waiting), waiting.title) == (None, "the CA that waits for its certificate")
    assert not state.is_pinned(fingerprint(OLD))


@pytest.mark.parametrize(
    ("host", "name", "days", "expected"),
    [
        pytest.param("web1", "www", 0, True, id="any certificate of the host"),
        pytest.param("web2", "www", 0, False, id="another host"),
        pytest.param("web1", "www", 1, False, id="ended"),
    ],
)
def test_a_waiver_covers_its_host_until_it_ends(host: str, name: str, days: int, expected: bool) -> None:
    waiver = Waiver("web1", "", "burnt down", NOW + DAY, NOW)
    assert waiver.covers(host, name, NOW + days * DAY) is expected


def test_fingerprints_are_read_in_every_spelling() -> None:
    assert normalize_fingerprint(" SHA256:AB:CD ef ") == "abcdef"


def test_times_of_a_state_are_utc() -> None:
    state = replace(make_state(ACTIVE, NEXT), rollover=RollOver(TRUST, datetime(2026, 1, 1, tzinfo=timezone.utc)))
    assert state.to_json()["rollover"] == {"phase": "trust", "begun": "2026-01-01T00:00:00Z"}
