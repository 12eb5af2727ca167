# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the CA is shown that a name is ours: files on the host, or TXT records that the controller adds and removes."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_propagation import await_values
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_records import TxtRecord, challenge_name
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_solvers import (
    DnsChallenge,
    load_challenge,
    read_resolver,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.http_check import HttpChallenge, check_http
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.orders import Challenge
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.patience import Patience
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import DNS_01, Validation
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice

# SHA-256 as base64url (RFC 8555 8.4)
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


@dataclass(frozen=True)
class Proof:
    """One name, its challenge, and what is to be shown for it: `content` in a file or `value` in a TXT record."""

    name: str
    challenge: Challenge
    content: str = field(repr=False)
    value: str
    record: TxtRecord | None = None


class Prover:
    """`warn` is told what could not be looked up from here, which is no reason to stop."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        dice: Callable[[], float],
        warn: Callable[[Notice], None],
    ) -> None:
        self._patience = Patience(clock, sleep, dice, clock())
        self._warn = warn

    def locate(self, validation: Validation, proofs: tuple[Proof, ...]) -> tuple[Proof, ...]:
        """With the TXT record that a CNAME of the name may have moved into another zone."""
        if validation.type != DNS_01 or not proofs:
            return proofs
        resolver = load_challenge(validation.words).resolver
        return tuple(
            replace(proof, record=TxtRecord(resolver.find_target(challenge_name(proof.name)), proof.value))
            for proof in proofs
        )

    @contextlib.contextmanager
    def shown(self, validation: Validation, proofs: tuple[Proof, ...]) -> Iterator[None]:
        """Everything is where the CA will look. Only our own records are taken away again, whatever happens."""
        if validation.type != DNS_01:
            self._check_files(validation, proofs)
            yield
            return
        records = [proof.record for proof in proofs if proof.record is not None]
        challenge = load_challenge(validation.words)
        presented: list[TxtRecord] = []
        try:
            for record in records:
                _present(challenge, record)
                presented.append(record)
            if validation.is_checked:
                self._await_records(challenge, records)
            yield
        finally:
            self._clean_up(challenge, presented)

    def clean_up_begun(self, validation: Validation, names: Iterable[str], begun: Mapping[str, Any]) -> None:
        """The TXT records that an earlier run wrote down, and may not have lived to remove.

        The host tells of them, and no host has a say over others' records: only those where ours would be are removed.
        """
        records = [TxtRecord(str(item["name"]), str(item["value"])) for item in begun.get("records") or ()]
        if not records or validation.type != DNS_01:
            return
        challenge = load_challenge(validation.words)
        own = {challenge.resolver.find_target(challenge_name(name)) for name in names}
        sound = [record for record in records if record.name in own and _VALUE.match(record.value)]
        self._clean_up(challenge, sound)

    def _clean_up(self, challenge: DnsChallenge, records: Iterable[TxtRecord]) -> None:
        """What cannot be removed is told and stays harmless: no CA asks for this value again."""
        for record in records:
            try:
                challenge.solver.clean_up(record)
            except AcmeProblem as problem:
                fact = f"The TXT record {record.name} could not be removed: {problem}"
                self._warn(Notice("record_left", fact))

    def _await_records(self, challenge: DnsChallenge, records: list[TxtRecord]) -> None:
        wanted: dict[str, set[str]] = {}
        for record in records:
            wanted.setdefault(record.name, set()).add(record.value)
        for name, values in wanted.items():
            patience = self._patience.renewed(challenge.propagation_timeout)
            notice = await_values(challenge.resolver, name, values, patience)
            if notice is not None:
                self._warn(notice)

    def _check_files(self, validation: Validation, proofs: tuple[Proof, ...]) -> None:
        """A definite wrong answer is not worth one of the five failures an hour; silence may be the network's fault."""
        if not validation.is_checked:
            return
        said = validation.words.get("resolver")
        resolver = read_resolver(said) if said else Resolver()
        for proof in proofs:
            challenge = HttpChallenge(proof.name, proof.challenge.token, proof.content, validation.port)
            found = check_http(challenge, resolver=resolver)
            if isinstance(found, AcmeProblem):
                raise found
            if found is not None:
                self._warn(found)


def _present(challenge: DnsChallenge, record: TxtRecord) -> None:
    """One that may have been added although the answer says otherwise, or never came, is taken back."""
    try:
        challenge.solver.present(record)
    except AcmeProblem:
        with contextlib.suppress(AcmeProblem):
            challenge.solver.clean_up(record)
        raise
