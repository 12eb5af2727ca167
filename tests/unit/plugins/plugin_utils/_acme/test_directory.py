# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import (
    Reply,
    ScriptedCa,
    Step,
    html,
    with_headers,
    with_words,
)


@pytest.fixture
def server() -> Iterator[ScriptedCa]:
    with ScriptedCa() as started:
        yield started


@pytest.mark.parametrize(
    ("step", "fact"),
    [
        (Reply(200, b"<html>Welcome</html>"), "something that is no JSON object"),
        (Reply(200, {"issuer": "https://sso.example"}), "JSON without newNonce, newAccount, newOrder"),
        (with_words(newOrder=7), "JSON without newNonce, newAccount, newOrder"),
        (html(404), "HTTP status 404"),
        (html(401), "HTTP status 401"),
    ],
    ids=["a web page", "other JSON", "half a directory", "nothing", "a login"],
)
def test_an_address_that_is_no_directory_is_refused(server: ScriptedCa, step: Step, fact: str) -> None:
    server.script("directory", *[step] * 5)
    with pytest.raises(AcmeProblem) as failed:
        server.connect()

    assert (failed.value.kind, failed.value.code) == ("permanent", "directory_unusable")
    assert failed.value.message.startswith(f"{server.url}/directory is no ACME directory: ")
    assert failed.value.message.endswith(f"{fact}; set acme_directory to the CA's directory URL")


def test_a_ca_that_is_away_is_no_wrong_address(server: ScriptedCa) -> None:
    server.script("directory", *[html(503)] * 9)
    with pytest.raises(AcmeProblem) as failed:
        server.connect()

    assert (failed.value.kind, failed.value.code) == ("transient", "server_unavailable")


@pytest.mark.parametrize(
    "meta", [None, [], {"termsOfService": 1, "profiles": "x", "caaIdentities": "y"}], ids=["none", "a list", "damaged"]
)
def test_a_directory_that_says_nothing_about_itself_will_do(server: ScriptedCa, meta: object) -> None:
    server.script("directory", with_words(meta=meta))
    client = server.connect()

    assert (client.terms, client.profiles, client.caa_identities, client.needs_eab) == ("", {}, (), False)


@pytest.mark.parametrize(
    ("date", "difference"),
    [("Sat, 21 Nov 2026 22:10:00 GMT", timedelta(minutes=10)), ("", None), ("noon", None)],
    ids=["ten minutes ahead", "no date", "no date that can be read"],
)
def test_the_clocks_are_compared(server: ScriptedCa, date: str, difference: timedelta | None) -> None:
    server.script("directory", with_headers(Date=date))

    assert server.connect().clock_difference == difference
