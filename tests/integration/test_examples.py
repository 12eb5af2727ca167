# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the documentation: they are YAML, their options exist, and their services are understood."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_arguments
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

MODULES = Path(__file__).parents[2] / "plugins" / "modules"
# What a task may say beside its module.
TASK_WORDS = {"delegate_to", "register", "loop", "run_once", "when"}
NAMES = sorted(path.stem for path in MODULES.glob("[!_]*.py"))


def load(name: str) -> tuple[Any, list[dict[str, Any]]]:
    module = importlib.import_module(f"ansible_collections.certwright.tls.plugins.modules.{name}")
    return module, yaml.safe_load(module.EXAMPLES)


def with_results(given: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """A list or mapping that another task returns, said by a template, stands here as an empty one."""
    empty: dict[str, Any] = {"list": [], "dict": {}}
    return {
        option: empty.get(spec[option]["type"], value) if str(value).startswith("{{") else value
        for option, value in given.items()
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_example_is_a_task_that_the_module_accepts(name: str) -> None:
    module, tasks = load(name)
    own = [task for task in tasks if f"certwright.tls.{name}" in task]
    assert own
    for task in own:
        assert set(task) - TASK_WORDS == {"name", f"certwright.tls.{name}"}
        given = with_results(task[f"certwright.tls.{name}"] or {}, module.ARGUMENT_SPEC)
        constraints = getattr(module, "CONSTRAINTS", {})
        arguments, warnings = read_arguments(given, spec=module.ARGUMENT_SPEC, constraints=constraints)
        assert warnings == []
        for words in (arguments, *arguments.get("domains", ()), *arguments.get("certificates", ())):
            entries = words.get("services", [])
            services, problems = load_services(
                entries, certificate="system", names=("www.example.org",), attributes={}, presets=PRESETS
            )
            assert problems == ()
            assert len(services) == len(entries)


def test_every_module_has_examples() -> None:
    assert len(NAMES) >= 8
    assert [name for name in NAMES if not load(name)[1]] == []
