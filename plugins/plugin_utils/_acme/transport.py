# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to one CA: HTTPS, or HTTP to this machine only; of the controller's environment only proxies count."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

try:
    import requests
    from requests.adapters import HTTPAdapter
    from requests.structures import CaseInsensitiveDict
except ImportError:
    HTTPAdapter = object  # type: ignore[misc,assignment]  # require_acme() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, bounded

_USER_AGENT = "certwright.tls (+https://github.com/certwright/certwright.tls)"
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 45.0
_MAXIMUM_BYTES = 4 * 1024 * 1024
_PIECE = 64 * 1024
_UNTRUSTED = re.compile(r"certificate verify failed: ([^('\"]+)")
_WRAPPING = re.compile(r"^<?\w+\([^)]*\)>?: |^<[^>]*>: ")


@dataclass(frozen=True)
class Answer:
    """What a server said; the names of `headers` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = ""


class Transport:
    """Sends one request at a time over connections that stay open; not to be shared by threads.

    `ca_certificates` is the path of a PEM file that the CA's own TLS is verified with, "" for the usual public CAs.
    """

    def __init__(self, ca_certificates: str = "") -> None:
        self.ca_certificates = _require_file(ca_certificates)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = _USER_AGENT
        # So that a cut answer is seen by its length.
        self._session.headers["Accept-Encoding"] = "identity"
        # Else requests sends what ~/.netrc has for the host.
        self._session.auth = _sign_nothing
        self._session.mount("http://", _LoopbackAdapter())

    def send(self, method: str, url: str, *, body: bytes | None, headers: Mapping[str, str], seconds: float) -> Answer:
        """The answer, whatever its status. Raises AcmeProblem when there is none, or only a part of one."""
        host = find_host(url)
        try:
            with self._session.request(
                method,
                url,
                data=body,
                headers=dict(headers),
                # Given with each request: REQUESTS_CA_BUNDLE overrides what a session has.
                verify=self.ca_certificates or True,
                timeout=(min(_CONNECT_SECONDS, seconds), min(_READ_SECONDS, seconds)),
                allow_redirects=method == "GET",
                stream=True,
            ) as response:
                content = _read(response)
                return Answer(response.status_code, CaseInsensitiveDict(response.headers), content, response.url)
        except requests.RequestException as error:
            raise _explain(error, host) from None

    def close(self) -> None:
        self._session.close()


def find_origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port (RFC 6454 4); all empty for what is no URL."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        return "", "", None


def find_host(url: str) -> str:
    """What messages call the server: host and port, never a password."""
    try:
        parts = urlsplit(url)
        return bounded(f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}")[:100] or "(no host)"
    except ValueError:
        return "(no host)"


class _LoopbackAdapter(HTTPAdapter):  # type: ignore[misc,unused-ignore]
    """Also sees where a redirect leads."""

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override]
        host = urlsplit(request.url or "").hostname or ""
        if not _is_loopback(host):
            raise requests.exceptions.InvalidSchema(f"http:// to {host}")
        return super().send(request, **options)  # type: ignore[arg-type]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _sign_nothing(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _require_file(path: str) -> str:
    try:
        if path:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError as error:
        fact = f"The file {bounded(path)} with the CA certificates of the ACME server cannot be read"
        text = f"{fact} ({bounded(error.strerror or str(error))}); correct acme_ca_certificates"
        raise AcmeProblem("permanent", "ca_certificates_unusable", text) from None
    return path


def _read(response: requests.Response) -> bytes:
    """All of it and no more than all: older libraries take a cut body for a short one."""
    content = b""
    for piece in response.iter_content(_PIECE):
        content += piece
        if len(content) > _MAXIMUM_BYTES:
            raise requests.exceptions.ContentDecodingError(f"more than {_MAXIMUM_BYTES} bytes")
    length = response.headers.get("Content-Length", "")
    is_plain = "Content-Encoding" not in response.headers and response.request.method != "HEAD"
    if is_plain and length.isdigit() and int(length) != len(content):
        raise requests.exceptions.ChunkedEncodingError(f"{len(content)} of {length} bytes")
    return content


def _find_reason(error: requests.RequestException) -> str:
    """The innermost words, without the objects that the libraries wrap around them."""
    first: object = error.args[0] if error.args else error
    text = bounded(str(getattr(first, "reason", None) or first))
    untrusted = _UNTRUSTED.search(text)
    return untrusted[1].strip() if untrusted else _WRAPPING.sub("", text)


def _explain(error: requests.RequestException, host: str) -> AcmeProblem:
    text = _find_reason(error)
    if isinstance(error, (requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema)):
        fact = f"{host} would be talked to without HTTPS, which is allowed to this machine only"
        return AcmeProblem("permanent", "not_https", f"{fact}; give an https:// URL as acme_directory")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.TooManyRedirects)):
        return AcmeProblem("permanent", "directory_unusable", f"{host} has no usable URL ({text}); see acme_directory")
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        way_out = "pass the certificate of its CA as acme_ca_certificates, or correct the controller's clock"
        return AcmeProblem("permanent", "tls_untrusted", f"{host} cannot be trusted: {text}; {way_out}")
    if isinstance(error, requests.exceptions.ProxyError):
        fact = f"{host} cannot be reached through the proxy of the controller's environment: {text}"
        return AcmeProblem("transient", "network_unreachable", f"{fact}; see https_proxy and no_proxy")
    way_out = "let the controller reach it, or set https_proxy; a later run tries again"
    return AcmeProblem("transient", "network_unreachable", f"{host} gave no whole answer: {text}; {way_out}")
