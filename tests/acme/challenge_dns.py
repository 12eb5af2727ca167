# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A DNS server that answers what a test tells it (pebble-challtestsrv), and http-01 answers without a web server."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

from processes import Process, free_port, is_listening, require_program

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ChallengeDns:
    """Every name leads to 127.0.0.1 unless told otherwise. It knows TXT, A, AAAA, CAA and CNAME, no SOA and no NS."""

    def __init__(self, run: Path, *, serve_http: int = 0) -> None:
        """With `serve_http` it answers http-01 on that port, from what `add_http` was told."""
        binary = require_program("pebble-challtestsrv", "pebble")
        self.port, self._management = free_port(), free_port()
        self.address = f"127.0.0.1:{self.port}"
        words = {
            "-dns01": self.address,
            "-http01": f"127.0.0.1:{serve_http}" if serve_http else "",
            "-https01": "",
            "-tlsalpn01": "",
            "-management": f"127.0.0.1:{self._management}",
            "-defaultIPv6": "",
        }
        command = [binary, *(word for pair in words.items() for word in pair)]
        self._process = Process(command, run / "challenge-dns.log")
        self._process.await_ready(lambda: is_listening(self._management) and is_listening(self.port))

    def stop(self) -> None:
        self._process.stop()

    def tell(self, path: str, **words: Any) -> bytes:
        """One request of its management interface, such as `set-txt`."""
        body = json.dumps(words).encode()
        with _NO_PROXY.open(f"http://127.0.0.1:{self._management}/{path}", body, timeout=5) as answer:
            return bytes(answer.read())

    def add_txt(self, name: str, value: str) -> None:
        """One more value of the set."""
        self.tell("set-txt", host=_absolute(name), value=value)

    def clear_txt(self, name: str) -> None:
        """All values of the set."""
        self.tell("clear-txt", host=_absolute(name))

    def set_addresses(self, name: str, *addresses: str) -> None:
        """IPv4 and IPv6 may be mixed; without an address the name falls back to 127.0.0.1."""
        for path in ("clear-a", "clear-aaaa"):
            self.tell(path, host=_absolute(name))
        for path, version in (("add-a", 4), ("add-aaaa", 6)):
            chosen = [address for address in addresses if (":" in address) == (version == 6)]
            if chosen:
                self.tell(path, host=_absolute(name), addresses=chosen)

    def set_caa(self, name: str, *policies: tuple[str, str]) -> None:
        """Pairs of tag and value, such as ("issue", "letsencrypt.org"); none removes them."""
        words = [{"tag": tag, "value": value} for tag, value in policies]
        self.tell("clear-caa", host=_absolute(name))
        if words:
            self.tell("add-caa", host=_absolute(name), policies=words)

    def set_cname(self, name: str, target: str) -> None:
        """An empty target removes it."""
        if target:
            self.tell("set-cname", host=_absolute(name), target=_absolute(target))
            return
        self.tell("clear-cname", host=_absolute(name))

    def set_broken(self, name: str, *, broken: bool = True) -> None:
        """SERVFAIL for that name."""
        self.tell("set-servfail" if broken else "clear-servfail", host=_absolute(name))

    def add_http(self, token: str, content: str) -> None:
        self.tell("add-http01", token=token, content=content)

    def find_questions(self, name: str) -> list[dict[str, Any]]:
        """What was asked for that name, as its history tells it."""
        history: list[dict[str, Any]] = json.loads(self.tell("dns-request-history", host=name.rstrip(".")) or b"null")
        return history or []


def _absolute(name: str) -> str:
    return name.rstrip(".") + "."
