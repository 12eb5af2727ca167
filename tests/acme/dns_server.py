# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real authoritative servers on loopback (Knot DNS, else BIND) whose zones a TSIG key may update (RFC 2136)."""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
from dns_configurations import Place, write_bind, write_knot
from processes import Process, ProgramMissing, StartFailed, find_program, free_port

PRIMARY, SECONDARY = "127.0.0.1", "127.0.0.2"


@dataclass(frozen=True)
class TsigKey:
    name: str = "certwright"
    secret: str = field(default_factory=lambda: base64.b64encode(os.urandom(32)).decode("ascii"), repr=False)
    algorithm: str = "hmac-sha256"


@dataclass(frozen=True)
class _Program:
    name: str
    binary: str
    write: Callable[[Place], list[str]]
    has_secondary: bool


_PROGRAMS = (
    _Program("knot", "knotd", write_knot, has_secondary=True),
    # BIND listens on addresses that an interface has, and 127.0.0.2 is none of them.
    _Program("bind9", "named", write_bind, has_secondary=False),
)


def find_dns_servers() -> tuple[str, ...]:
    """Names of those that are installed, the preferred one first."""
    return tuple(program.name for program in _PROGRAMS if find_program(program.binary))


class DnsServer:
    """One primary, and with `secondary` a second server for the same zones on the same port of 127.0.0.2; a context.

    `zones` are names with further records as zone file text; SOA, NS and the name servers' addresses are there already.
    Only Knot can have a secondary; with `notify=False` it stays behind until `notify_secondary` is called.
    Neither follows a CNAME into another zone; for a validation by delegation put both names into one zone.
    """

    def __init__(
        self,
        run: Path,
        zones: Mapping[str, str],
        *,
        key: TsigKey | None = None,
        secondary: bool = False,
        notify: bool = True,
        program: str = "",
    ) -> None:
        self._program = _choose(program, secondary=secondary)
        self.name, self.run, self.zones = self._program.name, run, dict(zones)
        self.key, self.notify = key or TsigKey(), notify
        self._hosts = (PRIMARY, SECONDARY) if secondary else (PRIMARY,)
        self.port = free_port(*self._hosts)
        self.addresses = tuple(f"{host}:{self.port}" for host in self._hosts)
        self.address = self.addresses[0]
        self._processes: list[Process] = []
        self._sockets = ""

    def __enter__(self) -> DnsServer:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def start(self) -> None:
        # Not below `run`: a Unix socket's path ends at 108 characters.
        self._sockets = tempfile.mkdtemp(prefix="dns-")
        try:
            for host in self._hosts:
                self._start(host)
        except StartFailed:
            self.stop()
            raise

    def stop(self) -> None:
        while self._processes:
            self._processes.pop().stop()
        shutil.rmtree(self._sockets, ignore_errors=True)

    def stop_secondary(self) -> None:
        """A name server of the zones that does not answer any more."""
        self._processes.pop(self._hosts.index(SECONDARY)).stop()

    def find_values(self, name: str, kind: str = "TXT", *, host: str = PRIMARY, seconds: float = 2.0) -> list[str]:
        """Sorted, as this one server answers it now; TXT without its quotes."""
        query = dns.message.make_query(name, kind)
        query.flags &= ~dns.flags.RD
        answer = dns.query.udp(query, host, timeout=seconds, port=self.port)
        wanted = dns.rdatatype.from_text(kind)
        return sorted(
            _without_quotes(value.to_text()) for found in answer.answer if found.rdtype == wanted for value in found
        )

    def add_value(self, name: str, value: str, kind: str = "TXT") -> None:
        """By a signed update, as a client does it; a value more in the set."""
        self._update(name, lambda update: update.add(_absolute(name), 60, kind, value))

    def remove_value(self, name: str, value: str, kind: str = "TXT") -> None:
        self._update(name, lambda update: update.delete(_absolute(name), kind, value))

    def _update(self, name: str, change: Callable[[dns.update.UpdateMessage], None]) -> None:
        zone = max((zone for zone in self.zones if f".{name}".endswith(f".{zone}")), key=len)
        key = dns.tsig.Key(self.key.name, self.key.secret, self.key.algorithm)
        update = dns.update.UpdateMessage(zone, keyring=key)
        change(update)
        answer = dns.query.tcp(update, PRIMARY, timeout=5, port=self.port)
        if answer.rcode() != dns.rcode.NOERROR:
            raise StartFailed(
                f"The update of {name} was answered by {dns.rcode.to_text(answer.rcode())}; see {self.run}"
            )

    def notify_secondary(self) -> None:
        """It knows of all updates when this returns."""
        for zone in self.zones:
            notification = dns.message.make_query(zone, "SOA")
            notification.set_opcode(dns.opcode.NOTIFY)
            notification.flags = dns.opcode.to_flags(dns.opcode.NOTIFY) | dns.flags.AA
            dns.query.udp(notification, SECONDARY, timeout=5, port=self.port, source=PRIMARY)
        deadline = time.monotonic() + 10
        while any(self._serial(zone, SECONDARY) != self._serial(zone, PRIMARY) for zone in self.zones):
            if time.monotonic() > deadline:
                raise StartFailed(f"The secondary did not follow; see {self.run}")
            time.sleep(0.01)

    def _start(self, host: str) -> None:
        place = Place(
            directory=self.run / f"dns-{host}",
            sockets=Path(tempfile.mkdtemp(dir=self._sockets)),
            host=host,
            port=self.port,
            zones={zone: self._zone_text(zone) for zone in self.zones},
            key=(self.key.name, self.key.algorithm, self.key.secret),
            primary="" if host == PRIMARY else PRIMARY,
            secondary=SECONDARY if host == PRIMARY and len(self._hosts) > 1 and self.notify else "",
        )
        place.directory.mkdir(parents=True)
        words = self._program.write(place)
        process = Process([find_program(self._program.binary), *words], self.run / f"{self.name}-{host}.log")
        self._processes.append(process)
        process.await_ready(lambda: all(self._serial(zone, host) for zone in self.zones))

    def _serial(self, zone: str, host: str) -> str:
        """Empty while the server does not answer for the zone."""
        try:
            found = self.find_values(zone, "SOA", host=host, seconds=0.05)
        except (OSError, dns.exception.DNSException):
            return ""
        return found[0].split()[2] if found else ""

    def _zone_text(self, zone: str) -> str:
        names = [f"ns{number}" for number, host in enumerate(self._hosts, start=1)]
        servers = "".join(f"@ NS {name}\n{name} A {host}\n" for name, host in zip(names, self._hosts, strict=True))
        # A long refresh: without a notification the secondary stays as it is.
        begin = f"$ORIGIN {_absolute(zone)}\n$TTL 60\n@ SOA ns1 hostmaster 1 3600 3600 86400 5\n"
        return f"{begin}{servers}{self.zones[zone]}\n"


def _without_quotes(text: str) -> str:
    return text[1:-1] if text.startswith('"') else text


def _absolute(name: str) -> str:
    return name.rstrip(".") + "."


def _choose(name: str, *, secondary: bool) -> _Program:
    for program in _PROGRAMS:
        if name in ("", program.name) and program.has_secondary >= secondary and find_program(program.binary):
            return program
    raise ProgramMissing(f"No {name or 'DNS'} server is here; install one with: apt-get install {name or 'knot'}")
