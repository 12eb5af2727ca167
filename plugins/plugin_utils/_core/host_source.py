# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Supplied material that lies on the managed host: its public part, and what the host says of its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle, HostKey, load_host_bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem


@dataclass(frozen=True)
class HostSource:
    """`key_digest` is of the key that was matched, `problems` (code and message) are what keeps it from being read."""

    certificate: bytes
    ca: bytes | None
    key: HostKey
    problems: tuple[tuple[str, str], ...]
    key_digest: str = ""

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> HostSource:
        return cls(
            certificate=str(answer["certificate"]).encode(),
            ca=str(answer["ca"]).encode() if answer["ca"] else None,
            key=HostKey(str(answer["key_type"]), frozenset(map(str, answer["fits"]))),
            problems=tuple((str(item["code"]), str(item["message"])) for item in answer["problems"]),
            key_digest=str(answer.get("key_digest", "")),
        )

    def load_bundle(self, name: str) -> Bundle:
        """Raises RefusedError with everything that keeps the material from being read."""
        if self.problems:
            raise RefusedError.from_problems(Problem(name, code, message) for code, message in self.problems)
        return load_host_bundle(name, self.certificate, self.ca, self.key)
