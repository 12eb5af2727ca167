# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import CommandPart
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_commands import (
    choose_alternatives,
    choose_special,
    fill_command,
)

UNITS = "x@{instance}.service|y-{instance}.service|x.service|y.service"


@pytest.mark.parametrize(
    ("parts", "values", "command"),
    [
        pytest.param(("x", "-t"), {}, ("x", "-t"), id="no placeholder"),
        pytest.param(("x", ("-c", "{config}")), {"config": "/c"}, ("x", "-c", "/c"), id="a group with its value"),
        pytest.param(("x", ("-c", "{config}"), "-t"), {}, ("x", "-t"), id="a group without its value"),
        pytest.param(("{binary}", "-t"), {}, ("-t",), id="a word without its value"),
        pytest.param(("-d/etc/{a}/{b}",), {"a": "1", "b": "2"}, ("-d/etc/1/2",), id="within a word"),
        pytest.param(("-d/etc/{a}/{b}",), {"a": "1"}, (), id="one of two is missing"),
        pytest.param(("{a}",), {"a": "{b}", "b": "no"}, ("{b}",), id="a value is nobody's placeholder"),
    ],
)
def test_a_command_with_its_words(
    parts: tuple[CommandPart, ...], values: dict[str, str], command: tuple[str, ...]
) -> None:
    assert command == fill_command(parts, values)


@pytest.mark.parametrize(
    ("alternatives", "values", "chosen", "special"),
    [
        pytest.param(None, {"instance": "1"}, None, None, id="none"),
        pytest.param("x.service", {"instance": "1"}, "x.service", None, id="one, with nothing to fill in"),
        pytest.param(UNITS, {}, "x.service|y.service", None, id="without the word"),
        pytest.param(UNITS, {"instance": "1"}, *["x@1.service|y-1.service"] * 2, id="with the word"),
        pytest.param("x@{instance}.service", {}, None, None, id="only for those with the word"),
    ],
)
def test_which_alternatives_are_left_to_the_host(
    alternatives: str | None, values: dict[str, str], chosen: str | None, special: str | None
) -> None:
    assert (chosen, special) == (choose_alternatives(alternatives, values), choose_special(alternatives, values))
