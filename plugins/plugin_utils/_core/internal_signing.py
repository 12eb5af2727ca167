# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a certificate is asked of an internal CA as, what that CA tells of itself, and how an installed one differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.ca_failure import has_failed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed, ObservedGeneration
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.revocation_list import (
    RevocationList,
    load_lists,
)

# Before the id of a CA, where records have the URL of one that is asked by ACME.
SCHEME = "internal_ca:"
SERVER, CLIENT, BOTH = "server", "client", "both"
USAGES = (SERVER, CLIENT, BOTH)
_DIGEST_LENGTH = 64


@dataclass(frozen=True)
class SigningCa:
    """`id` stays through roll-overs, `issuing` is the id of whose key signs now, `anchors` are what hosts may trust.

    `revoked` are serial numbers (hex), `crl` are the lists that it publishes.
    """

    id: str
    issuing: str
    anchors: tuple[Certificate, ...] = field(repr=False)
    revoked: frozenset[str] = frozenset()
    crl: tuple[RevocationList, ...] = field(default=(), repr=False)

    @classmethod
    def from_info(cls, subject: str, words: Mapping[str, Any]) -> SigningCa | None:
        """None for a CA that told nothing, or failed. Raises RefusedError for what is no answer of internal_ca_info."""
        if not words or words.get("unreachable") or has_failed(words):
            return None
        own, issuing = (str(words.get(word) or "") for word in ("ca_id", "issuing_id"))
        anchors = words.get("anchors")
        if not (own and issuing) or not isinstance(anchors, (list, tuple)) or not anchors:
            fact = "this is not what internal_ca_info returns of a CA that can sign"
            way_out = "pass its result as it is, and leave it out when the CA could not be read"
            raise RefusedError.from_problems([Problem(subject, "ca_unusable", f"{fact}; {way_out}")])
        content = "\n".join(str(anchor) for anchor in anchors).encode("ascii", "replace")
        try:
            crl = load_lists(str(words["crl"]).encode("ascii", "replace")) if words.get("crl") else ()
            return cls(own, issuing, load_certificates(content, "ca"), _load_serials(words.get("revoked")), crl)
        except UnusableError as error:
            raise RefusedError.from_problems([Problem(subject, "ca_unusable", error.message)]) from None


@dataclass(frozen=True)
class Signing:
    """`issuer` is the CA's name in the inventory. No `ca` means that it could not be asked, or failed (`fault`).

    In a `subject_form` the CA completes the subject.
    """

    ca: SigningCa | None = None
    issuer: str = ""
    usage: str = SERVER
    emails: tuple[str, ...] = ()
    subject: str = ""
    subject_form: str = ""
    days: int | None = None
    not_after: datetime | None = None
    fault: Reason | None = None

    @property
    def directory(self) -> str:
        """Who signs, as records say it."""
        return f"{SCHEME}{self.ca.id}" if self.ca else SCHEME

    def is_of(self, recorded: str) -> bool:
        """A CA that is silent does not say which one it is."""
        return recorded == self.directory if self.ca else recorded.startswith(SCHEME)

    def is_last(self, not_after: datetime) -> bool:
        """Whether no other one would end later: the end was said."""
        return self.not_after is not None and self.not_after <= not_after

    def find_differences(self, held: ObservedGeneration) -> Iterator[Reason]:
        """Of one that a CA of ours signed, beside its names; which CA that was is judged elsewhere."""
        if not self.is_of(held.issuer):
            return
        yield from self._find_identity(held.order)
        serial, issuing = (str(held.order.get(word, "")) for word in ("serial", "issuing"))
        if self.ca is not None and serial in self.ca.revoked:
            yield Reason("revoked", f"Its CA has revoked it (serial {serial})")
        if self.ca is not None and issuing != self.ca.issuing:
            was = printable(issuing[:16]) or "an unknown one"
            fact = f"It was signed by the issuing CA {was}…, and {self.ca.issuing[:16]}… signs now"
            yield Reason("issuing_ca_differs", fact)

    def _find_identity(self, order: Mapping[str, Any]) -> Iterator[Reason]:
        usage, subject = str(order.get("usage") or SERVER), str(order.get("subject") or "")
        emails = tuple(str(email) for email in order.get("emails") or ())
        if usage != self.usage:
            yield Reason("usage_differs", f"It is for the usage {printable(usage[:20])}; {self.usage} is declared")
        if set(emails) != set(self.emails):
            was, now = (", ".join(sorted(listed)) or "none" for listed in (emails, self.emails))
            yield Reason("emails_differ", f"Its mail addresses are {printable(was[:200])}; {now} are declared")
        form = str(order.get("subject_form") or "")
        if form != self.subject_form:
            was, now = (f"the form {printable(text[:20])}" if text else "no form" for text in (form, self.subject_form))
            yield Reason("subject_differs", f"Its subject has {was}; {now} is wanted")
        if subject != self.subject:
            was, now = (text or "empty" for text in (printable(subject[:200]), self.subject))
            yield Reason("subject_differs", f"Its subject is {was}; {now} is declared")


def _load_serials(given: object) -> frozenset[str]:
    return frozenset(str(serial) for serial in given) if isinstance(given, (list, tuple)) else frozenset()


def find_anchors(observed: Observed, directory: str) -> list[dict[str, Any]]:
    """What this host remembers of the ledger of that CA, from the records of its generations."""
    generations = (item for item in (observed.live, observed.pending) if item is not None)
    found = [_load_anchor(item.order) for item in generations if item.issuer == directory]
    return [anchor for position, anchor in enumerate(found) if anchor and anchor not in found[:position]]


def _load_anchor(order: Mapping[str, Any]) -> dict[str, Any] | None:
    """A host is not trusted with the shape of what is handed on."""
    number, digest, seal = order.get("entry"), order.get("hash"), order.get("seal")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return None
    anchor = {"number": number, "hash": digest, **({"seal": seal} if _is_digest(seal) else {})}
    return anchor if _is_digest(digest) else None


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == _DIGEST_LENGTH and set(value) <= set("0123456789abcdef")
