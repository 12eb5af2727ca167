# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The CAs of the second act: two real ACME servers on loopback, as the tests have them, of the kind that is here."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "acme"))

from acme2certifier_server import Acme2certifier, any_server
from acme_server import AcmeServer, RunningServer
from cryptography import x509
from fault_proxy import FaultProxy
from renewal_windows import Window

SECONDS = 20
_MARGIN = timedelta(seconds=1)


class Authorities:
    """One for months, and one whose certificates are due soon after they were ordered."""

    title = ""

    def __init__(self, lasting: RunningServer, brief: RunningServer | FaultProxy) -> None:
        self.lasting, self.brief = lasting, brief
        self._asked: datetime | None = None

    @property
    def validates(self) -> bool:
        """Whether a challenge is looked at."""
        return self.lasting.validates

    @property
    def challenge(self) -> dict[str, object]:
        """Further words of the inventory's `challenge`: whose DNS knows the names."""
        return {"resolver": [self.lasting.dns]} if self.lasting.dns else {"self_check": False}

    def count_requests(self) -> int:
        """Lines of the servers' own logs."""
        servers = {server.log for server in (self.lasting, self.brief) if isinstance(server, RunningServer)}
        return sum(len(log.read_bytes().splitlines()) for log in servers)

    def begin_brief(self) -> None:
        """What the second one gives is due some seconds from now on."""

    def await_due(self, certificate: Path) -> None:
        """Which is one of the second one's: half of a short life is left, or its CA has asked."""
        ends = x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
        due = self._asked or ends - timedelta(seconds=SECONDS / 2)
        time.sleep(max(0.0, (due + _MARGIN - datetime.now(timezone.utc)).total_seconds()))

    def lead_astray(self, name: str) -> None:
        """The CA finds an address for this name where nobody answers."""


class Pebbles(Authorities):
    title = "pebble, which looks at every challenge"

    def lead_astray(self, name: str) -> None:
        if isinstance(self.lasting, AcmeServer):
            self.lasting.require_dns.set_addresses(name, "127.0.0.9")


class Acme2certifiers(Authorities):
    """It knows whole days only: there the CA asks early for the renewal (RFC 9773), by the tests' own proxy."""

    title = "acme2certifier, which looks at no challenge (pebble is not here)"

    def begin_brief(self) -> None:
        self._asked = datetime.now(timezone.utc) + timedelta(seconds=SECONDS / 2)
        if isinstance(self.brief, FaultProxy):
            self.brief.windows.put(Window(self._asked - _MARGIN, self._asked))

    def await_due(self, certificate: Path) -> None:
        """The window of the next one is an ordinary one."""
        super().await_due(certificate)
        if isinstance(self.brief, FaultProxy):
            self.brief.windows.forget()


@contextlib.contextmanager
def open_authorities(work: Path, http_port: int) -> Iterator[Authorities]:
    """ProgramMissing says how to get one where there is none."""
    make = Acme2certifier if os.environ.get("DEMO_ACME2CERTIFIER") else any_server
    with make(work / "ca", http_port=http_port) as lasting:
        if isinstance(lasting, AcmeServer):
            with AcmeServer(work / "brief-ca", validity=SECONDS, http_port=http_port, dns=lasting.dns) as brief:
                yield Pebbles(lasting, brief)
        else:
            with FaultProxy(lasting) as front:
                yield Acme2certifiers(lasting, front)
