# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every check is asked about; and the proof of a path that several checks need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from ansible_collections.certwright.tls.plugins.plugin_utils._core.bundle import Bundle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate
from ansible_collections.certwright.tls.plugins.plugin_utils._core.chain import find_trusted_issuer


@dataclass(frozen=True)
class Inspection:
    """`names` are the declared ones in load_name's spelling, `anchors` the controller's trust store, `now` is aware."""

    bundle: Bundle
    names: tuple[str, ...]
    now: datetime
    anchors: tuple[Certificate, ...]

    def find_anchor(self) -> Certificate | None:
        """The supplied root, else the trusted one that signed any of the path: of a cross-signed CA clients take the
        shorter way. Its dates do not count: clients have their own stores."""
        if self.bundle.root is not None:
            return self.bundle.root
        issuers = (find_trusted_issuer(certificate, self.anchors) for certificate in self.bundle.path)
        return next((issuer for issuer in issuers if issuer), None)


def format_instant(instant: datetime) -> str:
    return f"{instant.astimezone(timezone.utc):%Y-%m-%d %H:%M} UTC"
