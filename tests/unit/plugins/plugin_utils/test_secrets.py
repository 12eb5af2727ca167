# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets from the controller's environment: in a variable itself, or in the file that a variable names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._secrets import read_secret
from ansible_collections.certwright.tls.plugins.plugin_utils._supply import Supply
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.test_remote import Action

VARIABLE = "CERTWRIGHT_KEYSTORE_PASSPHRASE"
FILES = {"mine": "of a file\n", "two": "of a file\n\n", "windows": "of a file\r\n", "empty": ""}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in (VARIABLE, "CERTWRIGHT_PRIVATE_KEY"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(f"{variable}_SRC", raising=False)
    for name, text in FILES.items():
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


@pytest.mark.parametrize(
    ("given", "variable", "file", "expected"),
    [
        pytest.param({}, "", "", "", id="nowhere"),
        pytest.param({}, "itself", "", "itself", id="in the variable"),
        pytest.param({}, "", "mine", "of a file", id="in the file that its twin names"),
        pytest.param({}, "", "windows", "of a file", id="one line end is an editor's"),
        pytest.param({}, "", "two", "of a file\n", id="a second one is not"),
        pytest.param({}, "itself", "mine", "itself", id="the variable wins over its twin"),
        pytest.param({}, "", "empty", "", id="an empty field of a credential is an empty file"),
        pytest.param({"passphrase": "said"}, "itself", "mine", "said", id="an option wins over both"),
    ],
)
def test_a_secret_of_the_environment_is_in_a_variable_or_in_a_file(
    *, given: dict[str, Any], variable: str, file: str, expected: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, variable)
    monkeypatch.setenv(f"{VARIABLE}_SRC", str(place / file) if file else "")
    assert read_secret(Action(), "web", given, "passphrase", VARIABLE) == expected


def test_a_file_of_the_environment_that_is_not_there_is_named_with_its_variable(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{VARIABLE}_SRC", str(place / "gone"))
    with pytest.raises(RefusedError) as refused:
        read_secret(Action(), "web", {}, "passphrase", VARIABLE)
    (problem,) = refused.value.problems
    assert problem.code == "file_unreadable"
    assert problem.message.startswith(f"{VARIABLE}_SRC: ")
    assert str(place / "gone") in problem.message


def test_material_is_read_from_such_a_file_too(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "cert.pem").write_bytes(b"certificate")
    monkeypatch.setenv("CERTWRIGHT_PRIVATE_KEY_SRC", str(place / "mine"))
    material = Supply(Action(), "web", {"certificate_src": str(place / "cert.pem")}).read_material()
    assert material.private_key == b"of a file\n"

    monkeypatch.setenv("CERTWRIGHT_PRIVATE_KEY_SRC", str(place / "gone"))
    with pytest.raises(RefusedError, match="CERTWRIGHT_PRIVATE_KEY_SRC"):
        Supply(Action(), "web", {"certificate_src": str(place / "cert.pem")}).read_material()
