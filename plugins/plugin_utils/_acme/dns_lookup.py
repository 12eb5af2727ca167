# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the DNS says: addresses, aliases, TXT and CAA sets, and the servers that a CA will hear it from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.nameserver
    import dns.query
    import dns.rcode
    import dns.rdatatype
    import dns.resolver
except ImportError:
    pass  # require_dnspython() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_caa import CaaProperty, CaaSet
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, bounded

_ANSWER_SECONDS = 2.0
_MAXIMUM_ALIASES = 8
_WITH_PORT = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[0-9.]+))(?::(?P<port>[0-9]{1,5}))?")

Place = tuple[str, int]


@dataclass(frozen=True)
class NameServer:
    """One server under one name, at some addresses; an authoritative one is believed only where it says that it is."""

    name: str
    places: tuple[Place, ...]
    is_authoritative: bool = True
    seconds: float = _ANSWER_SECONDS


@dataclass(frozen=True)
class Resolver:
    """Asks the resolvers at these addresses (`127.0.0.1`, `127.0.0.1:8053`, `[::1]:8053`), else the system's.

    `port` is where servers are asked that name no port; `seconds` is what one lookup may take. Raises AcmeProblem:
    dns_name_unknown for what does not exist, dns_unreachable (transient) for silence, also that of a SERVFAIL.
    """

    addresses: tuple[str, ...] = ()
    port: int = 53
    configuration: str = "/etc/resolv.conf"
    seconds: float = 5.0

    def find_addresses(self, name: str) -> tuple[str, ...]:
        """IPv6 first, as CAs prefer it; one family that stays silent hides the other as little as it does for them."""
        found, silence = [], None
        for kind in ("AAAA", "A"):
            try:
                found += [str(record.address) for record in self._look_up(name, kind)]
            except AcmeProblem as problem:
                if problem.kind == "permanent":
                    raise
                silence = problem
        if silence is not None and not found:
            raise silence
        return tuple(found)

    def find_target(self, name: str) -> str:
        """Where the values of this name live: itself, or where its CNAME leads, also in another zone."""
        seen = [name]
        while alias := self._find_alias(seen[-1]):
            if alias in seen or len(seen) > _MAXIMUM_ALIASES:
                fact = f"The alias of {name} leads through {' and '.join(seen[1:])} to no end"
                raise AcmeProblem("permanent", "dns_alias_loop", f"{fact}; correct its CNAME records")
            seen.append(alias)
        return seen[-1]

    def find_txt(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(_join(record) for record in self._look_up_or_none(name, "TXT")))

    def find_caa(self, name: str) -> CaaSet:
        """RFC 8659 3: the first set on the way up to the root, aliases followed at each step."""
        for domain in climb(name.removeprefix("*.")):
            records = self._look_up_or_none(domain, "CAA")
            if records:
                texts = [(record.flags, record.tag.decode("ascii"), record.value) for record in records]
                return CaaSet(
                    domain, tuple(CaaProperty(f, tag, text.decode("utf-8", "replace")) for f, tag, text in texts)
                )
        return CaaSet()

    def find_zone(self, name: str) -> str:
        """The zone that the name lies in; empty for the root: there lies what has no domain of its own."""
        stub = self._make_stub()
        try:
            zone = dns.resolver.zone_for_name(_absolute(name), resolver=stub, lifetime=2 * self.seconds)
        except (dns.exception.DNSException, OSError):
            raise self._find_silence(name, "SOA") from None
        return zone.to_text(omit_final_dot=True).rstrip(".")

    def find_servers(self, name: str) -> tuple[NameServer, ...]:
        """Whom to believe about a name: each resolver that was chosen, else each authoritative server of its zone."""
        if self.addresses:
            return self.find_resolvers()
        zone = self.find_zone(name)
        records = self._look_up(zone, "NS") if zone else ()
        hosts = [record.target.to_text(omit_final_dot=True) for record in records]
        return tuple(NameServer(host, self._find_places(host), seconds=self._answer_seconds) for host in sorted(hosts))

    def find_resolvers(self) -> tuple[NameServer, ...]:
        places = self._places or tuple((str(address), self.port) for address in self._make_stub().nameservers)
        return tuple(
            NameServer(say_place(place), (place,), is_authoritative=False, seconds=self._answer_seconds)
            for place in places
        )

    def _find_places(self, host: str) -> tuple[Place, ...]:
        try:
            return tuple((address, self.port) for address in self.find_addresses(host))
        except AcmeProblem:
            return ()

    def _find_alias(self, name: str) -> str:
        """A CNAME that only a wildcard gives is no delegation: a TXT record at the name itself takes its place."""
        for record in self._look_up_or_none(name, "CNAME"):
            alias = record.target.to_text(omit_final_dot=True).lower()
            return "" if alias in self._find_wildcard_aliases(name) else alias
        return ""

    def _find_wildcard_aliases(self, name: str) -> Iterator[str]:
        for domain in list(climb(name))[1:-1]:
            for record in self._look_up_or_none(f"*.{domain}", "CNAME"):
                yield record.target.to_text(omit_final_dot=True).lower()

    def _look_up_or_none(self, name: str, kind: str) -> tuple[Any, ...]:
        try:
            return self._look_up(name, kind)
        except AcmeProblem as problem:
            if problem.kind == "permanent":
                return ()
            raise

    def _look_up(self, name: str, kind: str) -> tuple[Any, ...]:
        stub, asked = self._make_stub(), _absolute(name)
        try:
            answer = stub.resolve(asked, kind, raise_on_no_answer=False)
            if answer.rrset is None and answer.canonical_name != asked:
                # An authoritative server follows no alias out of its zones.
                answer = stub.resolve(answer.canonical_name, kind, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            fact = f"The name {name} does not exist in the DNS as {self._said_resolver} sees it"
            way_out = "make its records, or name a `resolver` that sees what the CA sees"
            raise AcmeProblem("permanent", "dns_name_unknown", f"{fact}; {way_out}") from None
        except (dns.exception.DNSException, OSError):
            raise self._find_silence(name, kind) from None
        return tuple(answer.rrset or ())

    def _make_stub(self) -> dns.resolver.Resolver:
        try:
            stub = dns.resolver.Resolver(filename=self.configuration, configure=not self.addresses)
        except (dns.resolver.NoResolverConfiguration, OSError):
            fact = f"{self.configuration} names no resolver"
            raise AcmeProblem("transient", "dns_unreachable", f"{fact}; name one in `resolver`") from None
        stub.port, stub.timeout, stub.lifetime = self.port, self._answer_seconds, self.seconds
        if self.addresses:
            stub.nameservers = [dns.nameserver.Do53Nameserver(*place) for place in self._places]
        return stub

    def _find_silence(self, name: str, kind: str) -> AcmeProblem:
        fact = f"{self._said_resolver} gives no answer about the {kind} records of {name}"
        way_out = "see that it and the zone's servers can be reached, or name another `resolver`"
        return AcmeProblem("transient", "dns_unreachable", f"{fact[0].upper()}{fact[1:]}; {way_out}")

    @property
    def _answer_seconds(self) -> float:
        return min(self.seconds, _ANSWER_SECONDS)

    @property
    def _said_resolver(self) -> str:
        return f"the resolver {' and '.join(self.addresses)}" if self.addresses else "the controller's resolver"

    @property
    def _places(self) -> tuple[Place, ...]:
        return tuple(load_place(address, self.port) for address in self.addresses)


def load_place(text: str, port: int) -> Place:
    """An IP address, with a port of its own or this one."""
    found = _WITH_PORT.fullmatch(text)
    if found is None:
        return text, port
    return found["six"] or found["four"], int(found["port"] or port)


def say_place(place: Place) -> str:
    address, port = place
    shown = f"[{address}]" if ":" in address and port != 53 else address
    return shown if port == 53 else f"{shown}:{port}"


def climb(name: str) -> Iterator[str]:
    """The name and each domain above it, without the root."""
    while name:
        yield name
        name = name.partition(".")[2]


def ask_txt(server: NameServer, name: str) -> frozenset[str] | None:
    """The values that this server itself has at a name; None when it gives no answer that counts."""
    for place in server.places:
        answer = _ask(server, place, name)
        if answer is None or (server.is_authoritative and not answer.flags & dns.flags.AA):
            continue
        if answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            sets = [rrset for rrset in answer.answer if rrset.rdtype == dns.rdatatype.TXT]
            return frozenset(_join(record) for rrset in sets for record in rrset)
    return None


def _ask(server: NameServer, place: Place, name: str) -> dns.message.Message | None:
    flags = 0 if server.is_authoritative else dns.flags.RD
    query = dns.message.make_query(_absolute(name), dns.rdatatype.TXT, use_edns=0, flags=flags)
    address, port = place
    try:
        return dns.query.udp_with_fallback(query, address, timeout=server.seconds, port=port)[0]
    except (dns.exception.DNSException, OSError, EOFError):
        return None


def _join(record: Any) -> str:
    """RFC 8555 has one string; longer values come in pieces that belong together."""
    return b"".join(record.strings).decode("utf-8", "replace")


def _absolute(name: str) -> dns.name.Name:
    """Raises AcmeProblem: dns_name_unknown for what no DNS can hold (RFC 1035 2.3.4)."""
    try:
        return dns.name.from_text(name, dns.name.root)
    except dns.exception.DNSException:
        fact = f"The name {bounded(name)[:80]}… cannot be looked up: it is too long, or no name of the DNS"
        raise AcmeProblem(
            "permanent", "dns_name_unknown", f"{fact}; use a shorter one, or prove it by http-01"
        ) from None
