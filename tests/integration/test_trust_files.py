# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom a real nginx lets in: roots and lists of revocations of a real CA, brought to it and kept current."""

from __future__ import annotations

import http.client
import ssl
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.certwright.tls.tests.integration.servers import Nginx, wait_until
from ansible_collections.certwright.tls.tests.integration.site import NAME, Site, codes, custom_nginx
from ansible_collections.certwright.tls.tests.integration.test_internal_ca import CaSite, load
from ansible_collections.certwright.tls.tests.unit.authority import ca

ACCEPTED, REFUSED = 204, 400
LEAVING, STAYING = "leaving.example.org", "staying.example.org"


class MutualSite:
    """An nginx whose certificate, trust and list of revocations are of one CA, and clients with certificates of it."""

    def __init__(self, ca_site: CaSite, nginx: Nginx) -> None:
        self.ca_site, self.site, self.nginx = ca_site, ca_site.site, nginx
        self.live = self.site.store / "live" / "system" / "custom"
        created = ca_site.create(crl={"enabled": True})
        self.pin, self.service_words = created["fingerprint"], dict[str, Any]()

    def ask(self) -> dict[str, Any]:
        (info,) = self.ca_site.run(self.ca_site.show(fingerprint=self.pin))
        return info

    def sign(self, *requests: dict[str, Any], **words: Any) -> dict[str, Any]:
        task = self.ca_site.sign(self.pin, *requests)
        next(iter(task.values())).update(words)
        (answer,) = self.ca_site.run(task)
        assert answer["status"] == "ok", answer
        for item in answer["certificates"]:
            self.site.scanner.add_public(load(item["certificate"]).public_bytes(Encoding.DER))
        return answer

    def make_clients(self, *names: str) -> list[ssl.SSLContext]:
        requests = [
            {"name": name, "csr": self.ca_site.make_request(name), "usage": "client", "names": [name]} for name in names
        ]
        return [self.load_client(signed) for signed in self.sign(*requests)["certificates"]]

    def load_client(self, signed: dict[str, Any]) -> ssl.SSLContext:
        name, chain = signed["name"], "".join(signed["chain"])
        certificate = self.ca_site.write(f"{name}.pem", f"{signed['certificate']}{chain}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(certificate, str(self.ca_site.files / f"{name}.key"))
        return context

    @property
    def probe(self) -> dict[str, Any]:
        """As the client that stays."""
        paths = {"client_certificate": f"{STAYING}.pem", "client_private_key": f"{STAYING}.key"}
        places = {word: str(self.ca_site.files / name) for word, name in paths.items()}
        return {"port": self.nginx.port, "http_path": "/", **places}

    def task(self, told: dict[str, Any], **words: Any) -> dict[str, Any]:
        service = custom_nginx(self.site, self.nginx)
        files = [{"name": "clients.pem", "parts": ["trust"]}, {"name": "clients.crl", "parts": ["crl"]}]
        service["custom"]["files"] = [*service["custom"]["files"], *files]
        service["custom"].update(self.service_words)
        certificate = {"name": "system", "external_url": NAME, "services": [service]}
        common = {"ca": told, "store_path": str(self.site.store), "certificates": [certificate], **words}
        return {"certwright.tls.internal_certificate": common, "ignore_errors": True}

    def install(self, told: dict[str, Any], **words: Any) -> dict[str, Any]:
        (result,) = self.ca_site.run(self.task(told, **words))
        return result

    def enrol(self, told: dict[str, Any]) -> dict[str, Any]:
        (request,) = self.install(told)["requests"]
        answer = self.sign({word: value for word, value in request.items() if word != "issuer"})
        return self.install(told, signed=answer["certificates"])

    def demand_certificates(self) -> None:
        """As the operator configures it: the files keep their paths from now on."""
        said = f"ssl_client_certificate {self.live}/clients.pem; ssl_crl {self.live}/clients.crl; ssl_verify_depth 3;"
        text = self.nginx.config.read_text(encoding="utf-8")
        before, key, after = text.partition("ssl_certificate_key ")
        key_path, end, rest = after.partition(";")
        served = f"{said} ssl_verify_client on; location / {{ return {ACCEPTED}; }}"
        self.nginx.config.write_text(f"{before}{key}{key_path}{end} {served}{rest}", encoding="utf-8")
        self.nginx.reload()

    def visit(self, client: ssl.SSLContext) -> int:
        connection = http.client.HTTPSConnection("127.0.0.1", self.nginx.port, context=client, timeout=10)
        try:
            connection.request("GET", "/", headers={"Host": NAME})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def await_visit(self, client: ssl.SSLContext, expected: int) -> None:
        """Old workers may still answer for a moment."""
        wait_until(lambda: self.visit(client) == expected, f"the answer {expected}")

    def read(self, name: str) -> str:
        return (self.live / name).read_text(encoding="ascii")


@pytest.fixture
def mutual(site: Site, nginx: Nginx) -> MutualSite:
    return MutualSite(CaSite(site), nginx)


def said(result: dict[str, Any], code: str) -> int:
    return sum(f"({code})" in str(warning) for warning in result.get("warnings", ()))


def test_who_is_revoked_is_let_in_no_more_and_an_older_list_changes_nothing(mutual: MutualSite) -> None:
    leaving, staying = mutual.make_clients(LEAVING, STAYING)
    first = mutual.ask()
    installed = mutual.enrol(first)
    assert installed["outcomes"]["system"]["outcome"] == "activated", installed
    assert (mutual.read("clients.pem"), mutual.read("clients.crl")) == ("".join(first["anchors"]), first["crl"])
    mutual.demand_certificates()
    mutual.await_visit(leaving, ACCEPTED)
    mutual.await_visit(staying, ACCEPTED)

    mutual.sign(revoke=[{"name": LEAVING, "reason": "key_compromise"}])
    kept, second = mutual.ca_site.run(
        mutual.ca_site.task(fingerprint=mutual.pin, passphrase="{{ ca_word }}"),
        mutual.ca_site.show(fingerprint=mutual.pin),
    )
    assert codes(kept) == ["certificate_revoked"], kept
    distributed = mutual.install(second)
    assert (codes(distributed), distributed["requests"]) == (["service_differs"], [])
    mutual.await_visit(leaving, REFUSED)
    mutual.await_visit(staying, ACCEPTED)

    before = mutual.site.look()
    older, silent = mutual.ca_site.run(mutual.task(first), mutual.task({}))
    assert (older["changed"], said(older, "crl_older"), older["status"]) == (False, 1, "ok")
    assert (silent["changed"], said(silent, "ca_silent"), silent["status"]) == (False, 1, "ok")
    assert mutual.site.look() == before

    mutual.service_words = {"probes": [mutual.probe]}
    locking_out = mutual.install({**second, "anchors": [ca("Next Root").pem.decode()]}, probe_timeout=5)
    assert locking_out["outcomes"]["system"]["outcome"] == "rolled_back", locking_out
    assert mutual.read("clients.pem") == "".join(second["anchors"])
    mutual.await_visit(staying, ACCEPTED)

    other = ca("Next Root")
    overlapping = mutual.install({**second, "anchors": [*second["anchors"], other.pem.decode()]})
    assert (codes(overlapping), overlapping["requests"]) == (["service_differs"], [])
    assert mutual.read("clients.pem").endswith(other.pem.decode())
    assert mutual.read("clients.crl") == second["crl"]
    mutual.await_visit(staying, ACCEPTED)
