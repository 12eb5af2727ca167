# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who still names the files of a certificate that is to go, as the host says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.tombstone import Leaf


@dataclass(frozen=True)
class Usage:
    """`named` are sentences (who names which file), `unasked` services that cannot tell, `lacking` the files, as
    `service/file`, that the certificate to fall back to does not have. `leaves` are all that the host
    knows of it, oldest first.
    """

    is_present: bool = False
    named: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    leaves: tuple[Leaf, ...] = ()

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> Usage:
        named, unasked, lacking = (tuple(map(str, answer[word])) for word in ("named", "unasked", "lacking"))
        leaves = tuple(Leaf.from_answer(item) for item in answer.get("leaves", ()))
        return cls(bool(answer["present"]), named, unasked, lacking, leaves)

    def is_used(self, *, abandoned: bool) -> bool:
        """A service that cannot tell counts as one that names them, unless the operator says that nothing does."""
        return bool(self.named or (self.unasked and not abandoned))


# Of a certificate that nobody asked about.
NO_USAGE = Usage()
