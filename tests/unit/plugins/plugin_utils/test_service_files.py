# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What services name on the controller: passphrases from files, words and the environment; CAs from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore_passphrase import KeystorePassphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._service_files import read_service_files
from ansible_collections.certwright.tls.tests.unit.authority import ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.revocation_lists import sign_list
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.test_remote import Action

VARIABLE = "CERTWRIGHT_KEYSTORE_PASSPHRASE"
OLD, NEW = ca("Old"), ca("New")
FILES = {"pass": b"of the file\r\n", "old.der": OLD.der, "new.pem": b"The new one:\n" + NEW.pem, "empty.pem": b""}


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def read_one(**words: Any) -> dict[str, Any]:
    (entry,) = read_service_files(Action(), "web", [{"custom": words}])
    assert isinstance(entry, dict)
    found: dict[str, Any] = entry["custom"]
    return found


def read_keystore(**words: Any) -> Any:
    (file,) = read_one(files=[{"name": "a.p12", "format": "pkcs12", **words}])["files"]
    assert "passphrase_src" not in file
    return file["passphrase"]


def find_codes(**words: Any) -> list[str]:
    with pytest.raises(RefusedError) as refused:
        read_one(**words)
    return [problem.code for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("words", "variable", "expected"),
    [
        pytest.param({"passphrase": "of the word"}, "", "of the word", id="the word"),
        pytest.param({}, "of the environment", "of the environment", id="the environment"),
        pytest.param({"passphrase": "of the word"}, "of the environment", "of the word", id="the word before it"),
        pytest.param(
            {"passphrase": "of the word", "passphrase_src": "pass"}, "other", "of the file", id="the file before both"
        ),
        pytest.param({"passphrase": "of the word", "format": "truststore"}, "", "of the word", id="of a truststore"),
    ],
)
def test_where_a_passphrase_is_from(
    files: Path, monkeypatch: pytest.MonkeyPatch, words: dict[str, str], variable: str, expected: str
) -> None:
    if variable:
        monkeypatch.setenv(VARIABLE, variable)
    given = {word: str(files / value) if word.endswith("_src") else value for word, value in words.items()}
    found = read_keystore(**given)
    assert (expected, 16) == (found.text, len(found.salt))


def test_one_salt_serves_a_process_so_that_the_same_passphrase_is_stretched_once() -> None:
    first, second = (read_keystore(passphrase="sesame street") for _time in range(2))
    assert first == second != KeystorePassphrase("sesame street")


def test_trusted_certificates_of_files_and_of_text_are_one_text(files: Path) -> None:
    sources = [str(files / "old.der"), str(files / "new.pem")]
    assert {"trust_content": (OLD.pem + b"\n" + NEW.pem).decode()} == read_one(trust_src=sources)
    other = ca("Other").pem.decode()
    assert {"trust_content": f"{other}\n{OLD.pem.decode()}"} == read_one(trust_src=sources[0], trust_content=other)


def test_lists_of_revocations_of_files_and_of_text_are_one_text(files: Path) -> None:
    text, other = sign_list(OLD), sign_list(NEW)
    (files / "old.crl").write_text(text, encoding="ascii")
    assert {"crl_content": f"{other}\n{text}"} == read_one(crl_src=str(files / "old.crl"), crl_content=other)
    assert find_codes(crl_src=[str(files / "new.pem")]) == ["crl_unreadable"]


@pytest.mark.parametrize(
    "entry",
    [
        "nginx",
        None,
        {"nginx": None},
        {"nginx": {"ports": [443]}},
        {"custom": {"files": "all.pem"}},
        {"custom": {"files": ["all.pem", {"name": "a", "parts": ["leaf"]}, {"format": "jks"}]}},
        {"custom": {"files": [{"format": "pkcs12", "passphrase": 123456}]}},
        {"custom": {"trust_src": 5}},
        {"custom": {"trust_src": [], "trust_content": "x"}},
    ],
)
def test_what_names_nothing_on_the_controller_is_passed_on(entry: object) -> None:
    assert read_service_files(Action(), "web", [entry]) == (entry,)


def test_all_that_cannot_be_read_is_told_together(files: Path) -> None:
    stores = [
        {"name": "a.p12", "format": "pkcs12"},
        {"name": "b.p12", "format": "pkcs12", "passphrase_src": str(files / "none")},
    ]
    sources = [str(files / "none"), str(files / "empty.pem")]
    codes = ["passphrase_missing", "file_unreadable", "file_unreadable", "input_empty"]
    assert codes == find_codes(files=stores, trust_src=sources)
