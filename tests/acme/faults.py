# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong at a CA, each as a function that answers in its place or changes its answer.

Those that answer by themselves keep the request from the CA; `changed`, `processing`, `cut_off` and their like let it
through first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from exchange import Answer, Exchange, Fault, Headers, json_answer
from listener import make_certificate

ERROR = "urn:ietf:params:acme:error:"
RetryAfter = int | str | datetime | None
_LIMITED = (
    "too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after {}: "
    "see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers"
)
_PAUSED = (
    "Your account is temporarily prevented from requesting certificates for {} and possibly others. Please visit: "
    "https://portal.letsencrypt.org/sfe/v1/unpause?jwt=eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"
)
_BUSY = "<html><head><title>503 Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>\n"


def retry_after_header(retry_after: RetryAfter) -> Headers:
    """Seconds for a number, an HTTP date for an instant, the text itself, or no header."""
    if retry_after is None:
        return ()
    if isinstance(retry_after, datetime):
        return (("Retry-After", format_datetime(retry_after.astimezone(timezone.utc), usegmt=True)),)
    return (("Retry-After", str(retry_after)),)


def problem(
    code: str,
    detail: str = "",
    *,
    status: int = 400,
    retry_after: RetryAfter = None,
    headers: Headers = (),
    **more: Any,
) -> Fault:
    """A problem document with a good nonce (RFC 8555 6.5); `more` are further words of it, such as `subproblems`."""
    words = {"type": code if ":" in code else ERROR + code, "detail": detail or f"made up: {code}", "status": status}

    def answer(exchange: Exchange) -> Answer:
        nonce = (("Replay-Nonce", exchange.nonce()),)
        return json_answer(status, {**words, **more}, (*nonce, *retry_after_header(retry_after), *headers))

    return answer


def rate_limited(retry_after: RetryAfter = None, *, detail: str = "", status: int = 429) -> Fault:
    """In Let's Encrypt's words, whose date in the text does not depend on the header."""
    when = retry_after if isinstance(retry_after, datetime) else datetime.now(timezone.utc)
    text = detail or _LIMITED.format(f"{when.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC")
    return problem("rateLimited", text, status=status, retry_after=retry_after)


def paused(*names: str) -> Fault:
    """Let's Encrypt's answer for names whose validation failed for months; it never says when to come back."""
    return problem("rateLimited", _PAUSED.format(", ".join(names)), status=429)


def already_replaced() -> Fault:
    return problem("alreadyReplaced", "the certificate already has a replacement order", status=409)


def terms_changed(url: str = "https://ca.example/terms-2") -> Fault:
    link = (("Link", f'<{url}>;rel="terms-of-service"'),)
    return problem("userActionRequired", "Terms of service have changed", status=403, instance=url, headers=link)


def unavailable(retry_after: RetryAfter = None, *, status: int = 503, body: str = _BUSY) -> Fault:
    """What stands before a CA answers: HTML and no nonce."""
    headers = (("Content-Type", "text/html"), *retry_after_header(retry_after))
    return lambda exchange: Answer(status, body.encode(), headers)


def dropped() -> Fault:
    """The connection is reset before the CA has seen anything."""
    return lambda exchange: Answer(0, cut=True)


def cut_off() -> Fault:
    """The CA has done what was asked; its answer is reset in mid-body."""
    return lambda exchange: replace(exchange.forward(), cut=True)


def delayed(seconds: float, then: Fault | None = None) -> Fault:
    def answer(exchange: Exchange) -> Answer:
        time.sleep(seconds)
        return then(exchange) if then else exchange.forward()

    return answer


def content(body: bytes, *, status: int = 200, content_type: str = "application/json") -> Fault:
    """Any bytes in place of the CA's, whose headers (nonce, location) stay."""
    return lambda exchange: replace(
        exchange.forward().with_header("Content-Type", content_type), status=status, body=body
    )


def changed(*, retry_after: RetryAfter = None, **words: Any) -> Fault:
    """Words of the CA's JSON object are others (None: taken out), such as `status="expired"`."""

    def answer(exchange: Exchange) -> Answer:
        mended = exchange.forward().changed(words)
        return replace(mended, headers=(*mended.headers, *retry_after_header(retry_after)))

    return answer


def without_header(name: str) -> Fault:
    def answer(exchange: Exchange) -> Answer:
        given = exchange.forward()
        return replace(given, headers=tuple(pair for pair in given.headers if pair[0].lower() != name.lower()))

    return answer


def processing(retry_after: RetryAfter = None) -> Fault:
    """The order never becomes valid: for `order` and `finalize`."""
    return changed(status="processing", certificate=None, retry_after=retry_after)


def other_identifiers(*names: str) -> Fault:
    """The order is for other names than were asked for: for `newOrder` and `order`."""
    return changed(identifiers=[{"type": "dns", "value": name} for name in names])


def invalid_order(code: str, detail: str = "") -> Fault:
    """For `order` and `finalize`."""
    return changed(status="invalid", error=_error(code, detail), certificate=None)


def failed_challenge(code: str, detail: str = "", *, challenge_type: str = "http-01") -> Fault:
    """The authorization is invalid, with the error at its challenge: for `authz`."""

    def fail(challenge: dict[str, Any]) -> dict[str, Any]:
        if challenge.get("type") != challenge_type:
            return challenge
        return {**challenge, "status": "invalid", "error": _error(code, detail)}

    def answer(exchange: Exchange) -> Answer:
        given = exchange.forward()
        return given.changed(
            {"status": "invalid", "challenges": [fail(challenge) for challenge in given.words.get("challenges", ())]}
        )

    return answer


def _error(code: str, detail: str) -> dict[str, Any]:
    return {"type": ERROR + code, "detail": detail or f"made up: {code}", "status": 403}


def other_leaf(*names: str) -> Fault:
    """A chain whose leaf is not of the requested key, for the same names unless others are given: for `certificate`."""
    return _with_leaf(lambda leaf: _sign_again(leaf, names))


def no_chain() -> Fault:
    """The leaf alone: for `certificate`."""

    def answer(exchange: Exchange) -> Answer:
        given = exchange.forward()
        leaf = x509.load_pem_x509_certificates(given.body)[0]
        return replace(given, body=leaf.public_bytes(Encoding.PEM))

    return answer


def _with_leaf(make: Callable[[x509.Certificate], x509.Certificate]) -> Fault:
    def answer(exchange: Exchange) -> Answer:
        given = exchange.forward()
        leaf, *chain = x509.load_pem_x509_certificates(given.body)
        return replace(given, body=b"".join(one.public_bytes(Encoding.PEM) for one in (make(leaf), *chain)))

    return answer


def _sign_again(leaf: x509.Certificate, names: tuple[str, ...]) -> x509.Certificate:
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    key = ec.generate_private_key(ec.SECP256R1())
    return make_certificate("another leaf", key, key, names=names or tuple(found))
