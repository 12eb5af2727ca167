# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stores of JDKs, read and changed by the real keytool."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host import trust_java
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_java import JavaStore, apply_java, read_java
from ansible_collections.certwright.tls.plugins.module_utils._host.trust_places import (
    Change,
    Outcome,
    PlaceError,
    find_fingerprints,
)
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.trust_host import stem_of

SECRET = "correct horse"
WITHOUT_PASSWORD = ("certProtectionAlgorithm", "macAlgorithm")


def keytool(*words: str) -> str:
    program = shutil.which("keytool")
    if program is None:
        pytest.skip("keytool is not there")
    ran = subprocess.run([program, *words], capture_output=True, text=True, check=True, timeout=60)
    return ran.stdout + ran.stderr


@pytest.fixture
def roots(make_leaf: Any) -> tuple[str, str]:
    first, second = (make_leaf(name).certificate.read_text(encoding="ascii") for name in ("root one", "root two"))
    return first, second


@pytest.fixture(params=["jks", "pkcs12", "pkcs12 without a password"])
def store(request: pytest.FixtureRequest, tmp_path: Path, make_leaf: Any) -> JavaStore:
    """With an entry of the distribution, and a link to it as packages have it."""
    kind = str(request.param)
    words = [f"-J-Dkeystore.pkcs12.{word}=NONE" for word in WITHOUT_PASSWORD] if "without" in kind else []
    common = [
        "-storetype",
        kind.split(" ", maxsplit=1)[0],
        "-storepass",
        SECRET,
        "-keystore",
        str(tmp_path / "cacerts"),
    ]
    file = str(make_leaf("of the distribution").certificate)
    keytool(*words, "-importcert", "-noprompt", "-alias", "theirs", "-file", file, *common)
    (tmp_path / "cacerts").chmod(0o640)
    (tmp_path / "link").symlink_to("cacerts")
    return JavaStore(str(tmp_path / "link"), passphrase=SECRET)


def add(*pems: str, remove: tuple[str, ...] = ()) -> Change:
    return Change({stem_of(pem): pem for pem in pems}, tuple(stem_of(pem) for pem in remove))


def list_aliases(store: JavaStore) -> list[str]:
    listed = keytool("-list", "-rfc", "-keystore", store.path, "-storepass", SECRET)
    return sorted(line.split(": ")[1] for line in listed.splitlines() if line.startswith("Alias name"))


def test_entries_of_ours_come_and_go_and_the_store_keeps_all_else(store: JavaStore, roots: tuple[str, str]) -> None:
    first, second = roots
    before = Path(store.real_path).stat()
    assert apply_java(store, add(first)) == Outcome(store.path, "applied")
    # A new file took its name. The next one may get the number of the first again.
    assert Path(store.real_path).stat().st_ino != before.st_ino
    assert list_aliases(store) == sorted(["theirs", stem_of(first)])
    seen = read_java(store, find_fingerprints(second.encode()))
    assert (seen["placed"], seen["held"]) == ({stem_of(first): first}, list(find_fingerprints(first.encode())))

    assert apply_java(store, add(second, remove=(first,))) == Outcome(store.path, "applied")
    assert list_aliases(store) == sorted(["theirs", stem_of(second)])
    after = Path(store.real_path).stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.path.islink(store.path)
    assert sorted(os.listdir(os.path.dirname(store.path))) == ["cacerts", "link"]


def test_what_a_site_says_to_all_of_its_jvms_is_no_obstacle(
    store: JavaStore, roots: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:+UseG1GC -XX:-TieredCompilation")
    assert apply_java(store, add(roots[0])).outcome == "applied"


@pytest.fixture
def jks(tmp_path: Path, make_leaf: Any) -> JavaStore:
    file = str(make_leaf("of the distribution").certificate)
    words = ("-importcert", "-noprompt", "-alias", "theirs", "-file", file, "-storetype", "jks")
    keytool(*words, "-storepass", SECRET, "-keystore", str(tmp_path / "cacerts"))
    return JavaStore(str(tmp_path / "cacerts"), passphrase=SECRET)


def test_an_entry_that_somebody_changed_is_replaced(jks: JavaStore, roots: tuple[str, str], tmp_path: Path) -> None:
    first, second = roots
    file = tmp_path / "wrong.pem"
    file.write_text(second, encoding="ascii")
    words = ("-importcert", "-noprompt", "-alias", stem_of(first), "-file", str(file))
    keytool(*words, "-keystore", jks.path, "-storepass", SECRET)
    assert apply_java(jks, add(first)).outcome == "applied"
    assert read_java(jks, [])["placed"] == {stem_of(first): first}


def test_a_wrong_passphrase_is_told_and_not_repeated(jks: JavaStore) -> None:
    with pytest.raises(PlaceError, match="password was incorrect; pass its passphrase") as raised:
        read_java(JavaStore(jks.path, passphrase="mistaken-words"), [])
    assert (raised.value.code, "mistaken" in str(raised.value)) == ("java_store_unreadable", False)
    assert SECRET not in repr(jks)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param({"path": "/nowhere/cacerts"}, "java_store_missing", id="no store"),
        pytest.param({"keytool": "/nowhere/keytool"}, "keytool_missing", id="no keytool"),
    ],
)
def test_a_place_that_cannot_be_used_says_why(jks: JavaStore, words: dict[str, str], code: str) -> None:
    with pytest.raises(PlaceError) as raised:
        read_java(JavaStore(**{"path": jks.path, "passphrase": SECRET, **words}), [])
    assert raised.value.code == code


def test_a_store_that_the_system_makes_is_left_to_the_system(
    jks: JavaStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(trust_java, "GENERATED", (f"{tmp_path}/",))
    with pytest.raises(PlaceError, match="`system: true` reaches it"):
        read_java(jks, [])


def recording(tmp_path: Path, text: str) -> str:
    """A keytool that writes its arguments down first."""
    program = tmp_path / "keytool"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/argv\n{text}\nexec keytool "$@"\n', encoding="ascii")
    program.chmod(0o755)
    return str(program)


def test_the_passphrase_is_in_no_arguments(jks: JavaStore, roots: tuple[str, str], tmp_path: Path) -> None:
    program = recording(tmp_path, "")
    assert apply_java(JavaStore(jks.path, program, SECRET), add(roots[0])).outcome == "applied"
    said = (tmp_path / "argv").read_text(encoding="ascii")
    assert ("-importcert" in said, SECRET in said, SECRET.split(maxsplit=1)[0] in said) == (True, False, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('case "$1" in -importcert) echo "keytool error: disk"; exit 1;; esac', "error: disk", id="fails"),
        pytest.param('case "$1" in -importcert) exit 0;; esac', "just what it should", id="does nothing"),
        pytest.param('case "$1" in -importcert) rm -f "$8"; exec keytool -genkeypair -alias x -keyalg EC -dname CN=x '
                     '-storetype jks -keystore "$8" -storepass:env CERTWRIGHT_STOREPASS;; esac', "just what it should",
                     id="loses what was there"),
    ],
)  # fmt: skip
def test_a_store_whose_copy_is_not_right_is_not_touched(
    jks: JavaStore, roots: tuple[str, str], tmp_path: Path, text: str, words: str
) -> None:
    before = (Path(jks.path).stat().st_ino, Path(jks.path).read_bytes())
    outcome = apply_java(JavaStore(jks.path, recording(tmp_path, text), SECRET), add(roots[0]))
    assert (outcome.outcome, words in outcome.message) == ("put_back", True), outcome.message
    assert (Path(jks.path).stat().st_ino, Path(jks.path).read_bytes()) == before
    assert not os.path.exists(jks.path + ".certwright-new")


def test_the_copy_of_a_killed_run_is_seen_and_goes(jks: JavaStore, roots: tuple[str, str]) -> None:
    Path(jks.path + ".certwright-new").write_text("half", encoding="ascii")
    assert read_java(jks, [])["is_unfinished"] is True
    assert apply_java(jks, add(roots[0])).outcome == "applied"
    assert read_java(jks, [])["is_unfinished"] is False


def test_a_keytool_that_hangs_is_ended(jks: JavaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.certwright.tls.plugins.module_utils._host import trust_keytool  # noqa: PLC0415

    monkeypatch.setattr(trust_keytool, "DEADLINE", 0.5)
    with pytest.raises(PlaceError, match=r"did not end within 0\.5 s"):
        read_java(JavaStore(jks.path, recording(tmp_path, "exec sleep 60"), SECRET), [])
