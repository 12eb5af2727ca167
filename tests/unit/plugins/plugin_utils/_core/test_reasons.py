# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Codes are a promise: whoever reads the documentation finds every one that a program may meet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core import (
    differences,
    due,
    order_outcome,
    reasons,
    report,
)

CORE = Path(reasons.__file__).parent
PLUGINS = CORE.parent.parent
ROOT = Path(__file__).parents[5]
# Where a plan's reasons come from; checks of material give theirs to problems.
SOURCES = ("plan.py", "differences.py", "serving.py", "removal.py", "adoption.py", "order_plan.py", "renewal.py")
# The one module whose documentation nobody reads to meet a code.
MODULES = [path for path in sorted((PLUGINS / "modules").glob("*.py")) if path.stem != "deployment"]
GUIDE = ROOT / "docs" / "operators-guide.md"
# Each verdict's class or maker, and which of its arguments is the code.
VERDICTS = {
    "Reason": 0,
    "Problem": 1,
    "Notice": 0,
    "UnusableError": 0,
    "AcmeProblem": 1,
    "Ending": 1,
    "Row": 3,
    # Of orders, on the host: the class of that name on the controller takes problems
    "RefusedError": 0,
    "_refuse": 1,
    "_rename": 1,
}
KINDS = (["transient"], ["permanent"])


def find_codes() -> set[str]:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in map(CORE.joinpath, SOURCES)]
    written = {code for tree in trees for code in find_in_tree(tree, {"Reason": 0})}
    return written | {code for code, _words in differences._DRIFT.values()} | set(due._BY_DATE)


def find_verdicts() -> set[str]:
    """Every code that is written where a verdict is made, or put into a result."""
    files = (path for layer in ("plugin_utils", "module_utils") for path in (PLUGINS / layer).rglob("*.py"))
    return {code for path in files for code in find_in_tree(ast.parse(path.read_text(encoding="utf-8")), VERDICTS)}


def find_in_tree(tree: ast.Module, makers: Mapping[str, int]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and find_maker(node) in makers:
            place = makers[find_maker(node)]
            found = (text for given in node.args[place : place + 1] for text in find_texts(given))
            # Makers of the same name elsewhere take sentences
            yield from (text for text in found if " " not in text)
        elif isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["code"]:
            yield from find_texts(node.value)
        elif isinstance(node, ast.Tuple) and len(node.elts) == 3 and list(find_texts(node.elts[0])) in KINDS:
            yield from find_texts(node.elts[1])
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from (text for key, value in pairs if list(find_texts(key)) == ["code"] for text in find_texts(value))


def find_maker(node: ast.Call) -> str:
    return ast.unparse(node.func).rpartition(".")[2]


def find_texts(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*find_texts(node.body), *find_texts(node.orelse))


def read_modules() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in MODULES)


def read_plugins() -> str:
    filters = sorted((PLUGINS / "filter").glob("*.py"))
    return read_modules() + "".join(path.read_text(encoding="utf-8") for path in filters)


@pytest.mark.parametrize("code", sorted(find_codes()))
def test_every_reason_is_snake_case_and_documented(code: str) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert f"code={code})" in read_modules()


def test_the_search_finds_the_reasons() -> None:
    assert {"certificate_missing", "service_differs", "file_missing", "interrupted", "disabled"} <= find_codes()
    assert {"due_by_window", "forced", "key_lost", "issuer_differs"} <= find_codes()


@pytest.mark.parametrize("code", sorted(find_verdicts()))
def test_every_code_is_in_the_documentation_of_a_plugin_and_in_the_guide(code: str) -> None:
    documented = read_plugins()
    assert f"V({code})" in documented or f"code={code})" in documented
    assert f"`{code}`" in GUIDE.read_text(encoding="utf-8")


def test_the_search_finds_verdicts_of_all_kinds_on_both_sides() -> None:
    assert {"disabled", "no_fallback", "other_renewer", "not_pem", "openssl_missing", "service_down"} <= find_verdicts()
    assert {"rate_limited", "paused", "claimed", "webroot_missing", "not_writable", "order_invalid"} <= find_verdicts()


OUTCOMES = {*report._CHANGED, *report._FAILED, "planned", "unchanged", "held_back", "disabled_fallback"}
OF_ORDERS = {order_outcome.DEFERRED, order_outcome.FAILED, order_outcome.EXPIRED}


@pytest.mark.parametrize("outcome", sorted(OUTCOMES | OF_ORDERS))
def test_every_outcome_is_documented(outcome: str) -> None:
    assert f"V({outcome})" in read_modules()
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
