# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme import dependencies
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError

ACME = Path(dependencies.__file__).parent
LIBRARIES = ("acme", "josepy", "requests", "cryptography", "dns", "lexicon")


def test_nothing_is_said_when_all_libraries_are_there() -> None:
    dependencies.require_acme()


@pytest.mark.parametrize(
    ("versions", "fact"),
    [
        pytest.param(
            {"acme": None, "josepy": None},
            "the Python library acme is missing and the Python library josepy is missing",
            id="missing",
        ),
        pytest.param({"acme": "2.11.0"}, "the Python library acme 2.11.0 is older than 3.1", id="too old"),
    ],
)
def test_missing_libraries_are_named_together(
    monkeypatch: pytest.MonkeyPatch, versions: dict[str, str | None], fact: str
) -> None:
    def version(name: str) -> str:
        found = versions.get(name, "99.0")
        if found is None:
            raise PackageNotFoundError(name)
        return found

    monkeypatch.setattr(dependencies, "version", version)
    with pytest.raises(TlsError) as refused:
        dependencies.require_acme()
    assert str(refused.value) == (
        f"On the controller, {fact}. Certificates from an ACME CA need it; install into the Python that "
        "`ansible --version` names: `python -m pip install 'acme>=3.1'`, which brings the others; in AWX use an "
        "execution environment built with this collection"
    )


def test_a_library_that_breaks_when_it_is_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "acme.messages", None)
    with pytest.raises(TlsError, match=r"the Python library acme\.messages cannot be imported \("):
        dependencies.require_acme()


@pytest.mark.parametrize("path", sorted(ACME.glob("*.py")), ids=lambda path: path.stem)
def test_every_file_imports_without_the_libraries(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """ansible-test imports every plugin in a Python without them."""
    for name in [name for name in sys.modules if name.partition(".")[0] in LIBRARIES]:
        monkeypatch.setitem(sys.modules, name, None)
    spec = importlib.util.spec_from_file_location(f"without_libraries_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
