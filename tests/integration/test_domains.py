# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many domains of one host: each comes, changes, fails and goes by itself."""

from __future__ import annotations

import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
from ansible_collections.certwright.tls.tests.integration.servers import Nginx, wait_until
from ansible_collections.certwright.tls.tests.integration.site import EXPIRED, NAME, Site, Supplied, codes
from ansible_collections.certwright.tls.tests.integration.test_lifecycle import run_as_foretold

PASSPHRASE = "a passphrase of twenty-nine letters"


class Customers:
    """An nginx that serves a name for each domain from the stable paths, and `system` to all others."""

    def __init__(self, site: Site, nginx: Nginx) -> None:
        self.site, self.nginx = site, nginx

    def files(self, domain: str) -> tuple[Path, Path]:
        directory = self.site.store / "live" / domain / "nginx"
        return directory / "fullchain.pem", directory / "privkey.pem"

    def configure(self, *domains: str, **named: tuple[Path, Path]) -> None:
        """By the administrator; nobody reloads."""
        files = {domain: named.get(domain.partition(".")[0], self.files(domain)) for domain in domains}
        more = "\n".join(self.nginx.block(*paths, names=[f"www.{domain}"]) for domain, paths in files.items())
        self.nginx.configure(*self.files("system"), more=more)

    def entry(self, domain: str, supplied: Supplied | dict[str, str], **words: Any) -> dict[str, Any]:
        url = NAME if domain == "system" else f"www.{domain}"
        material = supplied.words if isinstance(supplied, Supplied) else supplied
        return {"domain": domain, "external_url": url, "services": [{"nginx": self.nginx.words}], **material, **words}

    def task(self, *entries: dict[str, Any], **options: Any) -> dict[str, Any]:
        words = {"store_path": str(self.site.store), "domains": list(entries), **options}
        return {"certwright.tls.domain_certificate": words}

    def served(self, domain: str) -> str:
        return self.nginx.served(NAME if domain == "system" else f"www.{domain}")


@pytest.fixture
def customers(site: Site, nginx: Nginx) -> Customers:
    return Customers(site, nginx)


def outcomes(result: dict[str, Any]) -> dict[str, str]:
    return {name: item["outcome"] for name, item in result["outcomes"].items()}


def warnings(result: dict[str, Any]) -> str:
    return "\n".join(result.get("warnings", ()))


def make_pkcs12(site: Site, supplied: Supplied, *options: str) -> dict[str, str]:
    """As an administrator exports it, with the chain in it."""
    secrets = site.controller.secrets
    words = supplied.words
    site.scanner.add_word(PASSPHRASE)
    (secrets / "passphrase").write_text(f"{PASSPHRASE}\n", encoding="ascii")
    name = f"{Path(words['certificate_src']).stem}.p12"
    parts = ["-in", words["certificate_src"], "-inkey", words["private_key_src"], "-certfile", words["ca_src"]]
    subprocess.run(
        ["openssl", "pkcs12", "-export", *options, *parts, "-out", name, "-passout", "file:passphrase"],
        cwd=secrets,
        check=True,
        capture_output=True,
    )
    return {"pkcs12_src": name, "pkcs12_passphrase_src": "passphrase"}


def test_domains_come_change_and_go_as_check_mode_foretold(site: Site, customers: Customers) -> None:
    system, shop, forum = site.supply(), site.supply("www.shop.example"), site.supply("www.forum.example")
    renewed = site.supply("www.shop.example")
    customers.configure("shop.example", "forum.example")
    entries = [
        customers.entry("system", system),
        customers.entry("shop.example", make_pkcs12(site, shop)),
        customers.entry("forum.example", forum),
    ]

    created = run_as_foretold(site, customers.task(*entries), reasons=["certificate_missing"] * 3)
    assert outcomes(created) == dict.fromkeys(("system", "shop.example", "forum.example"), "activated")
    assert created["certificates"]["shop.example"]["certificate"]["fingerprint_sha256"] == shop.fingerprint
    paths = created["certificates"]["shop.example"]["paths"]["nginx"]
    assert paths["fullchain.pem"] == str(customers.files("shop.example")[0])
    served = [customers.served(name) for name in ("system", "shop.example", "forum.example")]
    assert served == [system.fingerprint, shop.fingerprint, forum.fingerprint]

    run_as_foretold(site, customers.task(*entries), reasons=[])

    entries[1] = customers.entry("shop.example", renewed)
    changed = run_as_foretold(site, customers.task(*entries), reasons=["certificate_differs"])
    assert outcomes(changed) == {"system": "unchanged", "shop.example": "activated", "forum.example": "unchanged"}
    assert customers.served("shop.example") == renewed.fingerprint

    entries[2] = {"domain": "forum.example", "state": "absent"}
    disabled = run_as_foretold(site, customers.task(*entries), reasons=["disabled"])
    assert outcomes(disabled)["forum.example"] == "disabled_fallback"
    assert "nginx names" in warnings(disabled)
    assert customers.served("forum.example") == system.fingerprint

    waiting = run_as_foretold(site, customers.task(*entries), reasons=[])
    assert outcomes(waiting)["forum.example"] == "disabled_fallback"

    customers.configure("shop.example")
    removed = run_as_foretold(site, customers.task(*entries), reasons=["disabled"])
    assert outcomes(removed)["forum.example"] == "removed"
    assert [path for path in site.store.rglob("*") if "forum" in path.name] == []

    run_as_foretold(site, customers.task(*entries), reasons=[])
    assert customers.served("shop.example") == renewed.fingerprint


def test_a_domain_that_fell_back_follows_the_system_certificate_and_can_come_back(
    site: Site, customers: Customers
) -> None:
    system, renewed, shop = site.supply(), site.supply(), site.supply("www.shop.example")
    customers.configure("shop.example")
    present = [customers.entry("system", system), customers.entry("shop.example", shop)]
    absent = {"domain": "shop.example", "state": "absent"}
    assert site.run(customers.task(*present)).code == 0
    assert site.run(customers.task(absent)).code == 0
    assert customers.served("shop.example") == system.fingerprint

    service = {"nginx": customers.nginx.words}
    assert site.run(site.install(renewed, service)).code == 0
    wait_until(lambda: customers.served("shop.example") == renewed.fingerprint, "the renewed certificate")
    assert outcomes(site.run(customers.task(absent)).result) == {"shop.example": "disabled_fallback"}

    back = site.run(customers.task(present[1])).result
    assert outcomes(back) == {"shop.example": "activated"}
    assert customers.served("shop.example") == shop.fingerprint


def test_of_a_hundred_domains_three_broken_ones_keep_no_other_back(site: Site, customers: Customers) -> None:
    domains = [f"d{number}.example" for number in range(100)]
    supplied = {domain: site.supply(f"www.{domain}") for domain in domains}
    supplied["d7.example"] = site.supply("www.d7.example", **EXPIRED)
    supplied["d42.example"] = site.supply("www.d42.example", key_of=supplied["d1.example"])
    supplied["d99.example"] = site.supply("www.other.example")
    broken = {"d7.example": "expired", "d42.example": "key_mismatch", "d99.example": "name_missing"}
    customers.configure(*(domain for domain in domains if domain not in broken))
    entries = [customers.entry("system", site.supply()), *(customers.entry(*item) for item in supplied.items())]

    before = site.look()
    refused = site.run(customers.task(*entries))
    assert (refused.code, site.look(), site.executions) == (2, before, 0)
    assert {item["certificate"]: item["code"] for item in refused.result["problems"]} == broken

    skipped = site.run(customers.task(*entries, on_problem="skip"))
    result = skipped.result
    assert (skipped.code, result["changed"], site.executions) == (2, True, 2)
    assert {item["certificate"]: item["code"] for item in result["problems"]} == broken
    found = outcomes(result)
    assert {name for name, word in found.items() if word == "refused"} == set(broken)
    assert {word for name, word in found.items() if name not in broken} == {"activated"}
    for domain in ("d0.example", "d41.example", "d98.example"):
        assert customers.served(domain) == supplied[domain].fingerprint

    again = site.run(customers.task(*entries, on_problem="skip"))
    assert (again.code, again.result["changed"], site.executions) == (2, False, 3)


def test_only_the_domain_whose_files_its_service_refuses_is_put_back(site: Site, customers: Customers) -> None:
    domains = ("a.example", "b.example", "c.example")
    old = {domain: site.supply(f"www.{domain}") for domain in domains}
    new = {domain: site.supply(f"www.{domain}") for domain in domains}
    system = customers.entry("system", site.supply())
    customers.configure(*domains)
    assert site.run(customers.task(system, *(customers.entry(*item) for item in old.items()))).code == 0

    copy = site.tls / "copy.key"  # the mistake that everybody makes once
    copy.write_bytes(customers.files("b.example")[1].read_bytes())
    customers.configure(*domains, b=(customers.files("b.example")[0], copy))
    done = site.run(customers.task(system, *(customers.entry(*item) for item in new.items())))
    assert done.code == 2
    expected = {"system": "unchanged", "a.example": "activated", "b.example": "rolled_back", "c.example": "activated"}
    assert outcomes(done.result) == expected
    served = [customers.served(domain) for domain in domains]
    assert served == [new["a.example"].fingerprint, old["b.example"].fingerprint, new["c.example"].fingerprint]


def test_what_cannot_be_meant_is_refused_and_what_is_meant_otherwise_is_said(site: Site, customers: Customers) -> None:
    supplied = site.supply("www.shop.example")
    without_url = {key: value for key, value in customers.entry("a.example", supplied).items() if key != "external_url"}
    refused = site.run(
        customers.task(
            {"domain": "system", "state": "absent"},
            without_url,
            customers.entry("shop.example", supplied),
            customers.entry("Shop.example", supplied),
            {"domain": "*.example", "external_url": "www.example"},
            {"domain": "empty.example", "external_url": "www.empty.example"},
        )
    ).result
    assert {(item["certificate"], item["code"]) for item in refused["problems"]} == {
        ("system", "absent_refused"),
        ("a.example", "external_url_missing"),
        ("shop.example", "name_used_twice"),
        ("*.example", "name_invalid"),
        ("*.example", "material_missing"),
        ("empty.example", "material_missing"),
    }
    said = site.run(customers.task({"domain": "none.example"})).result
    assert (outcomes(said), said["changed"]) == ({"none.example": "unchanged"}, False)
    assert "has no external_url" in warnings(said)
    assert "(uses_system)" in warnings(said)


def test_an_argument_error_names_its_domain(site: Site, customers: Customers) -> None:
    refused = site.run(customers.task({"domain": "a.example", "stat": "absent"}, {"state": "gone"}, "c.example")).result
    for words in ("domains[0] (a.example): Unsupported parameter: stat", "domains[1]: ", "domain", "domains[2] must"):
        assert words in refused["msg"]


def place(site: Site, supplied: Supplied, name: str) -> dict[str, str]:
    """The material lies on the host, in its administrator's directory."""
    files = {"certificate_src": f"{name}.pem", "private_key_src": f"{name}.key", "ca_src": f"{name}-ca.pem"}
    for word, file in files.items():
        content = (site.controller.secrets / supplied.words[word]).read_bytes()
        (site.tls / file).write_bytes(content)
        (site.controller.secrets / supplied.words[word]).unlink()
    return {word: str(site.tls / file) for word, file in files.items()}


def test_a_key_that_lies_on_the_host_is_matched_there_and_never_leaves_it(site: Site, customers: Customers) -> None:
    system, shop = site.supply(), site.supply("www.shop.example")
    customers.configure()
    assert site.run(customers.task(customers.entry("system", system))).code == 0
    customers.configure("shop.example")
    entry = customers.entry("shop.example", place(site, shop, "shop"), remote_src=True)
    run_as_foretold(site, customers.task(entry), reasons=["certificate_missing"])
    assert customers.served("shop.example") == shop.fingerprint
    run_as_foretold(site, customers.task(entry), reasons=[])

    other = place(site, site.supply("www.shop.example"), "other")
    wrong = site.run(customers.task({**entry, "private_key_src": other["private_key_src"]})).result
    missing = site.run(customers.task({**entry, "certificate_src": "/nowhere.pem"})).result
    assert (codes(wrong, "problems"), codes(missing, "problems")) == (["key_mismatch"], ["file_unreadable"])
    assert customers.served("shop.example") == shop.fingerprint


def test_encrypted_material_on_the_host_is_opened_there(site: Site, customers: Customers) -> None:
    shop, forum = site.supply("www.shop.example"), site.supply("www.forum.example", passphrase=PASSPHRASE)
    customers.configure("shop.example", "forum.example")
    words = make_pkcs12(site, shop, "-legacy")
    (site.tls / "shop.p12").write_bytes((site.controller.secrets / words["pkcs12_src"]).read_bytes())
    entries = [
        customers.entry("system", site.supply()),
        customers.entry("shop.example", {**words, "pkcs12_src": str(site.tls / "shop.p12")}, remote_src=True),
        customers.entry(
            "forum.example", place(site, forum, "forum"), remote_src=True, private_key_passphrase_src="passphrase"
        ),
    ]
    done = run_as_foretold(site, customers.task(*entries), reasons=["certificate_missing"] * 3)
    assert set(outcomes(done).values()) == {"activated"}
    assert customers.served("shop.example") == shop.fingerprint
    assert customers.served("forum.example") == forum.fingerprint


def test_a_certificate_placed_by_hand_is_adopted_and_left_where_it_is(site: Site, nginx: Nginx) -> None:
    """Recorded once, not again when it is found again, and gone from the record without touching its files."""
    customers = Customers(site, nginx)
    by_hand = nginx.served()
    entry = {
        "domain": "by-hand",
        "state": "adopted",
        "external_url": NAME,
        "certificate_src": str(site.tls / "www.pem"),
    }
    adopted = run_as_foretold(site, customers.task(entry), reasons=["certificate_found"])
    assert outcomes(adopted) == {"by-hand": "adopted"}
    assert adopted["certificates"]["by-hand"]["certificate"]["fingerprint_sha256"] == by_hand
    run_as_foretold(site, customers.task(entry), reasons=[])
    assert codes(site.run(site.activate()).result, "problems") == []

    other = site.run(customers.task({**entry, "domain": "other", "external_url": "elsewhere.example.org"})).result
    assert codes(other, "problems") == ["nothing_to_adopt"]

    removed = run_as_foretold(site, customers.task({"domain": "by-hand", "state": "absent"}), reasons=["disabled"])
    assert outcomes(removed) == {"by-hand": "removed"}
    assert (nginx.served(), sha256(site.make().der).hexdigest() != by_hand) == (by_hand, True)
    assert (site.tls / "www.pem").is_file()


def playbook(site: Site, name: str, inventory: dict[str, Any], *options: str) -> Finished:
    return site.controller.start(f"certwright.tls.{name}", *options, variables=inventory).finish()


def test_the_playbooks_bring_and_take_what_the_inventory_says(site: Site, customers: Customers) -> None:
    def words(domain: str, supplied: Supplied) -> dict[str, Any]:
        entry = customers.entry(domain, supplied)
        paths = {word: str(site.controller.secrets / file) for word, file in supplied.words.items()}
        return {"services": entry["services"], **paths}

    system, shop, api = site.supply(), site.supply("www.shop.example"), site.supply("www.api")
    customers.configure("shop.example", "api")
    inventory = {
        "tls_store_path": str(site.store),
        "tls_issuers": {"bought": {"type": "files"}, "later": {"type": "acme"}},
        "tls_system": {"external_url": NAME, **words("system", system)},
        "tls_domains": [
            {"domain": "shop.example", "external_url": "www.shop.example", "engine": "files"}
            | words("shop.example", shop),
            {"domain": "plain.example"},
        ],
        "tls_certificates": {"api": {"issuer": "bought", "names": ["www.api"], **words("api", api)}},
    }
    foretold = playbook(site, "install", inventory, "--check")
    assert set(outcomes(foretold.results[0]).values()) == {"planned", "unchanged"}
    installed = playbook(site, "install", inventory)
    assert installed.code == 0, installed.output
    assert outcomes(installed.results[-1]) == dict.fromkeys(("system", "shop.example", "api"), "activated")
    assert customers.served("shop.example") == shop.fingerprint
    assert customers.served("api") == api.fingerprint

    inventory["tls_domains"] = [{"domain": "shop.example", "engine": "disabled"}]
    del inventory["tls_certificates"]
    removed = playbook(site, "remove", inventory)
    assert removed.code == 0, removed.output
    assert outcomes(removed.results[-1]) == {"shop.example": "disabled_fallback"}
    assert customers.served("shop.example") == system.fingerprint

    unmanaged = playbook(site, "install", inventory)
    assert (unmanaged.code, unmanaged.results[0]["unmanaged"]) == (0, ["api"])
    assert "the inventory does not know it, so it is left alone" in unmanaged.output

    customers.configure()
    last = playbook(site, "remove", {**inventory, "tls_remove": ["api"]})
    assert (last.code, outcomes(last.results[-1])) == (0, {"shop.example": "removed", "api": "removed"})
    refused = playbook(site, "remove", {**inventory, "tls_remove": ["system"]})
    assert refused.code == 2
    assert "can be replaced, never removed" in refused.output


def test_a_faulty_inventory_touches_nothing_and_says_all_of_its_faults(site: Site) -> None:
    inventory = {
        "tls_store_path": str(site.store),
        "tls_domains": [
            {"domain": "a.example", "engine": "zerossl", "external_url": "www.a.example"},
            {"urls": []},
        ],
        "tls_group_certificates": ["a shape that is none"],
        "tls_host_certificates": {"b": {"names": ["b.example"], "services": ["ngnix"], "issuer": "nobody"}},
    }
    refused = playbook(site, "install", inventory)
    assert (refused.code, site.executions) == (2, 0)
    for words in (
        "tls_group_certificates: must be a mapping",
        "tls_domains[0]",
        "letsencrypt",
        "tls_domains[1]",
        "urls",
        "tls_host_certificates.b",
        "ngnix",
        "nobody",
    ):
        assert words in refused.output


def test_skip_goes_on_with_the_sound_ones_and_fails_at_the_end(site: Site, customers: Customers) -> None:
    def words(supplied: Supplied) -> dict[str, Any]:
        paths = {word: str(site.controller.secrets / file) for word, file in supplied.words.items()}
        return {"services": [{"nginx": customers.nginx.words}], **paths}

    system, bad = site.supply(), site.supply("www.bad.example", **EXPIRED)
    customers.configure()
    inventory = {
        "tls_store_path": str(site.store),
        "tls_on_problem": "skip",
        "tls_system": {"external_url": NAME, **words(system)},
        "tls_domains": [{"domain": "bad.example", "external_url": "www.bad.example", **words(bad)}],
    }
    done = playbook(site, "install", inventory)
    assert done.code == 2
    assert outcomes(done.results[-1]) == {"system": "activated"}
    assert customers.served("system") == system.fingerprint
    assert "Fail for what was not installed" in done.output
