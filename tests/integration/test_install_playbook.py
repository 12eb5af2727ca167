# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook certwright.tls.install`: the inventory's certificates, in two plays."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
from ansible_collections.certwright.tls.tests.integration.servers import Nginx, wait_until
from ansible_collections.certwright.tls.tests.integration.site import Site, Supplied

SHOP = "shop.example.org"


def install(site: Site, inventory: dict[str, Any], *options: str) -> Finished:
    run = site.controller.start("certwright.tls.install", *options, variables=inventory)
    finished = run.finish()
    assert finished.code == 0, finished.output
    return finished


def stored(finished: Finished) -> list[tuple[bool, list[str]]]:
    """Of each certificate, in the order of the inventory."""
    result = finished.results[0]
    reasons = result["reasons"]
    return [
        (item["changed"], [reason["code"] for reason in reasons if reason["certificate"] == name])
        for name, item in result["outcomes"].items()
    ]


def material(site: Site, supplied: Supplied) -> dict[str, str]:
    """A playbook of a collection has no directory of the operator's: whole paths."""
    return {word: str(site.controller.secrets / name) for word, name in supplied.words.items()}


def test_the_inventorys_certificates_are_installed_once_and_cost_one_execution_from_then_on(
    site: Site, nginx: Nginx
) -> None:
    by_hand, shop_by_hand = nginx.served(), site.make(SHOP)
    shop_paths = {"fullchain.pem": str(site.tls / "shop.pem"), "privkey.pem": str(site.tls / "shop.key")}
    for path, content in zip(shop_paths.values(), (shop_by_hand.pem, shop_by_hand.key_pem), strict=True):
        (site.tls / path).write_bytes(content)
    more = nginx.block(*shop_paths.values(), names=[SHOP])
    nginx.configure(site.tls / "www.pem", site.tls / "www.key", more=more)
    nginx.reload()
    wait_until(lambda: nginx.served(SHOP) == sha256(shop_by_hand.der).hexdigest(), "a shop")

    system, shop = site.supply(), site.supply(SHOP)
    inventory = {
        "tls_store_path": str(site.store),
        "tls_issuers": {"bought": {"type": "files"}},
        "tls_system": {
            "external_url": "https://www.example.org/",
            "engine": "files",
            "services": [{"nginx": {**nginx.words, "paths": site.paths}}],
            **material(site, system),
        },
        "tls_host_certificates": {
            "shop": {
                "issuer": "bought",
                "names": [SHOP],
                "services": [{"nginx": {**nginx.words, "paths": shop_paths}}],
                **material(site, shop),
            }
        },
    }
    before = site.look()
    foretold = install(site, inventory, "--check")
    assert stored(foretold) == [(True, ["certificate_missing"])] * 2
    assert (site.look(), site.executions, nginx.served()) == (before, 1, by_hand)

    done = install(site, inventory)
    assert stored(done) == stored(foretold)
    activated = done.results[-1]["outcomes"]
    assert {name: item["outcome"] for name, item in activated.items()} == {"system": "activated", "shop": "activated"}
    assert (nginx.served(), nginx.served(SHOP)) == (system.fingerprint, shop.fingerprint)
    assert site.executions == 1 + 2 + 2

    for options in ((), ("--check",)):
        executions = site.executions
        again = install(site, inventory, *options)
        assert stored(again) == [(False, [])] * 2
        assert site.executions == executions + 1


@pytest.mark.parametrize("name", ["install", "renew", "remove"])
def test_an_inventory_that_names_a_variable_which_is_not_there_is_refused(site: Site, name: str) -> None:
    """A default takes its place on ansible-core before 2.19, which says it beside the whole value of the variable."""
    supplied = site.supply(SHOP)
    domain = {
        "domain": "example.org",
        "external_url": SHOP,
        "engine": "files",
        "certificate_src": "{{ nowhere_set }}/shop.pem",
        "private_key_content": supplied.issued.key_pem.decode(),
    }
    variables = {"tls_domains": "{{ of_the_shop }}", "of_the_shop": [domain], "tls_store_path": str(site.store)}
    before = site.look()
    told = site.controller.start(f"certwright.tls.{name}", variables=variables).finish()
    assert (told.code, site.look(), site.executions) == (2, before, 0), told.output
    assert "'nowhere_set' is undefined" in told.output
    assert site.scanner.find(told.output.encode()) == []
