# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The third-party libraries of ACME, and what to say when the controller's Python lacks one.

Only what talks to a CA needs them: supplied certificates are installed without.
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError

# The oldest versions that are tested; acme 3.1 is what works with cryptography 42.
_MINIMUM = {"acme": "3.1", "josepy": "1.15", "requests": "2.31"}
_MODULES = ("acme.jws", "acme.messages", "josepy", "requests")


def require_acme() -> None:
    """Refuse before any CA is talked to when a library is missing or too old, naming all of them and the way out."""
    needs = [need for need in (_find_need(name, minimum) for name, minimum in _MINIMUM.items()) if need]
    needs = needs or _find_broken()
    if not needs:
        return
    raise TlsError(
        f"On the controller, {' and '.join(needs)}. Certificates from an ACME CA need it; install into the Python that "
        f"`ansible --version` names: `python -m pip install 'acme>={_MINIMUM['acme']}'`, which brings the others; in "
        "AWX use an execution environment built with this collection"
    )


def _find_need(name: str, minimum: str) -> str | None:
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"the Python library {name} is missing"
    if _numbers(found) < _numbers(minimum):
        return f"the Python library {name} {found} is older than {minimum}"
    return None


def _find_broken() -> list[str]:
    """Packages that are there and do not fit each other fail when they are imported (acme 2 with josepy 2)."""
    try:
        for name in _MODULES:
            import_module(name)
    except (ImportError, AttributeError) as error:
        return [f"the Python library {name} cannot be imported ({error})"]
    return []


def _numbers(text: str) -> tuple[int, ...]:
    """The first two numbers, which is what a minimum has."""
    return tuple(int(found) for found in re.findall(r"\d+", text)[:2])
