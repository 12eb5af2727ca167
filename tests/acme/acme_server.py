# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real ACME server on loopback: Debian's Pebble, with its chaos as options."""

from __future__ import annotations

import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from challenge_dns import ChallengeDns
from listener import make_listener
from processes import Process, StartFailed, free_port, require_program

_Running = TypeVar("_Running", bound="RunningServer")


@dataclass(frozen=True)
class Options:
    """What a CA is like. The defaults are quick and repeatable; Pebble's own are `nonce_rejects=5, authz_reuse=50`."""

    nonce_rejects: int = 0
    """Per cent of good nonces that are refused."""
    authz_reuse: int = 0
    """Per cent of valid authorizations that a new order gets again."""
    sleeps: int = 0
    """Each validation waits up to that many seconds."""
    alternate_roots: int = 0
    chain_length: int = 1
    """Intermediates between leaf and root."""
    external_accounts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """kid to base64url MAC key; any makes an external account obligatory."""
    strict: bool = False
    validity: int = 90 * 86400
    """Seconds that a certificate lives."""
    http_port: int = 0
    """Where http-01 is asked for (0: a free port, see the attribute of that name)."""
    dns: str = ""
    """address:port of another DNS server than the server's own."""
    serve_http: bool = False
    """http-01 is answered from what `dns_server.add_http` was told, no web server is needed."""
    always_valid: bool = False
    """No challenge is looked at."""


class RunningServer:
    """What tests rely on, whichever server it is: use it as a context, or call start and stop."""

    name = ""
    has_renewal_info = False
    validates = True

    def __init__(self, run: Path, options: Options) -> None:
        run.mkdir(parents=True, exist_ok=True)
        self.run, self.options = run, options
        self.listener = make_listener(run)
        self.ca = str(self.listener.ca)
        self.port, self.http_port = free_port(), options.http_port or free_port()
        self.base = f"https://127.0.0.1:{self.port}"
        self.directory = ""
        self.log = run / f"{self.name}.log"
        self.dns = options.dns
        self.dns_server: ChallengeDns | None = None
        self._processes: list[Any] = []

    def __enter__(self: _Running) -> _Running:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        while self._processes:
            self._processes.pop().stop()

    def fetch(self, url: str) -> bytes:
        """One GET without an account, trusting the listener's own CA."""
        trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=self.ca))
        with urllib.request.build_opener(urllib.request.ProxyHandler({}), trust).open(url, timeout=5) as answer:
            return bytes(answer.read())

    def is_up(self) -> bool:
        try:
            return bool(self.fetch(self.directory))
        except (OSError, urllib.error.URLError):
            return False

    @property
    def root(self) -> bytes:
        """PEM of the root below which it signs."""
        raise NotImplementedError


class AcmeServer(RunningServer):
    """Pebble 2.4: http-01, dns-01, external accounts; renewal information and profiles are had by `fault_proxy`."""

    name = "pebble"

    def __init__(self, run: Path, **options: Any) -> None:
        """The options are those of `Options`."""
        self._binary = require_program("pebble", "pebble")
        super().__init__(run, Options(**options))
        self._management = free_port()
        self.directory = f"{self.base}/dir"

    def start(self) -> None:
        if not self.options.dns:
            self.dns_server = ChallengeDns(self.run, serve_http=self.http_port if self.options.serve_http else 0)
            self.dns = self.dns_server.address
            self._processes.append(self.dns_server)
        self._write_configuration()
        try:
            process = Process(self._command(), self.log, environment=self._environment())
            self._processes.append(process)
            process.await_ready(self.is_up)
        except StartFailed:
            self.stop()
            raise

    @property
    def root(self) -> bytes:
        return self.fetch_root()

    def fetch_root(self, number: int = 0) -> bytes:
        """PEM of a root; those from 1 on are the alternate ones."""
        return self.fetch(f"https://127.0.0.1:{self._management}/roots/{number}")

    def is_revoked(self, serial: int) -> bool:
        answer = self.fetch(f"https://127.0.0.1:{self._management}/cert-status-by-serial/{serial:x}")
        return bool(json.loads(answer)["Status"] == "Revoked")

    @property
    def require_dns(self) -> ChallengeDns:
        """Its own DNS server; with the option `dns` there is none."""
        if self.dns_server is None:
            raise StartFailed(f"The names of this server are answered by {self.dns}, which is not its own")
        return self.dns_server

    def _command(self) -> list[str]:
        return [self._binary, "-config", str(self.run / "pebble.json"), "-dnsserver", self.dns, *self._strict()]

    def _strict(self) -> list[str]:
        return ["-strict"] if self.options.strict else []

    def _environment(self) -> dict[str, str]:
        options = self.options
        words = {
            "PEBBLE_WFE_NONCEREJECT": str(options.nonce_rejects),
            "PEBBLE_AUTHZREUSE": str(options.authz_reuse),
            "PEBBLE_ALTERNATE_ROOTS": str(options.alternate_roots),
            "PEBBLE_CHAIN_LENGTH": str(options.chain_length),
            "PEBBLE_VA_ALWAYS_VALID": "1" if options.always_valid else "0",
            "GOMAXPROCS": os.environ.get("GOMAXPROCS", "2"),
        }
        sleep = {"PEBBLE_VA_SLEEPTIME": str(options.sleeps)} if options.sleeps else {"PEBBLE_VA_NOSLEEP": "1"}
        return {**words, **sleep}

    def _write_configuration(self) -> None:
        accounts = dict(self.options.external_accounts)
        words = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self._management}",
            "certificate": str(self.listener.certificate),
            "privateKey": str(self.listener.private_key),
            "httpPort": self.http_port,
            "tlsPort": free_port(),
            "ocspResponderURL": "",
            "certificateValidityPeriod": self.options.validity,
            "externalAccountBindingRequired": bool(accounts),
            "externalAccountMACKeys": accounts,
        }
        (self.run / "pebble.json").write_text(json.dumps({"pebble": words}, indent=2), encoding="utf-8")
