# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority import encode
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signer, choose_hash, sign
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import load_subject
from ansible_collections.certwright.tls.tests.unit.authority import NOW, build, make_key, shared_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._ca.ca_values import (
    LIMITS,
    Issued,
    OwnCa,
    day,
    find_end,
    issue,
    make_ca,
    make_lone_root,
    wish,
)

CA = make_ca()
AGENT = load_subject("DNQ=SOS CA,CN=agent1,OU=IT,O=SOS,C=DE")


def extension(issued: Issued, kind: Any) -> Any:
    return issued.signed.certificate.extensions.get_extension_for_class(kind)


def test_each_name_stands_as_what_it_is() -> None:
    made = issue(CA.signer, "*.example.org", "10.1.2.3", emails=("a@example.org",))
    names = extension(made, x509.SubjectAlternativeName)
    expected = [x509.DNSName("*.example.org"), x509.IPAddress(ip_address("10.1.2.3")), x509.RFC822Name("a@example.org")]
    assert expected == list(names.value)


@pytest.mark.parametrize(("subject", "critical"), [("", True), ("CN=a", False)], ids=["no subject", "a subject"])
def test_names_are_critical_where_nothing_else_names_the_subject(subject: str, critical: bool) -> None:
    made = issue(CA.signer, "a.example.org", subject=load_subject(subject))
    assert critical == extension(made, x509.SubjectAlternativeName).critical
    assert load_subject(subject) == made.signed.certificate.subject


def test_a_client_may_be_known_by_its_subject_alone() -> None:
    made = issue(CA.signer, usage="client", subject=AGENT)
    assert ExtensionOID.SUBJECT_ALTERNATIVE_NAME not in {item.oid for item in made.signed.certificate.extensions}


def test_the_issuer_is_pointed_to_by_its_key_only() -> None:
    made = issue(CA.signer, "a.example.org")
    pointer = extension(made, x509.AuthorityKeyIdentifier).value
    own = CA.signer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert (own.digest, None, None) == (
        pointer.key_identifier,
        pointer.authority_cert_issuer,
        pointer.authority_cert_serial_number,
    )


def test_a_ca_without_a_key_identifier_is_pointed_to_by_the_usual_one() -> None:
    key = make_key()
    certificate = build(key, cn="Old", is_ca=True, usage=("key_cert_sign",), key_ids=False)
    made = Signer(certificate, key, (), certificate)
    assert x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()) == made.authority_key


def test_a_list_of_revocations_is_named_only_where_there_is_one() -> None:
    url = "http://ca.example.org/ca.crl"
    points = extension(issue(replace(CA.signer, crl_url=url), "a.example.org"), x509.CRLDistributionPoints)
    assert ([x509.UniformResourceIdentifier(url)], False) == (points.value[0].full_name, points.critical)
    with pytest.raises(x509.ExtensionNotFound):
        extension(issue(CA.signer, "a.example.org"), x509.CRLDistributionPoints)


def test_what_was_signed_is_told() -> None:
    key = shared_key("EC P-256")
    signed = sign(wish(CA.signer, "a.example.org"), CA.signer, serial=0xAB01, now=NOW)
    assert signed.serial_hex == "ab01"
    assert signed.certificate.fingerprint(hashes.SHA256()).hex() == signed.sha256
    assert signed.certificate == x509.load_pem_x509_certificate(signed.pem.encode())
    assert signed.certificate == x509.load_der_x509_certificate(signed.der)
    assert key.public_key() == signed.certificate.public_key()
    assert (signed.certificate.not_valid_before_utc, signed.certificate.not_valid_after_utc) == (
        signed.not_before,
        signed.not_after,
    )


LIVES = {
    "397 days by default": (NOW + day(30), None, NOW + day(30) - timedelta(minutes=5), NOW + day(427)),
    "as wished": (NOW + day(30), NOW + day(40), NOW + day(30) - timedelta(minutes=5), NOW + day(40)),
    "never before the CA": (NOW, NOW + day(1), NOW - timedelta(minutes=5), NOW + day(1)),
    "never after the CA": (NOW + day(1800), None, NOW + day(1800) - timedelta(minutes=5), NOW + day(1825)),
    "a wish beyond the CA": (NOW, NOW + day(2000), NOW - timedelta(minutes=5), NOW + day(1825)),
    "fractions of a second": (
        NOW + timedelta(microseconds=7),
        NOW + timedelta(days=1, microseconds=9),
        NOW - timedelta(minutes=5),
        NOW + day(1),
    ),
}


@pytest.mark.parametrize(("now", "wished", "begins", "ends"), LIVES.values(), ids=LIVES)
def test_a_certificate_lives_within_its_ca(
    now: datetime, wished: datetime | None, begins: datetime, ends: datetime
) -> None:
    asked = wish(CA.signer, "a.example.org", not_after=wished or find_end(CA.signer, now))
    signed = sign(asked, CA.signer, serial=1, now=now)
    assert (begins, ends) == (signed.not_before, signed.not_after)


def test_a_certificate_does_not_begin_before_a_ca_that_was_just_made() -> None:
    later = make_ca(now=NOW + timedelta(minutes=8))
    signed = sign(wish(later.signer, "a.example.org"), later.signer, serial=1, now=NOW + timedelta(minutes=4))
    assert NOW + timedelta(minutes=3) == signed.not_before


HASHES = {"ec256": "sha256", "ec384": "sha384", "rsa2048": "sha256"}


@pytest.mark.parametrize(("key_type", "name"), HASHES.items(), ids=HASHES)
def test_the_hash_is_as_strong_as_the_key_of_the_ca(key_type: str, name: str) -> None:
    certificate = issue(make_ca(key_type).signer, "a.example.org").signed.certificate
    assert certificate.signature_hash_algorithm
    assert name == certificate.signature_hash_algorithm.name


def test_an_imported_ca_of_p_521_signs_with_its_hash() -> None:
    assert choose_hash(ec.generate_private_key(ec.SECP521R1())).name == "sha512"


def test_a_signer_shows_no_key() -> None:
    assert "key=" not in repr(CA.signer)


def verify(tmp_path: Path, issued: Issued, ca: OwnCa, *options: str, now: datetime = NOW) -> str:
    (tmp_path / "leaf.pem").write_text(issued.signed.pem)
    (tmp_path / "chain.pem").write_text(ca.chain_pem or ca.root_pem)
    (tmp_path / "root.pem").write_text(ca.root_pem)
    command = ["openssl", "verify", "-x509_strict", "-policy_check", "-attime", str(int(now.timestamp()))]
    command += ["-CAfile", "root.pem", "-untrusted", "chain.pem", *options, "leaf.pem"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True)
    return (found.stdout + found.stderr).strip()


SHOWN = {
    "a server": (("a.example.org",), {}, ("-purpose", "sslserver", "-verify_hostname", "a.example.org")),
    "a server of a wildcard": (("*.example.org",), {}, ("-purpose", "sslserver", "-verify_hostname", "b.example.org")),
    "a server of an address": (("10.1.2.3",), {}, ("-purpose", "sslserver", "-verify_ip", "10.1.2.3")),
    "a client by its subject": ((), {"usage": "client", "subject": AGENT}, ("-purpose", "sslclient")),
    "a client by its mail address": (
        (),
        {"usage": "client", "emails": ("a@example.org",)},
        ("-purpose", "sslclient", "-verify_email", "a@example.org"),
    ),
    "both, as a client": (("a.example.org",), {"usage": "both"}, ("-purpose", "sslclient")),
    "both, as a server": (("a.example.org",), {"usage": "both"}, ("-purpose", "sslserver")),
    "a server with an RSA key": (("a.example.org",), {"key_type": "RSA 2048"}, ("-purpose", "sslserver")),
    "a name with an underscore": (("a_b.example.org",), {}, ("-purpose", "sslserver")),
}


@pytest.mark.parametrize("key_type", ["ec256", "ec384", "rsa2048"])
@pytest.mark.parametrize(("names", "words", "options"), SHOWN.values(), ids=SHOWN)
def test_openssl_accepts_it_strictly(
    names: tuple[str, ...], words: dict[str, Any], options: tuple[str, ...], key_type: str, tmp_path: Path
) -> None:
    ca = make_ca(key_type)
    assert verify(tmp_path, issue(ca.signer, *names, **words), ca, *options) == "leaf.pem: OK"


def test_openssl_refuses_a_server_as_a_client(tmp_path: Path) -> None:
    assert "unsuitable certificate purpose" in verify(
        tmp_path, issue(CA.signer, "a.example.org"), CA, "-purpose", "sslclient"
    )


def test_openssl_accepts_what_a_lone_root_signs(tmp_path: Path) -> None:
    root = make_lone_root()
    issued = issue(root, "a.example.org")
    assert verify(tmp_path, issued, OwnCa(root, root), "-purpose", "sslserver") == "leaf.pem: OK"


def make_context(purpose: ssl.Purpose, identity: Issued, ca: OwnCa, directory: Path, name: str) -> ssl.SSLContext:
    """As Python from 3.13 makes it by itself."""
    context = ssl.create_default_context(purpose, cadata=ca.root_pem)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.verify_mode = ssl.CERT_REQUIRED
    (directory / f"{name}.pem").write_text(identity.key_pem + identity.signed.pem + ca.chain_pem)
    context.load_cert_chain(directory / f"{name}.pem")
    return context


def greet(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> tuple[str, Any]:
    """The version both agree on, and who the client was for the server."""
    seen: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener, server, seen))
        thread.start()
        try:
            plain = socket.create_connection(listener.getsockname(), timeout=10)
            with client.wrap_socket(plain, server_hostname=name) as secured:
                secured.recv(1)
                return str(secured.version()), seen[0]
        finally:
            thread.join()


def answer(listener: socket.socket, server: ssl.SSLContext, seen: list[Any]) -> None:
    plain, _address = listener.accept()
    plain.settimeout(10)
    with server.wrap_socket(plain, server_side=True) as secured:
        seen.append(secured.getpeercert())
        secured.send(b"!")


@pytest.mark.parametrize("key_type", ["ec256", "ec384", "rsa2048"])
def test_a_server_and_a_client_greet_each_other_over_strict_tls(key_type: str, tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    ca = make_ca(key_type, now=now)
    server = issue(ca.signer, "a.example.org", now=now)
    client = issue(ca.signer, usage="client", subject=AGENT, now=now)
    version, seen = greet(
        make_context(ssl.Purpose.CLIENT_AUTH, server, ca, tmp_path, "server"),
        make_context(ssl.Purpose.SERVER_AUTH, client, ca, tmp_path, "client"),
        "a.example.org",
    )
    assert (version, seen["subject"][-2][0]) == ("TLSv1.3", ("commonName", "agent1"))


def test_a_path_of_a_ca_whose_root_is_elsewhere_ends_with_what_is_held() -> None:
    """The top-most certificate counts as the root, and may stand in the chain too."""
    signer = replace(CA.signer, root=CA.signer.certificate)
    assert [CA.signer.certificate] == [item.parsed for item in signer.path]


def test_limits_are_those_of_the_rules_and_of_every_certificate_on_the_path() -> None:
    assert CA.signer.limits == (LIMITS,)
    assert replace(CA.signer, constraints=None).limits == (LIMITS,)
    assert make_ca(constraints=None).signer.limits == ()
    assert encode(CA.signer.certificate) == CA.chain_pem
