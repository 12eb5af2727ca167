# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `form`: what a playbook gets of the answers, and how they are refused."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.filter.form import FilterModule

form = FilterModule().filters()["form"]


def test_a_playbook_gets_plain_values() -> None:
    assert form({"tls_system": {"services": ["nginx"]}}, {"engine": "Files", "external_url": "a.example"}) == {
        "tls_system": {"services": ["nginx"], "engine": "files", "external_url": "a.example"},
        "tls_domains": [],
        "said": {"tls_system": {"engine": "files", "external_url": "a.example"}},
    }


def test_a_question_that_no_form_has_is_refused_with_what_was_meant() -> None:
    with pytest.raises(AnsibleFilterError, match="did you mean `external_url`"):
        form({}, {"external_uri": "a.example"})
