# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Against the interface of one provider, PowerDNS, as a server of ours speaks it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lexicon import DnsLexicon
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_records import TxtRecord
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.authoritative import (
    free_port,
    serve_zones,
)

TOKEN = "a-token-that-nobody-sees"
NAME = "_acme-challenge.example.test"


class PowerDns(ThreadingHTTPServer):
    """One zone, example.test; `status` is answered instead when it is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.sets: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.status, self.delay, self.refuses_changes = 0, 0.0, False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def txt(self, name: str) -> set[str]:
        return {record["content"].strip('"') for record in self.sets.get((f"{name}.", "TXT"), ())}

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not wait for the end is what one test is about."""


class Handler(BaseHTTPRequestHandler):
    server: PowerDns

    def do_GET(self) -> None:
        sets = [
            {"name": name, "type": kind, "ttl": 60, "records": list(records)}
            for (name, kind), records in self.server.sets.items()
        ]
        self.answer({"kind": "Native", "rrsets": sets})

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.server.status and not self.server.refuses_changes:
            for changed in body["rrsets"]:
                self.server.sets[changed["name"], changed["type"]] = changed["records"]
        self.answer({}, status=422 if self.server.refuses_changes else 200)

    def answer(self, body: dict[str, Any], *, status: int = 200) -> None:
        self.server.asked.append(self.path)
        time.sleep(self.server.delay)
        known = self.path.startswith("/api/v1/servers/localhost/zones/example.test.")
        allowed = self.headers["X-API-Key"] == TOKEN
        text = json.dumps(body).encode()
        self.send_response(self.server.status or (404 if not known else status if allowed else 401))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[PowerDns]:
    monkeypatch.setenv("LEXICON_POWERDNS_AUTH_TOKEN", TOKEN)
    with PowerDns() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def solver(provider: PowerDns, **words: Any) -> DnsLexicon:
    return DnsLexicon("powerdns", {"pdns_server": provider.url}, **{"zone": "example.test", **words})


def fail(tried: DnsLexicon) -> AcmeProblem:
    with pytest.raises(AcmeProblem) as refused:
        tried.present(TxtRecord(NAME, "value"))
    assert TOKEN not in refused.value.message
    return refused.value


def test_values_are_added_and_removed_one_by_one(provider: PowerDns) -> None:
    provider.sets[f"{NAME}.", "TXT"] = [{"content": '"foreign"', "disabled": False}]
    apex, wildcard = (TxtRecord(NAME, value) for value in ("apex", "wildcard"))
    for record in (apex, wildcard, apex):
        solver(provider).present(record)
    assert provider.txt(NAME) == {"foreign", "apex", "wildcard"}
    for record in (apex, wildcard, apex):
        solver(provider).clean_up(record)
    assert provider.txt(NAME) == {"foreign"}


def test_an_error_of_removing_counts_only_while_the_value_is_there(provider: PowerDns) -> None:
    provider.sets[f"{NAME}.", "TXT"] = [{"content": '"there"', "disabled": False}]
    provider.refuses_changes = True
    solver(provider).clean_up(TxtRecord(NAME, "gone"))
    with pytest.raises(AcmeProblem) as refused:
        solver(provider).clean_up(TxtRecord(NAME, "there"))
    assert refused.value.message.startswith(
        f"The DNS provider powerdns did not remove the TXT value at {NAME}: HTTP stat"
    )


def test_many_at_once_lose_no_value(provider: PowerDns) -> None:
    provider.delay = 0.01
    shared = solver(provider)
    threads = [threading.Thread(target=shared.present, args=(TxtRecord(NAME, f"value-{n}"),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert provider.txt(NAME) == {f"value-{n}" for n in range(6)}


def test_the_zone_is_found_in_the_dns(provider: PowerDns, tmp_path_factory: pytest.TempPathFactory) -> None:
    with serve_zones(tmp_path_factory.mktemp("zones"), {"example.test": "@ NS ns1\nns1 A 127.0.0.1"}) as server:
        solver(provider, zone="", resolver=Resolver((server.place,))).present(TxtRecord(f"{NAME}", "value"))
    assert provider.txt(NAME) == {"value"}


def test_a_provider_that_the_library_does_not_have_is_told() -> None:
    with pytest.raises(AcmeProblem) as refused:
        DnsLexicon("no-such-provider", zone="example.test").present(TxtRecord(NAME, "value"))
    assert (refused.value.kind, refused.value.code) == ("permanent", "dns_provider_unknown")
    assert refused.value.message.startswith("The DNS provider no-such-provider is not available: ")


SUBJECT = f"The DNS provider powerdns did not add the TXT value at {NAME}: "


@pytest.mark.parametrize(
    ("status", "kind", "fact"),
    [
        pytest.param(
            401, "permanent", "HTTP status 401; check the credentials in LEXICON_POWERDNS_*", id="credentials"
        ),
        pytest.param(429, "transient", "HTTP status 429; it heals by itself", id="too many requests"),
        pytest.param(503, "transient", "HTTP status 503; it heals by itself", id="out of order"),
    ],
)
def test_a_refusal_of_the_provider_is_told_without_the_token(
    provider: PowerDns, status: int, kind: str, fact: str
) -> None:
    provider.status = status
    problem = fail(solver(provider))
    assert (problem.kind, problem.code) == (kind, "dns_provider_failed")
    assert problem.message.startswith(SUBJECT + fact)


def test_a_provider_that_is_not_there_heals_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEXICON_POWERDNS_AUTH_TOKEN", TOKEN)
    problem = fail(DnsLexicon("powerdns", {"pdns_server": f"http://127.0.0.1:{free_port()}"}, zone="example.test"))
    assert (problem.kind, problem.code) == ("transient", "dns_unreachable")
    assert problem.message.startswith(f"{SUBJECT}it gives no answer (ConnectionError); see that the controller reaches")


def test_a_provider_that_does_not_end_is_left_behind(provider: PowerDns) -> None:
    provider.delay = 1
    problem = fail(solver(provider, seconds=0.1))
    assert (problem.kind, problem.code) == ("transient", "dns_unreachable")
    assert problem.message.startswith(f"{SUBJECT}it gives no answer (TimeoutError)")


def test_the_librarys_own_words_are_shown_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEXICON_POWERDNS_AUTH_TOKEN", raising=False)
    problem = fail(DnsLexicon("powerdns", {"pdns_server": "http://127.0.0.1"}, zone="example.test"))
    assert (problem.kind, problem.code) == ("permanent", "dns_provider_failed")
    assert "PowerDNSProviderError: PowerDNS API key not defined (auth_token); check the cred" in problem.message
    monkeypatch.setenv("LEXICON_GANDI_AUTH_TOKEN", TOKEN)
    explained = DnsLexicon("gandi", {"key": "a-second-one"}).explain(
        ValueError(f"bad {TOKEN} at https://u:p@api.example/?key=x and a-second-one")
    )
    assert explained == "ValueError: bad *** at (address) and ***"


def test_options_are_not_shown() -> None:
    assert "a-second-one" not in repr(DnsLexicon("gandi", {"auth_token": "a-second-one"}))


def test_the_list_of_public_suffixes_is_never_fetched(
    provider: PowerDns, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path_factory.mktemp("suffixes")
    monkeypatch.setenv("TLDEXTRACT_CACHE_PATH", str(directory))
    solver(provider).present(TxtRecord(NAME, "value"))
    assert list(directory.rglob("*.json")) == []
