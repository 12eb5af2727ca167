# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents say what is there: their inventories are understood, and their links and file names lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import VARIABLES, load_inventory
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

ROOT = Path(__file__).parents[2]
GUIDE, ARCHITECTURE = ROOT / "docs" / "operators-guide.md", ROOT / "docs" / "architecture.md"
DOCUMENTS = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
_BLOCK = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


def find_blocks(document: Path) -> Iterator[Any]:
    """YAML in a list is indented as the list is."""
    for indent, block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        yield yaml.safe_load("".join(line.removeprefix(indent) for line in block.splitlines(keepends=True)))


def find_inventories(words: Any, inherited: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Each mapping that has variables of the inventory, however deep it lies, with the issuers of its group."""
    if not isinstance(words, dict):
        return
    declared = {variable: value for variable, value in words.items() if variable in VARIABLES}
    if declared:
        yield {**(inherited or {}), **declared}
    shared = words.get("vars") if isinstance(words.get("vars"), dict) else {}
    issuers = {"tls_issuers": shared["tls_issuers"]} if "tls_issuers" in shared else inherited
    for value in words.values():
        yield from find_inventories(value, issuers)


INVENTORIES = [
    pytest.param(inventory, id=f"{document.stem}-{'-'.join(inventory)}")
    for document in DOCUMENTS
    for block in find_blocks(document)
    for inventory in find_inventories(block)
]


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_every_inventory_in_the_documents_is_understood(inventory: dict[str, Any]) -> None:
    loaded = load_inventory(inventory, presets=PRESETS)
    # Issuers may be said in one file and certificates in another
    assert loaded.entries or loaded.orders or loaded.signed or set(inventory) == {"tls_issuers"}


def test_the_full_inventory_of_the_guide_comes_to_what_the_text_beside_it_says() -> None:
    (full,) = (item.values[0] for item in INVENTORIES if len(item.values[0]) == len(VARIABLES))
    loaded = load_inventory(full, presets=PRESETS)
    assert [(entry["domain"], entry["state"]) for entry in loaded.entries] == [
        ("system", "present"),
        ("example.net", "present"),
        ("example.com", "present"),
        ("old.example.org", "absent"),
        ("metrics", "present"),
        ("wildcard", "present"),
        ("legacy", "adopted"),
        ("unused", "absent"),
    ]
    (metrics,) = (entry for entry in loaded.entries if entry["domain"] == "metrics")
    assert (metrics["remote_src"], metrics["certificate_src"]) == (True, "/opt/metrics/tls.pem")
    assert [notice.code for notice in loaded.notices] == []
    (ordered,) = loaded.orders
    assert (ordered["name"], ordered["external_url"]) == ("example.info", "webmail.example.info")
    assert (ordered["terms_agreed"], ordered["challenge"]) == (True, {"webroot": "/var/www/html"})


def test_every_variable_in_the_documents_is_one_of_the_code() -> None:
    """A variable that nothing reads does nothing, and nobody says so."""
    places = [path for folder in ("roles", "playbooks", "plugins") for path in (ROOT / folder).rglob("*")]
    code = "".join(path.read_text(encoding="utf-8") for path in places if path.suffix in (".yml", ".py", ".j2"))
    said = {word for path in DOCUMENTS for word in find_words(path)}
    assert [word for word in sorted(said) if not re.search(rf"\b{word}\b", code)] == []
    assert {"tls_issuers", "tls_report", "tls_schedule_inventory"} <= said


def find_words(document: Path) -> Iterator[str]:
    """Variables, and the codes that begin alike."""
    yield from re.findall(r"(?<!\w)tls_[a-z_]*[a-z]", document.read_text(encoding="utf-8"))


def find_anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", document.read_text(encoding="utf-8"))
    for place, anchor in links:
        target = document.parent / place if place else document
        assert target.exists()
        assert not anchor or anchor in find_anchors(target)


def test_every_file_of_the_code_that_the_map_names_is_there() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:_(?:acme|core|host|services)/)?_?\w+\.py)`", text))
    places = [ROOT / "plugins" / layer for layer in ("plugin_utils", "module_utils", "modules")]
    assert [name for name in sorted(named) if not any((place / name).exists() for place in places)] == []
    assert {"_core/plan.py", "_core/wishes.py", "_host/transaction.py", "_acme/client.py", "_ordering.py"} <= named


def test_every_decision_has_a_number_of_its_own_and_its_title_says_it() -> None:
    numbers = {path.name: int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md")}
    assert sorted(numbers.values()) == list(range(1, len(numbers) + 1))
    titles = {name: (ROOT / "docs" / "decisions" / name).read_text(encoding="utf-8").split("\n")[0] for name in numbers}
    assert [name for name, title in titles.items() if not title.startswith(f"# {numbers[name]}. ")] == []
