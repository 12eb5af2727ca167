# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs and collections of others, each fetched once, and this collection as Galaxy hands it out."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def find_made(*command: str) -> Path:
    """What a tool prints where it has put something."""
    made = subprocess.run([ROOT / "tools" / command[0], *command[1:]], stdout=subprocess.PIPE, text=True, check=True)
    return Path(made.stdout.strip())


@pytest.fixture(scope="session")
def builder() -> Path:
    return find_made("venv", "builder") / "bin" / "ansible-builder"


@pytest.fixture(scope="session")
def built_collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with ansible_collections in it, in which only this one is."""
    place = tmp_path_factory.mktemp("galaxy")
    galaxy = Path(os.environ.get("CERTWRIGHT_ANSIBLE_BIN", Path(sys.executable).parent)) / "ansible-galaxy"
    subprocess.run([galaxy, "collection", "build", "--output-path", place, ROOT], check=True, capture_output=True)
    (tarball,) = place.glob("*.tar.gz")
    with tarfile.open(tarball) as archive:
        archive.extractall(place / "ansible_collections/certwright/tls", filter="data")
    return place


@pytest.fixture(scope="session")
def awx_collection() -> Path:
    return find_made("awx-collection")
