# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.asked import load_asked
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.csr import load_csr
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import identify
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._revoking import load_revocations
from ansible_collections.certwright.tls.plugins.plugin_utils._signing import (
    ISSUED,
    REFUSED,
    UNCHANGED,
    Batch,
    Ended,
    Item,
    sign_batch,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.ca_site import (
    DAY,
    PASSPHRASE,
    LocalHost,
    MadeCa,
    make_ca,
    make_csr,
)

pytestmark = pytest.mark.usefixtures("cheap_guesses")

NOW = datetime.now(timezone.utc)
WEB = {"name": "system", "host": "web1", "names": ["web1.example.org"]}
MAIL = {"name": "mail", "host": "web2", "names": ["web2.example.org"]}


@pytest.fixture
def ca(tmp_path: Path) -> MadeCa:
    return make_ca(tmp_path / "ca")


def ask(words: dict[str, Any], *, csr: str = "", anchors: tuple[dict[str, Any], ...] = ()) -> Item:
    asked, public_key = load_asked(words), load_csr(csr or make_csr())
    key = identify(public_key)
    return Item(asked, public_key, key, asked.digest(key), anchors)


def run(
    ca: MadeCa,
    *items: Item,
    revoke: tuple[dict[str, str], ...] = (),
    passphrase: str = PASSPHRASE,
    host: LocalHost | None = None,
    now: datetime = NOW,
    check_mode: bool = False,
    fingerprint: str = "",
) -> Ended:
    batch = Batch(items, load_revocations(revoke)[0], fingerprint or ca.fingerprint, lambda: passphrase)
    return sign_batch(ca.directory(host), batch, now=now, check_mode=check_mode)


def outcomes(ended: Ended) -> list[str]:
    return [answer.outcome for answer in ended.answers]


def codes(ended: Ended) -> list[str]:
    return [answer.reason.code for answer in ended.answers if answer.reason]


def load(ended: Ended, index: int = 0) -> x509.Certificate:
    entry = ended.answers[index].entry
    assert entry is not None
    return x509.load_der_x509_certificate(base64.b64decode(entry.words["certificate"]))


def test_a_batch_is_signed_in_one_append_and_is_in_the_ledger(ca: MadeCa):
    host = LocalHost()

    ended = run(ca, ask(WEB), ask(MAIL), host=host)

    assert outcomes(ended) == [ISSUED, ISSUED]
    assert host.asked == ["read", "append"]
    assert [answer.entry.number for answer in ended.answers if answer.entry] == [2, 3]
    assert ca.read().head.number == 3
    assert ca.issuing.subject == load(ended).issuer


def test_the_same_request_gets_the_same_certificate_and_asks_for_no_passphrase(ca: MadeCa):
    csr = make_csr()
    first = run(ca, ask(WEB, csr=csr))

    again = run(ca, ask(WEB, csr=csr), passphrase="")

    assert outcomes(again) == [UNCHANGED]
    assert load(first) == load(again)
    assert ca.read().head.number == 2


def test_another_key_gets_another_certificate(ca: MadeCa):
    run(ca, ask(WEB))

    assert outcomes(run(ca, ask(WEB))) == [ISSUED]


def test_a_certificate_of_which_a_third_is_left_is_signed_anew(ca: MadeCa):
    item = ask(WEB)
    run(ca, item, now=NOW)

    host = LocalHost()
    host.clock_ahead = timedelta(days=300).total_seconds()
    later = run(ca, item, host=host, now=NOW + 300 * DAY)

    assert outcomes(later) == [ISSUED]
    assert codes(later) == ["due_by_date"]


def test_one_bad_request_fails_no_other_one(tmp_path: Path):
    ca = make_ca(tmp_path / "ca", permitted=("example.org",))

    ended = run(ca, ask(WEB), ask({**MAIL, "names": ["example.net"]}), ask({**MAIL, "name": "other"}))

    assert outcomes(ended) == [ISSUED, REFUSED, ISSUED]
    assert codes(ended) == ["certificate_missing", "name_outside_constraints", "certificate_missing"]
    assert ca.read().head.number == 3


def test_check_mode_says_what_would_be_signed_and_signs_nothing(ca: MadeCa):
    host = LocalHost()

    ended = run(ca, ask(WEB), host=host, passphrase="", check_mode=True)

    assert (outcomes(ended), host.asked) == ([ISSUED], ["read"])
    assert ca.read().head.number == 1


def test_check_mode_says_what_would_be_refused(tmp_path: Path):
    ca = make_ca(tmp_path / "ca", permitted=("example.org",))

    ended = run(ca, ask(WEB), ask({**MAIL, "names": ["example.net"]}), passphrase="", check_mode=True)

    assert outcomes(ended) == [ISSUED, REFUSED]


def test_a_wrong_passphrase_is_told_and_nothing_is_lost(ca: MadeCa):
    with pytest.raises(RefusedError) as refused:
        run(ca, ask(WEB), passphrase="wrong")

    assert [problem.code for problem in refused.value.problems] == ["wrong_passphrase"]
    assert outcomes(run(ca, ask(WEB))) == [ISSUED]


def test_no_passphrase_is_told(ca: MadeCa):
    with pytest.raises(RefusedError) as refused:
        run(ca, ask(WEB), passphrase="")

    assert [problem.code for problem in refused.value.problems] == ["passphrase_missing"]


@pytest.mark.parametrize("place", ["missing", "empty"])
def test_a_ca_that_is_not_there_is_an_error_and_never_made(tmp_path: Path, ca: MadeCa, place: str):
    path = tmp_path / "elsewhere"
    if place == "empty":
        path.mkdir(mode=0o700)

    with pytest.raises(RefusedError) as refused:
        run(MadeCa(str(path), ca.fingerprint, ca.root, ca.issuing), ask(WEB))

    assert [problem.code for problem in refused.value.problems] == ["ca_missing"]


def test_another_ca_at_the_path_is_refused(ca: MadeCa):
    with pytest.raises(RefusedError) as refused:
        run(ca, ask(WEB), fingerprint="ab" * 32)

    assert [problem.code for problem in refused.value.problems] == ["ca_other"]


def test_a_clock_that_is_wrong_signs_nothing(ca: MadeCa):
    with pytest.raises(RefusedError) as refused:
        run(ca, ask(WEB), now=NOW + timedelta(hours=1))

    assert [problem.code for problem in refused.value.problems] == ["clock_skew"]
    assert ca.read().head.number == 1


def test_a_second_batch_that_comes_between_is_not_lost(ca: MadeCa):
    host = LocalHost()
    host.between = lambda: run(ca, ask(MAIL))

    ended = run(ca, ask(WEB), host=host)

    assert host.asked == ["read", "append", "read", "append"]
    assert [answer.entry.number for answer in ended.answers if answer.entry] == [3]
    assert ca.read().head.number == 3


def test_two_batches_that_ask_the_same_get_the_same(ca: MadeCa):
    host, item = LocalHost(), ask(WEB)
    others: list[Ended] = []
    host.between = lambda: others.append(run(ca, item))

    ended = run(ca, item, host=host)

    assert load(others[0]) == load(ended)
    assert ca.read().head.number == 2


def test_a_ledger_that_is_older_than_its_hosts_signs_nothing(ca: MadeCa, tmp_path: Path):
    shutil.copytree(ca.path, tmp_path / "yesterday")
    first = run(ca, ask(WEB))
    shutil.rmtree(ca.path)
    shutil.move(tmp_path / "yesterday", ca.path)
    entry = first.answers[0].entry
    assert entry is not None
    anchor = {"number": entry.number, "hash": entry.hash, "seal": first.seal(entry)}

    with pytest.raises(RefusedError) as refused:
        run(ca, ask(MAIL, anchors=(anchor,)))

    assert [problem.code for problem in refused.value.problems] == ["ca_rolled_back"]
    assert ca.read().head.number == 1


@pytest.mark.parametrize("seal", ["", "ab" * 32])
def test_what_a_host_makes_up_stops_nobody(ca: MadeCa, seal: str):
    made_up = {"number": 999, "hash": "cd" * 32, "seal": seal}

    ended = run(ca, ask(WEB), ask(MAIL, anchors=(made_up,)))

    assert outcomes(ended) == [ISSUED, ISSUED]
    assert [notice.code for notice in ended.notices] == ["anchor_unproved"]
    assert "web2" in ended.notices[0].message


def test_what_hosts_remember_of_this_ledger_is_no_obstacle(ca: MadeCa):
    entry = run(ca, ask(WEB)).answers[0].entry
    assert entry is not None

    ended = run(ca, ask(MAIL, anchors=({"number": entry.number, "hash": entry.hash},)))

    assert outcomes(ended) == [ISSUED]


@pytest.mark.parametrize(
    ("revoke", "left"),
    [
        pytest.param({"host": "web1"}, {"web2 mail"}, id="everything of a host"),
        pytest.param({"name": "mail"}, {"web1 system", "web1 other"}, id="a name on any host"),
        pytest.param({"host": "web1", "name": "other"}, {"web1 system", "web2 mail"}, id="a name on a host"),
    ],
)
def test_what_is_revoked(ca: MadeCa, revoke: dict[str, str], left: set[str]):
    run(ca, ask(WEB), ask({**WEB, "name": "other"}), ask(MAIL))

    ended = run(ca, revoke=({**revoke, "reason": "key_compromise"},))

    live = ca.read(live_at=f"{NOW:%Y-%m-%dT%H:%M:%SZ}").told["live"]
    assert left == {f"{item['host']} {item['name']}" for item in live}
    assert {"key_compromise"} == {entry.words["revocation_reason"] for entry in ended.revoked}


def test_a_serial_number_is_revoked_however_it_is_spelled(ca: MadeCa):
    serial = load(run(ca, ask(WEB))).serial_number
    spelled = ":".join(f"{serial:032X}"[start : start + 2] for start in range(0, 32, 2))

    ended = run(ca, revoke=({"serial": spelled},))

    assert [f"{serial:x}"] == [entry.words["serial"] for entry in ended.revoked]


def test_a_serial_number_of_another_host_is_not_revoked(ca: MadeCa):
    """A host that says that the certificate of another one is its own."""
    serial = f"{load(run(ca, ask(WEB))).serial_number:x}"

    refused = run(ca, revoke=({"serial": serial, "host": "web7"},))
    done = run(ca, revoke=({"serial": serial, "host": "web1"},))

    assert [(item.certificate, item.code) for item in refused.problems] == [(serial, "certificate_unknown")]
    assert (refused.revoked, [entry.words["serial"] for entry in done.revoked]) == ((), [serial])


def test_what_is_revoked_is_revoked_once(ca: MadeCa):
    run(ca, ask(WEB))
    run(ca, revoke=({"host": "web1"},))

    again = run(ca, revoke=({"host": "web1"},), passphrase="")

    assert (again.revoked, again.problems, ca.read().head.number) == ((), (), 3)


def test_what_the_ledger_does_not_have_cannot_be_revoked(ca: MadeCa):
    ended = run(ca, revoke=({"host": "web7"},))

    assert [(item.certificate, item.code) for item in ended.problems] == [("web7", "certificate_unknown")]


def test_a_key_that_was_disclosed_is_never_signed_for_again(ca: MadeCa):
    item = ask(WEB)
    run(ca, item)
    run(ca, revoke=({"host": "web1", "reason": "key_compromise"},))

    ended = run(ca, item, ask(WEB))

    assert (outcomes(ended), codes(ended)) == ([REFUSED, ISSUED], ["key_compromised", "certificate_missing"])


def test_check_mode_says_what_would_be_revoked(ca: MadeCa):
    run(ca, ask(WEB))

    ended = run(ca, revoke=({"host": "web1"},), passphrase="", check_mode=True)

    assert [entry.words["host"] for entry in ended.revoked] == ["web1"]
    assert ca.read().head.number == 2


def test_one_key_for_two_names_gets_a_certificate_for_each(ca: MadeCa):
    csr = make_csr()

    ended = run(ca, ask(WEB, csr=csr), ask({**WEB, "name": "other"}, csr=csr))

    serials = {answer.entry.words["serial"] for answer in ended.answers if answer.entry}
    assert (outcomes(ended), len(serials)) == ([ISSUED, ISSUED], 2)


def test_a_ledger_that_says_another_thing_of_its_ca_signs_nothing(ca: MadeCa):
    class LyingHost(LocalHost):
        def read_ca(self, path: str, ask: dict[str, Any]) -> dict[str, Any]:
            told = super().read_ca(path, ask)
            words = json.loads(told["authority"])
            words["state"]["crl"]["url"] = "http://evil.example/crl"
            return {**told, "authority": json.dumps(words, separators=(",", ":"))}

    with pytest.raises(RefusedError) as refused:
        run(ca, ask(WEB), host=LyingHost())

    assert [problem.code for problem in refused.value.problems] == ["ca_altered"]


def test_a_certificate_that_this_ca_did_not_sign_is_not_handed_out(ca: MadeCa, tmp_path: Path):
    item, other = ask(WEB), make_ca(tmp_path / "other", permitted=("example.org",))
    run(ca, item)
    forged = run(other, item).answers[0].entry
    assert forged is not None

    class LyingHost(LocalHost):
        def read_ca(self, path: str, ask: dict[str, Any]) -> dict[str, Any]:
            told = super().read_ca(path, ask)
            words = {**json.loads(told["entries"][0]), "certificate": forged.words["certificate"]}
            return {**told, "entries": [json.dumps(words, separators=(",", ":"))]}

    with pytest.raises(RefusedError) as refused:
        run(ca, item, host=LyingHost())

    assert [problem.code for problem in refused.value.problems] == ["ca_altered"]


@pytest.mark.parametrize(
    "words",
    [
        {"head": {"number": "x"}},
        {"head": {}},
        {"time": float("nan")},
        {"time": 1e300},
        {"authority": '{"number": 1, "kind": "authority"}'},
        {"authority": '{"number": 1, "kind": "issued", "state": {}}'},
        {"authority": '{"number": 1, "kind": "authority", "state": {"version": 1}}'},
        {"entries": ['{"number": 1, "kind": "issued"}']},
        {"entries": ['{"number": Infinity, "kind": "issued"}']},
        {"anchors": [{}]},
        {"files": ["a"]},
        {"status": "empty"},
    ],
    ids=str,
)
def test_an_answer_that_does_not_fit_is_an_error_and_no_traceback(ca: MadeCa, words: dict[str, Any]):
    class LyingHost(LocalHost):
        def read_ca(self, path: str, ask: dict[str, Any]) -> dict[str, Any]:
            return {**super().read_ca(path, ask), **words}

    with pytest.raises(RefusedError) as refused:
        run(ca, ask(WEB), host=LyingHost())

    assert [problem.code for problem in refused.value.problems] == ["ca_damaged"]


def test_a_ledger_without_its_head_is_not_begun_anew(ca: MadeCa):
    class LyingHost(LocalHost):
        def read_ca(self, path: str, ask: dict[str, Any]) -> dict[str, Any]:
            return {**super().read_ca(path, ask), "head": None}

    with pytest.raises(RefusedError) as refused:
        run(ca, ask(WEB), host=LyingHost())

    assert [problem.code for problem in refused.value.problems] == ["ca_damaged"]


def test_a_revoked_certificate_is_signed_anew_for_the_same_request(ca: MadeCa):
    item = ask(WEB)
    run(ca, item)
    run(ca, revoke=({"host": "web1"},))

    ended = run(ca, item)

    assert outcomes(ended) == [ISSUED]
    assert codes(ended) == ["revoked"]


@pytest.mark.parametrize(
    "words",
    [{}, {"serial": "xyz"}, {"serial": "0"}, {"serial": "1", "name": "web"}, {"certificate": "no PEM"}],
    ids=["nothing", "no number", "zero", "two things", "no certificate"],
)
def test_a_revocation_that_says_nothing_or_too_much_is_told_and_keeps_no_other_one(words: dict[str, str]):
    found, problems = load_revocations([words, {"host": "web1"}])

    assert [problem.code for problem in problems] == ["revocation_invalid"]
    assert [revocation.title for revocation in found] == ["web1"]


def test_a_key_that_is_not_there_is_named(ca: MadeCa):
    Path(ca.path, "keys", "issuing-1.sealed").unlink()

    with pytest.raises(RefusedError) as refused:
        run(ca, ask(WEB))

    assert [problem.code for problem in refused.value.problems] == ["ca_key_missing"]
    assert "keys/issuing-1.sealed" in str(refused.value)
