# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""BlueMind's system and domains, with its files and by its own command."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.tests.integration.bluemind_site import (
    OTHER,
    SYSTEM,
    BlueMind,
)
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import Site
from ansible_collections.certwright.tls.tests.integration.test_domains import outcomes, warnings
from ansible_collections.certwright.tls.tests.integration.test_install_playbook import install, material
from ansible_collections.certwright.tls.tests.integration.test_lifecycle import run_as_foretold
from ansible_collections.certwright.tls.tests.unit.authority import Authority

DOMAIN = "example.net"


@pytest.fixture
def site(authority: Authority) -> Iterator[Site]:
    """Where postfix may pass: the directories of pytest are root's alone."""
    with tempfile.TemporaryDirectory(prefix="certwright-") as root:
        Path(root).chmod(0o755)
        site = Site(Path(root), authority)
        yield site
        assert site.find_leaks() == {}
        assert site.find_leftovers() == []


@pytest.fixture
def bluemind(site: Site, idle_nginx: Nginx) -> Iterator[BlueMind]:
    bluemind = BlueMind(site, idle_nginx)
    bluemind.install(DOMAIN)
    yield bluemind
    bluemind.stop()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_system_certificate_reaches_every_service_and_every_place(site: Site, bluemind: BlueMind) -> None:
    first, second, before = site.supply(), site.supply(), bluemind.certificate.read_bytes()

    created = run_as_foretold(site, bluemind.system(first), reasons=["certificate_missing"])
    states = {item["name"]: item["state"] for item in created["services"]}
    assert states == {"bluemind": "served", "bluemind-postfix": "served"}
    assert warnings(created) == ""
    assert bluemind.served() == {first.fingerprint}
    text = first.issued.pem + first.issued.key_pem + first.issued.chain_pem
    for path in (bluemind.certificate, bluemind.copies / "bm_cert.pem"):
        assert (path.read_bytes(), mode(path)) == (text, 0o640)
    assert (bluemind.ca_file.read_bytes(), mode(bluemind.ca_file)) == (first.issued.ca_pem, 0o644)
    assert Path(f"{bluemind.certificate}.before-certwright").read_bytes() == before

    run_as_foretold(site, bluemind.system(first), reasons=[])
    run_as_foretold(site, bluemind.system(second), reasons=["certificate_differs"])
    assert bluemind.served() == {second.fingerprint}


def test_a_domain_comes_renews_and_goes_with_its_vhost(site: Site, bluemind: BlueMind) -> None:
    system, first, second = site.supply(), *(site.supply(f"www.{DOMAIN}") for _number in range(2))
    site.run(bluemind.system(system))
    assert bluemind.nginx.served(f"www.{DOMAIN}") == system.fingerprint

    created = run_as_foretold(site, bluemind.domains(bluemind.domain(DOMAIN, first)), reasons=["certificate_missing"])
    assert (outcomes(created), warnings(created)) == ({DOMAIN: "activated"}, "")
    assert str(bluemind.path(DOMAIN)) in bluemind.vhost(DOMAIN)
    assert (bluemind.copies / f"bm_cert-{DOMAIN}.pem").exists()
    assert bluemind.nginx.served(f"www.{DOMAIN}") == first.fingerprint
    assert bluemind.served() == {system.fingerprint}

    run_as_foretold(site, bluemind.domains(bluemind.domain(DOMAIN, second)), reasons=["certificate_differs"])
    assert bluemind.nginx.served(f"www.{DOMAIN}") == second.fingerprint

    gone = {"domain": DOMAIN, "state": "absent"}
    removed = run_as_foretold(site, bluemind.domains(gone), reasons=["disabled"])
    assert (outcomes(removed), warnings(removed)) == ({DOMAIN: "removed"}, "")
    assert not bluemind.path(DOMAIN).is_symlink()
    assert not (bluemind.copies / f"bm_cert-{DOMAIN}.pem").is_symlink()
    assert str(bluemind.certificate) in bluemind.vhost(DOMAIN)
    assert bluemind.nginx.served(f"www.{DOMAIN}") == system.fingerprint
    assert [path for path in site.store.rglob("*") if DOMAIN in path.name] == []

    run_as_foretold(site, bluemind.domains(gone), reasons=[])


def test_what_postfix_refuses_reaches_neither_service(site: Site, bluemind: BlueMind) -> None:
    """Both are checked before any is reloaded, and both get back what they had."""
    system, renewed = site.supply(), site.supply()
    site.run(bluemind.system(system))
    text = renewed.issued.pem.decode().splitlines()[-2]
    check = site.script("check", f"! grep -q '{text}' {bluemind.certificate}")
    reloads = bluemind.count_reloads()

    failed = site.run(bluemind.system(renewed, postfix={**bluemind.smtp_words, "check": check}))
    assert failed.code != 0
    assert (failed.result["outcome"], failed.result["problems"][0]["code"]) == ("rolled_back", "rolled_back")
    assert "bluemind-postfix refuses its configuration" in failed.result["msg"]
    assert bluemind.count_reloads() == reloads
    assert bluemind.served() == {system.fingerprint}


def test_a_domain_that_nginx_refuses_is_put_back_with_its_vhost(site: Site, bluemind: BlueMind) -> None:
    system, supplied = site.supply(), site.supply(f"www.{DOMAIN}")
    site.run(bluemind.system(system))
    bluemind.break_vhosts_of_domains()
    generated = bluemind.configured

    failed = site.run(bluemind.domains(bluemind.domain(DOMAIN, supplied)))
    assert failed.code != 0
    assert outcomes(failed.result) == {DOMAIN: "rolled_back"}
    assert "refuses its configuration" in failed.result["msg"]
    assert not bluemind.path(DOMAIN).is_symlink()
    assert (str(bluemind.certificate) in bluemind.vhost(DOMAIN), bluemind.configured) == (True, generated + 2)
    assert bluemind.nginx.served(f"www.{DOMAIN}") == system.fingerprint


def test_a_domain_that_does_not_fall_back_keeps_its_certificate(site: Site, bluemind: BlueMind) -> None:
    system, supplied = site.supply(), site.supply(f"www.{DOMAIN}")
    site.run(bluemind.system(system), bluemind.domains(bluemind.domain(DOMAIN, supplied)))
    with bluemind.deaf_nginx():
        failed = site.run(bluemind.domains({"domain": DOMAIN, "state": "absent"}, probe_timeout=3))
    assert failed.code != 0
    assert outcomes(failed.result) == {DOMAIN: "rolled_back"}
    assert bluemind.path(DOMAIN).is_symlink()
    assert str(bluemind.path(DOMAIN)) in bluemind.vhost(DOMAIN)
    assert bluemind.nginx.served(f"www.{DOMAIN}") == supplied.fingerprint


def test_removal_leaves_what_bluemind_had_beside(site: Site, bluemind: BlueMind) -> None:
    """At its place it would be served again."""
    system, supplied, before = site.supply(), site.supply(f"www.{DOMAIN}"), site.supply(f"www.{DOMAIN}")
    bluemind.path(DOMAIN).write_bytes(before.issued.pem + before.issued.key_pem + before.issued.chain_pem)
    site.run(bluemind.system(system), bluemind.domains(bluemind.domain(DOMAIN, supplied)))

    removed = site.run(bluemind.domains({"domain": DOMAIN, "state": "absent"})).result
    beside = f"{bluemind.path(DOMAIN)}.before-certwright"
    assert removed["outcomes"][DOMAIN]["message"] == f"What stood there before is left beside: {beside}"
    assert (Path(beside).exists(), bluemind.path(DOMAIN).exists()) == (True, False)
    assert bluemind.nginx.served(f"www.{DOMAIN}") == system.fingerprint


@pytest.mark.further
def test_a_removal_in_two_steps_goes_with_the_second(site: Site, bluemind: BlueMind) -> None:
    """As the playbooks do it: the first touches no service."""
    system, supplied = site.supply(), site.supply(f"www.{DOMAIN}")
    site.run(bluemind.system(system), bluemind.domains(bluemind.domain(DOMAIN, supplied)))

    stored = site.run(bluemind.domains({"domain": DOMAIN, "state": "absent"}, stage_only=True)).result
    assert stored["outcomes"][DOMAIN]["pending"]
    assert bluemind.nginx.served(f"www.{DOMAIN}") == supplied.fingerprint
    activated = site.run(site.activate(names=[DOMAIN])).result
    assert outcomes(activated) == {DOMAIN: "removed"}
    assert bluemind.nginx.served(f"www.{DOMAIN}") == system.fingerprint
    assert [path for path in site.store.rglob("*") if DOMAIN in path.name] == []


def test_a_host_without_the_tags_gets_the_files_only(site: Site, bluemind: BlueMind) -> None:
    supplied, renewed = site.supply(), site.supply(f"www.{DOMAIN}")
    reloads = bluemind.count_reloads()
    done = site.run(bluemind.system(supplied, tags=["bm/core"])).result
    assert done["services"] == [{"name": "bluemind", "state": "reloaded"}]
    assert bluemind.certificate.is_symlink()
    assert bluemind.count_reloads() == reloads

    entry = bluemind.domain(DOMAIN, renewed, tags=["mail/smtp"])
    site.run(bluemind.domains(entry))
    removed = site.run(bluemind.domains({"domain": DOMAIN, "state": "absent"})).result
    assert (outcomes(removed), bluemind.path(DOMAIN).is_symlink()) == ({DOMAIN: "removed"}, False)
    assert bluemind.count_reloads() == reloads


def test_bm_cli_takes_the_files_where_it_is_there(site: Site, bluemind: BlueMind) -> None:
    """Nothing says so: the host is asked. Its own probes prove what the product did."""
    first, second, domain = site.supply(), site.supply(), site.supply(f"www.{DOMAIN}")
    words = {"via": "auto", "bm_cli": bluemind.install_cli()}

    created = site.run(bluemind.system(first, **words)).result
    assert created["outcome"] == "activated"
    assert {item["state"] for item in created["services"]} == {"served"}
    assert bluemind.served() == {first.fingerprint}
    assert not bluemind.certificate.is_symlink()
    assert [mode(path) for path in (bluemind.certificate, bluemind.copies / "bm_cert.pem")] == [0o640] * 2
    executions = site.executions
    again = site.run(bluemind.system(first, **words)).result
    assert (again["outcome"], site.executions) == ("unchanged", executions + 2)
    site.run(bluemind.system(second, **words))
    assert bluemind.served() == {second.fingerprint}

    site.run(bluemind.domains(bluemind.domain(DOMAIN, domain, **words)))
    assert bluemind.nginx.served(f"www.{DOMAIN}") == domain.fingerprint
    assert bluemind.database == ["global.virt=FILE", "global.virt=FILE", f"{DOMAIN}=FILE"]


@pytest.mark.parametrize("is_first", [True, False], ids=["BlueMind's own", "ours"])
def test_bm_cli_gets_back_what_it_had(site: Site, bluemind: BlueMind, is_first: bool) -> None:
    """What has no generation of ours yet is kept before."""
    words = {"via": "bm_cli", "bm_cli": bluemind.install_cli()}
    before = bluemind.nginx.served()
    if not is_first:
        old = site.supply()
        site.run(bluemind.system(old, **words))
        before = old.fingerprint
    bluemind.break_hooks()
    failed = site.run(bluemind.system(site.supply(), **words))

    assert failed.code != 0
    assert "error during postfix reload" in failed.result["msg"]
    assert failed.result["outcome"] == "rolled_back"
    assert bluemind.served() == {before}


def test_what_bm_cli_refuses_is_told_in_its_words(site: Site, bluemind: BlueMind) -> None:
    supplied = site.supply("www.unknown.example")
    words = {"via": "bm_cli", "bm_cli": bluemind.install_cli()}
    failed = site.run(bluemind.domains(bluemind.domain("unknown.example", supplied, **words)))

    assert failed.code != 0
    assert "Domain 'unknown.example' not found" in failed.result["msg"]
    assert outcomes(failed.result) == {"unknown.example": "kept_new_unproved"}


def test_external_urls_are_those_of_bluemind_when_none_are_said(site: Site, bluemind: BlueMind) -> None:
    bluemind.write_settings(DOMAIN, other_urls=OTHER)
    system, domain = site.supply(SYSTEM, OTHER), site.supply(f"www.{DOMAIN}")
    uncovered = site.supply(SYSTEM)
    install = bluemind.system(uncovered)
    del install["certwright.tls.ssl_certificate"]["external_url"]
    refused = site.run(install)
    assert refused.code != 0
    assert OTHER in refused.result["msg"]

    install["certwright.tls.ssl_certificate"].update(system.words)
    assert site.run(install).result["certificate"]["names"] == [SYSTEM, OTHER]
    entry = bluemind.domain(DOMAIN, domain)
    del entry["external_url"]
    assert outcomes(site.run(bluemind.domains(entry)).result) == {DOMAIN: "activated"}

    nobody = {**entry, "domain": "nobody.example"}
    unknown = site.run(bluemind.domains(nobody))
    assert [item["code"] for item in unknown.result["problems"]] == ["external_url_missing"]


@pytest.mark.parametrize(
    "playbook", ["certwright.tls.install", pytest.param("certwright.tls.remove", marks=pytest.mark.further)]
)
def test_the_consoles_words_do_it_all(site: Site, bluemind: BlueMind, playbook: str) -> None:
    """No name is said but the domain's; `disabled` ends it by either playbook."""
    system, domain = site.supply(), site.supply(f"www.{DOMAIN}")
    entry = bluemind.domain(DOMAIN, domain)
    inventory = {
        "tls_store_path": str(site.store),
        "tls_system": {"engine": "files", "services": [bluemind.service()], **material(site, system)},
        "tls_domains": [
            {"domain": DOMAIN, "engine": "files", "services": entry["services"], **material(site, domain)},
        ],
    }
    install(site, inventory)
    assert bluemind.served() == {system.fingerprint}
    assert bluemind.nginx.served(f"www.{DOMAIN}") == domain.fingerprint

    inventory["tls_domains"] = [{"domain": DOMAIN, "engine": "disabled"}]
    finished = site.controller.start(playbook, variables=inventory).finish()
    assert finished.code == 0, finished.output
    assert bluemind.nginx.served(f"www.{DOMAIN}") == system.fingerprint
    assert not bluemind.path(DOMAIN).is_symlink()
    assert not (site.store / "live" / DOMAIN).is_symlink()
