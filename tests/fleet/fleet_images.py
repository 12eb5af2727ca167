# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The images that hosts are made of, built once and kept in `.cache/fleet` until `build-image` changes."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

_BUILDER = Path(__file__).with_name("build-image")
_CACHE = Path(__file__).resolve().parents[2] / ".cache/fleet"
SUITES = ("bookworm", "trixie")
"""Debian 12 (Python 3.11, OpenSSL 3.0, nginx 1.22) and 13 (Python 3.13, OpenSSL 3.5, nginx 1.26)."""


def ensure_images(suites: tuple[str, ...]) -> list[Path]:
    """Their directories, in that order; what is missing is built, which takes about a minute each."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return [_ensure_image(suite) for suite in suites]


def _ensure_image(suite: str) -> Path:
    image = _CACHE / f"{suite}-{hashlib.sha256(_BUILDER.read_bytes()).hexdigest()[:12]}"
    if not image.exists():
        for old in _CACHE.glob(f"{suite}-*"):
            shutil.rmtree(old)
        print(f"Building the image of Debian {suite} …", file=sys.stderr, flush=True)
        subprocess.run([str(_BUILDER), suite, str(image)], check=True, stdin=subprocess.DEVNULL)
    return image
