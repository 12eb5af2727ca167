# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""prepare.py DIRECTORY TARBALL: the example's description with a base of this machine, and a project with material."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.certwright.tls.tests.unit.authority import ca

EXAMPLES = Path(__file__).parents[2] / "examples" / "awx"
BASE = "localhost/certwright-base:1"


def describe(tarball: str) -> dict[str, Any]:
    """As the example's README says it for a collection that is not on Galaxy; the base brings Python and pip."""
    described: dict[str, Any] = yaml.safe_load((EXAMPLES / "execution-environment.yml").read_text(encoding="utf-8"))
    described["images"]["base_image"]["name"] = BASE
    described["dependencies"]["python_interpreter"] = {"python_path": "/usr/bin/python3"}
    described["dependencies"]["galaxy"] = {"collections": [{"name": f"collections/{tarball}", "type": "file"}]}
    return described | {
        "additional_build_files": [{"src": tarball, "dest": "collections"}],
        "options": {"skip_pip_install": True},
    }


def write_project(place: Path) -> None:
    """The host is the container itself, which any user may write to below /tmp."""
    shutil.copytree(EXAMPLES / "project", place)
    life = {"not_before": datetime.now(timezone.utc) - timedelta(days=1), "not_after": datetime.now(timezone.utc)}
    life["not_after"] += timedelta(days=60)
    issued = ca(**life).issue("www.example.org", **life)
    for name, content in (("a.pem", issued.pem), ("a.key", issued.key_pem), ("ca.pem", issued.ca_pem)):
        (place / name).write_bytes(content)
        (place / name).chmod(0o644)
    material = {"certificate_src": "a.pem", "private_key_src": "a.key", "ca_src": "ca.pem"}
    host = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "/usr/bin/python3",
        "tls_store_path": "/tmp/store",
        "tls_system": {"external_url": "www.example.org", **material},
    }
    (place / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"here": host}}}), encoding="utf-8")


directory, tarball = Path(sys.argv[1]), Path(sys.argv[2])
shutil.rmtree(directory, ignore_errors=True)
directory.mkdir(parents=True)
shutil.copy(tarball, directory)
(directory / "execution-environment.yml").write_text(yaml.safe_dump(describe(tarball.name)), encoding="utf-8")
write_project(directory / "project")
