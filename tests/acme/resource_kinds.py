# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each URL of a CA is, learnt from its answers: a CA may call its resources what it likes (RFC 8555 7.1)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from exchange import Answer

DIRECTORY, OTHER = "directory", "other"
_CREATED = {"newOrder": "order", "newAccount": "account"}


class ResourceKinds:
    """The directory's by their own words; then order, authz, challenge, finalize, certificate and account."""

    def __init__(self, directory_path: str) -> None:
        self._kinds = {directory_path: DIRECTORY}

    def find(self, path: str) -> str:
        return self._kinds.get(path) or self._find_collection(path)

    def find_path(self, kind: str) -> str:
        """Where a resource of the directory is; empty before the directory was asked for."""
        return next((path for path, found in self._kinds.items() if found == kind), "")

    def _find_collection(self, path: str) -> str:
        """renewalInfo is a prefix (RFC 9773 4.1), and a certificate's alternate chains are below it at most CAs."""
        while path:
            path = path.rpartition("/")[0]
            if self._kinds.get(path) in ("renewalInfo", "certificate"):
                return self._kinds[path]
        return OTHER

    def learn(self, kind: str, answer: Answer) -> None:
        words = answer.words
        if kind == DIRECTORY:
            self._note_all({name: url for name, url in words.items() if isinstance(url, str)})
        if kind in _CREATED and answer.header("Location"):
            self._note(answer.header("Location"), _CREATED[kind])
        self._note_all({name: words[name] for name in ("finalize", "certificate") if isinstance(words.get(name), str)})
        for url in words.get("authorizations", ()):
            self._note(url, "authz")
        for challenge in words.get("challenges", ()):
            self._note(challenge["url"], "challenge")

    def _note_all(self, urls: dict[str, Any]) -> None:
        for kind, url in urls.items():
            self._note(url, kind)

    def _note(self, url: str, kind: str) -> None:
        self._kinds[urlsplit(url).path] = kind
