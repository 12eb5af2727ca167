# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The third-party libraries of the core, and what to say when the controller's Python lacks one.

Files that need them import them in a `try`: ansible-test imports every plugin in a Python without them.
"""

from __future__ import annotations

import re
from importlib import import_module

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError

# The oldest versions that are tested; cryptography 42 brought aware dates and x509.verification.
_MINIMUM = {"cryptography": "42", "idna": "3.4"}


def require_libraries() -> None:
    """Refuse before any work when a library is missing or too old, naming all of them and the way out."""
    missing = [need for need in (_find_need(name, minimum) for name, minimum in _MINIMUM.items()) if need]
    if not missing:
        return
    packages = " ".join(f"'{name}>={minimum}'" for name, minimum in _MINIMUM.items())
    raise TlsError(
        f"On the controller, {' and '.join(missing)}. Install into the Python that `ansible --version` names: "
        f"`python -m pip install {packages}`; in AWX use an execution environment built with this collection"
    )


def _find_need(name: str, minimum: str) -> str | None:
    try:
        version = str(import_module(name).__version__)
    except ImportError:
        return f"the Python library {name} is missing"
    if _numbers(version) < _numbers(minimum):
        return f"the Python library {name} {version} is older than {minimum}"
    return None


def _numbers(version: str) -> tuple[int, ...]:
    """The first two numbers, which is what a minimum has; a suffix like `3.4rc1` counts as its number."""
    return tuple(int(found) for found in re.findall(r"\d+", version)[:2])
