# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Codes are a promise: whoever reads the documentation finds every one that a program may meet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core import differences, reasons, report

CORE = Path(reasons.__file__).parent
PLUGINS = CORE.parent.parent
ROOT = Path(__file__).parents[5]
# Where a plan's reasons come from; checks of material give theirs to problems.
SOURCES = ("plan.py", "differences.py", "serving.py", "removal.py", "adoption.py")
MODULE = PLUGINS / "modules" / "ssl_certificate.py"
MODULES = [MODULE, *(PLUGINS / "modules" / f"{name}.py" for name in ("domain_certificate", "certificate_info"))]
GUIDE = ROOT / "docs" / "operators-guide.md"
# Each verdict's class, and which of its arguments is the code.
VERDICTS = {"Reason": 0, "Problem": 1, "Notice": 0, "UnusableError": 0}


def find_codes() -> set[str]:
    sources = "".join(path.read_text(encoding="utf-8") for path in map(CORE.joinpath, SOURCES))
    return set(re.findall(r'Reason\(\s*"([^"]+)"', sources)) | {code for code, _words in differences._DRIFT.values()}


def find_verdicts() -> set[str]:
    """Every code that is written where a verdict is made, or put into a result."""
    files = (path for layer in ("plugin_utils", "module_utils") for path in (PLUGINS / layer).rglob("*.py"))
    return {code for path in files for code in find_in_tree(ast.parse(path.read_text(encoding="utf-8")))}


def find_in_tree(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in VERDICTS:
            yield from find_texts(node.args[VERDICTS[node.func.id]])
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from (text for key, value in pairs if list(find_texts(key)) == ["code"] for text in find_texts(value))


def find_texts(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


@pytest.mark.parametrize("code", sorted(find_codes()))
def test_every_reason_is_snake_case_and_documented(code: str) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert f"code={code})" in MODULE.read_text(encoding="utf-8")


def test_the_search_finds_the_reasons() -> None:
    assert {"certificate_missing", "service_differs", "file_missing", "interrupted", "disabled"} <= find_codes()


@pytest.mark.parametrize("code", sorted(find_verdicts()))
def test_every_code_is_in_the_documentation_of_a_module_and_in_the_guide(code: str) -> None:
    documented = "".join(path.read_text(encoding="utf-8") for path in MODULES)
    assert f"V({code})" in documented or f"code={code})" in documented
    assert f"`{code}`" in GUIDE.read_text(encoding="utf-8")


def test_the_search_finds_verdicts_of_all_kinds_on_both_sides() -> None:
    assert {"disabled", "no_fallback", "other_renewer", "not_pem", "openssl_missing", "service_down"} <= find_verdicts()


@pytest.mark.parametrize(
    "outcome", sorted({*report._CHANGED, *report._FAILED, "planned", "unchanged", "held_back", "disabled_fallback"})
)
def test_every_outcome_is_documented(outcome: str) -> None:
    assert f"V({outcome})" in "".join(path.read_text(encoding="utf-8") for path in MODULES)
    assert f"| `{outcome}` |" in GUIDE.read_text(encoding="utf-8")


def test_every_failed_outcome_has_words() -> None:
    assert set(report._FAILED) == set(report._WORDS)


@pytest.mark.parametrize(
    "verdict",
    [
        reasons.Reason("link_missing", "said"),
        reasons.Problem("web", "expired", "said"),
        reasons.Notice("clock_skew", "said"),
    ],
)
def test_a_verdict_cannot_be_changed(verdict: object) -> None:
    with pytest.raises(FrozenInstanceError):
        verdict.code = "other"  # type: ignore[attr-defined]
