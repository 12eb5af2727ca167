# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core import dependencies
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError

CORE = Path(dependencies.__file__).parent


def test_nothing_is_said_when_all_libraries_are_there() -> None:
    dependencies.require_libraries()


@pytest.mark.parametrize(
    ("modules", "fact"),
    [
        pytest.param({"idna": None}, "the Python library idna is missing", id="one missing"),
        pytest.param(
            {"cryptography": None, "idna": None},
            "the Python library cryptography is missing and the Python library idna is missing",
            id="all missing",
        ),
        pytest.param(
            {"cryptography": SimpleNamespace(__version__="41.0.7")},
            "the Python library cryptography 41.0.7 is older than 42",
            id="too old",
        ),
        pytest.param(
            {"idna": SimpleNamespace(__version__="3.3")},
            "the Python library idna 3.3 is older than 3.4",
            id="too old by its second number",
        ),
        pytest.param(
            {"idna": SimpleNamespace(__version__="2.10")},
            "the Python library idna 2.10 is older than 3.4",
            id="too old although its second number is higher",
        ),
        pytest.param(
            {"idna": SimpleNamespace(__version__="3")},
            "the Python library idna 3 is older than 3.4",
            id="too old and without a second number",
        ),
        pytest.param(
            {"cryptography": None, "idna": SimpleNamespace(__version__="3.3")},
            "the Python library cryptography is missing and the Python library idna 3.3 is older than 3.4",
            id="one missing and one too old",
        ),
    ],
)
def test_missing_libraries_are_named_together(
    monkeypatch: pytest.MonkeyPatch, modules: dict[str, object], fact: str
) -> None:
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)  # type: ignore[arg-type]
    with pytest.raises(TlsError) as refused:
        dependencies.require_libraries()
    assert str(refused.value) == (
        f"On the controller, {fact}. Install into the Python that `ansible --version` names: "
        "`python -m pip install 'cryptography>=42' 'idna>=3.4'`; in AWX use an execution environment built with "
        "this collection"
    )


@pytest.mark.parametrize(
    ("name", "version"),
    [
        pytest.param("cryptography", "42", id="the minimum"),
        pytest.param("cryptography", "42.0.8", id="a patch of it"),
        pytest.param("cryptography", "100.1.0", id="three digits"),
        pytest.param("idna", "3.4", id="the minimum of two numbers"),
        pytest.param("idna", "3.4rc1", id="a candidate counts as its number"),
        pytest.param("idna", "3.10", id="ten is more than four"),
        pytest.param("idna", "4", id="the next without a second number"),
        pytest.param("idna", "4.0", id="the next"),
    ],
)
def test_versions_that_are_new_enough(monkeypatch: pytest.MonkeyPatch, name: str, version: str) -> None:
    monkeypatch.setitem(sys.modules, name, SimpleNamespace(__version__=version))  # type: ignore[arg-type]

    dependencies.require_libraries()


@pytest.mark.parametrize("path", sorted(CORE.glob("*.py")), ids=lambda path: path.stem)
def test_every_file_imports_without_the_libraries(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """ansible-test imports every plugin in a Python without them."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("cryptography", "idna")]:
        monkeypatch.setitem(sys.modules, name, None)  # type: ignore[arg-type]
    spec = importlib.util.spec_from_file_location(f"without_libraries_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
