# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.basic import env_fallback

from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import (
    ArgumentError,
    read_arguments,
    read_elements,
)

SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "limit": {"type": "int", "default": 3},
    "passphrase": {"type": "str", "no_log": True, "fallback": (env_fallback, ["CERTWRIGHT_TEST_PASSPHRASE"])},
    "old": {"type": "str", "removed_in_version": "9.0.0", "removed_from_collection": "certwright.tls"},
    "src": {"type": "str"},
    "content": {"type": "str"},
}
CONSTRAINTS: dict[str, Any] = {"mutually_exclusive": [["src", "content"]]}
READ: dict[str, Any] = {
    "name": "web",
    "state": "present",
    "limit": 3,
    "passphrase": None,
    "old": None,
    "src": None,
    "content": None,
}


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        pytest.param({"name": "web"}, {}, id="defaults"),
        pytest.param({"name": "web", "limit": "5", "state": "absent"}, {"limit": 5, "state": "absent"}, id="converted"),
        pytest.param({"name": "web", "src": "a.pem"}, {"src": "a.pem"}, id="one of two"),
        pytest.param({"name": "web", "limit": "", "state": ""}, {}, id="answers that were left empty"),
        pytest.param({"name": "web", "content": ""}, {"content": ""}, id="a text may be empty"),
    ],
)
def test_arguments_are_read(given: dict[str, Any], changes: dict[str, Any]) -> None:
    assert ({**READ, **changes}, []) == read_arguments(given, spec=SPEC, constraints=CONSTRAINTS)


def test_a_secret_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTWRIGHT_TEST_PASSPHRASE", "correct horse")

    arguments, _warnings = read_arguments({"name": "web"}, spec=SPEC, constraints=CONSTRAINTS)
    assert arguments["passphrase"] == "correct horse"


def test_what_was_given_stays_as_it_was() -> None:
    given = {"name": "web", "limit": "5"}
    read_arguments(given, spec=SPEC, constraints=CONSTRAINTS)

    assert given == {"name": "web", "limit": "5"}


def test_all_errors_are_told_together_each_with_its_option() -> None:
    given = {"state": "gone", "limit": "many", "src": "a", "content": "b", "sate": "x"}

    with pytest.raises(ArgumentError) as refused:
        read_arguments(given, spec=SPEC, constraints=CONSTRAINTS)
    lines = str(refused.value).splitlines()
    assert len(lines) == 5
    for words in (("src", "content"), ("name",), ("limit",), ("state", "gone"), ("sate",)):
        assert any(all(word in line for word in words) for line in lines), words


def test_a_deprecated_option_is_a_warning() -> None:
    _arguments, warnings = read_arguments({"name": "web", "old": "x"}, spec=SPEC, constraints={})

    assert ["is deprecated" in warning for warning in warnings] == [True]


def elements_of(*given: Any) -> list[dict[str, Any]]:
    return read_elements(given, option="domains", key="name", spec=SPEC, constraints=CONSTRAINTS)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param(
            [{"name": "web"}, {"name": "mail", "limit": "5"}],
            [READ, {**READ, "name": "mail", "limit": 5}],
            id="each with its defaults, in their order",
        ),
    ],
)
def test_elements_are_read(given: list[Any], expected: list[dict[str, Any]]) -> None:
    assert expected == elements_of(*given)


def test_an_element_that_was_given_stays_as_it_was() -> None:
    given = {"name": "web", "limit": "5"}
    elements_of(given)

    assert given == {"name": "web", "limit": "5"}


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        pytest.param([{"name": "web", "sate": "x"}], [("domains[0] (web)", "sate")], id="by its name"),
        pytest.param([{"state": "gone"}], [("domains[0]: ", "name"), ("domains[0]: ", "gone")], id="without a name"),
        pytest.param([{"name": "web", 1: "x"}], [("domains[0] (web)", "1")], id="a word that is a number"),
        pytest.param(["web"], [("domains[0] must be a mapping, such as {name: example.org}",)], id="a word"),
        pytest.param([None], [("domains[0] must be a mapping",)], id="nothing"),
        pytest.param(
            [{"name": "a", "limit": "many"}, {"name": "b"}, ["c"], {"name": "d", "src": "x", "content": "y"}],
            [("domains[0] (a)", "limit"), ("domains[2] must",), ("domains[3] (d)", "src", "content")],
            id="all of them, and none that is right",
        ),
    ],
)
def test_errors_of_all_elements_are_told_together_each_with_its_place(
    given: list[Any], lines: list[tuple[str, ...]]
) -> None:
    with pytest.raises(ArgumentError) as refused:
        elements_of(*given)
    told = str(refused.value).splitlines()
    assert [True] * len(lines) == [all(word in line for word in words) for words, line in zip(lines, told, strict=True)]


def test_no_secret_of_an_element_is_told() -> None:
    given = [{"name": "web", "passphrase": "correct horse", "sate": "x"}, {"passphrase": ["correct horse"]}, "correct"]

    with pytest.raises(ArgumentError) as refused:
        elements_of(*given)
    assert "correct" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        pytest.param('[{"name": "web"}]', "; it is text, so add `| from_json`", id="text"),
        pytest.param({"name": "web"}, "", id="one mapping"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_what_is_no_list_is_told_with_the_way_out(given: object, hint: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        read_elements(given, option="domains", key="name", spec=SPEC, constraints=CONSTRAINTS)
    assert f"domains must be a list of mappings, such as [{{name: example.org}}]{hint}" == str(refused.value)
