# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.basic import env_fallback

from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import ArgumentError, read_arguments

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
