# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.challenges import find_webroot_fault
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.open_orders import OpenOrders
from ansible_collections.certwright.tls.plugins.module_utils._host.preparation import Preparation, prepare
from ansible_collections.certwright.tls.tests.integration.kill.run_transaction import FaultPoints
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.host_material import openssl
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.order_host import (
    OTHER,
    TOKEN,
    OrderHost,
    instant,
)

PAST = "2020-01-01T00:00:00Z"


@pytest.fixture
def host(tmp_path: Path) -> OrderHost:
    return OrderHost(tmp_path)


def show(request: str) -> str:
    return openssl("req", "-noout", "-text", "-verify", content=request.encode()).decode()


def public_key(request: str) -> bytes:
    return openssl("req", "-noout", "-pubkey", content=request.encode())


def test_key_request_words_and_challenge_are_there(host: OrderHost) -> None:
    answer = host.prepared(host.answered_by_file())
    key = host.order_file("privkey.pem")
    assert public_key(answer["request"]) == openssl("pkey", "-pubout", content=key.read_bytes())
    assert openssl("dgst", "-sha256", "-r", str(key)).decode().split()[0] == answer["key_digest"]
    assert host.file().read_text(encoding="ascii") == f"{TOKEN}.thumbprint"
    words = json.loads(host.order_file("order.json").read_text(encoding="ascii"))
    assert (words["version"], words["run"], words["order"]) == (1, "first", {"url": "https://ca.example/order/1"})
    assert words["key"] == {"type": "ec256", "names": ["a.example"], "digest": answer["key_digest"]}
    assert [item["path"] for item in words["challenges"]] == [str(host.file())]


def test_the_key_is_for_root_alone_and_the_challenge_for_everybody(host: OrderHost) -> None:
    before = os.umask(0o077)
    try:
        host.prepared(host.answered_by_file())
    finally:
        os.umask(before)
    paths = [host.order_file("privkey.pem"), host.order_file("."), host.file(), host.file().parent]
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600, 0o700, 0o644, 0o755]
    assert stat.S_IMODE(host.file().parent.parent.stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ec256", "NIST CURVE: P-256"),
        ("ec384", "NIST CURVE: P-384"),
        ("rsa2048", "(2048 bit)"),
        ("rsa3072", "(3072 bit)"),
    ],
)
def test_each_type_of_key(host: OrderHost, kind: str, expected: str) -> None:
    assert expected in show(host.prepared(key={"type": kind, "names": ["a.example"]})["request"])


def test_a_request_has_an_empty_subject_and_all_names_and_asks_for_nothing_else(host: OrderHost) -> None:
    names = ["*.example.org", "example.org", "under_score.example.org", *(f"n{n}.example.org" for n in range(97))]
    shown = show(host.prepared(key={"type": "ec256", "names": names})["request"])
    subject = next(line for line in shown.splitlines() if "Subject:" in line)
    assert subject.strip() == "Subject:"
    found = next(line for line in shown.splitlines() if "DNS:" in line).strip().split(", ")
    assert found == [f"DNS:{name}" for name in names]
    assert shown.count("X509v3") == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"key": {"type": "dsa", "names": ["a.example"]}}, "key_type_unknown"),
        ({"key": {"type": "ec256", "names": []}}, "name_unfit"),
        ({"key": {"type": "ec256", "names": ["a.example", "b\n[x]"]}}, "name_unfit"),
        ({"key": {"type": "ec256", "names": ["$ENV::HOME"]}}, "name_unfit"),
        ({"challenges": [{"webroot": "/var/www", "token": "../../x", "content": "x.y"}]}, "token_unfit"),
        ({"challenges": [{"webroot": "/var/www", "token": "", "content": "x.y"}]}, "token_unfit"),
        ({"challenges": [{"webroot": "/var/www", "token": "x", "content": "x\ny"}]}, "token_unfit"),
        ({"challenges": [{"webroot": "/not/there", "token": "x", "content": "x.y"}]}, "webroot_missing"),
        ({"challenges": [{"webroot": "relative", "token": "x", "content": "x.y"}]}, "webroot_missing"),
        ({"challenges": [{"port": 70000, "token": "x", "content": "x.y"}]}, "port_unfit"),
        ({"challenges": [{"token": "x", "content": "x.y"}]}, "port_unfit"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    host: OrderHost, words: dict[str, Any], code: str
) -> None:
    assert host.refused(**words)[0] == code
    assert not os.path.lexists(host.store.home("site"))


def test_without_openssl_the_way_out_is_named(host: OrderHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(host.directory))
    code, message = host.refused()
    assert (code, "key_origin: controller" in message) == ("openssl_missing", True)
    answer = host.prepared(host.answered_by_file(), key=None)
    assert (answer["request"], answer["key_digest"], host.file().exists()) == ("", "", True)


def test_an_openssl_that_fails_leaves_no_challenge_and_no_claim(
    host: OrderHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = host.directory / "openssl"
    program.write_text("#!/bin/sh\nexit 7\n", encoding="ascii")
    program.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{host.directory}:{os.environ['PATH']}")
        code, message = host.refused(host.answered_by_file())
    assert (code, "ended with 7" in message) == ("openssl_failed", True)
    assert host.webroot_files() == []
    host.prepared(run="second")


def test_another_runs_claim_is_respected_until_it_is_over(host: OrderHost) -> None:
    until = instant(900)
    host.prepared(host.answered_by_file(), claimed_until=until)
    before = host.order_file("privkey.pem").read_bytes()
    code, message = host.refused(run="second")
    assert (code, "first" in message, until in message) == ("claimed", True, True)
    assert (host.order_file("privkey.pem").read_bytes(), host.file().exists()) == (before, True)
    host.prepared(host.answered_by_file(), claimed_until=PAST, run="first")
    host.prepared(run="second")


def test_a_claim_for_days_was_made_by_a_clock_that_was_wrong(host: OrderHost) -> None:
    host.prepared(claimed_until=instant(10 * 86400))
    host.prepared(run="second")


def test_one_that_is_refused_keeps_no_other_from_being_prepared(host: OrderHost) -> None:
    host.prepared()
    other = host.wanted(host.answered_by_file(), name="other")
    answers = host.prepare(host.wanted(), other, run="second")
    assert answers["site"]["refused"]["code"] == "claimed"
    assert (answers["other"]["refused"], bool(answers["other"]["request"])) == (None, True)


def test_the_challenges_of_an_earlier_order_go_when_the_next_one_is_prepared(host: OrderHost) -> None:
    host.prepared(host.answered_by_file(), claimed_until=PAST)
    host.prepared(host.answered_by_file(OTHER), run="second")
    assert host.webroot_files() == [
        ".well-known",
        ".well-known/acme-challenge",
        f".well-known/acme-challenge/{OTHER}",
    ]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ({"reuse": True}, True),
        ({"reuse": False}, False),
        ({"reuse": True, "key": {"type": "ec384", "names": ["a.example"]}}, False),
        ({"reuse": True, "key": {"type": "ec256", "names": ["b.example"]}}, False),
    ],
    ids=["the same", "not asked for", "another type", "other names"],
)
def test_key_and_request_stay_when_an_order_is_resumed(host: OrderHost, words: dict[str, Any], kept: bool) -> None:
    first = host.prepared(host.answered_by_file())
    OpenOrders(host.store).release("site")
    again = host.prepared(host.answered_by_file(), run="second", **words)
    assert (first["request"] == again["request"], first["key_digest"] == again["key_digest"]) == (kept, kept)
    assert host.file().exists()


@pytest.mark.parametrize("lost", ["privkey.pem", "request.pem"])
def test_a_lost_half_of_the_pair_is_not_reused(host: OrderHost, lost: str) -> None:
    first = host.prepared()
    host.order_file(lost).unlink()
    assert host.prepared(reuse=True)["key_digest"] != first["key_digest"]


def test_damaged_words_of_an_order_are_none(host: OrderHost) -> None:
    host.prepared()
    host.order_file("order.json").write_text("{", encoding="ascii")
    host.prepared(run="second")


def test_a_foreign_file_of_the_same_name_is_left_alone(host: OrderHost) -> None:
    host.file().parent.mkdir(parents=True)
    host.file().write_text("theirs", encoding="ascii")
    code, message = host.refused(host.answered_by_file())
    assert (code, str(host.file()) in message) == ("path_taken", True)
    assert not os.path.lexists(host.store.order("site"))
    assert host.file().read_text(encoding="ascii") == "theirs"


def test_a_file_that_came_in_the_meantime_is_left_alone_too(host: OrderHost) -> None:
    """Another certificate of the same request has one of that name."""
    other = {**host.answered_by_file(), "content": "another.thumbprint"}
    answers = host.prepare(host.wanted(host.answered_by_file()), host.wanted(other, name="other"))
    assert (answers["site"]["refused"], answers["other"]["refused"]["code"]) == (None, "path_taken")
    assert host.file().read_text(encoding="ascii") == f"{TOKEN}.thumbprint"


@pytest.mark.parametrize("end", ["release", "finish"])
def test_a_file_that_somebody_changed_since_is_left_and_told(host: OrderHost, end: str) -> None:
    host.prepared(host.answered_by_file(), claimed_until=PAST)
    host.file().write_text("theirs", encoding="ascii")
    notices = getattr(OpenOrders(host.store), end)("site")
    assert notices == (f"{host.file()} is not what was written for the challenge; it was left alone",)
    assert host.file().read_text(encoding="ascii") == "theirs"
    assert getattr(OpenOrders(host.store), end)("site") == ()


@pytest.mark.parametrize("length", [0, 5])
def test_a_file_of_ours_that_a_kill_left_half_written_goes(host: OrderHost, length: int) -> None:
    host.prepared(host.answered_by_file())
    os.truncate(host.file(), length)
    assert OpenOrders(host.store).finish("site") == ()
    assert host.webroot_files() == []


@pytest.mark.parametrize("kind", ["link", "fifo", "directory"])
def test_what_is_no_file_is_never_removed(host: OrderHost, kind: str) -> None:
    host.prepared(host.answered_by_file())
    host.file().unlink()
    secret = host.directory / "secret"
    secret.write_text(f"{TOKEN}.thumbprint", encoding="ascii")
    make = {"link": lambda: host.file().symlink_to(secret), "fifo": lambda: os.mkfifo(host.file())}
    make.get(kind, host.file().mkdir)()
    assert len(OpenOrders(host.store).finish("site")) == 1
    assert (secret.exists(), os.path.lexists(host.file())) == (True, True)


def test_a_webroot_that_is_a_link_is_followed(host: OrderHost) -> None:
    link = host.directory / "link"
    link.symlink_to(host.webroot)
    host.prepared({**host.answered_by_file(), "webroot": str(link)})
    assert host.file().exists()
    OpenOrders(host.store).finish("site")
    assert host.webroot_files() == []


def test_a_directory_of_challenges_may_be_a_link_to_one_that_exists(host: OrderHost) -> None:
    elsewhere = host.directory / "challenges"
    elsewhere.mkdir()
    host.file().parent.parent.mkdir()
    host.file().parent.symlink_to(elsewhere)
    host.prepared(host.answered_by_file())
    assert (elsewhere / TOKEN).exists()
    OpenOrders(host.store).finish("site")
    assert (os.listdir(elsewhere), host.file().parent.is_symlink()) == ([], True)


@pytest.mark.parametrize("target", ["nowhere", "a file"])
@pytest.mark.parametrize("level", [0, 1])
def test_a_link_that_leads_to_no_directory_is_refused(host: OrderHost, level: int, target: str) -> None:
    if target == "a file":
        (host.directory / target).write_text("theirs", encoding="ascii")
    place = (host.file().parent.parent, host.file().parent)[level]
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(host.directory / target)
    assert host.refused(host.answered_by_file())[0] == "webroot_blocked"
    assert (host.directory / "nowhere").exists() is False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("owner", [0, 65534], ids=["of root", "of the owner of what it leads to"])
@pytest.mark.parametrize("target", [0, 65534], ids=["to root's", "to the web server's"])
def test_who_may_write_to_the_webroot_does_not_choose_where_root_writes(
    host: OrderHost, owner: int, target: int
) -> None:
    elsewhere = host.directory / "elsewhere"
    elsewhere.mkdir()
    os.chown(elsewhere, target, target)
    host.file().parent.parent.mkdir()
    host.file().parent.symlink_to(elsewhere)
    os.lchown(host.file().parent, owner, owner)
    refusal = host.prepare(host.wanted(host.answered_by_file()))["site"]["refused"]
    assert (refusal or {"code": ""})["code"] == ("webroot_blocked" if (owner, target) == (65534, 0) else "")
    assert os.listdir(elsewhere) == ([] if refusal else [TOKEN])


def test_directories_of_others_stay_and_ours_go(host: OrderHost) -> None:
    host.file().parent.parent.mkdir()
    host.prepared(host.answered_by_file())
    OpenOrders(host.store).finish("site")
    assert host.webroot_files() == [".well-known"]


def test_two_orders_may_share_directories_and_even_a_file(host: OrderHost) -> None:
    """One authorization may serve several orders; the file stays as long as one of them needs it."""
    names = ("one", "two", "three")
    tokens = (TOKEN, TOKEN, OTHER)
    wanted = [host.wanted(host.answered_by_file(token), name=name) for name, token in zip(names, tokens)]
    assert [item["refused"] for item in host.prepare(*wanted).values()] == [None] * 3
    orders = OpenOrders(host.store)
    assert orders.finish("one") == ()
    assert (host.file().exists(), host.file(OTHER).exists()) == (True, True)
    assert orders.finish("two") == ()
    assert (host.file().exists(), host.file(OTHER).exists()) == (False, True)
    assert orders.finish("three") == ()
    assert host.webroot_files() == []


def test_fifty_orders_at_once(host: OrderHost) -> None:
    wanted = [host.wanted(host.answered_by_file(f"t{number}"), name=f"n{number}") for number in range(50)]
    answers = host.prepare(*wanted)
    assert len({item["key_digest"] for item in answers.values()}) == 50
    assert [item["refused"] for item in answers.values()] == [None] * 50


def test_two_runs_at_once_do_not_both_order(host: OrderHost) -> None:
    readers = []
    for run in ("first", "second"):
        reader, writer = os.pipe()
        if os.fork() == 0:
            answer = host.prepare(host.wanted(), run=run)["site"]
            os.write(writer, (answer["refused"] or {"code": "prepared"})["code"].encode())
            os._exit(0)
        os.close(writer)
        readers.append(reader)
    told = []
    for reader in readers:
        with os.fdopen(reader) as pipe:
            told.append(pipe.read())
    for _child in readers:
        os.wait()
    assert sorted(told) == ["claimed", "prepared"]


@pytest.mark.parametrize("name", ["../x", "", "A"])
def test_a_name_that_leads_out_of_the_store_is_refused(host: OrderHost, name: str) -> None:
    with pytest.raises(HostError):
        host.prepare(host.wanted(name=name))


def test_a_webroot_that_cannot_be_written_is_told_and_nothing_is_left(host: OrderHost) -> None:
    """A file system that is read-only refuses root too."""
    place = Path("/proc/sys")
    code, message = host.refused({**host.answered_by_file(), "webroot": str(place)})
    assert (code, "/proc/sys/.well-known" in message) == ("not_writable", True)
    host.prepared(run="second")


def in_a_child(work: Any, point: int) -> int:
    """In a process of its own, killed before that operation; how many there were when it came to its end, else 0."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        faults = FaultPoints(point, "before")
        faults.wrap_all()
        work()
        os.write(writer, str(len(faults.seen)).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        count = told.read()
    os.waitpid(child, 0)
    return int(count or 0)


def find_readable_keys(directory: Path) -> list[str]:
    """Files with a key, or the beginning of one, that somebody else may open."""
    files = (path for path in directory.rglob("*") if path.is_file() and path.stat().st_mode & 0o077)
    return [str(path) for path in files if b"PRIVATE" in path.read_bytes()]


@pytest.mark.parametrize("known", [False, True], ids=["the first order", "after an order that was killed"])
def test_a_kill_before_any_operation_leaves_what_the_next_preparation_clears(tmp_path: Path, known: bool) -> None:
    ended = 0
    for point in range(1, 200):
        (tmp_path / str(point)).mkdir()
        host = OrderHost(tmp_path / str(point))
        foreign = host.webroot / "index.html"
        foreign.write_text("theirs", encoding="ascii")
        if known:
            host.prepared(host.answered_by_file("oldest"), claimed_until=PAST)
        wanted = host.wanted(host.answered_by_file(), claimed_until=PAST)
        preparation = Preparation.from_json({"run": "first", "certificates": [wanted]})
        ended = in_a_child(partial(prepare, host.store, preparation, label=no_label), point)
        assert find_readable_keys(host.directory) == []
        host.prepared(host.answered_by_file(OTHER), run="second")
        assert sorted(os.listdir(host.file().parent)) == [OTHER]
        assert sorted(os.listdir(host.store.order("site"))) == ["order.json", "privkey.pem", "request.pem"]
        OpenOrders(host.store).finish("site")
        assert (host.webroot_files(), foreign.read_text(encoding="ascii")) == (["index.html"], "theirs")
        if ended:
            break
    assert ended > 20


@pytest.mark.parametrize("end", ["release", "finish"])
def test_a_kill_before_any_operation_of_the_end_of_an_order_leaves_it_to_be_ended(tmp_path: Path, end: str) -> None:
    host, ended = OrderHost(tmp_path), 0
    for point in range(1, 100):
        host.prepared(host.answered_by_file())
        ended = in_a_child(partial(getattr(OpenOrders(host.store), end), "site"), point)
        assert getattr(OpenOrders(host.store), end)("site") == ()
        assert host.webroot_files() == []
        assert os.path.lexists(host.store.order("site")) == (end == "release")
        if ended:
            break
    assert ended > 5


@pytest.mark.parametrize(
    ("find_webroot", "expected"),
    [
        pytest.param(lambda path: path, None, id="one that is there"),
        pytest.param(lambda path: path / "missing", "webroot_missing", id="one that is not there"),
        pytest.param(lambda _path: Path("/etc/passwd"), "webroot_missing", id="a file"),
    ],
)
def test_a_webroot_is_judged_before_an_order(tmp_path: Path, find_webroot: Any, expected: str | None) -> None:
    fault = find_webroot_fault(str(find_webroot(tmp_path)))
    assert (fault and fault["code"]) == expected
