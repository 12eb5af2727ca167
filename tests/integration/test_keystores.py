# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keystores and truststores: made, kept although new bytes would be others, and made anew for what shapes them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import NAME, NOW, Site, codes
from ansible_collections.certwright.tls.tests.integration.test_domains import Customers
from ansible_collections.certwright.tls.tests.integration.test_lifecycle import run_as_foretold
from ansible_collections.certwright.tls.tests.integration.test_request import DAY, NAMES, PublicOnly, RequestingSite
from ansible_collections.certwright.tls.tests.unit.authority import build, ca

FIRST, SECOND = "a passphrase of java", "another one of java"
with_keytool = pytest.mark.skipif(
    shutil.which("keytool") is None, reason="Java's keytool is not there to read keystores with; install a JRE"
)
with_truststores = pytest.mark.skipif(
    not hasattr(pkcs12, "serialize_java_truststore"), reason="cryptography 45 or newer is not there"
)


class Java:
    """A service that takes keystores, whose reloads are counted."""

    def __init__(self, site: Site) -> None:
        self.site, self.reloads = site, site.root / "reloads"
        self.directory = site.store / "live" / "system" / "java"
        self.use(FIRST)

    def use(self, passphrase: str) -> None:
        self.passphrase = passphrase
        self.site.scanner.add_word(passphrase)
        (self.site.controller.secrets / "p12.pass").write_text(f"{passphrase}\n", encoding="ascii")

    def service(self, *more: dict[str, Any], alias: str = "web1", **words: Any) -> dict[str, Any]:
        secret = {"passphrase_src": "p12.pass"}
        entry = {"name": "keystore.p12", "format": "pkcs12", "alias": alias, "mode": "0640", **secret}
        store = {"name": "truststore.p12", "format": "truststore", **secret}
        files = [entry, store, {"name": "trusted.pem", "parts": ["trust"]}, *more]
        reload = self.site.script("java-reload", f"echo reload >>{self.reloads}")
        return {"custom": {"name": "java", "files": files, "reload": reload, **words}}

    @property
    def reloaded(self) -> int:
        return self.reloads.read_text(encoding="ascii").count("\n") if self.reloads.exists() else 0

    def list_entries(self, name: str) -> str:
        command = ["keytool", "-J-Duser.language=en", "-list", "-v", "-keystore", str(self.directory / name)]
        listed = subprocess.run(
            [*command, "-storepass", self.passphrase], capture_output=True, check=False, text=True, timeout=60
        )
        assert listed.returncode == 0, listed.stdout
        return listed.stdout

    def require_keystore(self, *, alias: str, length: int) -> None:
        listed = self.list_entries("keystore.p12")
        assert re.findall(r"^(?:Alias name|Entry type|Certificate chain length): (.+)$", listed, re.MULTILINE) == [
            alias,
            "PrivateKeyEntry",
            str(length),
        ]

    def count_trusted(self) -> int:
        listed = self.list_entries("truststore.p12")
        assert "PrivateKeyEntry" not in listed
        return listed.count("Entry type: trustedCertEntry")


@pytest.fixture
def java(site: Site) -> Java:
    return Java(site)


@with_keytool
@with_truststores
def test_keystores_are_made_kept_and_made_anew_as_check_mode_foretold(site: Site, java: Java) -> None:
    supplied = site.supply()
    other = ca("Clients of old")
    (site.controller.secrets / "clients.pem").write_bytes(other.pem)

    run_as_foretold(site, site.install(supplied, java.service()), reasons=["certificate_missing"])
    java.require_keystore(alias="web1", length=2)
    assert (java.count_trusted(), java.reloaded) == (1, 1)
    assert (java.directory / "trusted.pem").read_bytes() == site.authority.issuers[-1].pem
    assert [(java.directory / name).stat().st_mode & 0o777 for name in ("keystore.p12", "truststore.p12")] == [
        0o640,
        0o644,
    ]
    run_as_foretold(site, site.install(supplied, java.service()), reasons=[])

    java.use(SECOND)
    run_as_foretold(site, site.install(supplied, java.service()), reasons=["service_differs"] * 2)
    java.require_keystore(alias="web1", length=2)
    assert (java.count_trusted(), java.reloaded) == (1, 2)
    run_as_foretold(site, site.install(supplied, java.service()), reasons=[])

    both = java.service(alias="web2", trust_src=["clients.pem"], trust_content=site.authority.ca_pem.decode())
    run_as_foretold(site, site.install(supplied, both), reasons=["service_differs"])
    java.require_keystore(alias="web2", length=2)
    assert java.count_trusted() == 2
    run_as_foretold(site, site.install(supplied, both), reasons=[])
    assert java.reloaded == 3
    assert site.scanner.find((site.store / "live/system/record.json").read_bytes()) == []

    one = java.service(alias="web2", trust_src="clients.pem")
    run_as_foretold(site, site.install(supplied, one), reasons=["service_differs"] * 2)
    assert java.count_trusted() == 1
    assert site.run(site.activate()).result["changed"] is False


@with_keytool
@with_truststores
def test_a_domain_has_keystores_of_its_own(site: Site, java: Java, nginx: Nginx) -> None:
    customers = Customers(site, nginx)
    java.directory = site.store / "live" / "shop.example" / "java"
    service = java.service(alias="shop")
    task = customers.task(customers.entry("shop.example", site.supply("www.shop.example"), services=[service]))
    run_as_foretold(site, task, reasons=["certificate_missing"])
    java.require_keystore(alias="shop", length=2)
    run_as_foretold(site, task, reasons=[])


@with_keytool
@with_truststores
def test_a_key_that_was_born_on_the_host_goes_into_a_keystore_there(site: Site, java: Java, nginx: Nginx) -> None:
    requesting = RequestingSite(site, nginx)
    (requested,) = requesting.run(requesting.requesting())
    key = x509.load_pem_x509_csr(requested["requests"]["system"]["request"].encode()).public_key()
    # With a subject: Java reads no certificate without one whose names are not critical, which openssl would sign
    named = {"cn": NAME, "names": tuple(NAMES), "issuer": site.authority}
    requesting.hand_over(build(PublicOnly(key), **named, not_before=NOW - DAY, not_after=NOW + 60 * DAY))
    task = requesting.installing(services=[java.service()])

    (created,) = requesting.run(task)
    assert (created["outcome"], created["changed"]) == ("activated", True), created
    java.require_keystore(alias="web1", length=2)
    assert java.count_trusted() == 1
    (again,) = requesting.run(task)
    assert again["changed"] is False

    java.use(SECOND)
    (restaged,) = requesting.run(task)
    assert (codes(restaged), restaged["outcome"]) == (["service_differs"] * 2, "activated")
    java.require_keystore(alias="web1", length=2)
    (again,) = requesting.run(task)
    assert again["changed"] is False


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({"files": [{"name": "a.p12", "format": "pkcs12"}]}, "passphrase_missing", id="no passphrase"),
        pytest.param(
            {"files": [{"name": "a.p12", "format": "pkcs12", "passphrase": "Short"}]},
            "service_invalid",
            id="a passphrase that Java refuses",
        ),
        pytest.param(
            {"files": [{"name": "a.p12", "format": "pkcs12", "passphrase_src": "none"}]},
            "file_unreadable",
            id="no such file",
        ),
        pytest.param(
            {"files": [{"name": "a.pem", "parts": ["trust"]}], "trust_content": "nonsense"},
            "service_invalid",
            id="nothing to trust",
        ),
    ],
)
def test_wrong_words_are_refused_before_the_host_is_touched(site: Site, words: dict[str, Any], expected: str) -> None:
    task = site.install(site.supply(), {"custom": words}) | {"ignore_errors": True}
    before = site.look()
    refused = site.run(task)
    assert codes(refused.result, "problems") == [expected]
    assert "Short" not in refused.output
    assert site.look() == before


def test_without_openssl_a_key_of_the_host_goes_into_no_keystore(site: Site, java: Java, tmp_path: Path) -> None:
    """Beside the programs that the host has all the same."""
    issued = site.place_by_hand()
    for name in ("sh", "true"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    files = {"name": "keystore.p12", "format": "pkcs12", "passphrase_src": "p12.pass"}
    source = {"certificate_src": str(site.tls / "www.pem"), "private_key_src": str(site.tls / "www.key")}
    words = {"remote_src": True, **source, "external_url": "www.example.org", "store_path": str(site.store)}
    task = {
        "certwright.tls.ssl_certificate": {**words, "services": [{"custom": {"files": [files]}}]},
        "ignore_errors": True,
        "environment": {"PATH": str(tmp_path)},
    }
    refused = site.run(task).result
    assert codes(refused, "problems") == ["openssl_missing"], refused
    assert site.live is None
    assert issued.key_pem == (site.tls / "www.key").read_bytes()
    del task["environment"]
    assert site.run(task).result["outcome"] == "activated"
