# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proofs by TXT records with a program of the user's and a real name server, and by files that a real server shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_records import TxtRecord
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_solvers import load_challenge
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.orders import Challenge
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import DNS_01, HTTP_01, Validation
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._proving import Proof, Prover
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.authoritative import (
    NameServerProcess,
    serve_zones,
)

ZONES = {
    "example.test": (
        "@ NS ns1\nns1 A 127.0.0.1\nweb A 127.0.0.1\nmail A 127.0.0.1\n_acme-challenge.moved CNAME moved.proofs.test."
    ),
    "proofs.test": "@ NS ns1.example.test.",
}
VALUE, OTHER = "a" * 43, "b" * 43
WEB, MAIL = "_acme-challenge.web.example.test", "_acme-challenge.mail.example.test"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServerProcess]:
    with serve_zones(tmp_path_factory.mktemp("zones"), ZONES) as server:
        yield server


class Hook:
    """A program of the user's; `calls` are its arguments."""

    def __init__(self, directory: Path, *, status: str = "exit 0") -> None:
        self.path, self._log = directory / "hook", directory / "log"
        self._log.touch()
        self.path.write_text(f'#!/bin/sh\necho "$@" >> {self._log}\n{status}\n')
        self.path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self._log.read_text().splitlines()


def by_hook(names: NameServerProcess, hook: Hook, *, is_checked: bool = False, **words: Any) -> Validation:
    said = {"provider": "hook", "program": str(hook.path), "resolver": [f"{names.address}:{names.port}"], **words}
    return Validation(DNS_01, is_checked=is_checked, words=said)


def prover_of(told: list[Notice] | None = None) -> Prover:
    return Prover(
        clock=lambda: datetime.now(timezone.utc),
        sleep=lambda _seconds: None,
        dice=lambda: 0.5,
        warn=(told if told is not None else []).append,
    )


def proof_of(
    name: str, value: str = VALUE, *, record: str = "", token: str = "token", content: str = "content"
) -> Proof:
    challenge = Challenge("https://ca.example/challenge/1", DNS_01, token, "pending")
    return Proof(name, challenge, content, value, TxtRecord(record, value) if record else None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("web.example.test", WEB, id="where it is"),
        pytest.param("moved.example.test", "moved.proofs.test", id="where a CNAME moves it"),
    ],
)
def test_a_record_is_where_the_dns_says(names: NameServerProcess, tmp_path: Path, name: str, expected: str) -> None:
    validation = by_hook(names, Hook(tmp_path))
    (located,) = prover_of().locate(validation, (proof_of(name),))
    assert TxtRecord(expected, VALUE) == located.record


def test_a_file_needs_no_record_and_nothing_to_prove_needs_nobody() -> None:
    proofs = (proof_of("web.example.test"),)
    assert proofs == prover_of().locate(Validation(HTTP_01, "/w"), proofs)
    assert prover_of().locate(Validation(DNS_01, words={"provider": "nobody"}), ()) == ()


def test_records_are_there_while_the_ca_looks_and_gone_afterwards(names: NameServerProcess, tmp_path: Path) -> None:
    hook = Hook(tmp_path)
    proofs = (proof_of("web.example.test", record=WEB), proof_of("mail.example.test", OTHER, record=MAIL))
    with prover_of().shown(by_hook(names, hook), proofs):
        assert hook.calls == [f"present {WEB} {VALUE}", f"present {MAIL} {OTHER}"]
    assert hook.calls[2:] == [f"clean_up {WEB} {VALUE}", f"clean_up {MAIL} {OTHER}"]


def test_records_are_taken_away_whatever_happens(names: NameServerProcess, tmp_path: Path) -> None:
    hook = Hook(tmp_path)
    with (
        pytest.raises(AcmeProblem),
        prover_of().shown(by_hook(names, hook), (proof_of("web.example.test", record=WEB),)),
    ):
        raise AcmeProblem("permanent", "dns_failed", "as the test says")
    assert hook.calls[1:] == [f"clean_up {WEB} {VALUE}"]


@pytest.mark.parametrize(
    ("status", "calls"),
    [
        pytest.param("exit 1", ["present web", "clean_up web"], id="the first, and it cannot be taken back"),
        pytest.param('test "$1" = clean_up', ["present web", "clean_up web"], id="the first, and it is taken back"),
        pytest.param(
            f'test "$1 $2" != "present {MAIL}"',
            ["present web", "present mail", "clean_up mail", "clean_up web"],
            id="the second: the first is taken away too",
        ),
    ],
)
def test_what_cannot_be_added_ends_the_order(
    names: NameServerProcess, tmp_path: Path, status: str, calls: list[str]
) -> None:
    hook, told = Hook(tmp_path, status=status), list[Notice]()
    proofs = (proof_of("web.example.test", record=WEB), proof_of("mail.example.test", record=MAIL))
    with pytest.raises(AcmeProblem), prover_of(told).shown(by_hook(names, hook), proofs):
        raise AssertionError("it is not shown")
    assert calls == [f"{call.split()[0]} {call.split('.')[1]}" for call in hook.calls]
    assert told == []


def test_what_cannot_be_taken_away_is_told_and_stops_nothing(names: NameServerProcess, tmp_path: Path) -> None:
    hook, told = Hook(tmp_path, status='test "$1" = present'), list[Notice]()
    proofs = (proof_of("web.example.test", record=WEB), proof_of("mail.example.test", record=MAIL))
    with prover_of(told).shown(by_hook(names, hook), proofs):
        pass
    assert [notice.code for notice in told] == ["record_left"] * 2
    assert told[0].message.startswith(f"The TXT record {WEB} could not be removed: ")


def test_records_that_a_server_takes_are_waited_for_and_removed(names: NameServerProcess) -> None:
    words = {
        "provider": "rfc2136",
        "server": names.address,
        "server_port": names.port,
        "tsig_name": names.key_name,
        "tsig_secret": names.secret,
        "resolver": [f"{names.address}:{names.port}"],
        "propagation_timeout": 10,
    }
    validation, told = Validation(DNS_01, words=words), list[Notice]()
    prover = prover_of(told)
    proofs = prover.locate(validation, (proof_of("web.example.test"), proof_of("web.example.test", OTHER)))
    resolver = load_challenge(words).resolver
    with prover.shown(validation, proofs):
        assert {VALUE, OTHER} == set(resolver.find_txt(WEB))
    assert (tuple(resolver.find_txt(WEB)), told) == ((), [])


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([(WEB, VALUE)], [f"clean_up {WEB} {VALUE}"], id="one of ours"),
        pytest.param([(MAIL, VALUE)], [], id="one of another name"),
        pytest.param([("example.test", VALUE)], [], id="one that proves nothing"),
        pytest.param([(WEB, "v=spf1 -all")], [], id="a value that no CA asked for"),
        pytest.param([(WEB, f"{VALUE}\n")], [], id="a line more"),
        pytest.param([(WEB, "--help" + "a" * 38)], [], id="an option"),
        pytest.param([(MAIL, VALUE), (WEB, OTHER)], [f"clean_up {WEB} {OTHER}"], id="one of ours among others"),
    ],
)
def test_of_what_a_host_says_was_left_only_our_own_is_removed(
    names: NameServerProcess, tmp_path: Path, records: list[tuple[str, str]], expected: list[str]
) -> None:
    hook = Hook(tmp_path)
    begun = {"records": [{"name": name, "value": value} for name, value in records]}
    prover_of().clean_up_begun(by_hook(names, hook), ["web.example.test"], begun)
    assert expected == hook.calls


@pytest.mark.parametrize("begun", [{}, {"records": None}, {"records": []}])
def test_where_nothing_was_left_nobody_is_asked(begun: dict[str, Any]) -> None:
    prover_of().clean_up_begun(Validation(DNS_01, words={"provider": "nobody"}), ["web.example.test"], begun)
    prover_of().clean_up_begun(
        Validation(HTTP_01, "/w"), ["web.example.test"], {"records": [{"name": WEB, "value": VALUE}]}
    )


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def webroot(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A web server that shows a directory, and where challenges lie in it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    directory = tmp_path / ".well-known" / "acme-challenge"
    directory.mkdir(parents=True)
    yield server.server_address[1], directory
    server.shutdown()
    server.server_close()


def by_file(names: NameServerProcess, port: int, *, is_checked: bool = True) -> Validation:
    return Validation(HTTP_01, "/w", port, is_checked, {"resolver": [f"{names.address}:{names.port}"]})


@pytest.mark.parametrize(
    ("shown", "is_checked"),
    [
        pytest.param("content", True, id="it is shown"),
        pytest.param(None, False, id="nothing is shown, and nobody looks"),
    ],
)
def test_what_is_shown_is_left_to_the_ca(
    names: NameServerProcess, webroot: tuple[int, Path], *, shown: str | None, is_checked: bool
) -> None:
    port, directory = webroot
    if shown is not None:
        (directory / "token").write_text(shown)
    told: list[Notice] = []
    with prover_of(told).shown(by_file(names, port, is_checked=is_checked), (proof_of("web.example.test"),)):
        assert told == []


@pytest.mark.parametrize("shown", [pytest.param("another", id="something else"), pytest.param(None, id="nothing")])
def test_a_wrong_file_is_noticed_before_the_ca_is_asked(
    names: NameServerProcess, webroot: tuple[int, Path], shown: str | None
) -> None:
    port, directory = webroot
    if shown is not None:
        (directory / "token").write_text(shown)
    with (
        pytest.raises(AcmeProblem) as error,
        prover_of().shown(by_file(names, port), (proof_of("web.example.test"),)),
    ):
        raise AssertionError("the CA is not asked")
    assert error.value.code == "challenge_not_served"


def test_a_file_that_nobody_shows_from_here_is_told_and_the_ca_is_asked_all_the_same(names: NameServerProcess) -> None:
    told: list[Notice] = []
    with prover_of(told).shown(by_file(names, 1), (proof_of("web.example.test"),)):
        pass
    assert [notice.code for notice in told] == ["challenge_not_checked"]


def test_no_secret_shows() -> None:
    assert "content" not in repr(proof_of("web.example.test")).replace("content=", "")
