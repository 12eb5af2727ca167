# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-builder makes of the collection's own word on what it needs, and of the example."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "awx"


def build(builder: Path, *words: object) -> str:
    run = subprocess.run([builder, *map(str, words)], capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def introspected(builder: Path, built_collection: Path) -> dict[str, list[str]]:
    """Of the collection as Galaxy hands it out, so that a file that the tarball lacks is missed."""
    loaded: dict[str, list[str]] = yaml.safe_load(build(builder, "introspect", built_collection))
    return loaded


def find_oldest(requirements: list[str]) -> dict[str, str]:
    words = (re.match(r"([a-z-]+)>=([\d.]+) ", line) for line in requirements)
    return {found[1]: found[2] for found in words if found}


def test_the_builder_reads_the_needs_of_the_controller(introspected: dict[str, list[str]]) -> None:
    assert all(line.endswith("# from collection certwright.tls") for lines in introspected.values() for line in lines)
    assert set(find_oldest(introspected["python"])) == {"acme", "cryptography", "dnspython", "idna"}
    assert len(introspected["python"]) == 4
    wanted = [line.partition("#")[0].strip() for line in introspected["system"]]
    assert wanted == ["openssh-clients [platform:rpm]", "openssh-client [platform:dpkg]"]


def test_the_oldest_libraries_are_those_that_the_tests_run_with(introspected: dict[str, list[str]]) -> None:
    """tools/lock/core-2.16.in pins the oldest of everything; the code refuses what is older."""
    pins = dict(re.findall(r"^([a-z-]+)==([\d.]+)$", (ROOT / "tools/lock/core-2.16.in").read_text(), re.MULTILINE))
    oldest = find_oldest(introspected["python"])
    assert {name: pins[name] for name in oldest} == oldest


def test_an_image_is_described_on_any_base(builder: Path, tmp_path: Path) -> None:
    context = tmp_path / "context"
    said = (EXAMPLES / "execution-environment.yml", "--context", context, "--output-filename", "Containerfile")
    build(builder, "create", "--file", *said)
    recipe = (context / "Containerfile").read_text()
    assert recipe.splitlines()[0].startswith("ARG EE_BASE_IMAGE=")
    assert "FROM $EE_BASE_IMAGE" in recipe
    assert "introspect.py introspect" in recipe
    wanted = yaml.safe_load((context / "_build" / "requirements.yml").read_text())
    assert wanted == {"collections": [{"name": "certwright.tls"}]}
    assert "dns-lexicon>=3.21" in (context / "_build" / "requirements.txt").read_text()


def find_plays(path: Path) -> list[dict[str, Any]]:
    plays: list[dict[str, Any]] = yaml.safe_load(path.read_text())
    return plays


@pytest.mark.parametrize("path", sorted((EXAMPLES / "project").glob("*.yml")), ids=lambda path: path.stem)
def test_the_example_project_shows_playbooks_of_the_collection(path: Path) -> None:
    (play,) = find_plays(path)
    assert play["ansible.builtin.import_playbook"] == f"certwright.tls.{path.stem}"
    assert (ROOT / "playbooks" / path.name).exists()
