# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The third act: a CA of one's own, for the host on which the acts before have ended."""

from __future__ import annotations

import re
from collections.abc import Callable

from office import ALL, NEW, NONE, Office
from serving import HOST, describe_served
from stage import Stage
from supplied import SHOP
from terminal import show_table
from visits import ANSWERED, REFUSED, UNTRUSTED

NAMES = {HOST: "system", SHOP: SHOP}
# web1's three, of which one was forced, and two for Jane.
SIGNED = 5


class Internal:
    """Make, issue, ask clients, renew, prepare, switch, distrust, count."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.server, self.office = stage, stage.server, Office(stage)
        self.live = stage.work / "store" / "live" / "system"

    def scenes(self) -> list[Callable[[], None]]:
        """In their order; each goes on where the one before ended."""
        return [
            *(self.make, self.issue, self.ask_clients, self.renew),
            *(self.prepare, self.switch, self.distrust, self.count),
        ]

    def make(self) -> None:
        self.stage.announce("A CA of one's own: made once, by its own playbook, and pinned; it signs for Jane, too")
        self.server.name_stable_paths(NAMES)
        self.office.prepare()
        made = self.stage.play_book("internal_ca_init")
        self.stage.expect(made, code=0, words=["changed=1", "failed=0"])
        found = re.search(r"tls_issuers\.office\.fingerprint: (\w+)", made[1])
        self.office.pin(found[1] if found else "")
        self.office.ask("office_signs=jane")
        self.stage.require(self.office.describe(ALL) == self.office.pinned, "openssl finds what is pinned")

    def issue(self) -> None:
        self.stage.announce(f"{HOST} is to come from it: key and request are the host's, the CA signs, the port serves")
        before = describe_served(self.server.port)
        self.stage.expect(self.office.install(), code=0, words=["failed=0"])
        self.expect_another(before, "the port serves the CA's")
        self.office.visit("a client without its root", UNTRUSTED, roots=NONE)
        self.office.visit("a client with its root", ANSWERED)

    def ask_clients(self) -> None:
        self.stage.announce("Mutual TLS: the server is told to ask clients for a certificate of this CA")
        self.server.name_stable_paths(NAMES, clients=self.live / "clients" / "clients.pem")
        self.server.reload()
        self.office.visit("a client without a certificate", REFUSED)
        self.office.visit("Jane, with hers in PKCS#12,", ANSWERED, shows="jane")

    def renew(self) -> None:
        self.stage.announce("Renew: nothing is due, and the CA signs nothing; forced, another one is served")
        before, entries = describe_served(self.server.port), self.office.count_entries()
        renewed = self.stage.play_book("renew", tell=show_table)
        self.stage.expect(renewed, code=0, words=["not due 1"])
        self.stage.require("changed: [" not in renewed[1], "nothing is changed")
        self.stage.require(self.office.count_entries() == entries, "the ledger is as long as before")
        self.stage.expect(self.stage.play_book("force_internal.yml"), code=0, words=["failed=0"])
        self.expect_another(before, "the new one is served")

    def prepare(self) -> None:
        self.stage.announce("Its end is near: the next root, which the old one signs; no switch while nobody trusts it")
        before = describe_served(self.server.port)
        self.office.approach_the_end()
        self.stage.expect(self.office.roll_over("prepare", hosts="ca01"), code=0, words=["failed=0"])
        words = ["web1 is not known to trust the next root"]
        self.stage.expect(self.office.roll_over("switch", hosts="ca01"), code=2, words=words)
        self.stage.require(describe_served(self.server.port) == before, "the same certificate is served")

    def switch(self) -> None:
        self.stage.announce("The server trusts both, and the CA is told: it switches, and issues anew in the same run")
        before = describe_served(self.server.port)
        self.office.ask()
        self.stage.expect(self.office.install(), code=0, words=["failed=0"])
        self.office.ask("office_trusted=web1")
        self.stage.expect(self.office.roll_over("switch"), code=0, words=["failed=0"])
        self.expect_another(before, "the next CA's is served")
        self.office.visit("Jane, who trusts both roots,", ANSWERED, shows="jane")
        self.office.visit("Jane, who trusts the new root alone,", ANSWERED, roots=NEW, shows="jane")

    def distrust(self) -> None:
        self.stage.announce("The old root is to go: not while Jane has a certificate of it; then she gets another")
        self.office.pin(self.office.describe(NEW))
        words = ["jane still has a certificate of the previous CA"]
        self.stage.expect(self.office.roll_over("distrust", hosts="ca01"), code=2, words=words)
        self.office.keep_jane("jane-of-old")
        self.office.ask("office_signs=jane")
        self.office.trust_alone(NEW)
        self.stage.expect(self.office.roll_over("distrust"), code=0, words=["failed=0"])
        self.office.visit("Jane, with hers of the old root,", REFUSED, roots=NEW, shows="jane-of-old")
        self.office.visit("Jane, with hers of the new root,", ANSWERED, roots=NEW, shows="jane")

    def count(self) -> None:
        self.stage.announce("What the CA knows: all that it ever signed, and that its backup has it too")
        self.office.ask()
        known = self.office.known
        counts, backup, ledger = known["counts"], known["backup"], known["ledger"]
        print(f"  after:  {', '.join(f'{word} {count}' for word, count in counts.items())}")
        print(f"  after:  the ledger has {ledger['number']} entries, its backup {backup['number']}")
        self.stage.require(counts["issued"] == SIGNED, f"{SIGNED} certificates are signed, not {counts['issued']}")
        self.stage.require(known["anchors"] == [self.office.file(NEW).read_text("ascii")], "the new root is alone")
        self.stage.require(backup["number"] == ledger["number"], "the backup is as long as the ledger")

    def expect_another(self, before: str, words: str) -> None:
        self.stage.expect_served(self.live / "cert.pem", words)
        self.stage.require(describe_served(self.server.port) != before, "another certificate is served")
