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
NAMES = sorted(path.stem for path in MODULES.glob("[!_]*.py"))


def load(name: str) -> tuple[Any, list[dict[str, Any]]]:
    module = importlib.import_module(f"ansible_collections.certwright.tls.plugins.modules.{name}")
    return module, yaml.safe_load(module.EXAMPLES)


@pytest.mark.parametrize("name", NAMES)
def test_each_example_is_a_task_that_the_module_accepts(name: str) -> None:
    module, tasks = load(name)
    assert tasks
    for task in tasks:
        assert set(task) == {"name", f"certwright.tls.{name}"}
        given = task[f"certwright.tls.{name}"] or {}
        constraints = getattr(module, "CONSTRAINTS", {})
        arguments, warnings = read_arguments(given, spec=module.ARGUMENT_SPEC, constraints=constraints)
        assert warnings == []
        for words in (arguments, *arguments.get("domains", ())):
            entries = words.get("services", [])
            services, problems = load_services(
                entries, certificate="system", names=("www.example.org",), attributes={}, presets=PRESETS
            )
            assert problems == ()
            assert len(services) == len(entries)


def test_every_module_has_examples() -> None:
    modules = {"ssl_certificate", "domain_certificate", "certificate_activate", "certificate_info", "deployment"}
    assert modules == set(NAMES)
