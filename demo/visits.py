# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""How curl fares at a port, by whom it trusts and what it shows of itself."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from serving import HOST

ANSWERED, REFUSED, UNTRUSTED = "answered", "refused", "untrusted"
# The server's chain leads to none of the client's CAs, or the client has none.
_UNTRUSTED = (60, 77)


@dataclass(frozen=True)
class ClientCertificate:
    """A PKCS#12 file, as a browser takes it."""

    path: Path
    passphrase: str = field(repr=False)


@dataclass(frozen=True)
class Visitor:
    """Without `roots` it trusts whom this machine trusts."""

    port: int
    roots: Path | None = None
    certificate: ClientCertificate | None = None

    def visit(self) -> tuple[str, str]:
        """What came of it in one word, and what curl says."""
        # On standard input, since everybody may read a command line.
        words = "".join(f'{word} = "{value}"\n' for word, value in self._options().items())
        command = ["curl", "--disable", "--silent", "--show-error", "--config", "-"]
        ended = subprocess.run(command, input=words, text=True, capture_output=True, check=False)
        if not ended.returncode:
            return (ANSWERED if ended.stdout == "200" else REFUSED), f"HTTP {ended.stdout}"
        return (UNTRUSTED if ended.returncode in _UNTRUSTED else REFUSED), ended.stderr.partition("\n")[0]

    def _options(self) -> dict[str, str]:
        options = {
            "url": f"https://{HOST}:{self.port}/",
            "resolve": f"{HOST}:{self.port}:127.0.0.1",
            "noproxy": "*",
            "max-time": "10",
            "output": "/dev/null",
            "write-out": "%{http_code}",
        }
        if self.roots:
            options["cacert"] = str(self.roots)
        if self.certificate:
            options |= {"cert-type": "P12", "cert": f"{self.certificate.path}:{self.certificate.passphrase}"}
        return options


def has_curl() -> bool:
    return shutil.which("curl") is not None
