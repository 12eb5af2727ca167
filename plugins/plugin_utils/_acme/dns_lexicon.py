# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TXT values by the providers of dns-lexicon; secrets come from the LEXICON_* environment, as that library reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

try:
    import lexicon.client
    import lexicon.config
    import lexicon.exceptions
    import requests
except ImportError:
    pass  # require_lexicon() says so at run time

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_records import TxtRecord
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, bounded

# The library's requests have no time limit.
_SECONDS = 120.0
_SHORTEST_SECRET = 4
_ADDRESS = re.compile(r"[a-z+]+://\S+", re.IGNORECASE)
# An address literal keeps the library from fetching the list of public suffixes; we know the zone.
_NO_DOMAIN = "[::1]"

Work = Callable[[Any], None]


@dataclass(frozen=True)
class DnsLexicon:
    """One account at one provider. Without a zone the resolver finds it.

    One change at a time: some providers' sets are read, changed and written back.
    """

    provider: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    zone: str = ""
    resolver: Resolver = field(default_factory=Resolver)
    seconds: float = _SECONDS
    _alone: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def present(self, record: TxtRecord) -> None:
        self._run("add", record, lambda operations: operations.create_record("TXT", record.name, record.value))

    def clean_up(self, record: TxtRecord) -> None:
        """Providers differ in whether removing what is not there is an error: only one of a value that is there is."""
        try:
            self._run(
                "remove", record, lambda operations: operations.delete_record(None, "TXT", record.name, record.value)
            )
        except AcmeProblem as problem:
            if problem.kind == "transient" or self._has(record):
                raise

    def _has(self, record: TxtRecord) -> bool:
        """Asked by a client of its own: after a failed change one may list what it meant to have."""
        found: list[Any] = []
        self._run("list", record, lambda client: found.extend(client.list_records("TXT", record.name, record.value)))
        return bool(found)

    def connect(self, zone: str) -> Any:
        """A client of the library for this zone; dns_provider_unknown when it has no such provider."""
        words = {**self.options, self.provider: self.options, "provider_name": self.provider, "domain": _NO_DOMAIN}
        make: Any = lexicon.config.ConfigResolver
        config = make().with_dict(words).with_env()
        try:
            client = lexicon.client.Client(config)
        except lexicon.exceptions.ProviderNotAvailableError as error:
            fact = f"The DNS provider {self.provider} is not available: {bounded(str(error))}"
            way_out = "`lexicon --help` lists the names that `lexicon_provider` takes"
            raise AcmeProblem("permanent", "dns_provider_unknown", f"{fact} {way_out}") from None
        config.add_config_source(lexicon.config.DictConfigSource({"domain": zone}), 0)
        return client

    def _run(self, verb: str, record: TxtRecord, work: Work) -> None:
        zone = self.zone or self.resolver.find_zone(record.name)

        def attempt() -> None:
            with self.connect(zone) as operations:
                work(operations)

        with self._alone:
            error = _run_within(attempt, self.seconds)
        if isinstance(error, AcmeProblem):
            raise error
        if error is not None:
            raise self._find_problem(
                error, f"The DNS provider {self.provider} did not {verb} the TXT value at {record.name}"
            )

    def _find_problem(self, error: Exception, subject: str) -> AcmeProblem:
        if isinstance(error, (requests.ConnectionError, requests.Timeout, TimeoutError)):
            fact = f"{subject}: it gives no answer ({error.__class__.__name__})"
            return AcmeProblem("transient", "dns_unreachable", f"{fact}; see that the controller reaches its interface")
        status = getattr(getattr(error, "response", None), "status_code", 0) or 0
        if status == 429 or status >= 500:
            message = f"{subject}: HTTP status {status}; it heals by itself, a later run tries again"
            return AcmeProblem("transient", "dns_provider_failed", message)
        way_out = f"check the credentials in LEXICON_{self.provider.upper()}_*, their rights on the zone, and `options`"
        return AcmeProblem(
            "permanent",
            "dns_provider_failed",
            f"{subject}: {f'HTTP status {status}' if status else self.explain(error)}; {way_out}",
        )

    def explain(self, error: Exception) -> str:
        """Texts of providers may hold addresses with tokens in them, and the tokens themselves: none of these."""
        text = _ADDRESS.sub("(address)", str(error))
        environment = [value for name, value in os.environ.items() if name.startswith("LEXICON_")]
        for secret in sorted(map(str, [*self.options.values(), *environment]), key=len, reverse=True):
            text = text.replace(secret, "***") if len(secret) >= _SHORTEST_SECRET else text
        return f"{error.__class__.__name__}: {bounded(text)}"


def _run_within(attempt: Callable[[], None], seconds: float) -> Exception | None:
    """What went wrong, if anything. A thread that does not come back is left behind: nothing else can end a request."""
    ended: SimpleQueue[Exception | None] = SimpleQueue()

    def run() -> None:
        try:
            attempt()
        except Exception as error:  # noqa: BLE001 - providers raise whatever they like, Exception itself among it
            ended.put(error)
        else:
            ended.put(None)

    Thread(target=run, daemon=True).start()
    try:
        return ended.get(timeout=seconds)
    except Empty:
        return TimeoutError()
