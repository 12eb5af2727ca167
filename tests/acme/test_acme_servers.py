# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each server of this folder does what its users rely on, shown with the least of a client."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dns.exception
import dns.rdatatype
import pytest
import requests
from acme import messages
from acme.errors import ClientError, ConflictError, MissingNonce
from acme2certifier_server import PROFILES, Acme2certifier, any_server, find_acme2certifier
from acme_server import AcmeServer
from bare_client import BareClient, Issued, OrderFailed
from cryptography import x509
from dns_server import SECONDARY, DnsServer, find_dns_servers
from exchange import Answer, Fault, decode_base64url
from fault_proxy import EVER, FaultProxy
from faults import (
    RetryAfter,
    already_replaced,
    changed,
    content,
    cut_off,
    delayed,
    dropped,
    failed_challenge,
    invalid_order,
    no_chain,
    other_identifiers,
    other_leaf,
    paused,
    problem,
    processing,
    rate_limited,
    terms_changed,
    unavailable,
    without_header,
)
from processes import Process, ProgramMissing, StartFailed, is_listening, require_program
from renewal_windows import Window, certificate_id
from resource_kinds import ResourceKinds
from webroot_server import WebrootServer

ACCOUNT = {"kid": "kid-1", "hmac_key": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"}
SOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AcmeServer]:
    with AcmeServer(tmp_path_factory.mktemp("ca")) as server:
        yield server


@pytest.fixture(scope="module")
def web(ca: AcmeServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebrootServer]:
    with WebrootServer(tmp_path_factory.mktemp("web"), ca.http_port) as server:
        yield server


@pytest.fixture
def proxy(ca: AcmeServer) -> Iterator[FaultProxy]:
    with FaultProxy(ca, profiles={"classic": "https://ca.example/classic"}) as front:
        yield front


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[BareClient]:
    with BareClient(proxy.directory, proxy.ca) as account:
        yield account


@pytest.fixture
def order(client: BareClient, web: WebrootServer) -> Callable[..., Issued]:
    return lambda *names, **words: client.order(*(names or ("a.test",)), place=web.place, **words)


def fetch(proxy: FaultProxy, url: str = "") -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url or proxy.directory, verify=proxy.ca, timeout=5)


def suggested(response: requests.Response) -> tuple[str, str]:
    window = response.json()["suggestedWindow"]
    return window["start"], window["end"]


def test_an_order_through_the_proxy_is_proven_by_a_webroot_and_counted(
    ca: AcmeServer, proxy: FaultProxy, web: WebrootServer, order: Callable[..., Issued]
) -> None:
    issued = order("a.test", "b.test")
    names = issued.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert sorted(names.get_values_for_type(x509.DNSName)) == ["a.test", "b.test"]
    assert len(web.requests) >= 2
    assert [payload["identifiers"] for payload in proxy.orders] == [
        [{"type": "dns", "value": "a.test"}, {"type": "dns", "value": "b.test"}]
    ]
    once = {"newOrder", "newAccount", "finalize", "certificate"}
    assert dict.fromkeys(once, 1) == {kind: proxy.counts[kind] for kind in once}
    assert proxy.counts["challenge"] == 2
    assert proxy.counts["other"] == 0
    assert issued.order.startswith(proxy.base)
    chain = x509.load_pem_x509_certificates(issued.chain)
    chain[-1].verify_directly_issued_by(x509.load_pem_x509_certificate(ca.root))


@pytest.mark.parametrize(
    ("retry_after", "expected"),
    [
        pytest.param(30, "30", id="seconds"),
        pytest.param(SOON, "Sun, 22 Nov 2026 12:00:00 GMT", id="a date"),
        pytest.param(None, None, id="no header"),
    ],
)
def test_a_limit_is_told_once_and_in_each_form(
    proxy: FaultProxy, retry_after: RetryAfter, expected: str | None
) -> None:
    rule = proxy.inject("directory", rate_limited(retry_after))
    first, second = fetch(proxy), fetch(proxy)
    assert [first.status_code, second.status_code] == [429, 200]
    assert expected == first.headers.get("Retry-After")
    assert first.headers["Content-Type"] == "application/problem+json"
    assert "too many certificates (5)" in first.json()["detail"]
    assert rule.used == 1


def test_a_fault_may_let_the_first_requests_by_and_last_for_ever(proxy: FaultProxy) -> None:
    proxy.inject("/dir", unavailable(), times=EVER, after=1)
    assert [fetch(proxy).status_code for number in range(3)] == [200, 503, 503]
    proxy.clear()
    assert "newOrder" in fetch(proxy).json()


@pytest.mark.parametrize("fault", [dropped(), cut_off()], ids=["before a byte", "in mid-body"])
def test_a_reset_is_an_error_of_the_connection(proxy: FaultProxy, fault: Fault) -> None:
    proxy.inject("directory", fault)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        fetch(proxy)


LOST = {
    "not yet sent": (dropped(), 0),
    "already made": (cut_off(), 1),
    "hidden by a 500": (content(b"<html>", status=500), 1),
}


@pytest.mark.parametrize(("fault", "made"), LOST.values(), ids=LOST)
def test_an_order_whose_answer_is_lost_may_have_been_made(
    proxy: FaultProxy, client: BareClient, web: WebrootServer, fault: Fault, made: int
) -> None:
    proxy.inject("newOrder", fault)
    with pytest.raises((requests.RequestException, ClientError)):
        client.order("a.test", place=web.place)
    assert len(proxy.orders) == made
    assert proxy.counts["newOrder"] == 1


REFUSALS = {
    "paused": ("newOrder", paused("a.test"), messages.Error, "for a.test and possibly others.*unpause"),
    "terms changed": ("newOrder", terms_changed(), messages.Error, "userActionRequired"),
    "already replaced": ("newOrder", already_replaced(), ConflictError, ""),
    "CAA": ("finalize", problem("caa", "CAA forbids a.test", status=403), messages.Error, "CAA forbids a.test"),
    "unauthorized": ("authz", failed_challenge("unauthorized", "wrong file"), OrderFailed, "invalid.*wrong file"),
    "order invalid": ("order", invalid_order("caa"), OrderFailed, "invalid"),
    "authorization expired": ("authz", changed(status="expired"), OrderFailed, "expired"),
    "not even JSON": ("order", content(b"<html>"), requests.JSONDecodeError, ""),
    "no nonce": ("newOrder", without_header("Replay-Nonce"), MissingNonce, ""),
}


@pytest.mark.parametrize(("on", "fault", "exception", "text"), REFUSALS.values(), ids=REFUSALS)
def test_a_ca_refuses_in_its_own_words(
    *, proxy: FaultProxy, order: Callable[..., Issued], on: str, fault: Fault, exception: type[Exception], text: str
) -> None:
    proxy.inject(on, fault, times=EVER)
    with pytest.raises(exception, match=f"(?s){text}"):
        order()


def test_an_order_may_be_processing_for_as_long_as_told(proxy: FaultProxy, order: Callable[..., Issued]) -> None:
    rule = proxy.inject("order", processing(retry_after=1), times=5, after=1)
    assert order().leaf
    assert rule.used == 5


def test_an_order_may_be_for_other_names(proxy: FaultProxy, client: BareClient, order: Callable[..., Issued]) -> None:
    url = order().order
    proxy.inject("order", other_identifiers("evil.test"))
    shown = [client.post(url).json()["identifiers"] for number in range(2)]
    assert shown == [[{"type": "dns", "value": "evil.test"}], [{"type": "dns", "value": "a.test"}]]


def test_a_chain_may_be_wrong(proxy: FaultProxy, order: Callable[..., Issued]) -> None:
    proxy.inject("certificate", other_leaf("b.test"))
    proxy.inject("certificate", no_chain())
    strange, alone, good = order(), order(), order()
    names = strange.leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["b.test"]
    assert [len(x509.load_pem_x509_certificates(one.chain)) for one in (strange, alone, good)] == [2, 1, 2]


def test_an_answer_may_be_late(proxy: FaultProxy) -> None:
    proxy.inject("directory", delayed(0.3))
    begin = time.monotonic()
    assert fetch(proxy).status_code == 200
    assert time.monotonic() - begin >= 0.3


def test_a_made_up_refusal_brings_a_good_nonce(proxy: FaultProxy, client: BareClient) -> None:
    proxy.inject("directory", problem("serverInternal", status=500))
    client.network._nonces = {decode_base64url(fetch(proxy).headers["Replay-Nonce"])}
    before = proxy.counts
    assert client.post(client.account.uri).json()["status"] == "valid"
    assert proxy.counts["newNonce"] == before["newNonce"]


def test_a_bad_nonce_may_be_made_up(proxy: FaultProxy, order: Callable[..., Issued]) -> None:
    proxy.inject("newOrder", problem("badNonce"))
    assert order().leaf
    assert proxy.counts["newOrder"] == 2
    assert len(proxy.orders) == 1


def test_renewal_information_is_there_for_what_was_issued_and_moves(
    proxy: FaultProxy, client: BareClient, order: Callable[..., Issued]
) -> None:
    first, second = (certificate_id(order().leaf) for number in range(2))
    assert (first, second) == proxy.windows.certificates
    usual = client.renewal_info(first)
    assert usual.headers["Retry-After"] == "21600"
    assert suggested(usual) > (f"{datetime.now(timezone.utc) + 50 * A_DAY:%Y-%m-%dT%H:%M:%SZ}", "")
    proxy.windows.move(-AN_HOUR, AN_HOUR, certificate=first, retry_after=60)
    moved = client.renewal_info(first)
    assert moved.headers["Retry-After"] == "60"
    assert suggested(moved)[0] < f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}" < suggested(moved)[1]
    assert suggested(usual)[0][:13] == suggested(client.renewal_info(second))[0][:13]
    assert client.renewal_info("un.known").status_code == 404
    assert proxy.counts["renewalInfo"] == 4


def test_renewal_information_may_be_broken_for_all(
    proxy: FaultProxy, client: BareClient, order: Callable[..., Issued]
) -> None:
    certificate = certificate_id(order().leaf)
    proxy.windows.put(Window(SOON, SOON, status=500, body=b"<html>", retry_after=None))
    assert (client.renewal_info(certificate).status_code, client.renewal_info(certificate).text) == (500, "<html>")
    proxy.windows.forget()
    assert client.renewal_info(certificate).status_code == 200


def test_a_revoked_certificate_is_due_at_once(
    ca: AcmeServer, proxy: FaultProxy, client: BareClient, order: Callable[..., Issued]
) -> None:
    leaf = order().leaf
    client.revoke(leaf)
    assert ca.is_revoked(leaf.serial_number)
    window = suggested(client.renewal_info(certificate_id(leaf)))
    assert window[1] < f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def test_a_replacement_is_judged_as_the_real_one_judges_it(
    proxy: FaultProxy, client: BareClient, web: WebrootServer, order: Callable[..., Issued]
) -> None:
    replaced = certificate_id(order().leaf)
    with BareClient(proxy.directory, proxy.ca) as stranger, pytest.raises(messages.Error, match="unauthorized"):
        stranger.order("a.test", place=web.place, replaces=replaced)
    with pytest.raises(messages.Error, match="malformed"):
        order(replaces="un.known")
    renewed = order(replaces=replaced)
    assert replaced == renewed.placed["replaces"]
    with pytest.raises(ConflictError):
        order(replaces=replaced)
    assert [replaced, "un.known", replaced, replaced] == proxy.replaces
    assert [None, replaced] == [payload.get("replaces") for payload in proxy.orders]


def test_only_an_offered_profile_is_taken(proxy: FaultProxy, order: Callable[..., Issued]) -> None:
    assert fetch(proxy).json()["meta"]["profiles"] == {"classic": "https://ca.example/classic"}
    assert order(profile="classic").leaf
    with pytest.raises(messages.Error, match="invalidProfile"):
        order(profile="modern")


def test_a_defect_of_a_fault_is_not_taken_for_the_fault(ca: AcmeServer) -> None:
    front = FaultProxy(ca)
    front.inject("directory", changed(meta=object()))
    front.__enter__()
    with pytest.raises(requests.ConnectionError):
        fetch(front)
    with pytest.raises(TypeError, match="not JSON serializable"):
        front.__exit__()


def test_external_accounts_alternate_roots_and_short_lives_are_options(tmp_path: Path) -> None:
    accounts = {ACCOUNT["kid"]: ACCOUNT["hmac_key"]}
    options = {"alternate_roots": 1, "chain_length": 2, "validity": 600, "strict": True, "serve_http": True}
    with AcmeServer(tmp_path, external_accounts=accounts, authz_reuse=100, **options) as server:
        with pytest.raises(messages.Error, match="externalAccountRequired"):
            BareClient(server.directory, server.ca)
        assert server.root != server.fetch_root(1)
        with BareClient(server.directory, server.ca, **ACCOUNT) as client:
            issued = client.order("a.test", place=server.require_dns.add_http)
            again = client.order("a.test", place=lambda token, text: pytest.fail("asked to prove it again"))
    assert len(x509.load_pem_x509_certificates(issued.chain)) == 3
    assert timedelta(seconds=600) >= again.leaf.not_valid_after_utc - again.leaf.not_valid_before_utc > timedelta()
    assert not is_listening(server.port)


def test_a_stopped_server_starts_again_on_its_port_without_its_memory(tmp_path: Path) -> None:
    server = AcmeServer(tmp_path, serve_http=True)
    roots = []
    for _attempt in range(2):
        with server, BareClient(server.directory, server.ca) as client:
            assert client.order("a.test", place=server.require_dns.add_http).leaf
            roots.append(server.root)
        with pytest.raises(requests.ConnectionError):
            BareClient(server.directory, server.ca)
    assert roots[0] != roots[1]


def test_an_alternate_chain_is_a_certificate_too() -> None:
    kinds = ResourceKinds("/dir")
    kinds.learn("order", Answer(200, b'{"certificate": "https://ca.test/certs/1"}'))
    found = [kinds.find(path) for path in ("/dir", "/certs/1", "/certs/1/alternate/2", "/certs/2", "/")]
    assert found == ["directory", "certificate", "certificate", "other", "other"]


def test_nonces_are_refused_as_often_as_told(tmp_path: Path) -> None:
    with AcmeServer(tmp_path, nonce_rejects=100) as server, pytest.raises(messages.Error, match="badNonce"):
        BareClient(server.directory, server.ca)


def test_without_validation_nothing_has_to_be_placed(tmp_path: Path) -> None:
    with any_server(tmp_path, always_valid=True) as server, BareClient(server.directory, server.ca) as client:
        assert server.name == "pebble"
        assert client.order("a.test", place=lambda token, text: None).leaf


def test_the_challenge_dns_answers_what_it_was_told(ca: AcmeServer, proxy: FaultProxy, client: BareClient) -> None:
    names = ca.require_dns
    names.add_txt("_acme-challenge.wild.test", "somebody else's")
    issued = client.order("*.wild.test", place=names.add_txt, challenge_type="dns-01")
    assert issued.leaf
    asked = names.find_questions("_acme-challenge.wild.test")
    assert {question["Question"]["Qtype"] for question in asked} == {dns.rdatatype.TXT}
    names.set_broken("_acme-challenge.broken.test")
    with pytest.raises(OrderFailed, match="dns"):
        client.order("broken.test", place=names.add_txt, challenge_type="dns-01")


@pytest.mark.parametrize("program", ["knot", "bind9"])
def test_a_real_zone_is_updated_and_believed(tmp_path: Path, program: str) -> None:
    if program not in find_dns_servers():
        pytest.skip(f"{program} is missing; install it with: apt-get install {program}")
    zones = {"z.test": "www A 127.0.0.1\n_acme-challenge.www CNAME delegated", "deep.z.test": '@ CAA 0 issue "ca.test"'}
    with DnsServer(tmp_path / "dns", zones, program=program) as names:
        names.add_value("delegated.z.test", "foreign")
        with (
            AcmeServer(tmp_path / "ca", dns=names.address) as server,
            BareClient(server.directory, server.ca) as client,
        ):

            def place(_name: str, value: str) -> None:
                names.add_value("delegated.z.test", value)

            assert client.order("www.z.test", place=place, challenge_type="dns-01").leaf
        values = names.find_values("delegated.z.test")
        assert len(values) == 2
        names.remove_value("delegated.z.test", next(value for value in values if value != "foreign"))
        assert names.find_values("delegated.z.test") == ["foreign"]
        assert names.find_values("deep.z.test", "CAA") == ['0 issue "ca.test"']


def test_a_secondary_may_stay_behind(tmp_path: Path) -> None:
    if "knot" not in find_dns_servers():
        pytest.skip("knot is missing; install it with: apt-get install knot")
    with DnsServer(tmp_path, {"z.test": ""}, secondary=True, notify=False) as names:
        assert names.find_values("z.test", "NS", host=SECONDARY) == ["ns1.z.test.", "ns2.z.test."]
        names.add_value("x.z.test", "new")
        assert [names.find_values("x.z.test"), names.find_values("x.z.test", host=SECONDARY)] == [["new"], []]
        names.notify_secondary()
        assert names.find_values("x.z.test", host=SECONDARY) == ["new"]


def test_a_notified_secondary_follows_by_itself(tmp_path: Path) -> None:
    if "knot" not in find_dns_servers():
        pytest.skip("knot is missing; install it with: apt-get install knot")
    with DnsServer(tmp_path, {"z.test": ""}, secondary=True) as names:
        names.add_value("x.z.test", "new")
        deadline = time.monotonic() + 10
        while not names.find_values("x.z.test", host=SECONDARY) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert names.find_values("x.z.test", host=SECONDARY) == ["new"]
        names.stop_secondary()
        with pytest.raises(dns.exception.Timeout):
            names.find_values("x.z.test", host=SECONDARY, seconds=0.2)


def test_the_python_server_has_renewal_information_and_profiles(tmp_path: Path) -> None:
    if not find_acme2certifier():
        pytest.skip("acme2certifier is missing; pip install acme2certifier==0.46.3 and set CERTWRIGHT_ACME2CERTIFIER")
    accounts = {ACCOUNT["kid"]: ACCOUNT["hmac_key"]}
    with (
        Acme2certifier(tmp_path, external_accounts=accounts) as server,
        FaultProxy(server, renewal_info=False) as front,
    ):
        assert json.loads(server.fetch(server.directory))["meta"]["profiles"] == PROFILES
        with pytest.raises(messages.Error, match="externalAccountRequired"):
            BareClient(front.directory, front.ca)
        with BareClient(front.directory, front.ca, **ACCOUNT) as client:
            issued = client.order("a.test", place=lambda token, text: None, profile="shortlived")
            assert suggested(client.renewal_info(certificate_id(issued.leaf)))
        assert {kind: front.counts[kind] for kind in ("finalize", "certificate", "renewalInfo", "other")} == {
            "finalize": 1,
            "certificate": 1,
            "renewalInfo": 1,
            "other": 0,
        }
    issued.leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(server.root))


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(ProgramMissing, match=r"apt-get install pebble$"):
        require_program("pebble-that-is-not-there", "pebble")


def test_a_program_that_ends_is_quoted(tmp_path: Path) -> None:
    process = Process(["sh", "-c", "echo no such luck; exit 1"], tmp_path / "log")
    with pytest.raises(StartFailed, match="no such luck"):
        process.await_ready(lambda: False)
