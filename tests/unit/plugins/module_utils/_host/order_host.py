# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host for orders: a store and a webroot below one directory, and what a CA would ask of its ports."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.preparation import Preparation, prepare
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

TOKEN, OTHER = "token-of-the-first_order", "token-of-another_order"
CONTENT = f"{TOKEN}.thumbprint"


def instant(seconds: float) -> str:
    """That many seconds from now, as claims are written."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


class OrderHost:
    """Nothing of it is there but an empty webroot."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = Store(str(directory / "store"))
        self.webroot = directory / "www"
        self.webroot.mkdir()

    def file(self, token: str = TOKEN) -> Path:
        return self.webroot / ".well-known" / "acme-challenge" / token

    def order_file(self, name: str, certificate: str = "site") -> Path:
        return Path(self.store.order(certificate), name)

    def answered_by_file(self, token: str = TOKEN) -> dict[str, Any]:
        return {"webroot": str(self.webroot), "token": token, "content": f"{token}.thumbprint"}

    def wanted(self, *challenges: dict[str, Any], **words: Any) -> dict[str, Any]:
        given = {
            "name": "site",
            "order": {"url": "https://ca.example/order/1"},
            "claimed_until": instant(900),
            "key": {"type": "ec256", "names": ["a.example"]},
            "challenges": list(challenges),
        }
        return {**given, **words}

    def prepare(self, *wanted: dict[str, Any], run: str = "first", **words: Any) -> dict[str, dict[str, Any]]:
        """The answers by certificate."""
        given = {"action": "prepare", "run": run, "certificates": list(wanted), "limits": {"lock": 20}, **words}
        return dict(prepare(self.store, Preparation.from_json(given), label=no_label)["certificates"])

    def prepared(self, *challenges: dict[str, Any], run: str = "first", **words: Any) -> dict[str, Any]:
        """The answer of one that must not be refused."""
        answer = self.prepare(self.wanted(*challenges, **words), run=run)["site"]
        assert answer["refused"] is None, answer
        return answer

    def refused(self, *challenges: dict[str, Any], run: str = "first", **words: Any) -> tuple[str, str]:
        refusal = self.prepare(self.wanted(*challenges, **words), run=run)["site"]["refused"]
        return refusal["code"], refusal["message"]

    def webroot_files(self) -> list[str]:
        """Everything below the webroot, directories too."""
        return sorted(
            os.path.relpath(os.path.join(place, name), self.webroot)
            for place, folders, files in os.walk(self.webroot)
            for name in (*folders, *files)
        )
