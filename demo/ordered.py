# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The second act: certificates that are ordered by ACME, on the host where the first act has ended."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from authorities import SECONDS, Authorities
from serving import HOST
from stage import Stage
from supplied import SHOP
from terminal import show_reasons, show_table
from web_servers import HERE

STATUS, MAIL, ASTRAY = "status.example.test", "mail.example.test", "astray.example.test"
NAMES = {HOST: "system", SHOP: SHOP}
INVENTORY = "ordered.yml.in"
_STATUS = """\
        - domain: {name}
          external_url: {name}
          issuer: brief
          accept: [test_issuer]
          services: *services
"""


class Ordered:
    """Terms, check mode, order, again, fail, force, renew, remove."""

    def __init__(self, stage: Stage, authorities: Authorities) -> None:
        self.stage, self.server, self.authorities = stage, stage.server, authorities

    def scenes(self) -> list[Callable[[], None]]:
        """In their order; each goes on where the one before ended."""
        failing = [self.fail_for_a_name] if self.authorities.validates else []
        first = [self.ask_for_the_terms, self.foretell, self.order, self.order_again]
        return [*first, *failing, self.force, self.renew, self.remove]

    def ask_for_the_terms(self) -> None:
        self.stage.announce(f"{HOST} is to come from a CA now, whose terms nobody agreed to: they are named")
        self.write_inventory(terms_agreed=False)
        self.stage.expect(self.stage.play_book("install"), code=2, words=["are not agreed to"])
        self.stage.expect_served(self.supplied, "what was supplied is served as before")

    def foretell(self) -> None:
        self.stage.announce("The terms are agreed to; check mode says what would be ordered and why, no more")
        self.write_inventory()
        ended = self.stage.play_book("install", "--check", "-v", tell=show_reasons)
        self.stage.expect(ended, code=0, words=["issuer_differs", "name_missing"])
        self.stage.expect_served(self.supplied, "what was supplied is served as before")

    def order(self) -> None:
        self.stage.announce(f"Order: {HOST} and {MAIL}, proved by http-01 through the server's webroot, and installed")
        self.stage.expect(self.stage.play_book("install"), code=0, words=["changed=2", "failed=0"])
        self.stage.expect_served(self.installed(), "the port serves it")
        self.stage.expect_served(self.installed(), f"to {MAIL} too", name=MAIL)

    def order_again(self) -> None:
        self.stage.announce("Again: nothing is due, and no CA is asked")
        before = self.authorities.count_requests()
        self.stage.expect(self.stage.play_book("install"), code=0, words=["changed=0"])
        asked = self.authorities.count_requests() - before
        print(f"  after:  {asked or 'no'} lines more in the logs of the CAs")
        if asked:
            self.stage.failures.append(f"the CAs were asked: {asked} lines more in their logs")

    def fail_for_a_name(self) -> None:
        self.stage.announce(f"{ASTRAY} is added, whose address is somebody else's: the order fails, nothing else")
        before = self.installed().read_bytes()
        self.authorities.lead_astray(ASTRAY)
        self.write_inventory(MAIL, ASTRAY)
        self.stage.expect(self.stage.play_book("install"), code=2, words=[ASTRAY, "changed=0"])
        self.stage.expect_served(self.installed(), "the certificate of before is served as before")
        self.stage.require(self.installed().read_bytes() == before, "the system certificate is that of before")
        self.write_inventory()

    def force(self) -> None:
        self.stage.announce(f"Forced: {HOST} is renewed although nothing asks for it")
        before = self.installed().read_bytes()
        shutil.copy(HERE / "force.yml", self.stage.work)
        self.stage.expect(self.stage.play_book("force.yml"), code=0, words=["changed=1", "failed=0"])
        self.stage.expect_served(self.installed(), "the new one is served")
        self.stage.require(self.installed().read_bytes() != before, "the system certificate is a new one")

    def renew(self) -> None:
        self.stage.announce(f"{STATUS} has one that is due after {SECONDS / 2:g} s: then it alone is renewed")
        self.write_inventory(status=True)
        self.server.name_stable_paths({**NAMES, STATUS: STATUS})
        self.authorities.begin_brief()
        self.stage.expect(self.stage.play_book("install"), code=0, words=["changed=2", "failed=0"])
        before = [self.installed(name).read_bytes() for name in ("system", STATUS)]
        self.stage.expect_served(self.installed(STATUS), "the port serves it", name=STATUS)
        self.authorities.await_due(self.installed(STATUS))
        self.stage.expect(self.stage.play_book("renew", tell=show_table), code=0, words=["renewed 1", "not due 1"])
        self.stage.expect_served(self.installed(STATUS), "the new one is served", name=STATUS)
        kept = [self.installed(name).read_bytes() == old for name, old in zip(("system", STATUS), before, strict=True)]
        self.stage.require(kept == [True, False], f"{STATUS} alone is a new one")

    def remove(self) -> None:
        self.stage.announce(f"{STATUS} is no longer wanted, nor named by the server: nothing is left of it")
        self.write_inventory()
        self.server.name_stable_paths(NAMES)
        names = json.dumps({"tls_remove": [STATUS]})
        self.stage.expect(self.stage.play_book("remove", "-e", names), code=0, words=["changed=1", "failed=0"])
        self.stage.expect_nothing_left(STATUS)
        self.stage.expect_served(self.installed(), "everything else is as before")

    @property
    def supplied(self) -> Path:
        """What the first act left."""
        return self.stage.work / "second.pem"

    def installed(self, name: str = "system") -> Path:
        return self.stage.work / "store" / "live" / name / "cert.pem"

    def write_inventory(self, *names: str, terms_agreed: bool = True, status: bool = False) -> None:
        authorities = self.authorities
        challenge = {"webroot": str(self.server.webroot), "port": self.server.http_port, **authorities.challenge}
        self.stage.write_inventory(
            INVENTORY,
            TERMS_AGREED=json.dumps(terms_agreed),
            CHALLENGE=json.dumps(challenge),
            DIRECTORY=authorities.lasting.directory,
            CA=authorities.lasting.ca,
            BRIEF_DIRECTORY=authorities.brief.directory,
            BRIEF_CA=authorities.brief.ca,
            OTHER_URLS=", ".join(names or (MAIL,)),
            STATUS=_STATUS.format(name=STATUS) if status else "",
        )
