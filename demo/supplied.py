# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The first act: certificates that somebody else made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from material import make_ca, make_certificate, make_pkcs12
from serving import HOST, describe_served
from stage import Stage
from terminal import show_table

SHOP, FORUM = "shop.example.test", "forum.example.test"
NAMES = {HOST: "system", SHOP: SHOP, FORUM: FORUM}
INVENTORY = "supplied.yml.in"


class Supplied:
    """Install, again, refuse, roll back, show, disable, remove."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.server = stage, stage.server

    def scenes(self) -> list[Callable[[], None]]:
        """In their order; each goes on where the one before ended."""
        return [
            *(self.install, self.install_again, self.refuse_a_wrong_key, self.roll_back, self.mend),
            *(self.show, self.disable, self.remove),
        ]

    def prepare(self) -> None:
        """As an operator receives them."""
        work = self.stage.work
        make_ca(work)
        make_certificate(work, "stopgap", days=1)
        make_certificate(work, "first", days=30)
        make_certificate(work, "second", days=60)
        make_certificate(work, "shop", name=SHOP, days=20)
        make_certificate(work, "forum", name=FORUM, days=10)
        make_pkcs12(work, "forum")
        self.write_inventory("first")

    def install(self) -> None:
        self.stage.announce("Install: one playbook, and the port serves a certificate for each name; one was PKCS#12")
        self.server.start_with_a_stopgap(NAMES)
        print(f"  before: {describe_served(self.server.port)}")
        self.stage.expect(self.stage.play_book("install"), code=0, words=["changed=2", "failed=0"])
        self.stage.expect_served(self.file("first"), "the supplied certificate is served")
        self.stage.expect_served(self.file("shop"), f"as that of {SHOP} is", name=SHOP)
        self.stage.expect_served(self.file("forum"), f"and that of {FORUM}, which was PKCS#12", name=FORUM)

    def install_again(self) -> None:
        self.stage.announce("Again: nothing to do, and nothing is done")
        self.stage.expect(self.stage.play_book("install"), code=0, words=["changed=0"])

    def refuse_a_wrong_key(self) -> None:
        self.stage.announce("A renewed certificate with the wrong key: refused before anything is touched")
        self.write_inventory("second", key="first")
        self.stage.expect(self.stage.play_book("install"), code=2, words=["does not belong to the certificate"])
        self.stage.expect_served(self.file("first"), "the certificate of before is served as before")

    def roll_back(self) -> None:
        self.stage.announce("The right key, but the server's configuration names an old copy of it: rolled back")
        self.server.break_configuration(NAMES)
        self.write_inventory("second")
        words = ["rolled back", "Put back: the previous files are in place again"]
        self.stage.expect(self.stage.play_book("install"), code=2, words=words)
        self.stage.expect_served(self.file("first"), "the certificate of before is served as before")

    def mend(self) -> None:
        self.stage.announce("The configuration is mended: the next run hands over what is stored already")
        self.server.name_stable_paths(NAMES)
        self.stage.expect(self.stage.play_book("install"), code=0, words=["changed=1", "failed=0"])
        self.stage.expect_served(self.file("second"), "the renewed certificate is served")

    def show(self) -> None:
        self.stage.announce("What is there: every certificate, its share of life left, and whether its port serves it")
        self.stage.expect(self.stage.play_book("show", tell=show_table), code=0, words=["HOST", SHOP, FORUM])

    def disable(self) -> None:
        self.stage.announce(f"{FORUM} is disabled: its paths lead to the system certificate while they are named")
        self.write_inventory("second", forum="disabled")
        self.stage.expect(self.stage.play_book("remove"), code=0, words=["changed=2", "failed=0"])
        self.stage.expect_served(self.file("second"), f"{FORUM} shows the system certificate", name=FORUM)

    def remove(self) -> None:
        self.stage.announce("The server names them no longer: the files are gone, keys and all")
        self.server.name_stable_paths({name: place for name, place in NAMES.items() if name != FORUM})
        self.stage.expect(self.stage.play_book("remove"), code=0, words=["changed=1", "failed=0"])
        self.stage.expect_nothing_left(FORUM)
        self.stage.expect_served(self.file("shop"), "everything else is as before", name=SHOP)

    def write_inventory(self, certificate: str, *, key: str = "", forum: str = "files") -> None:
        self.stage.write_inventory(INVENTORY, CERTIFICATE=certificate, KEY=key or certificate, FORUM=forum)

    def file(self, name: str) -> Path:
        return self.stage.work / f"{name}.pem"
