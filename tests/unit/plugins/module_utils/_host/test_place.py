# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host import place
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("ID=debian\n", "/etc/ssl/certwright"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "/etc/ssl/certwright"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "/etc/pki/tls/certwright"),
        ("NAME=Fedora\nID=fedora\n", "/etc/pki/tls/certwright"),
        ("", "/etc/ssl/certwright"),
    ],
    ids=["Debian", "SUSE", "Rocky", "Fedora", "empty"],
)
def test_each_family_has_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: str, expected: str
) -> None:
    (tmp_path / "os-release").write_text(release, encoding="utf-8")
    words = place._os_words
    monkeypatch.setattr(place, "_os_words", lambda: words(str(tmp_path / "os-release")))
    assert place.find_store_path(None) == expected


def test_a_host_that_does_not_say_its_family_gets_the_common_place(tmp_path: Path) -> None:
    assert place._os_words(str(tmp_path / "none")) == set()


def test_a_declared_place_is_expanded_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("WHERE", "here")
    assert place.find_store_path("~/$WHERE/../store/") == "/home/someone/store"


def test_a_relative_place_is_refused() -> None:
    with pytest.raises(HostError, match="store is not an absolute path on the host; set `store_path`"):
        place.find_store_path("store")


MOUNTS = """/dev/sda1 / ext4 rw 0 0
server:/x /srv nfs4 rw 0 0
/dev/sdb1 /srv/local xfs rw 0 0
s3 /mnt/my\\040bucket fuse.s3fs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "refused"),
    [
        ("/etc/ssl/certwright", ""),
        ("/srv/certwright", "/srv (nfs4)"),
        ("/srvother", ""),
        ("/srv/local/certwright", ""),
        ("/mnt/my bucket/certwright", "/mnt/my bucket (fuse.s3fs)"),
    ],
)
def test_a_store_on_a_network_file_system_is_refused(tmp_path: Path, path: str, refused: str) -> None:
    (tmp_path / "mounts").write_text(MOUNTS, encoding="utf-8")
    message = ""
    try:
        place.require_local(path, mounts=str(tmp_path / "mounts"))
    except HostError as error:
        message = str(error)
    assert (refused in message) if refused else not message


def test_a_link_to_a_network_file_system_is_followed(tmp_path: Path) -> None:
    (tmp_path / "nfs").mkdir()
    os.symlink(tmp_path / "nfs", tmp_path / "store")
    (tmp_path / "mounts").write_text(f"a:/x {tmp_path}/nfs nfs rw 0 0\n", encoding="utf-8")
    with pytest.raises(HostError, match="network file system"):
        place.require_local(str(tmp_path / "store"), mounts=str(tmp_path / "mounts"))


def test_a_host_without_proc_is_trusted(tmp_path: Path) -> None:
    place.require_local("/etc/ssl", mounts=str(tmp_path / "none"))
