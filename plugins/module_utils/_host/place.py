# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The place of the store: where each family's confined services may read, never on a network file system."""

from __future__ import annotations

import os

from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError

DEFAULT_STORE = "/etc/ssl/certwright"
REDHAT_STORE = "/etc/pki/tls/certwright"
_REDHAT_FAMILY = {"rhel", "fedora", "centos"}
NETWORK_FILE_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "ceph",
    "lustre",
    "glusterfs",
    "beegfs",
    "9p",
    "ncpfs",
}


def find_store_path(declared: str | None) -> str:
    """The declared path, else the family's own.

    AppArmor's `ssl_keys` abstraction allows /etc/ssl/**; SELinux' policy labels /etc/pki/tls cert_t by default.
    """
    if not declared:
        return REDHAT_STORE if _REDHAT_FAMILY & _os_words() else DEFAULT_STORE
    path = os.path.normpath(os.path.expandvars(os.path.expanduser(declared)))
    if not os.path.isabs(path):
        raise HostError(f"The store {declared} is not an absolute path on the host; set `store_path` to one")
    return path


def _os_words(path: str = "/etc/os-release") -> set[str]:
    words: set[str] = set()
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                key, _equals, value = line.strip().partition("=")
                if key in ("ID", "ID_LIKE"):
                    words.update(value.strip("\"'").lower().split())
    except OSError:
        return set()
    return words


def require_local(path: str, *, mounts: str = "/proc/self/mounts") -> None:
    """Two hosts on one network file system would own one store, and locks do not hold there."""
    file_system, mount_point = _file_system_of(os.path.realpath(path), mounts)
    if file_system in NETWORK_FILE_SYSTEMS or file_system.startswith("fuse."):
        raise HostError(
            f"The store {path} is on the network file system {mount_point} ({file_system}); "
            "set `store_path` to a directory on a local one"
        )


def _file_system_of(path: str, mounts: str) -> tuple[str, str]:
    best = ("", "")
    try:
        with open(mounts, encoding="utf-8", errors="replace") as file:
            rows = [line.split() for line in file]
    except OSError:
        return best
    for row in rows:
        if len(row) < 3:
            continue
        point = row[1].replace("\\040", " ")
        if (path == point or path.startswith(point.rstrip("/") + "/")) and len(point) >= len(best[1]):
            best = (row[2], point)
    return best
