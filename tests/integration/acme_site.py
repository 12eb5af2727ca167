# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One test of orders: a host whose nginx shows a webroot and certificates, and a CA whose front fails by script."""

from __future__ import annotations

import getpass
import json
import os
import re
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from fault_proxy import FaultProxy

from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished, PlaybookRun
from ansible_collections.certwright.tls.tests.integration.servers import Nginx, wait_until
from ansible_collections.certwright.tls.tests.integration.site import NAME, Site

TERMS = "https://ca.example/terms-1"
CHALLENGES = ".well-known/acme-challenge"
ACCOUNT_KEY = "account.pem"
_INSTANT = re.compile(r'"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ)"')
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class AcmeSite:
    """Certificates have the names of the store: `system` is for NAME, every other one for `www.` and its own name."""

    def __init__(self, site: Site, nginx: Nginx, front: FaultProxy) -> None:
        self.site, self.nginx, self.front, self.ca = site, nginx, front, front.server
        self.webroot = site.host / "www"
        self.webroot.mkdir()
        self.by_hand: dict[str, str] = {}
        self.make_account_key()

    # The administrator's work

    def serve(self, *certificates: str, web: bool = True) -> None:
        """nginx shows a webroot to the CA (or nothing), and for each name what its administrator once put at `tls`."""
        for name in certificates:
            issued = self.site.make(url_of(name))
            self.by_hand[name] = sha256(issued.der).hexdigest()
            for suffix, content in (("pem", issued.pem), ("key", issued.key_pem)):
                (self.site.tls / f"{name}.{suffix}").write_bytes(content)
        self.configure(*certificates, web=web)
        self.nginx.start()

    def configure(self, *certificates: str, web: bool = True) -> None:
        """Nobody reloads."""
        first, *others = certificates
        blocks = [self.nginx.block(*self.files_of(name), names=[url_of(name)]) for name in others]
        if web:
            blocks.append(f"server {{ listen 127.0.0.1:{self.http_port}; root {self.webroot}; }}")
        self.nginx.configure(*self.files_of(first), names=[url_of(first)], more="\n".join(blocks))
        if os.getuid() == 0:
            # Its workers would be somebody who may not look into a directory of pytest.
            self.nginx.config.write_text(f"user {getpass.getuser()};\n{self.nginx.config.read_text()}")

    def files_of(self, name: str) -> tuple[Path, Path]:
        return self.site.tls / f"{name}.pem", self.site.tls / f"{name}.key"

    @property
    def http_port(self) -> int:
        """Where the CA asks."""
        return self.ca.http_port

    def make_account_key(self, path: str = ACCOUNT_KEY, *, is_rsa: bool = False) -> None:
        key = rsa.generate_private_key(65537, 2048) if is_rsa else ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.site.controller.secrets / path).write_bytes(pem)
        self.keep_secret(pem)

    # Tasks

    def service(self, name: str = "system", **words: Any) -> dict[str, Any]:
        certificate, private_key = self.files_of(name)
        paths = {"fullchain.pem": str(certificate), "privkey.pem": str(private_key)}
        return {"nginx": {**self.nginx.words, "paths": paths, "probe_names": [url_of(name)], **words}}

    def certificate(self, name: str = "system", *other_urls: str, **words: Any) -> dict[str, Any]:
        """Served by nginx unless `services` says something else."""
        common = {"name": name, "external_url": url_of(name), "other_urls": list(other_urls)}
        # Pebble's name says that it is a test CA, and the administrator's certificate is from none.
        return {**common, "services": [self.service(name)], "accept": ["test_issuer"], **words}

    def task(self, *certificates: dict[str, Any], **words: Any) -> dict[str, Any]:
        common = {
            "store_path": str(self.site.store),
            "acme_directory": self.front.directory,
            "acme_ca_certificates": self.ca.ca,
            "terms_agreed": "true",
            "email": "pki@example.org",
            "account_key_src": ACCOUNT_KEY,
            "challenge": self.webroot_words(),
            "certificates": list(certificates),
        }
        given = {word: value for word, value in {**common, **words}.items() if value is not None}
        return {"certwright.tls.letsencrypt_cert": given}

    def webroot_words(self, **words: Any) -> dict[str, Any]:
        return {"webroot": str(self.webroot), "port": self.http_port, "resolver": [self.ca.dns], **words}

    def start(self, *tasks: dict[str, Any], **variables: Any) -> PlaybookRun:
        return self.site.start(*tasks, **variables)

    def run(self, *tasks: dict[str, Any], check: bool = False, **variables: Any) -> Finished:
        """What the host keeps afterwards is known to be secret where it is."""
        finished = self.site.run(*tasks, check=check, **variables)
        self.learn_secrets()
        return finished

    def order(self, *certificates: dict[str, Any], check: bool = False, **words: Any) -> dict[str, Any]:
        """The result of a run of one task."""
        return self.run(self.task(*certificates, **words), check=check).result

    # What is where afterwards

    def served(self, name: str = "system") -> str:
        return self.nginx.served(url_of(name))

    def await_served(self, name: str, fingerprint: str) -> None:
        """Old workers may still answer for a moment."""
        wait_until(lambda: self.served(name) == fingerprint, f"{name} is {fingerprint}")

    def generations(self, name: str = "system") -> list[int]:
        home = self.site.store / "certificates" / name
        return sorted(int(path.name) for path in home.glob("*") if path.name.isdigit())

    def leaf(self, name: str = "system") -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.site.store / "live" / name / "cert.pem").read_bytes())

    def names_on(self, name: str = "system") -> list[str]:
        found = self.leaf(name).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return sorted(found.get_values_for_type(x509.DNSName))

    def record(self, name: str = "system") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.site.store / "live" / name / "record.json").read_text())
        return found

    def memory(self, name: str = "system") -> dict[str, Any]:
        path = self.site.store / "certificates" / name / "issuance.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def find_challenges(self) -> list[str]:
        """What answers challenges, with the directories that were made for it below the webroot."""
        listened = [path for path in (self.site.store / "challenges").rglob("*") if path.is_file()]
        found = [*self.webroot.rglob("*"), *(path for path in listened if path.name != ".listening")]
        return sorted(str(path.relative_to(self.site.host)) for path in found)

    def find_open_orders(self) -> list[str]:
        """Certificates whose order is not at its end on the host."""
        return sorted(path.parent.name for path in self.site.store.glob("certificates/*/order"))

    def let_pass(self, time: timedelta) -> None:
        """What the host remembers is so much older, as if that time had gone by."""
        for path in self.site.store.glob("certificates/*/issuance.json"):
            path.write_text(_INSTANT.sub(lambda found: f'"{_shift(found[1], time)}"', path.read_text()))

    def learn_secrets(self) -> None:
        """Keys born on the host, and those that were made on the controller for it."""
        for path in self.site.store.glob("certificates/*/*/privkey.pem"):
            pem = path.read_bytes()
            if b"PRIVATE" in pem:
                self.keep_secret(pem)

    def keep_secret(self, pem: bytes) -> None:
        key = load_pem_private_key(pem, None)
        self.site.scanner.add_key(key, also=[pem])
        self.site.scanner.add_public(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def url_of(name: str) -> str:
    return NAME if name == "system" else f"www.{name}"


def outcomes(result: dict[str, Any]) -> dict[str, str]:
    return {name: item["outcome"] for name, item in result["outcomes"].items()}


def problems(result: dict[str, Any]) -> dict[str, str]:
    """By certificate, the code of what was refused or failed."""
    return {item["certificate"]: item["code"] for item in result.get("problems", ())}


def reasons(result: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in result.get("reasons", ()):
        found.setdefault(item["certificate"], []).append(item["code"])
    return found


def has_warning(result: dict[str, Any], code: str) -> bool:
    return any(f"({code})" in warning for warning in result.get("warnings", ()))


def fingerprint(result: dict[str, Any], name: str = "system") -> str:
    return str(result["certificates"][name]["certificate"]["fingerprint_sha256"])


def _shift(instant: str, time: timedelta) -> str:
    return (datetime.strptime(instant, _FORMAT).replace(tzinfo=timezone.utc) - time).strftime(_FORMAT)
