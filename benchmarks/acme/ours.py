# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The task that is measured: letsencrypt_cert over names of one host, installed for a service that costs nothing."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import proof
from issued import require_issued
from material import idle_service, write_variables
from pairs import FULLCHAIN, PING, PRIVATE_KEY, BySize, collect_pairs
from playbooks import NO_OP, Bench
from stage import Stage

MODULE = "certwright.tls.letsencrypt_cert"


@dataclass(frozen=True)
class Ordered:
    """The seconds of the task, and of its whole playbook from the command line to its end."""

    task: float
    playbook: float


@dataclass(frozen=True)
class Ours:
    """Ours on one host, whose account is known to the CA before anything is measured."""

    bench: Bench
    stage: Stage

    @property
    def account_key(self) -> Path:
        return self.bench.work / "account.pem"

    def register(self) -> None:
        self.order(1)

    def order(self, size: int) -> Ordered:
        """As many new certificates in an empty store, which is gone afterwards."""
        names = self.stage.take_names(size)
        ordered = self._fill(names, self.bench.store(size))
        shutil.rmtree(self.bench.store(size))
        return ordered

    def measure_unchanged(self, sizes: Iterable[int]) -> BySize:
        """By size; no-op and ours by turns, both with the same list. The CA must hear nothing of them."""
        pairs: BySize = {}
        for size in sizes:
            names, store = self.stage.take_names(size), self.bench.store(size)
            self._fill(names, store)
            # A CA without renewal information is asked for it once a day, first by the run after the order.
            self._run_unchanged(size)
            before, asked = proof.find_shape(store), self.stage.count_requests()
            pairs.update(self._run_unchanged(size))
            proof.require_untouched(before, store)
            if self.stage.count_requests() != asked:
                raise SystemExit("An unchanged run talked to the CA: this was no measurement")
            shutil.rmtree(store)
        return pairs

    def _run_unchanged(self, size: int) -> BySize:
        no_op = {"name": "no-op", PING: {"data": "{{ certificates }}"}}
        ours = self._word_task(f"unchanged {size}", self.bench.store(size))
        pairs: BySize = {size: []}
        first = [NO_OP, {**ours, "name": "first use"}]
        times = self.bench.play([*first, *[no_op, ours, proof.ours(size, "unchanged")] * self.bench.rounds])
        collect_pairs(times, "unchanged", pairs)
        return pairs

    def _fill(self, names: tuple[str, ...], store: Path) -> Ordered:
        service = idle_service(Path(os.devnull))
        entries = [{"name": name, "external_url": name, "services": [service]} for name in names]
        write_variables(self.bench.work, {"certificates": entries})
        orders, started = self.stage.count_orders(), time.monotonic()
        times = self.bench.play([self._word_task("ours", store), proof.ours(len(names), "activated")])
        playbook = time.monotonic() - started
        require_issued(names, store, FULLCHAIN, PRIVATE_KEY)
        if self.stage.count_orders() - orders != len(names):
            raise SystemExit(f"{self.stage.count_orders() - orders} orders for {len(names)}: this was no measurement")
        return Ordered(times[0].seconds, playbook)

    def _word_task(self, name: str, store: Path) -> dict[str, Any]:
        stage = self.stage
        words = {
            "certificates": "{{ certificates }}",
            "store_path": str(store),
            "acme_directory": stage.directory,
            "acme_ca_certificates": stage.ca,
            "terms_agreed": True,
            "email": "pki@example.test",
            "account_key_src": str(self.account_key),
            "account_key_create": True,
            "challenge": {"webroot": str(stage.webroot), "port": stage.http_port, "resolver": [stage.dns]},
        }
        return {"name": name, MODULE: words, "register": "ended"}
