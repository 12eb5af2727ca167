# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keystores on a host: bytes that were sent, or made by the host's own openssl of a key that never left it."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Wanted
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import Supply, supply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import TransactionHost

PASSPHRASE = "sesame street"
LEAF, ISSUER, ROOT = supply("site"), supply("issuer"), supply("root")
ENTRY = FileSpec("a.p12", ("key", "leaf", "chain"), mode="0640", format="pkcs12")
MADE_HERE = {"custom/a.p12": {"passphrase": PASSPHRASE}}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TransactionHost]:
    with TransactionHost(tmp_path) as made:
        yield made


def with_keystores(host: TransactionHost, keystores: dict[str, dict[str, str]], *files: FileSpec) -> Wanted:
    material = replace(LEAF.material, chain=ISSUER.material.leaf, root=ROOT.material.leaf, keystores=keystores)
    wanted = host.wanted(Supply(material, LEAF.fingerprint), host.service(files=files or (ENTRY,)))
    return replace(wanted, record={**wanted.record, "services": [words_of(item) for item in wanted.services]})


def words_of(service: Any) -> dict[str, Any]:
    return {"name": service.name, "files": [vars(spec) for spec in service.files]}


def shown(path: Path, *options: str) -> str:
    """As openssl reads it, with the sort of encryption."""
    command = ["openssl", "pkcs12", "-in", str(path), "-info", "-nodes", "-passin", f"pass:{PASSPHRASE}", *options]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("spec", "words", "alias", "supplies"),
    [
        pytest.param(ENTRY, {}, "site", [LEAF, ISSUER], id="the name of the certificate, and its chain"),
        pytest.param(replace(ENTRY, alias="web 1"), {}, "web 1", [LEAF, ISSUER], id="an alias"),
        pytest.param(replace(ENTRY, parts=("key", "leaf")), {}, "site", [LEAF], id="the leaf alone"),
        pytest.param(
            replace(ENTRY, parts=("key", "leaf", "chain", "root")),
            {},
            "site",
            [LEAF, ISSUER, ROOT],
            id="up to the root",
        ),
        pytest.param(
            replace(ENTRY, parts=("key", "leaf", "root")),
            {"root": ISSUER.material.leaf},
            "site",
            [LEAF, ISSUER],
            id="a root that was sent for it",
        ),
    ],
)
def test_the_host_makes_a_keystore_of_its_own_key(
    host: TransactionHost, spec: FileSpec, words: dict[str, str], alias: str, supplies: list[Supply]
) -> None:
    keystores = {"custom/a.p12": {"passphrase": PASSPHRASE, **words}}
    assert host.apply(with_keystores(host, keystores, spec))["site"]["outcome"] == "activated"
    made = host.live("custom/a.p12")
    text = shown(made)
    assert made.stat().st_mode & 0o777 == 0o640
    assert [alias] == re.findall(r"friendlyName: (.*)", text)[:1]
    assert LEAF.material.key in text
    assert len(supplies) == text.count("BEGIN CERTIFICATE")
    assert all(item.material.leaf in text for item in supplies)


@pytest.mark.parametrize(
    ("level", "ciphers", "mac"),
    [
        pytest.param("", "PBES2, PBKDF2, AES-256-CBC, Iteration 20000, PRF hmacWithSHA256", "sha256", id="by default"),
        pytest.param(
            "modern", "PBES2, PBKDF2, AES-256-CBC, Iteration 20000, PRF hmacWithSHA256", "sha256", id="modern"
        ),
        pytest.param("legacy", "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 20000", "sha1", id="legacy"),
    ],
)
def test_how_it_is_encrypted(host: TransactionHost, level: str, ciphers: str, mac: str) -> None:
    host.apply(with_keystores(host, MADE_HERE, replace(ENTRY, level=level)))
    text = shown(host.live("custom/a.p12"))
    assert re.findall(r"(?:data|Keybag): (\S.*Iteration.*)$", text, re.MULTILINE) == [ciphers] * 2
    assert f"MAC: {mac}, Iteration 20000" in text


def test_what_the_controller_made_is_stored_byte_by_byte(host: TransactionHost) -> None:
    content = bytes(range(256))
    sent = {"custom/t.p12": {"content": base64.b64encode(content).decode("ascii")}}
    host.apply(with_keystores(host, sent, FileSpec("t.p12", ("trust",), mode="0644", format="truststore")))
    assert content == host.live("custom/t.p12").read_bytes()


def test_the_passphrase_is_written_nowhere_and_the_keystore_is_as_it_was_stored(host: TransactionHost) -> None:
    calls = host.directory / "calls"
    wrapper = host.directory / "bin" / "openssl"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nenv >> {calls}\necho "$@" >> {calls}\nexec {shutil.which("openssl")} "$@"\n')
    wrapper.chmod(0o755)
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{wrapper.parent}:{path}"
    try:
        host.apply(with_keystores(host, MADE_HERE))
    finally:
        os.environ["PATH"] = path
    assert "pkcs12 -export" in calls.read_text(encoding="utf-8")
    found = [file for file in host.directory.rglob("*") if file.is_file() and PASSPHRASE.encode() in file.read_bytes()]
    assert found == []
    answer = host.observe(Wanted("site", recorded=True))
    assert answer["certificates"]["site"]["live"]["drift"] == []
    assert PASSPHRASE not in json.dumps(answer)
    assert PASSPHRASE not in repr(with_keystores(host, MADE_HERE))


def test_a_changed_keystore_is_drift(host: TransactionHost) -> None:
    host.apply(with_keystores(host, MADE_HERE))
    host.live("custom/a.p12").write_bytes(b"x")
    live = host.observe(Wanted("site", recorded=True))["certificates"]["site"]["live"]
    assert live["drift"] == [{"file": "custom/a.p12", "fact": "content"}]


def test_a_keystore_may_be_in_place(host: TransactionHost) -> None:
    path = host.directory / "app.p12"
    host.apply(with_keystores(host, MADE_HERE, replace(ENTRY, path=str(path), in_place=True)))
    assert not path.is_symlink()
    assert path.read_bytes() == host.live("custom/a.p12").read_bytes()


def test_the_same_key_is_stored_again_in_another_keystore(host: TransactionHost) -> None:
    host.apply(with_keystores(host, MADE_HERE, replace(ENTRY, parts=("key", "leaf", "root"))))
    specs = (replace(ENTRY, alias="again"), replace(ENTRY, name="r.p12", parts=("key", "leaf", "root")))
    service = host.service(name="other", files=specs)
    again = Wanted(
        "site",
        services=(service,),
        restage=1,
        record={"services": [words_of(service)]},
        keystores={
            "other/a.p12": {"passphrase": PASSPHRASE},
            "other/r.p12": {"passphrase": PASSPHRASE, "root": ROOT.material.leaf},
        },
    )
    assert host.apply(again)["site"]["outcome"] == "activated"
    text = shown(host.live("other/a.p12"))
    assert re.findall(r"friendlyName: (.*)", text)[:1] == ["again"]
    assert LEAF.material.key in text
    assert ROOT.material.leaf in shown(host.live("other/r.p12"))


def test_a_root_is_never_cut_out_of_a_keystore(host: TransactionHost) -> None:
    host.apply(with_keystores(host, MADE_HERE, replace(ENTRY, parts=("key", "leaf", "root"))))
    service = host.service(files=(FileSpec("root.pem", ("root",)),))
    outcome = host.apply(Wanted("site", services=(service,), restage=1, record={"services": []}))["site"]
    assert outcome["outcome"] == "refused"
    assert "it has no root, which a service now uses" in outcome["message"]


def test_without_openssl_it_is_refused_before_anything_is_written(
    host: TransactionHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = {"custom/t.p12": {"content": ""}}
    wanted = with_keystores(host, {**MADE_HERE, **sent})
    monkeypatch.setenv("PATH", str(host.directory))
    outcome = host.apply(wanted)["site"]
    assert (outcome["outcome"], outcome["step"]) == ("refused", "openssl")
    assert "The keystore custom/a.p12 of a key on this host takes the program openssl" in outcome["message"]
    assert not os.path.exists(host.store.generation("site", 1))
    assert host.apply(with_keystores(host, sent, FileSpec("t.p12", ("trust",))))["site"]["outcome"] == "activated"


@pytest.mark.parametrize(
    ("keystores", "script", "message"),
    [
        pytest.param({}, "", "The controller sent nothing to make custom/a.p12 of", id="nothing sent"),
        pytest.param(
            MADE_HERE,
            "exit 3",
            "openssl made no keystore custom/a.p12: it ended with 3; a host in FIPS mode makes none of `level: legacy`",
            id="a program that fails",
        ),
        pytest.param(MADE_HERE, "exit 0", "it ended with 0", id="a program that writes nothing"),
    ],
)
def test_what_cannot_be_made_is_refused(
    host: TransactionHost,
    monkeypatch: pytest.MonkeyPatch,
    keystores: dict[str, dict[str, str]],
    script: str,
    message: str,
) -> None:
    if script:
        host.script("openssl", script)
        monkeypatch.setenv("PATH", f"{host.directory}:{os.environ['PATH']}")
    outcome = host.apply(with_keystores(host, keystores))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("refused", "stage")
    assert message in outcome["message"]
    assert PASSPHRASE not in outcome["message"]


def test_a_file_that_a_domain_falls_back_to_has_the_same_format(host: TransactionHost) -> None:
    host.apply(with_keystores(host, MADE_HERE))
    plain = host.service(files=(FileSpec("a.p12", ENTRY.parts),))
    outcome = host.apply(Wanted("shop", services=(plain,), follows="site", record={"services": []}))["shop"]
    assert (outcome["outcome"], "has no custom/a.p12" in outcome["message"]) == ("refused", True)


def test_the_root_of_the_record_is_put_into_what_is_stored_again(host: TransactionHost) -> None:
    wanted = host.wanted(LEAF, host.service())
    host.apply(replace(wanted, record={**wanted.record, "root_certificate": ROOT.material.leaf}))
    spec = replace(ENTRY, parts=("key", "leaf", "root"))
    service = host.service(files=(spec, FileSpec("root.pem", ("root",))))
    again = Wanted("site", services=(service,), restage=1, record={"services": []}, keystores=MADE_HERE)
    assert host.apply(again)["site"]["outcome"] == "activated"
    assert ROOT.material.leaf in shown(host.live("custom/a.p12"))
    assert ROOT.material.leaf == host.live("custom/root.pem").read_text(encoding="ascii")
    told = host.observe(Wanted("site", anchor=True))["certificates"]["site"]["live"]
    assert told["anchor"] == ROOT.material.leaf
    assert "root_certificate" not in told["record"]


@pytest.mark.parametrize(
    ("chain", "expected"),
    [pytest.param(ISSUER.material.leaf, ISSUER, id="its issuer"), pytest.param("", LEAF, id="itself")],
)
def test_whom_a_certificate_comes_from_is_told_when_it_is_asked_for(
    host: TransactionHost, chain: str, expected: Supply
) -> None:
    material = replace(LEAF.material, chain=chain)
    host.apply(host.wanted(Supply(material, LEAF.fingerprint), host.service()))
    told = host.observe(Wanted("site", anchor=True))["certificates"]["site"]["live"]
    assert expected.material.leaf == told["anchor"]
    assert "anchor" not in host.observe(Wanted("site"))["certificates"]["site"]["live"]
