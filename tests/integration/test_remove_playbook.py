# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook certwright.tls.remove`: services first, files after, and nothing comes back by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
from ansible_collections.certwright.tls.tests.integration.servers import Nginx, wait_until
from ansible_collections.certwright.tls.tests.integration.site import NAME, Site, Supplied
from ansible_collections.certwright.tls.tests.integration.test_domains import Customers, outcomes

SHOP, API = "shop.example", "api"
PREPARE = {"name": "certwright.tls.remove", "tasks_from": "issue"}


class Fleet:
    """One host whose nginx serves a system certificate, a domain's, and one by its name."""

    def __init__(self, site: Site, nginx: Nginx) -> None:
        self.site, self.nginx, self.customers = site, nginx, Customers(site, nginx)
        self.system, self.shop, self.api = site.supply(), site.supply(f"www.{SHOP}"), site.supply(f"www.{API}")

    def words(self, domain: str, supplied: Supplied) -> dict[str, Any]:
        """A playbook of a collection has no directory of the operator's: whole paths."""
        services = [{"nginx": self.nginx.words}]
        return {
            "services": services,
            **{word: str(self.site.controller.secrets / file) for word, file in supplied.words.items()},
        }

    def inventory(self, **words: Any) -> dict[str, Any]:
        return {
            "tls_store_path": str(self.site.store),
            "tls_issuers": {"bought": {"type": "files"}},
            "tls_system": {"external_url": NAME, **self.words("system", self.system)},
            "tls_domains": [{"domain": SHOP, "external_url": f"www.{SHOP}", **self.words(SHOP, self.shop)}],
            "tls_certificates": {API: {"issuer": "bought", "names": [f"www.{API}"], **self.words(API, self.api)}},
            **words,
        }

    def play(self, name: str, *options: str, **words: Any) -> Finished:
        run = self.site.controller.start(f"certwright.tls.{name}", *options, variables=self.inventory(**words))
        return run.finish()

    def install(self, **words: Any) -> Finished:
        done = self.play("install", **words)
        assert done.code == 0, done.output
        return done

    def remove(self, **words: Any) -> Finished:
        """As a check foretells it: whether it changes, and why."""
        before = self.site.look()
        foretold = self.play("remove", "--check", **words)
        assert self.site.look() == before
        done = self.play("remove", **words)
        assert (foretold.code, foretold.output if foretold.code else "") == (
            done.code,
            done.output if foretold.code else "",
        )
        return done

    def tombstone(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.site.store / "removed" / f"{name}.json").read_text())
        return found

    def keys(self, name: str) -> list[Path]:
        """Every file of it that holds a key of its own."""
        home = self.site.store / "certificates" / name
        files = (path for path in home.rglob("*") if path.is_file() and not path.is_symlink())
        return sorted(path for path in files if b"PRIVATE KEY" in path.read_bytes())

    def await_served(self, domain: str, supplied: Supplied) -> None:
        wait_until(lambda: self.customers.served(domain) == supplied.fingerprint, f"{domain} is served")


@pytest.fixture
def fleet(site: Site, nginx: Nginx) -> Fleet:
    made = Fleet(site, nginx)
    made.customers.configure(SHOP, API)
    made.install()
    return made


def last(finished: Finished) -> dict[str, Any]:
    return finished.results[-1]


def has_changed(finished: Finished) -> bool:
    return any(result["changed"] for result in finished.results)


def warned(finished: Finished) -> str:
    return "\n".join(line for result in finished.results for line in result.get("warnings", ()))


def problems(finished: Finished) -> dict[str, str]:
    found = [item for result in finished.results for item in result.get("problems", ())]
    return {item["certificate"]: item["code"] for item in found}


def test_a_certificate_that_is_named_goes_and_stays_away_until_somebody_says_otherwise(fleet: Fleet) -> None:
    fallen = fleet.remove(tls_remove=[API])
    assert fallen.code == 0, fallen.output
    assert outcomes(last(fallen)) == {API: "disabled_fallback"}
    fleet.await_served(API, fleet.system)

    stale = fleet.play("install")
    assert (stale.code, problems(stale)) == (2, {API: "tombstone"})
    assert f"tls_revive: [{API}]" in stale.output
    assert fleet.customers.served(API) == fleet.system.fingerprint

    fleet.customers.configure(SHOP)
    gone = fleet.remove(tls_remove=[API])
    assert outcomes(last(gone)) == {API: "removed"}, gone.output
    assert not (fleet.site.store / "certificates" / API).exists()
    assert fleet.tombstone(API)["removed"]["why"] == "named"

    again = fleet.remove(tls_remove=[API])
    assert (again.code, has_changed(again)) == (0, False)
    assert problems(fleet.play("install")) == {API: "tombstone"}

    fleet.customers.configure(SHOP, API)
    fleet.install(tls_revive=[API])
    assert (fleet.site.store / "live" / API).is_symlink()
    assert not has_changed(fleet.install())


def test_what_was_taken_out_of_its_configuration_first_goes_at_once(fleet: Fleet) -> None:
    fleet.customers.configure(SHOP)
    fleet.nginx.reload()
    fleet.await_served(API, fleet.system)
    gone = fleet.remove(tls_remove=[API])
    assert (gone.code, outcomes(last(gone))) == (0, {API: "removed"}), gone.output
    assert not (fleet.site.store / "certificates" / API).exists()
    assert fleet.customers.served(SHOP) == fleet.shop.fingerprint


@pytest.mark.further
def test_what_was_stored_and_never_activated_goes_without_a_reload(fleet: Fleet) -> None:
    fleet.customers.configure(SHOP)
    fleet.nginx.reload()
    fleet.await_served(API, fleet.system)
    fleet.api = fleet.site.supply(f"www.{API}")
    assert fleet.play("install", "--tags", "issue").code == 0
    gone = fleet.remove(tls_remove=[API])
    assert (gone.code, outcomes(last(gone))) == (0, {API: "removed"}), gone.output
    told = [result["outcomes"][API]["outcome"] for result in gone.results if API in result.get("outcomes", ())]
    assert told == ["unchanged", "removed"]


def test_a_removal_that_ended_between_its_plays_is_not_undone_by_an_installation(fleet: Fleet) -> None:
    first_play = [{"hosts": "all", "gather_facts": False, "tasks": [{"include_role": PREPARE}]}]
    begun = fleet.site.controller.start(first_play, variables=fleet.inventory(tls_remove=[API])).finish()
    assert begun.code == 0, begun.output

    stale = fleet.play("install")
    assert (stale.code, problems(stale)) == (2, {API: "tombstone"})
    assert "-e tls_remove=api` again" in stale.output
    assert fleet.customers.served(API) == fleet.api.fingerprint

    fleet.install(tls_revive=[API])
    assert not has_changed(fleet.install())

    assert fleet.site.controller.start(first_play, variables=fleet.inventory(tls_remove=[API])).finish().code == 0
    fallen = fleet.play("remove", tls_remove=[API])
    assert outcomes(last(fallen)) == {API: "disabled_fallback"}, fallen.output
    fleet.await_served(API, fleet.system)


@pytest.mark.further
def test_a_changed_declaration_brings_it_back(fleet: Fleet) -> None:
    fleet.customers.configure(SHOP)
    assert fleet.remove(tls_remove=API).code == 0
    assert problems(fleet.play("install")) == {API: "tombstone"}
    fleet.api = fleet.site.supply(f"www.{API}")
    fleet.customers.configure(SHOP, API)
    fleet.install()
    assert len(fleet.keys(API)) == 2


@pytest.mark.further
def test_what_the_inventory_took_away_comes_back_as_soon_as_it_says_so(fleet: Fleet) -> None:
    assert fleet.remove(tls_domains=[{"domain": SHOP, "engine": "disabled"}]).code == 0
    fleet.await_served(SHOP, fleet.system)
    assert fleet.tombstone(SHOP)["removed"]["why"] == "declared"
    fleet.install()
    fleet.await_served(SHOP, fleet.shop)


def test_a_name_that_the_store_does_not_know_is_said(fleet: Fleet) -> None:
    done = fleet.remove(tls_remove=["shpo.example"])
    assert (done.code, outcomes(last(done))) == (0, {"shpo.example": "unchanged"})
    assert "unknown" not in warned(done)
    assert "No host that was asked has a certificate shpo.example" in done.output


def test_a_purge_deletes_the_keys_of_what_falls_back(fleet: Fleet) -> None:
    assert fleet.remove(tls_remove=[SHOP]).code == 0
    assert len(fleet.keys(SHOP)) == 2
    purged = fleet.remove(tls_remove=[SHOP], tls_remove_purge=True)
    assert outcomes(last(purged)) == {SHOP: "purged"}, purged.output
    assert fleet.keys(SHOP) == []
    assert fleet.customers.served(SHOP) == fleet.system.fingerprint
    again = fleet.remove(tls_remove=[SHOP], tls_remove_purge=True)
    assert (again.code, has_changed(again)) == (0, False)
