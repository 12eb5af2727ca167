# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The judge of docs/architecture.md: what may import what, and what the pure core may not do."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
FILES = sorted(PLUGINS.rglob("*.py"))
TESTS = sorted((PLUGINS.parent / "tests").rglob("*.py"))
ROOT = "ansible_collections.certwright.tls.plugins."

# Each layer imports itself and the layers named here.
LAYERS: dict[str, tuple[str, ...]] = {
    "module_utils._host": (),
    "module_utils._options": (),
    "modules": ("module_utils._host", "module_utils._options"),
    "plugin_utils._core": (),
    "plugin_utils._services": ("plugin_utils._core",),
    "plugin_utils._acme": ("plugin_utils._core",),
    "plugin_utils._ca": ("plugin_utils._core",),
    "plugin_utils": (),
    "action": ("plugin_utils", "modules"),
    "filter": ("plugin_utils",),
    "lookup": ("plugin_utils",),
    "doc_fragments": (),
}
IMPURE = {"os", "io", "pathlib", "socket", "ssl", "subprocess", "tempfile", "time", "urllib", "ansible"}
CLOCKS = {"now", "utcnow", "today"}
POSITIONS = {"utils", "helpers", "common", "base", "manager"}
DOC_BLOCKS = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
MAXIMUM_LINES = 300


def find_faults(name: str, source: str) -> list[str]:
    """What is wrong with the file of this dotted name below plugins/."""
    tree = ast.parse(source)
    imports = set(find_imports(tree))
    return [
        *find_forbidden_imports(name, imports),
        *(find_impurities(tree, source, imports) if name.startswith("plugin_utils._core.") else ()),
        *([f"more than {MAXIMUM_LINES} lines"] if count_lines(tree, source) > MAXIMUM_LINES else ()),
        *([f"{name} is named for its position"] if POSITIONS & set(name.rpartition(".")[2].split("_")) else ()),
    ]


def find_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def find_layer(name: str) -> str:
    return max((layer for layer in LAYERS if f"{name}.".startswith(f"{layer}.")), key=len)


def find_forbidden_imports(name: str, imports: set[str]) -> Iterator[str]:
    layer = find_layer(name)
    for imported in sorted(imports):
        own = imported.removeprefix(ROOT)
        if imported.startswith("."):
            yield f"relative import {imported}"
        elif own == imported and layer == "module_utils._host":
            if imported.partition(".")[0] not in sys.stdlib_module_names:
                yield f"{imported} is not in the standard library"
        elif own != imported and not any(f"{own}.".startswith(f"{below}.") for below in (layer, *LAYERS[layer])):
            yield f"{layer} imports {own}"


def find_impurities(tree: ast.Module, source: str, imports: set[str]) -> Iterator[str]:
    yield from (f"imports {name}" for name in sorted(imports) if name.partition(".")[0] in IMPURE)
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    yield from (f"calls {call.attr}()" for call in calls if isinstance(call, ast.Attribute) and call.attr in CLOCKS)
    if "_host" in {
        part for node in ast.walk(tree) if isinstance(node, ast.Constant) for part in str(node.value).split(".")
    }:
        yield "mentions _host"
    if "module_utils" in source:
        yield "mentions module_utils"


def count_lines(tree: ast.Module, source: str) -> int:
    """Without docstrings and the documentation of modules."""
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    documented = [
        node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in DOC_BLOCKS
    ]
    return len(source.splitlines()) - sum((node.end_lineno or 0) - node.lineno + 1 for node in [*blocks, *documented])


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PLUGINS).with_suffix("").parts)


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_every_file_keeps_to_its_layer(path: Path) -> None:
    assert find_faults(dotted(path), path.read_text(encoding="utf-8")) == []


def test_there_are_no_package_files_and_no_rings() -> None:
    assert [dotted(path) for path in FILES if path.name == "__init__.py"] == []
    names = {dotted(path): path for path in FILES}
    graph = {}
    for name, path in names.items():
        imports = {
            imported.removeprefix(ROOT) for imported in find_imports(ast.parse(path.read_text(encoding="utf-8")))
        }
        graph[name] = {part for imported in imports for part in (imported, imported.rpartition(".")[0])} & names.keys()
    assert set(TopologicalSorter(graph).static_order()) == names.keys()


CORE, HOST = "plugin_utils._core.example", "module_utils._host.example"


@pytest.mark.parametrize(
    ("name", "source", "faults"),
    [
        (CORE, "import os.path", ["imports os.path"]),
        (CORE, "from ansible.errors import AnsibleError", ["imports ansible.errors.AnsibleError"]),
        (CORE, f"from {ROOT}plugin_utils._core.pem import load_blocks", []),
        (
            CORE,
            f"from {ROOT}plugin_utils._remote import Host",
            ["plugin_utils._core imports plugin_utils._remote.Host"],
        ),
        (CORE, "def f():\n    return datetime.now()", ["calls now()"]),
        (CORE, "PLACE = 'plugins._host.store'", ["mentions _host"]),
        (CORE, "# see module_utils", ["mentions module_utils"]),
        (CORE, "from .pem import load_blocks", ["relative import .pem.load_blocks"]),
        (CORE, "x = 1\n" * 301, ["more than 300 lines"]),
        (CORE, '"""' + "text\n" * 301 + '"""', []),
        ("plugin_utils._core.name_helpers", "", ["plugin_utils._core.name_helpers is named for its position"]),
        (HOST, "import requests", ["requests is not in the standard library"]),
        (
            HOST,
            f"from {ROOT}plugin_utils._core.pem import Block",
            ["module_utils._host imports plugin_utils._core.pem.Block"],
        ),
        (HOST, f"import os\nfrom {ROOT}module_utils._host.store import Store", []),
        ("modules.deployment", f"from {ROOT}module_utils._host.store import Store", []),
        (
            "modules.deployment",
            f"from {ROOT}plugin_utils._core.pem import Block",
            ["modules imports plugin_utils._core.pem.Block"],
        ),
        (
            "plugin_utils._acme.session",
            f"from {ROOT}plugin_utils._ca.ledger import x",
            ["plugin_utils._acme imports plugin_utils._ca.ledger.x"],
        ),
        ("action.ssl_certificate", f"from {ROOT}plugin_utils._remote import Host", []),
    ],
)
def test_the_judge_sees_each_fault(name: str, source: str, faults: list[str]) -> None:
    assert find_faults(name, source) == faults


def test_no_name_says_nothing() -> None:
    """As ansible-test's pylint has it, which takes minutes to say so."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in (*FILES, *TESTS)}
    nameless = (
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)
    )
    assert list(nameless) == []
