# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run is about to write into a CA's directory, grown step by step; nothing is there before it is appended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._authority_keys import Keyring
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_words import AuthorityTask
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.rollover import LiveCertificate
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import CaState
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import Body, CaView
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason


@dataclass(frozen=True)
class Situation:
    """What every step is asked about. `view` is the directory before the run."""

    task: AuthorityTask
    view: CaView
    keyring: Keyring
    now: datetime

    @property
    def live(self) -> tuple[LiveCertificate, ...]:
        return tuple(LiveCertificate.from_json(item) for item in self.view.told.get("live") or ())

    @property
    def trusted(self) -> dict[str, tuple[str, ...]]:
        """By host, the roots that it was given so far."""
        told: Mapping[str, Any] = self.view.told.get("trusted") or {}
        return {str(host): tuple(str(root) for root in roots) for host, roots in told.items()}


@dataclass(frozen=True)
class Draft:
    """`state` is the one after the run, `bodies` are entries beside that, `files` new sealed keys by name."""

    state: CaState
    reasons: tuple[Reason, ...] = ()
    bodies: tuple[Body, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    drop: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()

    def to(
        self,
        state: CaState,
        reason: Reason,
        *,
        files: Mapping[str, str] | None = None,
        drop: Iterable[str] = (),
    ) -> Draft:
        """The next step: another state, and why."""
        return replace(
            self,
            state=state,
            reasons=(*self.reasons, reason),
            files={**self.files, **(files or {})},
            drop=(*self.drop, *(name for name in drop if name)),
        )

    def with_body(self, body: Body, *reasons: Reason) -> Draft:
        return replace(self, bodies=(*self.bodies, body), reasons=(*self.reasons, *reasons))

    def find_entries(self, before: CaState | None, words: str) -> list[Body]:
        """The state first, for the others are about it; `words` are the operator's."""
        said = words or ", ".join(reason.code for reason in self.reasons)
        changed = [] if self.state == before else [{"kind": "authority", "reason": said, "state": self.state.to_json()}]
        return [*changed, *self.bodies]
