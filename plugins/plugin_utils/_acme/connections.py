# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connections of one task to one CA: one for each thread, with its nonces, however many orders it takes on."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.transport import Transport


@dataclass(frozen=True)
class Line:
    """To one CA, for one thread: a TLS handshake and a reading of all trusted roots cost more than most requests."""

    transport: Transport
    nonces: list[str] = field(default_factory=list)


class Connections:
    """`ca_certificates` as Transport has it."""

    def __init__(self, ca_certificates: str) -> None:
        self._ca_certificates = ca_certificates
        self._own = threading.local()
        self._lock = threading.Lock()
        self._all: list[Line] = []

    def find_line(self) -> Line:
        """That of the thread that asks."""
        line: Line | None = getattr(self._own, "line", None)
        if line is None:
            line = Line(Transport(self._ca_certificates))
            self._own.line = line
            with self._lock:
                self._all.append(line)
        return line

    def close(self) -> None:
        """Of all threads; none of them may ask any more."""
        with self._lock:
            while self._all:
                self._all.pop().transport.close()
