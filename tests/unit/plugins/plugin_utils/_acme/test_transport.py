# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from requests.adapters import HTTPAdapter

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.transport import Answer, Transport, find_host
from ansible_collections.certwright.tls.tests.unit.authority import ca

# The TLS of a test is verified by the clock of the machine.
TODAY = datetime.now(timezone.utc)
DATES = {"not_before": TODAY - timedelta(days=1), "not_after": TODAY + timedelta(days=1)}
OURS = ca("Ours", **DATES)
OTHER = ca("Other", **DATES)
TOO_MUCH = 5 * 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    """Shows what was asked, and at some paths misbehaves."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def do_GET(self) -> None:
        path = self.path.strip("/")
        status, headers, body = {
            "away": (302, {"Location": "http://ca.example/directory"}, b""),
            "round": (302, {"Location": "/round"}, b""),
            "moved": (302, {"Location": "/headers"}, b""),
            "short": (200, {"Content-Length": "99"}, b"half"),
            "large": (200, {}, b"x" * TOO_MUCH),
        }.get(path, (200, {}, str(self.headers).encode()))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = path == "short"

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    served = OURS.issue("localhost", "127.0.0.1", **DATES)
    (folder / "served.pem").write_bytes(served.pem + served.key_pem)
    (folder / "ours.pem").write_bytes(OURS.pem)
    (folder / "other.pem").write_bytes(OTHER.pem)
    (folder / "text.pem").write_text("no certificate")
    return folder


@pytest.fixture(scope="module", params=["https", "http"])
def url(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    yield from serve(request.param, folder)


@pytest.fixture(scope="module")
def secure(folder: Path) -> Iterator[str]:
    yield from serve("https", folder)


def serve(scheme: str, folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    # A client that hangs up is what some tests are about.
    server.handle_error = lambda *_error: None  # type: ignore[method-assign]
    if scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "served.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def send(url: str, ca_certificates: Path | str = "", method: str = "GET") -> Answer:
    transport = Transport(str(ca_certificates))
    try:
        return transport.send(method, url, body=b"{}" if method == "POST" else None, headers={}, seconds=5)
    finally:
        transport.close()


def fail(url: str, ca_certificates: Path | str = "") -> AcmeProblem:
    with pytest.raises(AcmeProblem) as failed:
        send(url, ca_certificates)
    return failed.value


def test_an_answer_has_its_parts(url: str, folder: Path) -> None:
    answer = send(f"{url}/headers", folder / "ours.pem")

    assert (answer.status, answer.url) == (200, f"{url}/headers")
    assert answer.headers["content-LENGTH"] == str(len(answer.body))
    assert b"User-Agent: certwright.tls" in answer.body
    assert b"Accept-Encoding: identity" in answer.body


def test_a_directory_may_have_moved(url: str, folder: Path) -> None:
    assert send(f"{url}/moved", folder / "ours.pem").status == 200


def test_a_signed_request_is_not_sent_elsewhere(url: str, folder: Path) -> None:
    assert send(f"{url}/moved", folder / "ours.pem", "POST").status == 302


@pytest.mark.parametrize(
    ("path", "kind", "code"),
    [
        ("away", "permanent", "not_https"),
        ("round", "permanent", "directory_unusable"),
        ("short", "transient", "network_unreachable"),
        ("large", "transient", "network_unreachable"),
    ],
)
def test_what_a_server_must_not_do(url: str, folder: Path, path: str, kind: str, code: str) -> None:
    failed = fail(f"{url}/{path}", folder / "ours.pem")

    assert (failed.kind, failed.code) == (kind, code)


def test_a_cut_answer_is_seen_where_the_library_does_not(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As urllib3 1 behaves, which requests still takes."""
    send_strictly = HTTPAdapter.send

    def send_leniently(*arguments: Any, **options: Any) -> Any:
        response = send_strictly(*arguments, **options)
        response.raw.enforce_content_length = False
        return response

    monkeypatch.setattr(HTTPAdapter, "send", send_leniently)

    assert "4 of 99 bytes" in fail(f"{url}/short", folder / "ours.pem").message


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://ca.example/directory", "not_https"),
        ("http://192.0.2.1/directory", "not_https"),
        ("ftp://127.0.0.1/directory", "not_https"),
        ("directory", "not_https"),
        ("", "not_https"),
        ("https://", "directory_unusable"),
        ("https://[::1/directory", "directory_unusable"),
    ],
    ids=["plain", "plain by address", "another scheme", "no scheme", "nothing", "no host", "half a host"],
)
def test_an_address_that_is_not_https_is_refused(url: str, code: str) -> None:
    failed = fail(url)

    assert (failed.kind, failed.code) == ("permanent", code)


@pytest.mark.parametrize("trusted", ["other.pem", ""], ids=["another CA", "the public CAs"])
def test_a_server_of_another_ca_is_not_trusted(secure: str, folder: Path, trusted: str) -> None:
    failed = fail(f"{secure}/headers", folder / trusted if trusted else "")

    assert (failed.kind, failed.code) == ("permanent", "tls_untrusted")
    assert failed.message == (
        f"{secure.removeprefix('https://')} cannot be trusted: unable to get local issuer certificate; pass the "
        "certificate of its CA as acme_ca_certificates, or correct the controller's clock"
    )


def test_the_environment_does_not_change_who_is_trusted(
    secure: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "other.pem"))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(folder / "other.pem"))

    assert send(f"{secure}/headers", folder / "ours.pem").status == 200
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(folder / "ours.pem"))
    assert fail(f"{secure}/headers", folder / "other.pem").code == "tls_untrusted"


def test_passwords_of_the_environment_are_not_sent(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "netrc").write_text("machine 127.0.0.1 login somebody password hidden\n")
    monkeypatch.setenv("NETRC", str(folder / "netrc"))

    assert b"Authorization" not in send(f"{url}/headers", folder / "ours.pem").body


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    failed = fail("https://ca.example/directory")

    assert (failed.kind, failed.code) == ("transient", "network_unreachable")
    assert "ca.example cannot be reached through the proxy of the controller's environment: " in failed.message


@pytest.mark.parametrize("name", ["missing.pem", "text.pem"])
def test_a_file_of_ca_certificates_that_cannot_be_used_is_named(folder: Path, name: str) -> None:
    with pytest.raises(AcmeProblem) as failed:
        Transport(str(folder / name))

    assert (failed.value.kind, failed.value.code) == ("permanent", "ca_certificates_unusable")
    assert name in failed.value.message


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://user:hidden@ca.example:14000/directory", "ca.example:14000"),
        ("https://ca.example", "ca.example"),
        ("https://[::1", "(no host)"),
        ("directory", "(no host)"),
    ],
)
def test_a_server_is_called_by_its_host(url: str, host: str) -> None:
    assert find_host(url) == host
