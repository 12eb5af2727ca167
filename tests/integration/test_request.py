# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA that signs elsewhere: requested, signed, installed, served, and requested again when its time has come."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ansible_collections.certwright.tls.tests.integration.servers import Nginx, wait_until
from ansible_collections.certwright.tls.tests.integration.site import NAME, NOW, Site, codes
from ansible_collections.certwright.tls.tests.unit.authority import build

NAMES = [NAME, "db_1", "192.0.2.7", "2001:db8::1"]
DAY = timedelta(days=1)


class PublicOnly:
    """What a CA knows of the key that it certifies."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def public_key(self) -> Any:
        return self._key


class RequestingSite:
    """A site whose keys are born on the host, and the CA's own place far from it."""

    def __init__(self, site: Site, nginx: Nginx) -> None:
        self.site, self.nginx, self.files = site, nginx, site.controller.secrets
        (self.files / "ca.pem").write_bytes(site.authority.pem)
        (self.files / "ca-chain.pem").write_bytes(site.authority.pem + site.authority.ca_pem)
        (self.files / "ca.key").write_bytes(site.authority.key_pem)
        site.scanner.add_key(site.authority.key)
        site.scanner.add_public(site.authority.der)

    def requesting(self, **words: Any) -> dict[str, Any]:
        """A task."""
        certificate = {"name": "system", "external_url": NAME, "other_urls": NAMES[1:], **words}
        task = {"store_path": str(self.site.store), "certificates": [certificate]}
        return {"certwright.tls.certificate_request": task, "ignore_errors": True}

    def installing(self, **words: Any) -> dict[str, Any]:
        """A task."""
        task = {
            "external_url": NAME,
            "store_path": str(self.site.store),
            "services": [{"nginx": {**self.nginx.words, "paths": self.site.paths}}],
            "private_key_requested": True,
            "certificate_src": "signed.pem",
            "ca_src": "ca-chain.pem",
            **words,
        }
        return {"certwright.tls.ssl_certificate": task, "ignore_errors": True}

    def run(self, *tasks: dict[str, Any], check: bool = False) -> tuple[dict[str, Any], ...]:
        """The results. What the host keeps afterwards is known to be secret where it is."""
        finished = self.site.run(*tasks, check=check)
        for path in self.site.store.glob("certificates/*/*/privkey.pem"):
            self.keep_secret(path.read_bytes())
        assert len(finished.results) == len(tasks), finished.output
        return finished.results

    def keep_secret(self, pem: bytes) -> None:
        key = load_pem_private_key(pem, None)
        self.site.scanner.add_key(key, also=[pem])
        self.site.scanner.add_public(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def sign(self, request: str) -> str:
        """By the openssl program, as it is asked. The fingerprint of what the operator gets back."""
        extensions = "extendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\n"
        (self.files / "extensions").write_text(extensions, encoding="ascii")
        signer = ["-CA", str(self.files / "ca.pem"), "-CAkey", str(self.files / "ca.key")]
        words = ["-days", "90", "-copy_extensions", "copy", "-extfile", str(self.files / "extensions")]
        signed = subprocess.run(
            ["openssl", "x509", "-req", *signer, *words], input=request.encode(), capture_output=True, check=True
        )
        return self.hand_over(x509.load_pem_x509_certificate(signed.stdout))

    def sign_briefly(self, request: str) -> str:
        """By a CA whose certificate has less than half of its short life left."""
        key = x509.load_pem_x509_csr(request.encode()).public_key()
        life = {"not_before": NOW - 3 * DAY, "not_after": NOW + DAY}
        return self.hand_over(build(PublicOnly(key), names=tuple(NAMES), issuer=self.site.authority, **life))

    def hand_over(self, certificate: x509.Certificate) -> str:
        (self.files / "signed.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        return sha256(certificate.public_bytes(Encoding.DER)).hexdigest()

    @property
    def waits(self) -> bool:
        """Whether a key and a request are on the host that no certificate was stored for."""
        return (self.site.store / "certificates" / "system" / "order").exists()

    @property
    def generations(self) -> list[int]:
        home = self.site.store / "certificates" / "system"
        return sorted(int(path.name) for path in home.glob("*") if path.name.isdigit())


@pytest.fixture
def host(site: Site, nginx: Nginx) -> RequestingSite:
    return RequestingSite(site, nginx)


def pem_of(result: dict[str, Any]) -> str:
    return str(result["requests"]["system"]["request"])


def test_a_key_is_born_on_the_host_and_serves_what_a_ca_elsewhere_signed_for_it(host: RequestingSite) -> None:
    site, nginx = host.site, host.nginx
    by_hand, before = nginx.served(), site.look()

    (foretold,) = host.run(host.requesting(), check=True)
    assert (foretold["changed"], codes(foretold), site.look()) == (True, ["certificate_missing"], before)
    assert foretold["requests"] == {"system": {"request": "", "names": NAMES, "key_type": "ec256", "made": True}}
    executions = site.executions

    made, again = host.run(host.requesting(), host.requesting(force=True))
    assert (made["changed"], codes(made), made["status"]) == (True, ["certificate_missing"], "ok")
    assert {**made["requests"]["system"], "request": ""} == foretold["requests"]["system"]
    assert (again["changed"], codes(again)) == (False, [])
    assert again["requests"]["system"] == {**made["requests"]["system"], "made": False}
    assert (site.executions, nginx.served(), host.waits) == (executions + 3, by_hand, True)

    signed = host.sign(pem_of(made))
    kept = site.look()
    (foretold,) = host.run(host.installing(), check=True)
    assert site.look() == kept
    (installed,) = host.run(host.installing())
    assert codes(foretold) == codes(installed) == ["certificate_missing"]
    assert (foretold["diff"], installed["outcome"]) == (installed["diff"], "activated")
    assert (nginx.served(), host.waits) == (signed, False)
    assert sorted(installed["certificate"]["names"]) == sorted(NAMES)
    assert ((site.store / "live/system/privkey.pem").stat().st_mode & 0o777) == 0o600

    kept, executions = site.look(), site.executions
    again, not_due = host.run(host.installing(), host.requesting())
    assert (again["changed"], again["outcome"]) == (False, "unchanged")
    assert (not_due["changed"], not_due["requests"]) == (False, {})
    assert (site.look(), nginx.served(), site.executions) == (kept, signed, executions + 2)


def test_it_is_requested_again_when_its_time_has_come_with_another_key(host: RequestingSite) -> None:
    site, nginx = host.site, host.nginx
    (first,) = host.run(host.requesting(key_type="rsa2048"))
    brief = host.sign_briefly(pem_of(first))

    # The operator's file is the earlier one as long as the CA has not signed
    installed, due, unchanged = host.run(
        host.installing(accept=["ends_sooner"]), host.requesting(), host.installing(accept=["ends_sooner"])
    )
    assert (installed["outcome"], codes(due), due["requests"]["system"]["made"]) == ("activated", ["due_by_date"], True)
    assert (unchanged["outcome"], host.waits, host.generations) == ("unchanged", True, [1])
    wait_until(lambda: nginx.served() == brief, "the brief one")

    signed = host.sign(pem_of(due))
    renewed, not_due = host.run(host.installing(), host.requesting())
    assert (codes(renewed), renewed["outcome"]) == (["certificate_differs"], "activated")
    assert (renewed["generation"], renewed["previous"], host.generations) == (2, 1, [1, 2])
    assert (host.waits, not_due["requests"]) == (False, {})
    wait_until(lambda: nginx.served() == signed, "the renewed one")
    assert len({path.read_text() for path in site.store.glob("certificates/system/*/privkey.pem")}) == 2


def test_what_was_signed_for_another_key_is_refused_and_what_waits_stays(host: RequestingSite) -> None:
    by_hand = host.nginx.served()
    (host.files / "signed.pem").write_bytes(host.site.make().pem)
    missing, first, mismatched, ambiguous, kept, replaced = host.run(
        host.installing(),
        host.requesting(),
        host.installing(),
        host.installing(private_key_src="any.key"),
        host.requesting(),
        # Another name is another request, and its key another one
        host.requesting(other_urls=[]),
    )
    refused = (missing, mismatched, ambiguous)
    assert [codes(item, "problems") for item in refused] == [["no_request"], ["key_mismatch"], ["material_ambiguous"]]
    assert [item["changed"] for item in refused] == [False, False, False]
    assert (pem_of(kept) == pem_of(first), replaced["requests"]["system"]["made"]) == (True, True)
    assert [warning.rpartition(" ")[2] for warning in replaced["warnings"]] == ["(request_replaced)"]

    host.sign(pem_of(first))
    (late,) = host.run(host.installing())
    assert (codes(late, "problems"), host.nginx.served()) == (["key_mismatch"], by_hand)
    signed = host.sign(pem_of(replaced))
    (installed,) = host.run(host.installing())
    assert (installed["outcome"], host.nginx.served()) == ("activated", signed)


def test_a_key_is_not_lost_with_an_installation_that_failed(host: RequestingSite) -> None:
    nginx = host.nginx
    by_hand, sound = nginx.served(), nginx.config.read_text(encoding="utf-8")
    (requested,) = host.run(host.requesting())
    signed = host.sign(pem_of(requested))

    nginx.config.write_text(f"{sound}\nnonsense;\n", encoding="utf-8")
    (refused,) = host.run(host.installing())
    assert codes(refused, "problems") == ["service_config_broken_before"]
    assert (host.waits, host.generations, nginx.served()) == (True, [], by_hand)

    nginx.config.write_text(sound, encoding="utf-8")
    (installed,) = host.run(host.installing())
    assert (installed["outcome"], nginx.served(), host.waits) == ("activated", signed, False)
