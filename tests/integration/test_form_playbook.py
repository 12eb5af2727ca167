# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of a console, as the survey of a job template asks it: with just the texts and files that AWX hands over."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.certwright.tls.tests.awx.controller_rules import answer
from ansible_collections.certwright.tls.tests.integration.launch import fill_in, find_survey, inject, launch, outcomes
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import NAME, Site, Supplied

SHOP = "shop.example.org"


def material(site: Site, supplied: Supplied) -> dict[str, str]:
    return {word: str(site.controller.secrets / name) for word, name in supplied.words.items()}


def test_files_from_a_form_are_installed_with_a_key_from_a_credential(site: Site, nginx: Nginx) -> None:
    by_hand, issued = nginx.served(), site.make()
    inventory = {"tls_system": {"services": [{"nginx": {**nginx.words, "paths": site.paths}}]}}
    answers = {
        "tls_form_engine": "Files",
        "tls_form_external_url": f"https://{NAME}/",
        "tls_form_certificate": issued.pem.decode(),
        "tls_form_ca": issued.ca_pem.decode(),
    }
    credential = inject(site, "supplied", private_key=issued.key_pem.decode())
    first = fill_in(site, inventory, answers, credential)
    assert outcomes(first) == {"system": "activated"}
    assert nginx.served() != by_hand
    assert f'"external_url": "https://{NAME}/"' in first.output
    assert outcomes(fill_in(site, inventory, answers, credential)) == {"system": "unchanged"}


def test_a_domain_is_disabled_from_a_form_and_an_empty_form_is_the_inventory(site: Site, nginx: Nginx) -> None:
    system, shop, by_hand = site.supply(), site.supply(SHOP), site.make(SHOP)
    paths = {"fullchain.pem": str(site.tls / "shop.pem"), "privkey.pem": str(site.tls / "shop.key")}
    for path, content in zip(paths.values(), (by_hand.pem, by_hand.key_pem), strict=True):
        Path(path).write_bytes(content)
    nginx.configure(site.tls / "www.pem", site.tls / "www.key", more=nginx.block(*paths.values(), names=[SHOP]))
    nginx.reload()
    words = {"domain": SHOP, "external_url": SHOP, "services": [{"nginx": {**nginx.words, "paths": paths}}]}
    services = [{"nginx": {**nginx.words, "paths": site.paths}}]
    inventory = {
        "tls_system": {"external_url": NAME, "services": services, **material(site, system)},
        "tls_domains": [{**words, **material(site, shop)}],
    }
    assert outcomes(fill_in(site, inventory, {})) == {"system": "activated", SHOP: "activated"}
    assert nginx.served(SHOP) == shop.fingerprint

    disabled = fill_in(site, inventory, {"tls_form_engine": "Disabled", "tls_form_domain": SHOP})
    assert outcomes(disabled)[SHOP] == "disabled_fallback"
    assert nginx.served(SHOP) == system.fingerprint


def test_an_inventory_that_is_an_extra_variable_is_refused(site: Site) -> None:
    given = answer(find_survey("awx_form"), {"tls_form_email": "it@example.org"})
    finished = launch(site, "form.yml", {}, {**given, "tls_system": {"external_url": NAME}})
    assert finished.code != 0
    assert "put them into the inventory" in finished.output
    assert not site.store.exists()


def test_a_form_for_nobody_in_particular_is_refused(site: Site) -> None:
    given = answer(find_survey("awx_form"), {"tls_form_external_url": NAME})
    finished = launch(site, "form.yml", {}, given, names=("host1", "host2"))
    assert finished.code != 0
    assert "would be said of 2 hosts; limit the run" in finished.output
    assert not site.store.exists()


QUESTIONS = {
    "renew.yml": "awx_questions_of_renewal",
    "remove.yml": "awx_questions_of_removal",
    "internal_ca.yml": "awx_questions_of_the_ca",
}


def test_surveys_that_nobody_fills_in_change_nothing(site: Site, nginx: Nginx) -> None:
    """Their defaults are texts, as the empty one and "false"."""
    supplied = site.supply()
    services = [{"nginx": {**nginx.words, "paths": site.paths}}]
    inventory = {"tls_system": {"external_url": NAME, "services": services, **material(site, supplied)}}
    assert outcomes(fill_in(site, inventory, {})) == {"system": "activated"}
    before = site.look()
    for playbook, survey in QUESTIONS.items():
        finished = launch(site, playbook, inventory, answer(find_survey(survey), {}))
        assert finished.code == 0, finished.output
        assert [result for result in finished.results if result.get("changed")] == []
    assert site.look() == before
    assert nginx.served() == supplied.fingerprint
