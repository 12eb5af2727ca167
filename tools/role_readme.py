# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""role_readme.py [--check]: writes roles/*/README.md from meta/argument_specs.yml, or names those that are stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml


def render(role: str, entries: dict[str, Any]) -> Iterator[str]:
    yield f"# Role certwright.tls.{role}\n"
    yield "Made by `tools/role_readme.py` from [meta/argument_specs.yml](meta/argument_specs.yml); change that file.\n"
    described: dict[str, str] = {}
    for name, entry in entries.items():
        yield f"## Entry point `{name}`\n"
        yield "\n".join([f"{entry['short_description']}.\n", *entry["description"]]) + "\n"
        options = entry["options"]
        if options and tuple(options) in described:
            yield f"The variables are those of `{described[tuple(options)]}`.\n"
        elif options:
            described[tuple(options)] = name
            yield "| variable | type | |\n| --- | --- | --- |"
            rows = [f"| `{key}` | {item['type']} | {' '.join(item['description'])} |" for key, item in options.items()]
            yield "\n".join(rows) + "\n"


stale = []
for spec in sorted((Path(__file__).parents[1] / "roles").glob("*/meta/argument_specs.yml")):
    readme = spec.parents[1] / "README.md"
    text = "\n".join(render(spec.parents[1].name, yaml.safe_load(spec.read_text(encoding="utf-8"))["argument_specs"]))
    if "--check" not in sys.argv:
        readme.write_text(text, encoding="utf-8")
    elif not readme.exists() or readme.read_text(encoding="utf-8") != text:
        stale.append(str(readme))
sys.exit(f"Run tools/role_readme.py; stale: {', '.join(stale)}" if stale else 0)
