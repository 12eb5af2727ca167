# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes is revoked by its CA, a key that leaked is replaced first, and a CA that says no is asked again."""

from __future__ import annotations

from typing import Any

import pytest
from fault_proxy import EVER
from faults import rate_limited

from ansible_collections.certwright.tls.tests.integration.acme_site import ACCOUNT_KEY, AcmeSite, outcomes, url_of
from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
from ansible_collections.certwright.tls.tests.integration.test_remove_playbook import has_changed, last, problems

SHOP = "shop.example"


class Ordered:
    """A host with two certificates of an ACME CA in its inventory."""

    def __init__(self, acme: AcmeSite) -> None:
        self.acme = acme
        acme.serve("system", SHOP)

    @property
    def inventory(self) -> dict[str, Any]:
        issuer = {
            "type": "acme",
            "acme_directory": self.acme.front.directory,
            "acme_ca_certificates": self.acme.ca.ca,
            "terms_agreed": True,
            "email": "pki@example.org",
            "account_key_src": str(self.acme.site.controller.secrets / ACCOUNT_KEY),
            "challenge": self.acme.webroot_words(),
        }
        entry = {"issuer": "ca", "accept": ["test_issuer"]}
        declared = {
            name: {**entry, "names": [url_of(name)], "services": [self.acme.service(name)]} for name in ("system", SHOP)
        }
        return {
            "tls_store_path": str(self.acme.site.store),
            "tls_issuers": {"ca": issuer},
            "tls_system": {
                "external_url": url_of("system"),
                "issuer": "ca",
                "accept": ["test_issuer"],
                "services": [self.acme.service()],
            },
            "tls_certificates": {SHOP: declared[SHOP]},
        }

    def play(self, name: str, *options: str, **words: Any) -> Finished:
        run = self.acme.site.controller.start(f"certwright.tls.{name}", *options, variables={**self.inventory, **words})
        finished = run.finish()
        self.acme.learn_secrets()
        return finished

    def install(self) -> Finished:
        done = self.play("install")
        assert done.code == 0, done.output
        return done

    def is_revoked(self, serial: int) -> bool:
        return self.acme.ca.is_revoked(serial)


def test_a_key_that_leaked_is_replaced_revoked_and_gone(acme: AcmeSite) -> None:
    host = Ordered(acme)
    host.install()
    serial, old = acme.leaf(SHOP).serial_number, acme.served(SHOP)

    marked = host.play("remove", tls_compromised=[SHOP])
    assert (marked.code, problems(marked)) == (2, {SHOP: "compromised_in_use"}), marked.output
    assert (host.is_revoked(serial), acme.served(SHOP)) == (False, old)

    replaced = host.install()
    assert {"key_compromised"} == {item["code"] for item in replaced.results[1]["reasons"]}
    assert acme.leaf(SHOP).serial_number != serial
    assert acme.generations(SHOP) == [1, 2]

    foretold = host.play("remove", "--check", tls_compromised=SHOP)
    assert (foretold.code, host.is_revoked(serial), acme.generations(SHOP)) == (0, False, [1, 2]), foretold.output
    gone = host.play("remove", tls_compromised=SHOP)
    assert (gone.code, outcomes(last(gone))) == (0, {SHOP: "purged"}), gone.output
    assert (host.is_revoked(serial), host.is_revoked(acme.leaf(SHOP).serial_number)) == (True, False)
    assert acme.generations(SHOP) == [2]
    again = host.play("remove", tls_compromised=SHOP)
    assert (again.code, has_changed(again)) == (0, False)
    assert not has_changed(host.install())


@pytest.mark.further
def test_a_ca_that_says_no_is_asked_again_although_the_files_are_gone(acme: AcmeSite) -> None:
    host = Ordered(acme)
    host.install()
    serial = acme.leaf(SHOP).serial_number
    acme.configure("system")
    words = {"tls_remove": [SHOP], "tls_revoke": True, "tls_revoke_reason": "cessationOfOperation"}
    rule = acme.front.inject("revokeCert", rate_limited(), times=EVER)

    failed = host.play("remove", **words)
    assert (failed.code, problems(failed)) == (2, {SHOP: "not_revoked"}), failed.output
    assert outcomes(last(failed)) == {SHOP: "removed"}
    assert (acme.generations(SHOP), host.is_revoked(serial)) == ([], False)

    acme.front.clear()
    assert rule
    done = host.play("remove", **words)
    assert (done.code, host.is_revoked(serial)) == (0, True), done.output
    again = host.play("remove", **words)
    assert (again.code, has_changed(again)) == (0, False)
    assert problems(host.play("install")) == {SHOP: "tombstone"}
