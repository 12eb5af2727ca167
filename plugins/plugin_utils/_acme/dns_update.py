# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TXT values by dynamic update (RFC 2136), signed with a TSIG key (RFC 8945), over TCP."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.ANY.TXT
    import dns.tsig
    import dns.update
except ImportError:
    pass  # require_dnspython() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_records import TxtRecord
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, Kind

ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1", "hmac-md5")
_SECONDS = 10.0
_POLICY = "(bind9: `update-policy` or `allow-update`; knot: an `acl` with `action: update`)"

# What the server's answer means, and the way out; {key}, {zone} and {name} are filled in.
_RCODES: Mapping[str, tuple[str, str]] = {
    "REFUSED": ("{key} may not change {name}", f"allow it on the server {_POLICY}"),
    "NOTAUTH": (
        "it is not the primary of the zone {zone}, or does not take {key} for it",
        "name the primary in `server`, the right zone in `zone`, and a key that may change it",
    ),
    "NOTZONE": ("{name} does not lie in the zone {zone}", "name the right zone in `zone`, or leave it out"),
    "NOTIMP": ("it takes no dynamic updates", "name one that does in `server`, or use another provider"),
    "FORMERR": ("it does not understand the update", "name a server that takes dynamic updates in `server`"),
    "SERVFAIL": (
        "it could not carry the change out",
        "look into the server's log; the zone may be frozen or read-only",
    ),
}
_BADSIG = ("the secret of {key} is another one there", "check `tsig_secret` and `tsig_algorithm`")
# knot says BADKEY, and NOTAUTH to a request without a key, also where its acl lets nobody in.
_BADKEY = (
    "it does not know {key}, or not for this",
    f"check `tsig_name` and `tsig_algorithm`, and what the key may do there {_POLICY}",
)
_UNSIGNED = ("it answers without a signature, as one does that has no zone for {name}", "check `server` and `zone`")
_BADTIME = ("its clock and the controller's are more than five minutes apart", "set both clocks (NTP)")


@dataclass(frozen=True)
class TsigKey:
    """A shared key: its name, its secret in base64 and one of ALGORITHMS."""

    name: str
    secret: str = field(repr=False)
    algorithm: str = ALGORITHMS[0]


@dataclass(frozen=True)
class DnsUpdate:
    """A primary server that takes updates. Without a zone it is asked for it; without a key it goes by address."""

    server: str
    port: int = 53
    zone: str = ""
    key: TsigKey | None = None
    ttl: int = 60

    def present(self, record: TxtRecord) -> None:
        """RFC 2136 3.4.2.2: a value that is there already is not added again."""
        zone = self._require_zone(record.name)
        update = dns.update.UpdateMessage(zone)
        update.add(_absolute(record.name), self.ttl, _value(record))
        self._require_done(update, zone, record.name)

    def clean_up(self, record: TxtRecord) -> None:
        """RFC 2136 2.5.4: only the value that is named, whatever else the set holds."""
        zone = self._require_zone(record.name)
        update = dns.update.UpdateMessage(zone)
        update.delete(_absolute(record.name), _value(record))
        self._require_done(update, zone, record.name)

    def _require_zone(self, name: str) -> dns.name.Name:
        """The zone as the server itself has it, for another view of the DNS may cut it elsewhere."""
        if self.zone:
            return _absolute(self.zone)
        for domain in _climb(_absolute(name)):
            answer = self._exchange(dns.message.make_query(domain, dns.rdatatype.SOA, flags=0), name)
            if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
                break
            zone = _find_zone(answer, domain)
            if zone is not None:
                return zone
            if any(rrset.rdtype == dns.rdatatype.NS for rrset in answer.authority):
                raise self._refuse(f"it has delegated {name} to other servers", "name their primary in `server`")
        raise self._refuse(f"it has no zone for {name}", "name the zone's primary in `server`")

    def _exchange(self, message: dns.message.Message, name: str) -> dns.message.Message:
        """The answer of the server's first address that gives one, or what its refusal of our key means."""
        if self.key is not None:
            message.use_tsig(dns.tsig.Key(self.key.name, self.key.secret, self.key.algorithm))
        try:
            return self._ask(message)
        except (dns.tsig.PeerBadSignature, dns.tsig.PeerBadTruncation, dns.tsig.BadSignature):
            raise self._refuse_for(_BADSIG, "BADSIG", name) from None
        except dns.tsig.PeerBadKey:
            raise self._refuse_for(_BADKEY, "BADKEY", name) from None
        except (dns.tsig.PeerBadTime, dns.tsig.BadTime):
            raise self._refuse_for(_BADTIME, "BADTIME", name) from None
        except dns.exception.FormError:
            raise self._refuse_for(_UNSIGNED, "no TSIG", name) from None
        except dns.exception.DNSException as error:
            raise self._refuse_for(_UNSIGNED, type(error).__name__, name) from None

    def _ask(self, message: dns.message.Message) -> dns.message.Message:
        fault = "it has no address"
        for address in self._find_addresses():
            try:
                return dns.query.tcp(message, address, timeout=_SECONDS, port=self.port)
            except (OSError, EOFError, dns.exception.Timeout) as error:
                fault = f"{address}: {getattr(error, 'strerror', None) or 'no answer'}"
        way_out = "check `server` and `port`, and that a firewall lets TCP through"
        text = f"The DNS server {self._place} cannot be asked ({fault}); {way_out}"
        raise AcmeProblem("transient", "dns_unreachable", text)

    def _find_addresses(self) -> Iterator[str]:
        try:
            found = socket.getaddrinfo(self.server, self.port, type=socket.SOCK_STREAM)
        except OSError:
            return
        yield from dict.fromkeys(str(sockaddr[0]) for *_kind, sockaddr in found)

    def _require_done(self, update: dns.update.UpdateMessage, zone: dns.name.Name, name: str) -> None:
        rcode = dns.rcode.to_text(self._exchange(update, name).rcode())
        if rcode == "NOERROR":
            return
        meaning = _RCODES.get(rcode, ("it gives no reason", "look into the server's log"))
        raise self._refuse_for(meaning, rcode, name, zone.to_text(omit_final_dot=True))

    def _refuse_for(self, meaning: tuple[str, str], word: str, name: str, zone: str = "") -> AcmeProblem:
        key = f"the key {self.key.name}" if self.key else "a request without a key"
        fact, way_out = (text.format(key=key, zone=zone or self.zone, name=name) for text in meaning)
        return self._refuse(f"{fact} ({word})", way_out, kind="transient" if word == "SERVFAIL" else "permanent")

    def _refuse(self, fact: str, way_out: str, *, kind: Kind = "permanent") -> AcmeProblem:
        message = f"The DNS server {self._place} refuses: {fact}; {way_out}"
        return AcmeProblem(kind, "dns_update_refused", message)

    @property
    def _place(self) -> str:
        return self.server if self.port == 53 else f"{self.server} port {self.port}"


def _find_zone(answer: dns.message.Message, domain: dns.name.Name) -> dns.name.Name | None:
    """The owner of the SOA, which stands in the authority section for a name that is no zone itself."""
    for rrset in (*answer.answer, *answer.authority):
        if rrset.rdtype == dns.rdatatype.SOA and domain.is_subdomain(rrset.name):
            return rrset.name
    return None


def _climb(name: dns.name.Name) -> Iterator[dns.name.Name]:
    while name != dns.name.root:
        yield name
        name = name.parent()


def _absolute(name: str) -> dns.name.Name:
    return dns.name.from_text(name, dns.name.root)


def _value(record: TxtRecord) -> dns.rdtypes.ANY.TXT.TXT:
    return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, [record.value.encode("ascii")])
