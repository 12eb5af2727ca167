# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signed requests to one CA (RFC 8555 6) that outlive refused nonces, tired servers and cut connections."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

try:
    from acme.jws import JWS
    from josepy.b64 import b64decode
except ImportError:
    pass  # require_acme() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.account_key import AccountKey
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.connections import Line
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.instants import load_retry_after
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.patience import Patience
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, find_type, load_problem
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.transport import Answer, find_host

_MAXIMUM_TRIES = 5
_MAXIMUM_BAD_NONCES = 10
# From here on a task does not wait in the run: the CA's wish is reported and the next run obeys.
_LONGEST_WAIT = 30.0
_PASSING_CODES = ("network_unreachable", "server_unavailable", "rate_limited", "bad_nonce", "bad_answer")
_NONCE = re.compile(r"[A-Za-z0-9_-]+")
_LINK = re.compile(r"<([^>]*)>\s*;([^<]*)")


class Network:
    """One account's requests, or an account's to be; nonces and connections belong to one thread."""

    def __init__(self, line: Line, patience: Patience, key: AccountKey | None) -> None:
        self.transport = line.transport
        self.patience = patience
        self.key = key
        self.new_nonce = ""
        self.account = ""
        self._nonces = line.nonces

    def require_key(self) -> AccountKey:
        """Raises AcmeProblem account_key_missing: without a key only reading works."""
        if self.key is None:
            raise AcmeProblem("permanent", "account_key_missing", "No account key is given; pass account_key_src")
        return self.key

    def get(self, url: str, *, doing: str) -> Answer:
        """An unsigned answer (directory, renewal information). `doing` completes `HOST refuses …`."""
        return self._exchange(lambda: self._send("GET", url), doing, _require_json)

    def post(self, url: str, payload: Mapping[str, Any] | None, *, doing: str) -> Answer:
        """A signed request whose JSON comes with the answer; without a payload it only reads (RFC 8555 6.3)."""
        return self._exchange(lambda: self._post(url, payload, doing), doing, _require_json)

    def download(self, url: str, *, doing: str, check: Callable[[Answer], str]) -> Answer:
        """A signed reading of what is not JSON; `check` says what is wrong with it, and it is tried again."""
        return self._exchange(lambda: self._post(url, None, doing), doing, check)

    def tell(self, url: str, payload: Mapping[str, Any], *, doing: str) -> Answer:
        """A signed request whose answer's body does not matter."""
        return self._exchange(lambda: self._post(url, payload, doing), doing, lambda _answer: "")

    def _exchange(self, send: Callable[[], Answer], doing: str, check: Callable[[Answer], str]) -> Answer:
        """The first answer that is none of a passing trouble.

        Repeating is safe: a CA gives the same pending order again, and what was done already is refused by its state.
        """
        tries = 0
        while True:
            try:
                return self._judge(send(), doing, check)
            except AcmeProblem as problem:
                tries += 1
                if tries >= _MAXIMUM_TRIES or not self._wait_after(problem, tries):
                    raise

    def _wait_after(self, problem: AcmeProblem, tries: int) -> bool:
        if problem.code not in _PASSING_CODES:
            return False
        seconds = self.patience.find_back_off(tries - 1)
        if problem.retry_after:
            seconds = max(seconds, (problem.retry_after - self.patience.clock()).total_seconds())
        elif problem.code == "rate_limited":
            # Nothing said until when: limits of a CA last hours, those of its front door seconds.
            seconds = seconds if tries == 1 else _LONGEST_WAIT + 1
        return seconds <= _LONGEST_WAIT and self.patience.wait(seconds)

    def _judge(self, answer: Answer, doing: str, check: Callable[[Answer], str]) -> Answer:
        fault = check(answer) if 200 <= answer.status < 300 else ""
        if fault:
            text = f"{find_host(answer.url)} answers {doing} with {fault}; a later run tries again"
            raise AcmeProblem("transient", "bad_answer", text)
        if 200 <= answer.status < 300:
            return answer
        raise self._load_problem(answer, doing)

    def _load_problem(self, answer: Answer, doing: str) -> AcmeProblem:
        """HTML and other bodies are not shown: the status says enough."""
        return load_problem(
            _read_problem(answer),
            subject=f"{find_host(answer.url)} refuses {doing}",
            status=answer.status,
            retry_after=load_retry_after(answer.headers, self.patience.clock()),
            link=find_link(answer, "terms-of-service"),
        )

    def _post(self, url: str, payload: Mapping[str, Any] | None, doing: str) -> Answer:
        """Refused nonces do not count as tries: the answer brings the next one. From the third on with growing dice."""
        body = b"" if payload is None else json.dumps(payload).encode("ascii")
        for count in range(_MAXIMUM_BAD_NONCES):
            answer = self._send("POST", url, self._sign(body, url, self._take_nonce()))
            if not _is_nonce_refused(answer):
                return answer
            if count >= 2 and not self.patience.wait(self.patience.dice() * 0.02 * (count - 1)):
                break
        raise self._load_problem(answer, doing)

    def _sign(self, body: bytes, url: str, nonce: str) -> bytes:
        key = self.require_key()
        signed = JWS.sign(
            body,
            key=key.jwk,
            alg=key.algorithm,
            nonce=b64decode(nonce),
            url=url,
            kid=self.account or None,
        )
        return str(signed.json_dumps()).encode("ascii")

    def _take_nonce(self) -> str:
        if self._nonces:
            return self._nonces.pop()
        answer = self._send("HEAD", self.new_nonce)
        if not 200 <= answer.status < 300:
            raise self._load_problem(answer, "a nonce")
        if not self._nonces:
            text = f"{find_host(answer.url)} answers without the nonce it was asked for; a later run tries again"
            raise AcmeProblem("transient", "bad_answer", text)
        return self._nonces.pop()

    def _send(self, method: str, url: str, body: bytes | None = None) -> Answer:
        """Every answer may bring a nonce, refusals too; the newest is used first."""
        seconds = self.patience.remaining
        if seconds <= 0:
            text = f"The time of this task is over before {find_host(url)} was asked; a later run goes on"
            raise AcmeProblem("transient", "out_of_time", text)
        headers = {"Content-Type": "application/jose+json"} if method == "POST" else {}
        answer = self.transport.send(method, url, body=body, headers=headers, seconds=seconds)
        nonce = answer.headers.get("Replay-Nonce", "")
        if _NONCE.fullmatch(nonce) and len(nonce) % 4 != 1:
            self._nonces.append(nonce)
        return answer


def read_json(answer: Answer) -> Any:
    """The JSON of an answer, None when it is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def find_link(answer: Answer, relation: str) -> str:
    """The address of a Link header's relation (RFC 8288), "" when there is none."""
    links = ((found[1], found[2]) for found in _LINK.finditer(answer.headers.get("Link", "")))
    return next((address for address, words in links if relation in words), "")


def _require_json(answer: Answer) -> str:
    """RFC 8555 has objects everywhere; other things come from a proxy in between, or are cut."""
    return "" if isinstance(read_json(answer), Mapping) else "something that is no JSON object"


def _is_nonce_refused(answer: Answer) -> bool:
    return answer.status >= 400 and find_type(_read_problem(answer)) == "badNonce"


def _read_problem(answer: Answer) -> Mapping[str, Any]:
    document = read_json(answer)
    return document if isinstance(document, Mapping) else {}
