# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The system's trust in a directory: what is written, what the bundle then holds, and what comes back."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.trust_anchors import apply_system, read_system
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_places import (
    Change,
    Outcome,
    PlaceError,
    SystemStore,
    find_fingerprints,
    find_system_store,
)
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.trust_host import TrustHost, stem_of


@pytest.fixture
def host(tmp_path: Path) -> TrustHost:
    return TrustHost(tmp_path)


@pytest.fixture
def roots(make_leaf: Any) -> tuple[str, str]:
    first, second = (make_leaf(name).certificate.read_text(encoding="ascii") for name in ("root one", "root two"))
    return first, second


def add(*pems: str, remove: tuple[str, ...] = ()) -> Change:
    expected = tuple(found for pem in pems for found in find_fingerprints(pem.encode()))
    return Change({stem_of(pem): pem for pem in pems}, tuple(stem_of(pem) for pem in remove), expected)


def held(store: SystemStore, *pems: str) -> list[bool]:
    asked = [find_fingerprints(pem.encode())[0] for pem in pems]
    found = read_system(store, asked)["held"]
    return [fingerprint in found for fingerprint in asked]


@pytest.mark.parametrize("family", ["debian", "red_hat"])
def test_additions_and_removals_reach_the_bundle_and_leave_others_alone(
    host: TrustHost, roots: tuple[str, str], make_leaf: Any, family: str
) -> None:
    store: SystemStore = getattr(host, family)()
    others = make_leaf("somebody else's").certificate.read_text(encoding="ascii")
    own = host.directory / f"company{store.extension}"
    own.write_text(others, encoding="ascii")
    first, second = roots

    assert apply_system(store, add(first)) == Outcome(store.directory, "applied")
    assert held(store, first, second, others) == [True, False, True]
    placed = Path(store.path(stem_of(first)))
    assert (placed.stat().st_mode & 0o777, placed.read_text(encoding="ascii")) == (0o644, first)
    assert sorted(host.look()) == sorted([placed.name, own.name])

    assert apply_system(store, add(second, remove=(first,))) == Outcome(store.directory, "applied")
    assert held(store, first, second, others) == [False, True, True]
    assert apply_system(store, Change(remove=(stem_of(second),))) == Outcome(store.directory, "applied")
    assert held(store, first, second, others) == [False, False, True]
    assert host.look() == {own.name: others.encode()}
    assert not os.path.exists(store.journal)


def test_debians_hooks_learn_of_a_removal_and_no_dangling_link_hides_another_of_that_name(
    host: TrustHost, tmp_path: Path, roots: tuple[str, str]
) -> None:
    """As in a roll-over whose roots have the same name: OpenSSL looks for HASH.0, HASH.1 and stops at the first gap."""
    pems = []
    for number in range(2):
        pem = tmp_path / f"{number}.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-subj", "/CN=the same", "-keyout", str(tmp_path / "key"), "-out", str(pem)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        pems.append(pem.read_text(encoding="ascii"))
    store = host.debian()
    # A bundle of one certificate would get a link of its own.
    for pem in (*roots, *pems):
        apply_system(store, add(pem))
    places = {store.path(stem_of(pem)): pem for pem in pems}
    links = {os.path.realpath(link): link for link in host.hashed.glob("*.[0-9]")}
    gone, kept = (places[path] for path in sorted(places, key=lambda path: links[path].suffix))

    assert apply_system(store, Change(remove=(stem_of(gone),))).outcome == "applied"
    assert host.told[-1] == f"{stem_of(gone)}.pem"
    assert (host.root / "told").read_text(encoding="ascii").splitlines()[-1].startswith("-")
    assert os.path.realpath(links[store.path(stem_of(kept))].with_suffix(".0")) == store.path(stem_of(kept))
    verified = ["openssl", "verify", "-CApath", str(host.hashed), store.path(stem_of(kept))]
    subprocess.run(verified, check=True, capture_output=True, timeout=60)


FAILING = "echo 'no space left'; exit 1"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        pytest.param(FAILING, "ended with 1: no space left", id="the program fails"),
        pytest.param("exit 0", "does not hold sha256", id="the program does nothing"),
        pytest.param("sleep 60", "did not end within 1 s", id="the program never ends"),
    ],
)
def test_what_cannot_be_proved_is_put_back(host: TrustHost, roots: tuple[str, str], program: str, words: str) -> None:
    first, second = roots
    store = host.red_hat()
    apply_system(store, add(first))
    before, bundle = host.look(), host.bundle.read_bytes()
    # Once only: what is put back is taken by the program again.
    host.script(f"if [ ! -e {host.root}/broken ]; then touch {host.root}/broken; {program}; exit; fi; {host.extract}")
    outcome = apply_system(store, add(second, remove=(first,)), deadline=1)
    assert (outcome.outcome, words in outcome.message) == ("put_back", True), outcome.message
    assert outcome.message.endswith("The files are put back as they were")
    assert (host.look(), host.bundle.read_bytes()) == (before, bundle)
    assert not os.path.exists(store.journal)


def test_a_program_that_fails_both_times_leaves_a_journal_and_the_next_run_finishes(
    host: TrustHost, roots: tuple[str, str]
) -> None:
    first, second = roots
    store = host.red_hat()
    apply_system(store, add(first))
    before = host.look()
    host.script(FAILING)
    outcome = apply_system(store, add(second, remove=(first,)))
    assert (outcome.outcome, "run again, which finishes it" in outcome.message) == ("stranded", True)
    assert (host.look(), read_system(store, [])["is_unfinished"]) == (before, True)
    host.script(host.extract)
    assert apply_system(store, add(first)).outcome == "applied"
    assert read_system(store, [])["is_unfinished"] is False


def test_what_a_killed_run_left_is_seen_and_goes(host: TrustHost, roots: tuple[str, str]) -> None:
    """Its half-written file, and the link of what it had removed before the program could run."""
    first, second = roots
    store = host.debian()
    apply_system(store, add(first))
    Path(store.journal).write_text(json.dumps({"removed": [stem_of(first), "../x", 5]}), encoding="ascii")
    assert read_system(store, [])["is_unfinished"] is True
    Path(store.journal).write_text(json.dumps({"removed": [stem_of(first), "../x"]}), encoding="ascii")
    os.unlink(store.path(stem_of(first)))
    Path(store.path(stem_of(second)) + ".new").write_text("-----BEGIN", encoding="ascii")
    assert read_system(store, [])["is_unfinished"] is True

    assert apply_system(store, add(second)).outcome == "applied"
    assert list(host.look()) == [f"{stem_of(second)}.crt"]
    assert f"{stem_of(first)}.pem" in host.told
    assert read_system(store, [])["is_unfinished"] is False


@pytest.mark.parametrize("text", ["", "[]", "{", '{"removed": [7]}', '{"removed": 7}'])
def test_a_journal_that_was_cut_short_says_only_that_there_was_one(
    host: TrustHost, roots: tuple[str, str], text: str
) -> None:
    store = host.red_hat()
    Path(store.journal).write_text(text, encoding="ascii")
    assert read_system(store, [])["is_unfinished"] is True
    assert apply_system(store, add(roots[0])).outcome == "applied"
    assert read_system(store, [])["is_unfinished"] is False


def test_what_the_program_makes_can_be_read_by_everybody(host: TrustHost, roots: tuple[str, str]) -> None:
    umask = os.umask(0o077)
    try:
        apply_system(host.red_hat(), add(roots[0]))
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(umask)
    assert host.bundle.stat().st_mode & 0o777 == 0o644


def test_only_names_of_ours_count_as_placed(host: TrustHost, roots: tuple[str, str]) -> None:
    store = host.red_hat()
    pem = roots[0]
    for name in ("certwright-company.pem", "certwright-0123456789abcdef0.pem", f"{stem_of(pem)}.crt"):
        (host.directory / name).write_text(pem, encoding="ascii")
    assert read_system(store, [])["placed"] == {}
    Path(store.path(stem_of(pem))).write_text(pem, encoding="ascii")
    assert read_system(store, [])["placed"] == {stem_of(pem): pem}


def test_a_directory_that_takes_no_files_is_put_back_and_said(host: TrustHost, roots: tuple[str, str]) -> None:
    """Where a file of ours has to be there is a directory: even root cannot write that."""
    store = host.red_hat()
    os.mkdir(store.path(stem_of(roots[1])) + ".new")
    outcome = apply_system(store, add(roots[0]))
    assert (outcome.outcome, "Is a directory" in outcome.message) == ("put_back", True), outcome


def test_the_place_is_found_by_what_is_there(host: TrustHost) -> None:
    there = host.red_hat()
    other = SystemStore("/nowhere/anchors", ".crt", there.program, "", "")
    lacking = SystemStore(there.directory, ".crt", ("certwright-no-such-program",), "", "")
    assert find_system_store((other, lacking, there)) == there
    with pytest.raises(PlaceError, match=r"looked for /nowhere/anchors with .*say `system: false`") as raised:
        find_system_store((other, lacking))
    assert raised.value.code == "trust_store_missing"
