# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CA of one's own issues, judged by others: openssl, strict TLS of Python, Java's keytool and pkilint."""

from __future__ import annotations

import re
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ansible_collections.certwright.tls.tests.integration.internal_site import (
    ISSUER,
    Ca,
    InternalSite,
    load,
    make_request,
    strict_context,
    verify,
)
from ansible_collections.certwright.tls.tests.integration.site import Site
from ansible_collections.certwright.tls.tests.integration.test_keystores import Java, with_keytool, with_truststores
from ansible_collections.certwright.tls.tests.unit.authority import Authority

PASSPHRASE = "from hand to hand"
SUBJECT = "CN=agent1,OU=IT,O=Example,C=DE"
REQUESTS: dict[str, dict[str, Any]] = {
    "server": {"usage": "server", "names": ["www.example.org", "api.example.org"]},
    "server with a subject": {"usage": "server", "names": ["named.example.org"], "subject": SUBJECT},
    "server with addresses": {"usage": "server", "names": ["db.example.org"], "ips": ["192.0.2.7", "2001:db8::1"]},
    "an address alone": {"usage": "server", "ips": ["192.0.2.8"]},
    "client": {"usage": "client", "emails": ["jane@example.org"], "subject": "CN=Jane Doe,O=Example"},
    "client without a subject": {"usage": "client", "names": ["batch.example.org"]},
    "both": {"usage": "both", "names": ["agent1.example.org"], "subject": SUBJECT},
}
SERVERS = [name for name, words in REQUESTS.items() if words["usage"] != "client"]
CLIENTS = [name for name, words in REQUESTS.items() if words["usage"] != "server"]
KEYSTORES = {"jane": REQUESTS["client"], "batch": REQUESTS["client without a subject"]}


@dataclass(frozen=True)
class Proved:
    """What the CA issued, by title: its answers, and the keys that were asked for."""

    ca: Ca
    answers: dict[str, dict[str, Any]]
    keys: dict[str, Any]

    def leaf(self, title: str) -> x509.Certificate:
        return load(self.answers[title]["certificate"])

    @property
    def pems(self) -> dict[str, str]:
        """With those of the CA itself."""
        leaves = {title: answer["certificate"] for title, answer in self.answers.items()}
        return {**leaves, "issuing": self.ca.chain, "root": self.ca.root}

    def files_of(self, title: str) -> tuple[Path, Path]:
        """Certificates and key, for a program that takes files."""
        certificate, private_key = self.ca.files / "tls.pem", self.ca.files / "tls.key"
        certificate.write_text(self.answers[title]["certificate"] + self.answers[title]["chain"], encoding="ascii")
        words = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        private_key.write_bytes(self.keys[title].private_bytes(*words))
        return certificate, private_key


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory, authority: Authority, made_ca: Ca) -> Iterator[Proved]:
    """All of it signed in one batch."""
    site = Site(tmp_path_factory.mktemp("s"), authority)
    ca = Ca(site)
    ca.copy_of(made_ca)
    site.scanner.add_word(PASSPHRASE)
    (ca.files / "p12.pass").write_text(PASSPHRASE, encoding="ascii")
    requested = {title: make_request() for title in REQUESTS}
    requests = [{"name": title, "csr": requested[title][1], **words} for title, words in REQUESTS.items()]
    for name, words in KEYSTORES.items():
        place = {"path": str(ca.files / f"{name}.p12"), "passphrase_src": str(ca.files / "p12.pass")}
        requests.append({"name": name, "pkcs12": place, **words})
    signed = site.run(ca.sign(*requests)).result
    assert signed["status"] == "ok", signed
    answers = {answer["name"]: answer for answer in signed["certificates"] if answer["name"] in REQUESTS}
    keys = {title: key for title, (key, _csr) in requested.items()}
    for title, key in keys.items():
        site.scanner.add_key(key)
        site.scanner.add_public(load(answers[title]["certificate"]).public_bytes(Encoding.DER))
    yield Proved(ca, answers, keys)
    assert site.find_leaks() == {}


def test_openssl_finds_it_fit_for_its_purpose_and_strictly_so(proved: Proved) -> None:
    said = {}
    for purpose, titles in {"sslserver": SERVERS, "sslclient": CLIENTS}.items():
        for title, answer in ((title, proved.answers[title]) for title in titles):
            words = {"leaf": answer["certificate"], "chain": answer["chain"], "root": answer["root"]}
            said[purpose, title] = verify(proved.ca.files, **words, options=("-purpose", purpose))
    assert said == dict.fromkeys(said, "OK")
    assert len(said) == len(SERVERS) + len(CLIENTS)
    refused = verify(proved.ca.files, **words, options=("-purpose", "crlsign"))
    assert "unsuitable certificate purpose" in refused


@pytest.mark.parametrize("title", SERVERS)
def test_a_strict_client_accepts_each_server_by_its_names(proved: Proved, title: str) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*proved.files_of(title))
    client = strict_context(ssl.PROTOCOL_TLS_CLIENT, proved.ca.root)
    words = REQUESTS[title]
    for name in (*words.get("names", ()), *words.get("ips", ())):
        shake_hands(server, client, name)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(server, client, "other.example.org")


@pytest.mark.parametrize("title", CLIENTS)
def test_a_strict_server_accepts_each_client(proved: Proved, title: str) -> None:
    server = strict_context(ssl.PROTOCOL_TLS_SERVER, proved.ca.root)
    server.load_cert_chain(*proved.files_of("server"))
    server.verify_mode = ssl.CERT_REQUIRED
    client = strict_context(ssl.PROTOCOL_TLS_CLIENT, proved.ca.root)
    with pytest.raises(ssl.SSLError, match="peer did not return a certificate"):
        shake_hands(server, client, "www.example.org")
    client.load_cert_chain(*proved.files_of(title))
    assert shake_hands(server, client, "www.example.org") == proved.leaf(title).public_bytes(Encoding.DER)


def shake_hands(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bytes | None:
    """In memory; what the server was shown of the client."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    answering = server.wrap_bio(there, back, server_side=True)
    ends = [client.wrap_bio(back, there, server_hostname=name), answering]
    while ends:
        for end in tuple(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                continue
    return answering.getpeercert(binary_form=True)


@pytest.mark.parametrize("title", REQUESTS)
def test_it_has_the_key_that_was_asked_for_and_not_that_of_the_ca(proved: Proved, title: str) -> None:
    """JS7 once built its requests from the CA's key pair: nothing of it could be verified."""
    leaf, issuing = proved.leaf(title), load(proved.ca.chain)
    assert leaf.public_key() == proved.keys[title].public_key()
    assert leaf.public_key() not in (issuing.public_key(), load(proved.ca.root).public_key())
    own = x509.SubjectKeyIdentifier.from_public_key(proved.keys[title].public_key())
    assert leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value == own
    by = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    known = issuing.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert (by.key_identifier, by.authority_cert_issuer, by.authority_cert_serial_number) == (known, None, None)
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical == (not len(leaf.subject))


def test_an_address_is_an_address_and_a_subject_is_as_it_was_said(proved: Proved) -> None:
    names = proved.leaf("server with addresses").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.7", "2001:db8::1"]
    assert names.get_values_for_type(x509.DNSName) == ["db.example.org"]
    assert proved.leaf("both").subject.rfc4514_string() == SUBJECT
    assert proved.answers["both"]["distinguished_name"] == "CN=agent1, OU=IT, O=Example, C=DE"


@with_keytool
@pytest.mark.parametrize("name", KEYSTORES)
def test_java_reads_the_keystore_of_somebody_who_is_no_host(proved: Proved, name: str) -> None:
    command = ["keytool", "-J-Duser.language=en", "-list", "-v", "-keystore", str(proved.ca.files / f"{name}.p12")]
    listed = subprocess.run(
        [*command, "-storepass", PASSPHRASE], capture_output=True, check=False, text=True, timeout=60
    )
    assert listed.returncode == 0, listed.stdout
    found = re.findall(r"^(?:Alias name|Entry type|Certificate chain length): (.+)$", listed.stdout, re.MULTILINE)
    assert found[:2] == [name, "PrivateKeyEntry"]
    assert int(found[2]) >= 2


@with_keytool
@with_truststores
def test_java_reads_what_a_host_has_of_the_ca_and_trusts_its_root(office: InternalSite) -> None:
    java = Java(office.site)
    java.directory = office.site.store / "host1" / "live" / "java" / "java"
    service = java.service(alias="host1")
    for item in service["custom"]["files"][:2]:
        item["passphrase_src"] = str(office.ca.files / item["passphrase_src"])
    names = ["host1.example.org"]
    office.declared["host1"] = {"java": {"issuer": ISSUER, "names": names, "usage": "both", "services": [service]}}
    office.install("--limit", "host1")
    java.require_keystore(alias="host1", length=2)
    assert (java.count_trusted(), java.reloaded) == (1, 1)
    assert (java.directory / "trusted.pem").read_text(encoding="ascii") == office.ca.root


def test_pkilint_finds_no_error_in_it_nor_in_the_ca(proved: Proved) -> None:
    pytest.importorskip("pkilint", reason="pkilint is not there; the environment of the newest ansible-core has it")
    from pkilint import loader  # noqa: PLC0415
    from pkilint.pkix import certificate, extension, name  # noqa: PLC0415

    decoding = certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS)
    validator = certificate.create_pkix_certificate_validator_container(
        decoding,
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )
    found = {}
    for title, pem in proved.pems.items():
        results = validator.validate(loader.load_pem_certificate(pem, title).root)
        found[title] = [
            described.finding.code
            for result in results
            for described in result.finding_descriptions
            if described.finding.severity.name in ("ERROR", "FATAL")
        ]
    assert found == {title: [] for title in proved.pems}
