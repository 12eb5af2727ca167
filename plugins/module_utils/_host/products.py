# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What products say of themselves in files of their own: for which names they need certificates. Reads only."""

from __future__ import annotations

import os
import shutil
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.commands import find_paths
from ansible_collections.certwright.tls.plugins.module_utils._host.schedules import HostTree


def observe_products(questions: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Each question with its answer: `cli`, `external_url`, `other_urls` and the same of `domains` by identifier."""
    return [{"question": question, **_READERS[question["product"]](question)} for question in questions]


def _read_bluemind(question: dict[str, str]) -> dict[str, Any]:
    """`/etc/bm/bm.ini`, and a line for each domain: identifier, external URL, default domain, other URLs."""
    tree = HostTree(question["root"] or "/")
    settings = tree.read_settings("/etc/bm/bm.ini")
    lines = (line.strip().split(":") for line in tree.read_lines("/etc/bm/domains-settings"))
    domains = {fields[0]: _describe(*fields[1:2], *fields[3:4]) for fields in lines if len(fields) > 1 and fields[0]}
    return {
        "cli": bool(shutil.which(question["cli"], path=os.pathsep.join(find_paths()))),
        **_describe(settings.get("external-url", ""), settings.get("other-urls", "")),
        "domains": domains,
    }


def _describe(external_url: str, other_urls: str = "") -> dict[str, Any]:
    return {"external_url": external_url.strip(), "other_urls": other_urls.split()}


_READERS = {"bluemind": _read_bluemind}
