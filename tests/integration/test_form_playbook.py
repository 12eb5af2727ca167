# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of a console, as the survey of a job template asks it: with just the texts and files that AWX hands over."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.certwright.tls.tests.awx.controller_rules import answer, render
from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import NAME, Site, Supplied

ROOT = Path(__file__).parents[2]
PLAYBOOK = ROOT / "examples/awx/project/form.yml"
SHOP = "shop.example.org"


class Loader(yaml.SafeLoader):
    """Knows the mark of what the controller renders."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))  # type: ignore[type-var]


def load_variables(name: str) -> dict[str, Any]:
    text = (ROOT / f"roles/awx/vars/main/{name}.yml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader)
    return loaded


def find_survey() -> dict[str, Any]:
    """With the engines of the consoles alone."""
    variables = load_variables("surveys")
    engine, *others = variables["awx_form"]["spec"]
    return {"spec": [{**engine, "choices": variables["awx_console_engines"]}, *others]}


def inject(site: Site, kind: str, **inputs: str) -> dict[str, str]:
    """The environment of a job with such a credential: each field becomes a file, an empty one too."""
    words = load_variables("kinds")["awx_kinds"][kind]["type"]
    given = {field["id"]: inputs.get(field["id"], "") for field in words["inputs"]["fields"]}
    files = {}
    for name, template in words["injectors"]["file"].items():
        path = site.controller.secrets / f"tmp-{name}"
        path.write_text(render(template, given), encoding="utf-8")
        files[name.partition(".")[2]] = str(path)
    names = {"tower": {"filename": files}}
    return {name: render(template, names) for name, template in words["injectors"]["env"].items()}


def fill_in(
    site: Site, inventory: dict[str, Any], answers: dict[str, str], environment: dict[str, str] | None = None
) -> Finished:
    """The inventory is one, as in AWX; the answers are extra variables."""
    hosts = site.controller.secrets / "hosts.json"
    hosts.write_text(json.dumps({"all": {"hosts": {"host1": {**inventory, "tls_store_path": str(site.store)}}}}))
    node = replace(site.controller, inventory=str(hosts), environment=environment or {})
    return node.start(str(PLAYBOOK), variables=answer(find_survey(), answers)).finish()


def material(site: Site, supplied: Supplied) -> dict[str, str]:
    return {word: str(site.controller.secrets / name) for word, name in supplied.words.items()}


def outcomes(finished: Finished) -> dict[str, str]:
    assert finished.code == 0, finished.output
    told = (result["outcomes"] for result in finished.results if result.get("outcomes"))
    return {name: item["outcome"] for each in told for name, item in each.items()}


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
    finished = site.controller.start(
        str(PLAYBOOK), variables={"tls_system": {"external_url": NAME}, "tls_form_email": "it@example.org"}
    ).finish()
    assert finished.code != 0
    assert "put them into the inventory" in finished.output
    assert not site.store.exists()
