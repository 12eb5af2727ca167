# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our own text of the report's page, from the files in _page beside this one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_page import PageParts

_FOLDER = Path(__file__).with_name("_page")
# In this order they are one script; each uses only what stands before it, but for calls made later.
_SCRIPTS = ("words", "elements", "rows", "view", "bins", "timeline", "table", "detail", "controls", "page")


@lru_cache(maxsize=1)
def load_parts() -> PageParts:
    script = "\n".join(_read(f"{name}.js") for name in _SCRIPTS)
    # None of its names is the window's.
    return PageParts(
        frame=_read("frame.html"), style=_read("page.css"), script=f'"use strict";\n(() => {{\n{script}\n}})();\n'
    )


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
