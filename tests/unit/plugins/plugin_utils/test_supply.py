# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Material and passphrases: from files, from options, and, where neither is given, from the environment."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Material
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.passphrase import Passphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._supply import Supply, read_anchors
from ansible_collections.certwright.tls.tests.unit.authority import ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.test_remote import Action

SECRETS = {
    "CERTWRIGHT_PRIVATE_KEY": "key of the environment",
    "CERTWRIGHT_PRIVATE_KEY_PASSPHRASE": "phrase of the environment",
    "CERTWRIGHT_PKCS12": base64.b64encode(b"container of the environment").decode(),
    "CERTWRIGHT_PKCS12_PASSPHRASE": "container phrase of the environment",
}
KEY, KEY_PHRASE, CONTAINER, CONTAINER_PHRASE = SECRETS
FILES = {
    "a.pem": b"certificate of a file",
    "a.key": b"\xff\x00key of a file\r\n",
    "ca.pem": b"ca of a file",
    "a.p12": b"\xff\x00container of a file",
    "phrase": b"phrase of a file\n",
}


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in SECRETS:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def supply_of(directory: Path, **arguments: Any) -> Supply:
    """What ends in _src lies in the directory."""
    given = {word: str(directory / value) if word.endswith("_src") else value for word, value in arguments.items()}
    return Supply(Action(), "web", given)


def set_all(monkeypatch: pytest.MonkeyPatch, *variables: str) -> None:
    for variable in variables:
        monkeypatch.setenv(variable, SECRETS[variable])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({}, Material("web"), id="nothing"),
        pytest.param(
            {"certificate_src": "a.pem", "private_key_src": "a.key", "ca_src": "ca.pem"},
            Material("web", FILES["a.pem"], FILES["a.key"], FILES["ca.pem"]),
            id="files, byte by byte",
        ),
        pytest.param(
            {"certificate_content": "crt", "private_key_content": "gr\u00fc\udcff", "ca_content": "ca"},
            Material("web", b"crt", b"gr\xc3\xbc\xff", b"ca"),
            id="texts",
        ),
        pytest.param({"certificate_content": ""}, Material("web", b""), id="an empty text is a part"),
        pytest.param(
            {"pkcs12_src": "a.p12", "ca_content": "ca"},
            Material("web", ca=b"ca", pkcs12=FILES["a.p12"]),
            id="a container and further CA certificates",
        ),
        pytest.param(
            {"pkcs12_content": base64.encodebytes(b"\xff\x00" * 50).decode()},
            Material("web", pkcs12=b"\xff\x00" * 50),
            id="a container as base64",
        ),
        pytest.param(
            {"certificate_src": "a.pem", "pkcs12_src": "a.p12"},
            Material("web", FILES["a.pem"], pkcs12=FILES["a.p12"]),
            id="what does not go together is told later",
        ),
    ],
)
def test_material_is_read(files: Path, arguments: dict[str, str], expected: Material) -> None:
    assert expected == supply_of(files, **arguments).read_material()


ENVIRONMENTS_KEY = SECRETS[KEY].encode()
ENVIRONMENTS_CONTAINER = b"container of the environment"


@pytest.mark.parametrize(
    ("variables", "arguments", "key", "container"),
    [
        pytest.param([KEY], {"certificate_src": "a.pem"}, ENVIRONMENTS_KEY, None, id="a certificate gets its key"),
        pytest.param(
            [KEY, CONTAINER], {"certificate_src": "a.pem"}, ENVIRONMENTS_KEY, None, id="and no container disturbs it"
        ),
        pytest.param([CONTAINER], {"certificate_src": "a.pem"}, None, None, id="nor takes the place of its key"),
        pytest.param(
            [KEY, CONTAINER],
            {"certificate_src": "a.pem", "private_key_src": "a.key"},
            FILES["a.key"],
            None,
            id="a file wins",
        ),
        pytest.param(
            [KEY, CONTAINER],
            {"certificate_src": "a.pem", "private_key_content": "given"},
            b"given",
            None,
            id="a text wins",
        ),
        pytest.param(
            [KEY, CONTAINER],
            {"certificate_src": "a.pem", "private_key_content": ""},
            b"",
            None,
            id="an empty text wins too, to be refused",
        ),
        pytest.param([CONTAINER], {}, None, ENVIRONMENTS_CONTAINER, id="no material at all"),
        pytest.param([KEY, CONTAINER], {"ca_src": "ca.pem"}, None, ENVIRONMENTS_CONTAINER, id="none but the CA"),
        pytest.param([KEY], {}, None, None, id="a key without a certificate is of no use"),
        pytest.param([KEY, CONTAINER], {"pkcs12_src": "a.p12"}, None, FILES["a.p12"], id="no key disturbs a container"),
        pytest.param(
            [KEY, CONTAINER], {"private_key_src": "a.key"}, FILES["a.key"], None, id="a key alone stays alone"
        ),
    ],
)
def test_what_the_environment_has_counts_where_nothing_is_given(
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    variables: list[str],
    arguments: dict[str, str],
    key: bytes | None,
    container: bytes | None,
) -> None:
    set_all(monkeypatch, *variables)

    material = supply_of(files, **arguments).read_material()
    assert (key, container) == (material.private_key, material.pkcs12)


def test_an_empty_variable_is_none(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in SECRETS:
        monkeypatch.setenv(variable, "")

    assert Material("web") == supply_of(files).read_material()


PHRASES = [
    pytest.param("private_key_passphrase", KEY_PHRASE, id="of the key"),
    pytest.param("pkcs12_passphrase", CONTAINER_PHRASE, id="of the container"),
]


@pytest.mark.parametrize(("option", "variable"), PHRASES)
@pytest.mark.parametrize("is_on_host", [False, True])
@pytest.mark.parametrize(
    ("source", "text", "is_set", "expected"),
    [
        pytest.param(None, None, False, None, id="none"),
        pytest.param("phrase", "given", True, "phrase of a file", id="a file wins over all"),
        pytest.param(None, "given", True, "given", id="an option wins over the environment"),
        pytest.param(None, "given\r\n", False, "given", id="a line end is no part of it"),
        pytest.param(None, " given ", False, " given ", id="a blank is"),
        pytest.param(None, "", False, None, id="an empty one says nothing"),
    ],
)
def test_where_a_passphrase_comes_from(
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    option: str,
    variable: str,
    is_on_host: bool,
    source: str | None,
    text: str | None,
    is_set: bool,
    expected: str | None,
) -> None:
    set_all(monkeypatch, *([variable] if is_set else []))
    given = {option: text, **({f"{option}_src": source} if source else {})}

    assert expected == phrase_of(supply_of(files, **given), option, is_on_host=is_on_host)


@pytest.mark.parametrize(("option", "variable"), PHRASES)
def test_an_option_that_was_left_empty_lets_the_environment_count(
    files: Path, monkeypatch: pytest.MonkeyPatch, option: str, variable: str
) -> None:
    set_all(monkeypatch, variable)
    found = supply_of(files, **{option: ""}).read_source()
    assert SECRETS[variable] in found.values()


def phrase_of(supply: Supply, option: str, *, is_on_host: bool) -> str | None:
    """As it goes to the host, or stays in the material."""
    word = "passphrase" if option == "private_key_passphrase" else option
    if is_on_host:
        return supply.read_source()[word]
    found: Passphrase | None = getattr(supply.read_material(), word)
    assert found is None or found.is_declared
    return None if found is None else found.text


@pytest.mark.parametrize(("option", "variable"), PHRASES)
def test_a_passphrase_of_the_environment_was_not_asked_for(
    files: Path, monkeypatch: pytest.MonkeyPatch, option: str, variable: str
) -> None:
    monkeypatch.setenv(variable, "correct horse\n")

    material = supply_of(files).read_material()
    found = material.passphrase if option == "private_key_passphrase" else material.pkcs12_passphrase
    assert Passphrase("correct horse", is_declared=False) == found


def test_a_passphrase_of_any_bytes_is_kept_as_it_is(files: Path) -> None:
    (files / "phrase").write_bytes(b"gr\xfc\xc3\xbc\r\n")

    found = supply_of(files, private_key_passphrase_src="phrase").read_material().passphrase
    assert found is not None
    assert found.encode() == b"gr\xfc\xc3\xbc"


def test_material_on_the_host_is_named_by_its_paths_there(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, KEY, CONTAINER)
    arguments = {"certificate_src": "~/a.pem", "private_key_src": "$HOME/a.key", "ca_src": None}

    expected = {
        "certificate": "~/a.pem",
        "private_key": "$HOME/a.key",
        "ca": None,
        "pkcs12": None,
        "passphrase": None,
        "pkcs12_passphrase": None,
    }
    assert expected == Supply(Action(), "web", arguments).read_source()


NOT_BASE64 = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("arguments", "variables", "codes"),
    [
        pytest.param({"certificate_src": "nowhere.pem"}, {}, ["file_unreadable"], id="a file"),
        pytest.param(
            {
                **{f"{word}_src": "nowhere" for word in ("certificate", "private_key", "ca", "pkcs12")},
                "private_key_passphrase_src": "nowhere",
                "pkcs12_passphrase_src": "nowhere",
            },
            {},
            ["file_unreadable"] * 6,
            id="all files together",
        ),
        pytest.param({"pkcs12_content": NOT_BASE64}, {}, ["input_not_base64"], id="a container that is no base64"),
        pytest.param({}, {CONTAINER: NOT_BASE64}, ["input_not_base64"], id="a container of the environment"),
        pytest.param(
            {"certificate_src": "nowhere.pem"},
            {CONTAINER: NOT_BASE64},
            ["file_unreadable"],
            id="a container that is not meant hides no file",
        ),
        pytest.param(
            {"pkcs12_content": NOT_BASE64, "ca_src": "nowhere.pem"},
            {},
            ["file_unreadable", "input_not_base64"],
            id="files and texts together",
        ),
    ],
)
def test_what_cannot_be_read_is_told_together(
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    arguments: dict[str, str],
    variables: dict[str, str],
    codes: list[str],
) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)

    with pytest.raises(RefusedError) as refused:
        supply_of(files, **arguments).read_material()
    assert [("web", code) for code in codes] == [(item.certificate, item.code) for item in refused.value.problems]
    assert "MIGH" not in str(refused.value)


def test_a_passphrase_for_the_host_that_cannot_be_read_is_told(files: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        supply_of(files, pkcs12_passphrase_src="nowhere").read_source()
    assert [problem.code for problem in refused.value.problems] == ["file_unreadable"]


def test_no_secret_shows_in_a_repr(files: Path) -> None:
    supply = supply_of(
        files, private_key_content="correct", private_key_passphrase="horse", pkcs12_passphrase="battery"
    )

    told = repr(supply) + str(supply) + repr(supply.read_material())
    assert [secret in told for secret in ("correct", "horse", "battery")] == [False] * 3


class Paths:
    """As ssl.get_default_verify_paths() answers."""

    def __init__(self, cafile: str | None) -> None:
        self.cafile = cafile


def test_the_controllers_trust_store_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "ca.pem"
    store.write_bytes(ca("One").pem + ca("Two").pem)
    monkeypatch.setattr("ssl.get_default_verify_paths", lambda: Paths(str(store)))
    read_anchors.cache_clear()
    try:
        found = read_anchors()
        store.unlink()
        assert (found, ["CN=One", "CN=Two"]) == (read_anchors(), [anchor.subject for anchor in found])
    finally:
        read_anchors.cache_clear()


def test_a_controller_without_a_trust_store_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", refuse)
    read_anchors.cache_clear()
    try:
        assert read_anchors() == ()
    finally:
        read_anchors.cache_clear()
