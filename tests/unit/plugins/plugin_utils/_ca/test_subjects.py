# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import (
    describe_subject,
    load_subject,
    make_js7_subject,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.java_name import describe_java
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.tests.unit.authority import build, make_key
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._ca.ca_values import make_csr

WEB = "CN=web1,OU=IT,O=Example,C=DE"
READ = {
    "as RFC 4514 has it, most specific first": (WEB, WEB),
    "as openssl has it, country first": ("/C=DE/O=Example/OU=IT/CN=web1", WEB),
    "with blanks between attributes": (" CN = web1 , OU=IT,  O=Example, C=DE ", WEB),
    "keywords in any case, a country in small letters": ("cn=web1,ou=IT,o=Example,c=de", WEB),
    "long keywords": ("commonName=web1,organizationName=Example,countryName=DE", "CN=web1,O=Example,C=DE"),
    "what JS7 asks for": ("DNQ=SOS CA, CN=agent1, S=Berlin", "dnQualifier=SOS CA,CN=agent1,ST=Berlin"),
    "a mail address": ("E=a@example.org,CN=Anna", "emailAddress=a@example.org,CN=Anna"),
    "an escaped comma": (r"O=Example\, Inc.", r"O=Example\, Inc."),
    "a quoted comma": ('CN=web1, O="Example, \\"Inc.\\""', r"CN=web1,O=Example\, \"Inc.\""),
    "bytes in hexadecimal digits": (r"L=M\C3\BCnchen", "L=München"),
    "an escaped backslash before a comma": (r"O=a\\,C=DE", r"O=a\\,C=DE"),
    "an escaped slash of openssl": (r"/O=a\/b/CN=x", "CN=x,O=a/b"),
    "a comma of openssl": ("/O=Example, Inc./CN=x", r"CN=x,O=Example\, Inc."),
    "several units": ("CN=x,OU=a,OU=b", "CN=x,OU=a,OU=b"),
    "nothing": ("", ""),
    "blanks": ("  ", ""),
    "a lone slash": ("/", ""),
}
REFUSED = {
    "no list of attributes": ("web1", "is no list of attributes"),
    "an unknown attribute": ("CN=web1,X-RAY=1", "has the attribute X-RAY, which is not known"),
    "an end after a comma": ("CN=web1,", "is no list of attributes"),
    "an end after a slash": ("/CN=web1/", "is no list of attributes"),
    "an empty value": ("CN=,C=DE", "has an empty CN"),
    "hexadecimal BER": ("CN=#0c0161", "has an empty CN, or one with a blank at its end or a `#`"),
    "an escaped blank at the end": ("CN=a\\ ", "has an empty CN, or one with a blank at its end"),
    "an unescaped plus": ("CN=a+OU=b", "has an unescaped `+` in CN"),
    "an unescaped quotation mark": ('CN=a"b', 'has an unescaped `"` in CN'),
    "a country of three letters": ("C=DEU", "has characters in C that cannot stand there"),
    "a country of two digits": ("C=12", "has characters in C that cannot stand there"),
    "a qualifier that is no PrintableString": ("DNQ=a_b", "has characters in dnQualifier"),
    "a mail address beyond ASCII": ("E=ä@example.org", "has characters in emailAddress"),
    "a line end": (r"CN=a\0Ab", "has characters in CN"),
    "a long name": ("CN=" + "a" * 65, "has more than 64 characters in CN"),
    "bytes that are no UTF-8": (r"CN=\ff", "has hexadecimal digits that are no UTF-8"),
    "a text without end": ("CN=" + "a" * 3000, "is longer than 2048 characters"),
}


@pytest.mark.parametrize(("text", "described"), READ.values(), ids=READ)
def test_a_subject_is_read_in_each_spelling(text: str, described: str) -> None:
    subject = load_subject(text)
    assert described == describe_subject(subject)
    assert subject == load_subject(describe_subject(subject))


@pytest.mark.parametrize(("text", "fact"), REFUSED.values(), ids=REFUSED)
def test_a_subject_that_is_none_is_refused(text: str, fact: str) -> None:
    with pytest.raises(UnusableError) as caught:
        load_subject(text)
    assert caught.value.code == "subject_invalid"
    assert fact in caught.value.message


TRICKY = ("a,b", 'a"b', "a+b", "a=b", "a<b>c;d", "a\\b", "a\\", "a/b", "ä€\N{ANCHOR}", "a  b", "a#")


@pytest.mark.parametrize("value", TRICKY)
def test_what_is_described_is_read_back(value: str) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text) for text in (value, "plain", value)])
    assert name == load_subject(describe_subject(name))


def test_the_order_within_the_certificate_is_country_first() -> None:
    assert [item.rfc4514_attribute_name for item in load_subject(WEB)] == ["C", "O", "OU", "CN"]


def test_openssl_reads_the_subject_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "csr.pem").write_text(
        make_csr(make_key(), r"DNQ=SOS CA,CN=agent1,O=Example\, Inc.,L=M\C3\BCnchen,C=DE")
    )
    command = ["openssl", "req", "-in", "csr.pem", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    assert shown == "subject=dnQualifier=SOS CA,CN=agent1,O=Example\\, Inc.,L=München,C=DE\n"


with_keytool = pytest.mark.skipif(
    shutil.which("keytool") is None, reason="Java's keytool is not there to print a certificate with; install a JRE"
)
AS_JAVA_HAS_IT = {
    "JS7's own example": (
        "DNQ=SOS CA,CN=agent1,OU=IT,O=SOS,L=Berlin,ST=Berlin,C=DE",
        "DNQ=SOS CA, CN=agent1, OU=IT, O=SOS, L=Berlin, ST=Berlin, C=DE",
    ),
    "a comma": (r"CN=a,O=Example\, Inc.", 'CN=a, O="Example, Inc."'),
    "quotation marks and a backslash": (r"CN=a,O=\"b\"\\", r'CN=a, O="\"b\"\\"'),
    "two blanks": ("CN=a  b", 'CN="a  b"'),
    "letters beyond ASCII": ("CN=a,L=München", "CN=a, L=München"),
    "a mail address": ("E=a@example.org,CN=Anna", "EMAILADDRESS=a@example.org, CN=Anna"),
    "less usual attributes": (
        "UID=u,DC=example,STREET=s,SN=n,GN=g,T=t,serialNumber=7",
        "UID=u, DC=example, STREET=s, SURNAME=n, GIVENNAME=g, T=t, SERIALNUMBER=7",
    ),
}


@pytest.mark.parametrize(("text", "shown"), AS_JAVA_HAS_IT.values(), ids=AS_JAVA_HAS_IT)
def test_js7_is_told_a_subject_as_java_prints_it(text: str, shown: str) -> None:
    assert shown == describe_java(load_subject(text))


@with_keytool
def test_java_prints_them_so(tmp_path: Path) -> None:
    """Java starts slowly, so it prints all in one go."""
    made = [build(make_key(), subject=load_subject(text)) for text, _shown in AS_JAVA_HAS_IT.values()]
    (tmp_path / "all.pem").write_bytes(b"".join(certificate.public_bytes(Encoding.PEM) for certificate in made))
    command = ["keytool", "-J-Duser.language=en", "-J-Dstdout.encoding=UTF-8", "-printcert", "-file", "all.pem"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    owners = [line.removeprefix("Owner: ") for line in printed.splitlines() if line.startswith("Owner: ")]
    assert [shown for _text, shown in AS_JAVA_HAS_IT.values()] == owners


def test_an_attribute_that_nobody_named_is_shown_by_its_number() -> None:
    oid = x509.ObjectIdentifier("1.2.3.4")
    assert describe_java(x509.Name([x509.NameAttribute(oid, "x")])) == "OID.1.2.3.4=x"


AUTHORITY = "CN=SOS CA,OU=Root,O=SOS GmbH,L=Berlin,ST=Berlin,C=DE"
AS_JS7 = {
    "all from the CA but the name": (
        "CN=agent1",
        "dnQualifier=SOS CA,CN=agent1,OU=Root,O=SOS GmbH,L=Berlin,ST=Berlin,C=DE",
    ),
    "in JS7's order, whatever the order of the wish": (
        "C=AT,CN=agent1,OU=A,OU=B,O=X,L=Wien,ST=Wien",
        "dnQualifier=SOS CA,CN=agent1,OU=A,OU=B,O=X,L=Wien,ST=Wien,C=AT",
    ),
    "the qualifier is the CA's name, whatever was asked": (
        "DNQ=other,CN=agent1,OU=IT",
        "dnQualifier=SOS CA,CN=agent1,OU=IT,O=SOS GmbH,L=Berlin,ST=Berlin,C=DE",
    ),
}


@pytest.mark.parametrize(("asked", "made"), AS_JS7.values(), ids=AS_JS7)
def test_a_subject_for_js7_is_as_its_own_ca_makes_it(asked: str, made: str) -> None:
    assert made == describe_subject(make_js7_subject(load_subject(asked), load_subject(AUTHORITY)))


def test_a_ca_without_a_common_name_gives_no_qualifier() -> None:
    assert describe_subject(make_js7_subject(load_subject("CN=agent1"), load_subject("O=SOS"))) == "CN=agent1,O=SOS"


@pytest.mark.parametrize(
    ("asked", "fact"),
    [("O=SOS", "has no common name"), ("CN=a,E=a@example.org", "which JS7 does not know")],
    ids=["no common name", "an attribute that JS7 does not write"],
)
def test_what_js7_could_not_know_is_refused(asked: str, fact: str) -> None:
    with pytest.raises(UnusableError) as caught:
        make_js7_subject(load_subject(asked), load_subject(AUTHORITY))
    assert caught.value.code == "subject_invalid"
    assert fact in caught.value.message
