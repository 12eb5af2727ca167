# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.products import observe_products

INI = "[global]\nexternal-url = mail.a.example\nother-urls =  imap.a.example pop.a.example \nhost = 1\n"
DOMAINS = "b.example:www.b.example:b.example:x.b.example y.b.example\n\n3a4f.internal::c.example:\nd.example\n"


def ask(root: Path, cli: str = "/nowhere/bm-cli") -> dict[str, object]:
    question = {"product": "bluemind", "root": str(root), "cli": cli}
    (answer,) = observe_products([question])
    assert answer.pop("question") == question
    return answer


def test_bluemind_says_for_which_names_it_needs_certificates(tmp_path: Path) -> None:
    (tmp_path / "etc/bm").mkdir(parents=True)
    (tmp_path / "etc/bm/bm.ini").write_text(INI, encoding="utf-8")
    (tmp_path / "etc/bm/domains-settings").write_text(DOMAINS, encoding="utf-8")
    assert ask(tmp_path) == {
        "cli": False,
        "external_url": "mail.a.example",
        "other_urls": ["imap.a.example", "pop.a.example"],
        "domains": {
            "b.example": {"external_url": "www.b.example", "other_urls": ["x.b.example", "y.b.example"]},
            "3a4f.internal": {"external_url": "", "other_urls": []},
        },
    }


def test_a_host_without_bluemind_knows_nothing(tmp_path: Path) -> None:
    assert ask(tmp_path) == {"cli": False, "external_url": "", "other_urls": [], "domains": {}}


@pytest.mark.parametrize(("mode", "is_there"), [(0o755, True), (0o644, False)])
def test_a_program_that_can_be_run_is_there(tmp_path: Path, mode: int, is_there: bool) -> None:
    (tmp_path / "bm-cli").write_text("#!/bin/sh\n", encoding="ascii")
    (tmp_path / "bm-cli").chmod(mode)
    assert ask(tmp_path, str(tmp_path / "bm-cli"))["cli"] is is_there
