# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import UserDict
from hashlib import sha256
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.filter.fleet_page import fleet_page
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_page import (
    PageParts,
    escape_data,
    render_page,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._page_parts import load_parts

PARTS = PageParts('<meta content="@POLICY@"><style>@STYLE@</style>@DATA@<script>@SCRIPT@</script>', "p {}", "run()")


def hash_of(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_the_policy_names_what_is_ours_and_forbids_the_rest() -> None:
    page = render_page({}, PARTS)
    assert f"style-src {hash_of('p {}')}; script-src {hash_of('run()')};" in page
    assert page.startswith("<meta content=\"default-src 'none'; ")
    assert page.endswith("<style>p {}</style>{}<script>run()</script>")


@pytest.mark.parametrize(
    "text",
    [
        "</script><img src=x onerror=alert(1)>",
        "<!--<script>",
        "&lt;",
        "line\u2028and\u2029paragraph",
        "half a pair \ud800",
        "nul \0 and \x1b[31m",
        "مثال",
        "@SCRIPT@ @DATA@",
    ],
)
def test_what_was_found_stays_text_in_the_file_and_the_same_text_when_it_is_read(text: str) -> None:
    data = escape_data({"host": text})
    assert json.loads(data) == {"host": text}
    assert data.isascii()
    assert not set(data) & set("<>&")


def test_what_looks_like_a_slot_is_left_as_it_is() -> None:
    page = render_page({"host": "@SCRIPT@"}, PARTS)
    assert page.count("run()") == 1
    assert '{"host":"@SCRIPT@"}' in page


class AsksItsItems(UserDict[str, Any]):
    """Ansible's containers are mappings that template an item when it is asked for."""


def test_containers_that_are_not_plain_become_so() -> None:
    report = AsksItsItems({"certificates": (AsksItsItems({"host": "web1", "life_left": 0.5}),), "hosts": 1})
    assert json.loads(escape_data(report)) == {"certificates": [{"host": "web1", "life_left": 0.5}], "hosts": 1}


def test_our_own_parts_end_no_element_early_and_name_no_other_place() -> None:
    parts = load_parts()
    assert not re.search(r"</(script|style)", parts.script + parts.style, re.IGNORECASE)
    own_words = "http://www.w3.org/2000/svg"
    whole = (parts.frame + parts.style + parts.script).replace(own_words, "")
    assert re.findall(r"https?:|//[a-z]+\.|@import|url\(|\b(?:src|srcset)=", whole) == []
    assert sorted(re.findall(r"@([A-Z]+)@", parts.frame)) == ["DATA", "POLICY", "SCRIPT", "STYLE"]


def test_the_filter_makes_a_page_of_a_report() -> None:
    page = fleet_page({"certificates": [], "hosts": 0})
    assert page.startswith("<!doctype html>")
    assert '{"certificates":[],"hosts":0}' in page
