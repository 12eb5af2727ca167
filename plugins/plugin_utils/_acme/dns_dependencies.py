# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The libraries that look into the DNS and change it, and what to say when the controller's Python lacks one."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError

# The oldest versions that are tested. dnspython 2.6.1 is the first that no forged answer stops (CVE-2023-29483).
_DNSPYTHON, _LEXICON = ("dnspython", "2.6.1"), ("dns-lexicon", "3.21")


def require_dnspython() -> None:
    """Refuse before anything is ordered; for every dns-01 challenge and every look into the DNS."""
    _require(*_DNSPYTHON, what="Proving names by dns-01")


def require_lexicon() -> None:
    _require(*_LEXICON, what="The provider `lexicon`")


def _require(package: str, minimum: str, *, what: str) -> None:
    try:
        found = version(package)
    except PackageNotFoundError:
        found = ""
    if _numbers(found) >= _numbers(minimum):
        return
    fact = f"the controller's is {found}" if found else "the controller has none"
    raise TlsError(
        f"{what} needs the Python library {package}, {minimum} at least, and {fact}. Install it into the Python that "
        f"`ansible --version` names: `python -m pip install '{package}>={minimum}'`; in AWX use an execution "
        "environment built with this collection"
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(found) for found in re.findall(r"\d+", text)[:3])
