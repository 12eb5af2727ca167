# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Codes are a promise: whoever reads the documentation finds every one that a program may meet."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core import differences, reasons, report

CORE = Path(reasons.__file__).parent
# Where a plan's reasons come from; checks of material give theirs to problems.
SOURCES = ("plan.py", "differences.py", "serving.py")
MODULE = CORE.parent.parent / "modules" / "ssl_certificate.py"


def find_codes() -> set[str]:
    sources = "".join(path.read_text(encoding="utf-8") for path in map(CORE.joinpath, SOURCES))
    return set(re.findall(r'Reason\(\s*"([^"]+)"', sources)) | {code for code, _words in differences._DRIFT.values()}


@pytest.mark.parametrize("code", sorted(find_codes()))
def test_every_reason_is_snake_case_and_documented(code: str) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert f"code={code})" in MODULE.read_text(encoding="utf-8")


def test_the_search_finds_the_reasons() -> None:
    assert {"certificate_missing", "service_differs", "file_missing", "interrupted"} <= find_codes()


@pytest.mark.parametrize("outcome", sorted({*report._CHANGED, *report._FAILED}))
def test_every_outcome_is_documented(outcome: str) -> None:
    assert f"V({outcome})" in MODULE.read_text(encoding="utf-8")


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
