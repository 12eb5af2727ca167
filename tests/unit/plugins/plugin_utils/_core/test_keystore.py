# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keystores as the programs see them that read them: `openssl pkcs12` and Java's `keytool`."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import HostKey, Material, load_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore import (
    can_make_truststores,
    find_keystore_notices,
    find_keystore_problems,
    needs_own_anchor,
    word_keystores,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.tests.unit.authority import Issued, ca, self_signed
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    leaf,
    load,
    root,
    services_of,
    wanted,
)

PASSPHRASE = "sesame street"
with_keytool = pytest.mark.skipif(
    shutil.which("keytool") is None, reason="Java's keytool is not there to read keystores with; install a JRE"
)
with_truststores = pytest.mark.skipif(
    not can_make_truststores(), reason="cryptography 45 or newer, which makes truststores, is not there"
)


def entry(**words: Any) -> dict[str, Any]:
    return {"name": "a.p12", "format": "pkcs12", "passphrase": PASSPHRASE, **words}


def store(**words: Any) -> dict[str, Any]:
    return {"name": "t.p12", "format": "truststore", "passphrase": PASSPHRASE, **words}


def java(*files: dict[str, Any], trusted: tuple[Issued, ...] = ()) -> tuple[Service, ...]:
    content = {"trust_content": "".join(item.pem.decode() for item in trusted)} if trusted else {}
    return services_of({"custom": {"name": "java", "files": list(files), **content}})


def desired(*files: dict[str, Any], trusted: tuple[Issued, ...] = ()) -> Desired:
    return replace(wanted(), services=java(*files, trusted=trusted))


def content_of(wish: Desired, name: str) -> bytes:
    return base64.b64decode(wish.to_material()["keystores"][f"java/{name}"]["content"])


def openssl(content: bytes, *options: str) -> str:
    command = ["openssl", "pkcs12", "-nodes", "-passin", f"pass:{PASSPHRASE}", *options]
    ran = subprocess.run(command, input=content, capture_output=True, check=True)
    return (ran.stdout + ran.stderr).decode()


def keytool(directory: Path, content: bytes) -> str:
    (directory / "store.p12").write_bytes(content)
    command = ["keytool", "-J-Duser.language=en", "-list", "-v", "-storetype", "PKCS12"]
    command += ["-keystore", str(directory / "store.p12"), "-storepass", PASSPHRASE]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


@pytest.mark.parametrize(
    ("words", "alias", "length"),
    [
        pytest.param({}, "web", 2, id="the name of the certificate, and its chain"),
        pytest.param({"alias": "web1", "parts": ["key", "leaf", "chain", "root"]}, "web1", 3, id="up to the root"),
        pytest.param({"parts": ["key", "leaf"]}, "web", 1, id="the leaf alone"),
        pytest.param({"level": "legacy"}, "web", 2, id="for old Java"),
        pytest.param({"parts": ["key", "leaf", "root"]}, "web", 1, id="a root without its chain is no link"),
    ],
)
@with_keytool
def test_java_reads_a_key_entry(tmp_path: Path, words: dict[str, Any], alias: str, length: int) -> None:
    listed = keytool(tmp_path, content_of(desired(entry(**words)), "a.p12"))
    assert re.findall(r"^Entry type: (\w+)$", listed, re.MULTILINE) == ["PrivateKeyEntry"]
    assert (alias, str(length)) == (
        re.findall(r"^Alias name: (.+)$", listed, re.MULTILINE)[0],
        re.findall(r"^Certificate chain length: (\d+)$", listed, re.MULTILINE)[0],
    )


@pytest.mark.parametrize(
    ("level", "ciphers", "mac"),
    [
        pytest.param({}, "PBES2, PBKDF2, AES-256-CBC, Iteration 20000, PRF hmacWithSHA256", "sha256", id="by default"),
        pytest.param(
            {"level": "modern"},
            "PBES2, PBKDF2, AES-256-CBC, Iteration 20000, PRF hmacWithSHA256",
            "sha256",
            id="modern",
        ),
        pytest.param({"level": "legacy"}, "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 20000", "sha1", id="legacy"),
    ],
)
def test_how_a_keystore_is_encrypted(level: dict[str, str], ciphers: str, mac: str) -> None:
    shown = openssl(content_of(desired(entry(**level)), "a.p12"), "-info")
    assert [ciphers] * 2 == re.findall(r"(?:data|Keybag): (\S.*Iteration.*)$", shown, re.MULTILINE)
    assert f"MAC: {mac}, Iteration" in shown
    assert leaf().key_pem.decode() in shown


@with_keytool
@with_truststores
def test_java_reads_whom_to_trust_each_under_a_name_of_its_own(tmp_path: Path) -> None:
    trusted = (ca("Office CA \u2603"), ca("Office CA \u2603"), ca("\u2603"))
    listed = keytool(tmp_path, content_of(desired(store(), trusted=trusted), "t.p12"))
    assert re.findall(r"^Entry type: (\w+)$", listed, re.MULTILINE) == ["trustedCertEntry"] * 3
    names = ("office-ca", "office-ca", "ca")
    aliases = {f"{name}-{load(item).fingerprint[:12]}" for name, item in zip(names, trusted, strict=True)}
    assert aliases == set(re.findall(r"^Alias name: (.+)$", listed, re.MULTILINE))


@with_keytool
@with_truststores
@pytest.mark.parametrize("level", ["modern", "legacy"])
def test_a_truststore_of_either_level_holds_its_own_root(tmp_path: Path, level: str) -> None:
    listed = keytool(tmp_path, content_of(desired(store(level=level)), "t.p12"))
    digits = load(root()).fingerprint.upper()
    assert f"SHA256: {':'.join(digits[at : at + 2] for at in range(0, 64, 2))}" in listed


PEM_OF_TRUST = {"name": "t.pem", "parts": ["trust"]}


@pytest.mark.parametrize(
    ("with_root", "trusted", "expected"),
    [
        pytest.param(True, (), root().pem, id="its own root"),
        pytest.param(False, (), leaf().issuers[0].pem, id="its top-most issuer"),
        pytest.param(True, (ca("A"),), None, id="whom is declared"),
    ],
)
def test_whom_a_service_trusts(*, with_root: bool, trusted: tuple[Issued, ...], expected: bytes | None) -> None:
    wish = desired(PEM_OF_TRUST, trusted=trusted)
    wish = wish if with_root else replace(wish, bundle=replace(wish.bundle, root=None))
    assert (expected or trusted[0].pem) == content_of(wish, "t.pem")


def alone(*files: dict[str, Any], trusted: tuple[Issued, ...] = ()) -> list[str]:
    """The codes of a certificate that came without any issuer."""
    issued = self_signed("a.example")
    bundle = load_bundle(Material("web", issued.pem, issued.key_pem))
    return [problem.code for problem in find_keystore_problems("web", java(*files, trusted=trusted), bundle)]


@pytest.mark.parametrize(
    ("files", "trusted", "codes"),
    [
        pytest.param((PEM_OF_TRUST,), (), ["trust_missing"], id="nobody"),
        pytest.param((PEM_OF_TRUST,), (ca("A"),), [], id="whom is declared"),
        pytest.param((entry(),), (), [], id="not asked for"),
    ],
)
def test_a_service_that_would_trust_nobody_is_refused(
    files: tuple[dict[str, Any], ...], trusted: tuple[Issued, ...], codes: list[str]
) -> None:
    assert codes == alone(*files, trusted=trusted)


def test_a_key_on_the_host_is_not_waited_for() -> None:
    bundle = replace(wanted().bundle, private_key=HostKey("EC P-256", frozenset()))
    services = java(entry(parts=["key", "leaf", "root"]), PEM_OF_TRUST, {"name": "all.pem", "parts": ["leaf"]})
    expected = {
        "java/a.p12": {"passphrase": PASSPHRASE, "root": root().pem.decode()},
        "java/t.pem": {"content": base64.b64encode(leaf().issuers[0].pem).decode()},
    }
    assert expected == word_keystores(services, alias="web", bundle=bundle, anchor=load(leaf().issuers[0]))
    expected["java/a.p12"] = {"passphrase": PASSPHRASE}
    assert expected == word_keystores(services, alias="web", bundle=None, anchor=load(leaf().issuers[0]))


def test_a_self_signed_certificate_is_there_once(tmp_path: Path) -> None:
    issued = self_signed("a.example")
    bundle = load_bundle(Material("web", issued.pem, issued.key_pem, issued.pem))
    wish = replace(desired(entry(parts=["key", "leaf", "chain", "root"])), bundle=bundle)
    assert openssl(content_of(wish, "a.p12"), "-nokeys").count("BEGIN CERTIFICATE") == 1


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param((entry(passphrase=None),), "The passphrase of a.p12 was not read", id="passphrase"),
        pytest.param((PEM_OF_TRUST,), "Nothing is trusted in t.pem", id="trust"),
    ],
)
def test_what_was_not_read_before_is_a_bug(files: tuple[dict[str, Any], ...], message: str) -> None:
    given = [{word: value for word, value in file.items() if value is not None} for file in files]
    with pytest.raises(LookupError, match=message):
        word_keystores(java(*given), alias="web", bundle=None, anchor=None)


def test_whether_the_host_is_asked_for_an_issuer() -> None:
    assert needs_own_anchor(java(PEM_OF_TRUST))
    assert not needs_own_anchor(java(entry()))
    assert not needs_own_anchor(java(PEM_OF_TRUST, trusted=(ca("A"),)))


def test_what_is_no_keystore_is_not_among_the_material() -> None:
    assert "keystores" not in wanted().to_material()


def test_neither_record_nor_repr_has_a_passphrase() -> None:
    wish = desired(entry())
    assert PASSPHRASE not in f"{wish.to_record(run='', now=wish.bundle.leaf.not_after)} {wish!r}"


@with_truststores
def test_what_is_read_back_has_what_it_is_opened_with_and_how_much_is_in_it() -> None:
    (service,) = java(entry(), store(), PEM_OF_TRUST, trusted=(ca("A"), ca("B")))
    wish = replace(wanted(), services=(replace(service, read_back=True),))
    made = wish.to_material()["keystores"]
    told = {name: [words.get(word) for word in ("passphrase", "entries")] for name, words in made.items()}
    assert told == {
        "java/a.p12": [PASSPHRASE, "1"],
        "java/t.p12": [PASSPHRASE, "2"],
        f"java/{PEM_OF_TRUST['name']}": [None, None],
    }


@pytest.mark.parametrize(("passphrase", "expected"), [("changeit", ["passphrase_known"]), (PASSPHRASE, [])])
def test_a_passphrase_that_everybody_knows_is_told(passphrase: str, expected: list[str]) -> None:
    notices = list(find_keystore_notices("web", java(entry(passphrase=passphrase), PEM_OF_TRUST)))
    assert expected == [notice.code for notice in notices]
    assert all(passphrase not in notice.message for notice in notices)
