# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trust of a host in a directory: Debian's with the program of this machine, Red Hat's with one in its shape."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.trust_places import SystemStore, find_fingerprints

DEBIAN = "update-ca-certificates"


def stem_of(pem: str) -> str:
    (fingerprint,) = find_fingerprints(pem.encode())
    return f"certwright-{fingerprint[:16]}"


class TrustHost:
    """`directory`, `hashed` (of Debian) and `bundle` are where programs look; `told` is what hooks were told."""

    def __init__(self, root: Path) -> None:
        self.root, self.directory = root, root / "local"
        self.directory.mkdir()
        self.hashed = root / "etc"
        self.bundle = self.hashed / "ca-certificates.crt"
        self.hashed.mkdir()

    def debian(self) -> SystemStore:
        program = shutil.which(DEBIAN) or shutil.which(DEBIAN, path="/usr/sbin")
        if program is None:
            pytest.skip("update-ca-certificates of Debian is not there")
        hooks = self.root / "hooks"
        hooks.mkdir()
        self.script(f"cat >> {self.root}/told", name="hooks/record")
        config = self.root / "ca-certificates.conf"
        config.write_text("# none of the distribution's\n", encoding="ascii")
        places = {"certsconf": config, "localcertsdir": self.directory, "etccertsdir": self.hashed, "hooksdir": hooks}
        words = [word for option, path in places.items() for word in (f"--{option}", str(path))]
        return self._store(".crt", (program, *words), config=str(config))

    def red_hat(self, text: str = "") -> SystemStore:
        return self._store(".pem", (self.script(text or self.extract), "extract"))

    def _store(self, extension: str, program: tuple[str, ...], *, config: str = "") -> SystemStore:
        journal = str(self.root / "journal.json")
        return SystemStore(str(self.directory), extension, program, str(self.bundle), journal, config)

    @property
    def extract(self) -> str:
        return f"cat /dev/null {self.directory}/* > {self.bundle}.tmp 2>/dev/null; mv {self.bundle}.tmp {self.bundle}"

    def script(self, text: str, name: str = "update-ca-trust") -> str:
        path = self.root / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
        path.chmod(0o755)
        return str(path)

    @property
    def told(self) -> list[str]:
        return [Path(line).name for line in (self.root / "told").read_text(encoding="ascii").split()]

    def look(self) -> dict[str, bytes]:
        """Of the directory."""
        return {path.name: path.read_bytes() for path in sorted(self.directory.iterdir())}
