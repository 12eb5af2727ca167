# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from importlib import invalidate_caches
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_dependencies import (
    require_dnspython,
    require_lexicon,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError


def test_what_is_there_is_enough() -> None:
    require_dnspython()
    require_lexicon()


def install(packages: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """These are the only packages of this Python."""
    for package, version in packages.items():
        described = tmp_path / f"{package}-{version}.dist-info"
        described.mkdir()
        (described / "METADATA").write_text(f"Name: {package}\nVersion: {version}\n", encoding="ascii")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    invalidate_caches()


def test_versions_are_compared_as_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install({"dnspython": "2.10.0rc1"}, tmp_path, monkeypatch)
    require_dnspython()


@pytest.mark.parametrize(
    ("require", "packages", "fact"),
    [
        pytest.param(
            require_dnspython,
            {"dnspython": "2.6.0"},
            "Proving names by dns-01 needs the Python library dnspython, 2.6.1 at least, and the controller's is 2.6",
            id="too old",
        ),
        pytest.param(
            require_lexicon,
            {},
            "The provider `lexicon` needs the Python library dns-lexicon, 3.21 at least, and the controller has none.",
            id="missing",
        ),
    ],
)
def test_what_is_missing_is_named_with_the_way_out(
    require: Callable[[], None],
    packages: dict[str, str],
    fact: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(packages, tmp_path, monkeypatch)
    with pytest.raises(TlsError) as refused:
        require()
    assert str(refused.value).startswith(fact)
