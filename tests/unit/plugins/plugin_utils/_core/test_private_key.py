# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import traceback
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa, x25519

from ansible_collections.certwright.tls.plugins.plugin_utils._core import private_key as subject
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import Block, UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import (
    PrivateKey,
    belongs_to,
    load_private_key,
    require_sound,
)
from ansible_collections.certwright.tls.tests.unit.authority import (
    Issued,
    build,
    ca,
    der,
    der_integer,
    make_key,
    shared_key,
)

PASSPHRASE = "correct horse"
KEY_TYPES = ("RSA 2048", "EC P-256", "EC P-384", "DSA 1024", "Ed25519", "Ed448")


def issue(key_type: str = "EC P-256") -> Issued:
    return ca().issue("a.example", key=shared_key(key_type))


def load(issued: Issued) -> Certificate:
    return load_certificates(issued.pem, "certificate")[0]


def read(content: bytes, passphrase: str | None = None) -> PrivateKey:
    return load_private_key(content, None if passphrase is None else Passphrase(passphrase))


def test_a_key_never_shows_itself() -> None:
    key = read(issue().key_pem)
    assert repr(key).startswith("PrivateKey(public_key=PublicKey(key_type='EC P-256', bits=256, sha256='")
    assert repr(key).endswith("'), notices=())")


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_a_key_belongs_to_its_certificate_and_to_no_other(key_type: str) -> None:
    issued = issue(key_type)
    key = read(issued.key_pem)
    require_sound(key)
    assert key.key_type == key_type
    assert belongs_to(key, load(issued))
    others = [load(ca().issue("a.example", key=make_key(other))) for other in ("EC P-256", "Ed25519")]
    assert [belongs_to(key, other) for other in others] == [False, False]


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        pytest.param(issue("RSA 2048").encode_key(style="TraditionalOpenSSL"), None, id="PKCS#1"),
        pytest.param(issue("RSA 2048").key_pem, None, id="PKCS#8"),
        pytest.param(issue("RSA 2048").encode_key(PASSPHRASE, "TraditionalOpenSSL"), PASSPHRASE, id="encrypted PKCS#1"),
        pytest.param(issue("RSA 2048").encode_key(PASSPHRASE), PASSPHRASE, id="encrypted PKCS#8"),
        pytest.param(issue("RSA 2048").key_pem.replace(b"\n", b"\r\n"), None, id="line ends of Windows"),
        pytest.param(
            b"Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n" + issue("RSA 2048").key_pem,
            None,
            id="bag attributes",
        ),
        pytest.param(issue("RSA 2048").pem + issue("RSA 2048").key_pem, None, id="certificate in the same file"),
        pytest.param(issue("RSA 2048").key_pem * 2, None, id="twice"),
        pytest.param(issue("RSA 2048").encode_key(encoding="DER"), None, id="PKCS#8 in DER"),
        pytest.param(
            issue("RSA 2048").encode_key(PASSPHRASE, encoding="DER"), PASSPHRASE, id="encrypted PKCS#8 in DER"
        ),
        pytest.param(
            issue("RSA 2048").encode_key(style="TraditionalOpenSSL", encoding="DER"), None, id="PKCS#1 in DER"
        ),
        pytest.param(issue("RSA 2048").encode_key(encoding="DER") + b"\n", None, id="DER and a line end"),
        pytest.param(issue("RSA 2048").encode_key(b"caf\xe9"), "caf\udce9", id="passphrase of other bytes than UTF-8"),
    ],
)
def test_every_form_becomes_the_same_text(content: bytes, passphrase: str | None) -> None:
    key = read(content, passphrase)
    assert (key.pem.encode(), key.notices) == (issue("RSA 2048").key_pem, ())


def test_ec_parameters_before_the_key_are_dropped() -> None:
    parameters = Block("EC PARAMETERS", bytes.fromhex("06082a8648ce3d030107")).text.encode()
    key = read(parameters + issue().encode_key(style="TraditionalOpenSSL"))
    assert key.pem.encode() == issue().key_pem


@pytest.mark.parametrize("key_type", [kind for kind in KEY_TYPES if not kind.startswith("Ed")])
def test_a_key_in_the_old_format_is_read_from_der_too(key_type: str) -> None:
    issued = issue(key_type)
    assert read(issued.encode_key(style="TraditionalOpenSSL", encoding="DER")).pem.encode() == issued.key_pem


@pytest.mark.parametrize("passphrase", [None, Passphrase(""), Passphrase("x", is_declared=False)])
def test_a_passphrase_that_nobody_declared_for_this_key_is_no_notice(passphrase: Passphrase | None) -> None:
    assert load_private_key(issue().key_pem, passphrase).notices == ()


def test_a_passphrase_of_the_environment_opens_the_key() -> None:
    key = load_private_key(issue().encode_key(PASSPHRASE), Passphrase(PASSPHRASE, is_declared=False))
    assert key.pem.encode() == issue().key_pem


def encrypted_key(derivation: str, *numbers: int) -> bytes:
    """PBES2 of RFC 8018 with these rounds for PBKDF2, or these three numbers for scrypt."""
    salt, cipher = (
        der(0x04, b"saltsalt"),
        der(0x30, der(0x06, bytes.fromhex("60864801650304012a")), der(0x04, bytes(16))),
    )
    function = der(0x30, der(0x06, bytes.fromhex(derivation)), der(0x30, salt, *map(der_integer, numbers)))
    scheme = der(0x30, der(0x06, bytes.fromhex("2a864886f70d01050d")), der(0x30, function, cipher))
    return der(0x30, scheme, der(0x04, bytes(64)))


PBKDF2, SCRYPT = "2a864886f70d01050c", "2b06010401da47040b"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(encrypted_key(PBKDF2, 2**31 - 1), id="PBKDF2, years"),
        pytest.param(encrypted_key(SCRYPT, 2**20, 8, 1), id="scrypt, a gigabyte"),
        pytest.param(encrypted_key(SCRYPT, 2**14, 8, 1000), id="scrypt, a minute"),
        pytest.param(Block("ENCRYPTED PRIVATE KEY", encrypted_key(PBKDF2, 2**70)).text.encode(), id="PEM"),
    ],
)
def test_a_passphrase_that_would_take_minutes_to_try_is_not_tried(content: bytes) -> None:
    with pytest.raises(UnusableError) as refused:
        read(content, PASSPHRASE)
    assert refused.value.code == "private_key_unreadable"
    assert refused.value.message == (
        "The private key cannot be used: trying its passphrase would take minutes or hundreds of megabytes; write it "
        "anew by `openssl pkcs8 -topk8 -in FILE -out FILE.pem`"
    )


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(encrypted_key(PBKDF2, 100_000), id="PBKDF2"),
        pytest.param(encrypted_key(SCRYPT, 2**14, 8, 1), id="scrypt as openssl has it"),
        pytest.param(encrypted_key(SCRYPT, 1), id="scrypt with numbers missing"),
        pytest.param(der(0x30, der(0x30, der(0x06, b"*"), der(0x30)), der(0x04, b"x")), id="no derivation"),
    ],
)
def test_what_ends_in_time_is_tried(content: bytes) -> None:
    with pytest.raises(UnusableError) as refused:
        read(content, PASSPHRASE)
    assert refused.value.code in ("wrong_passphrase", "key_type_unsupported")


def test_a_passphrase_that_is_not_needed_is_a_notice() -> None:
    notices = read(issue().key_pem, PASSPHRASE).notices
    assert [(notice.code, notice.message) for notice in notices] == [
        ("passphrase_unused", "private_key_passphrase is not needed: the private key is not encrypted")
    ]


ENCRYPTED = (
    "The private key is encrypted; pass private_key_passphrase, or the key without encryption: `openssl pkcs12 "
    "-nocerts` writes an encrypted one unless it is told -nodes (-noenc since OpenSSL 3), and the PKCS#12 file "
    "itself can be passed as pkcs12_src"
)
WRONG = (
    "The private key cannot be decrypted: private_key_passphrase is wrong, or the file is damaged; try it by "
    "`openssl pkey -in FILE -noout`"
)
USE = "pass an RSA, EC or Ed25519 key as `openssl pkey -in FILE -out FILE.pem` writes it"
DAMAGED = "pass the file made together with the request, and try it by `openssl pkey -in FILE -noout -check`"


def encode(key: x25519.X25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def unknown_curve() -> bytes:
    """A key on prime192v2, which nobody uses."""
    der = (
        "305f0201010418646d81b908c81b34a6f88436bc5a5fd8c2a56caee03c3513a00a06082a8648ce3d030102a134033200"
        "04023655bc191d6c9ae5dbc7bf442950d210c0935c357d0e9c38a0b805e9e1d18871dbf7e841681dc834b5986d06025f"
        "63"
    )
    return Block("EC PRIVATE KEY", bytes.fromhex(der)).text.encode()


@pytest.mark.parametrize(
    ("content", "passphrase", "code", "message"),
    [
        pytest.param(
            issue().encode_key(PASSPHRASE), None, "private_key_encrypted", ENCRYPTED, id="PKCS#8, no passphrase"
        ),
        pytest.param(issue().encode_key(PASSPHRASE), "", "private_key_encrypted", ENCRYPTED, id="empty passphrase"),
        pytest.param(
            issue().encode_key(PASSPHRASE, "TraditionalOpenSSL"),
            None,
            "private_key_encrypted",
            ENCRYPTED,
            id="old format, no passphrase",
        ),
        pytest.param(issue().encode_key(PASSPHRASE), "wrong", "wrong_passphrase", WRONG, id="PKCS#8, wrong passphrase"),
        pytest.param(
            issue().encode_key(PASSPHRASE), "\ud800", "wrong_passphrase", WRONG, id="passphrase that is no text"
        ),
        pytest.param(
            issue().encode_key(PASSPHRASE, "TraditionalOpenSSL"),
            "wrong",
            "wrong_passphrase",
            WRONG,
            id="old format, wrong passphrase",
        ),
        pytest.param(
            unknown_curve(),
            None,
            "key_type_unsupported",
            f"The private key cannot be used. Its kind or its encryption is not supported; {USE}",
            id="unknown curve",
        ),
        pytest.param(
            encode(x25519.X25519PrivateKey.generate()),
            None,
            "key_type_unsupported",
            f"The private key cannot be used. No TLS server can use a key of its kind or length; {USE}",
            id="key for key agreement",
        ),
        pytest.param(
            Block("PRIVATE KEY", b"\x30\x03\x02\x01\x05").text.encode(),
            None,
            "private_key_unreadable",
            f"The private key is damaged: its content is not a key; {DAMAGED}",
            id="damaged",
        ),
        pytest.param(
            issue().key_pem + issue("RSA 2048").key_pem,
            None,
            "several_private_keys",
            "The private key input holds 2 different keys; pass only the one that belongs to the certificate",
            id="two keys",
        ),
        pytest.param(
            issue().pem,
            None,
            "no_private_key",
            "The private key input holds no private key but a certificate; are the certificate and the private key "
            "swapped?",
            id="certificate",
        ),
        pytest.param(
            Block("CERTIFICATE REQUEST", b"0").text.encode(),
            None,
            "no_private_key",
            "The private key input holds no private key but a certificate request (CSR); the key is the file that "
            "was made together with it",
            id="request",
        ),
        pytest.param(
            Block("OPENSSH PRIVATE KEY", b"0").text.encode(),
            None,
            "no_private_key",
            "The private key input holds no private key but an OpenSSH key; convert a copy by `ssh-keygen -p -m "
            "PKCS8 -f COPY`",
            id="OpenSSH",
        ),
        pytest.param(
            Block("EC PARAMETERS", b"0").text.encode(),
            None,
            "no_private_key",
            "The private key input holds no private key but only the name of a curve; pass the whole output of "
            "`openssl ecparam -genkey`",
            id="curve only",
        ),
        pytest.param(
            Block("PUBLIC KEY", b"0").text.encode(),
            None,
            "no_private_key",
            "The private key input holds no private key but a public key; the private one was made together with the "
            "certificate request",
            id="public key",
        ),
        pytest.param(
            Block("DH PARAMETERS", b"0").text.encode(),
            None,
            "no_private_key",
            "The private key input holds a block of the kind DH PARAMETERS but no private key; pass the file made "
            "together with the request",
            id="anything else",
        ),
        pytest.param(
            issue().der,
            None,
            "no_private_key",
            "The private key input holds no private key but a certificate; are the certificate and the private key "
            "swapped?",
            id="certificate in DER",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_way_out(
    content: bytes, passphrase: str | None, code: str, message: str
) -> None:
    with pytest.raises(UnusableError) as refused:
        read(content, passphrase)
    assert (refused.value.code, refused.value.message) == (code, message)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(issue().encode_key(PASSPHRASE), id="wrong passphrase"),
        pytest.param(b"\n".join([*issue().key_pem.splitlines()[:2], b"-----END PRIVATE KEY-----"]), id="half a key"),
        pytest.param(issue().key_pem.replace(b"M", b"*"), id="no base64"),
    ],
)
def test_no_traceback_holds_the_key_or_the_passphrase(content: bytes) -> None:
    wrong = "another passphrase"
    with pytest.raises(UnusableError) as refused:
        read(content, wrong)
    shown = "".join(traceback.format_exception(refused.value))
    assert wrong not in shown
    assert content.decode().splitlines()[1][:20] not in shown


def damaged_rsa_key() -> rsa.RSAPrivateKey:
    """Its public half is that of the certificate, its private half is not."""
    good = shared_key("RSA 2048").private_numbers()
    damaged = rsa.RSAPrivateNumbers(
        good.p, good.q, good.d + 2, good.dmp1 + 2, good.dmq1 + 2, good.iqmp, good.public_numbers
    )
    return damaged.private_key(unsafe_skip_rsa_key_validation=True)


def test_a_key_whose_halves_do_not_fit_belongs_to_nothing_and_is_not_sound() -> None:
    damaged = Issued(issue("RSA 2048").certificate, damaged_rsa_key(), None)
    key = read(damaged.key_pem)
    assert key.public_key == load(damaged).public_key
    assert not belongs_to(key, load(damaged))
    with pytest.raises(UnusableError) as refused:
        require_sound(key)
    assert refused.value.code == "private_key_unreadable"
    assert refused.value.message == f"The private key is damaged: its numbers do not fit together; {DAMAGED}"


def test_a_key_beyond_what_openssl_verifies_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_MAXIMUM_RSA_BITS", 1024)
    with pytest.raises(UnusableError) as refused:
        read(issue("RSA 2048").key_pem)
    assert refused.value.code == "key_type_unsupported"


def test_two_keys_are_equal_when_their_text_is() -> None:
    key = read(issue().key_pem)
    assert key == read(issue().encode_key(PASSPHRASE), PASSPHRASE)
    assert key != replace(key, pem="")


def test_the_certificate_may_be_self_made() -> None:
    key = make_key()
    issued = Issued(build(key, cn="a", is_ca=None, usage=None, key_ids=False), key, None)
    assert belongs_to(read(issued.key_pem), load(issued))
