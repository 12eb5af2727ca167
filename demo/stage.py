# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""One directory with everything of a demonstration, playbooks run in it, and what was not as it should be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from serving import HOST, describe_file, describe_served
from terminal import show
from web_servers import HERE, find_server


class Stage:
    """What both acts play on."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.server = find_server(work)
        self.failures: list[str] = []
        self.scenes = 0

    def install_collection(self, tarball: Path) -> None:
        command = ["ansible-galaxy", "collection", "install", str(tarball), "-p", str(self.work / "collections")]
        ended = subprocess.run(command, env=self.env, text=True, capture_output=True, check=False)
        if ended.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{ended.stdout}{ended.stderr}")

    def play(self, scenes: Iterable[Callable[[], None]]) -> None:
        """Until one is not as it should be."""
        for scene in scenes:
            scene()
            if self.failures:
                return

    def announce(self, text: str) -> None:
        self.scenes += 1
        print(f"\n== {self.scenes}. {text}", flush=True)

    def write_inventory(self, template: str, **values: object) -> None:
        """Of one of the templates beside this file, with the words that each of them has and these."""
        text = (HERE / template).read_text(encoding="utf-8")
        common = {"WORK": self.work, "PYTHON": sys.executable}
        common |= {"SERVICE": self.server.words, "CLIENTS": self.server.client_words}
        for word, value in {**common, **values}.items():
            text = text.replace(f"@{word}@", str(value))
        (self.work / "inventory.yml").write_text(text, encoding="utf-8")

    @property
    def env(self) -> dict[str, str]:
        return dict(
            os.environ,
            HOME=str(self.work),
            ANSIBLE_HOME=str(self.work / "ansible"),
            ANSIBLE_COLLECTIONS_PATH=str(self.work / "collections"),
            ANSIBLE_REMOTE_TMP=str(self.work / "ansible" / "tmp"),
            ANSIBLE_LOCALHOST_WARNING="false",
            ANSIBLE_NOCOLOR="1",
        )

    def play_book(self, name: str, *options: str, tell: Callable[[str], None] = show) -> tuple[int, str]:
        """One of the collection's own by its short name, or a file."""
        playbook = name if name.endswith(".yml") else f"certwright.tls.{name}"
        command = ["ansible-playbook", "-i", "inventory.yml", playbook, *options]
        print(f"  $ {' '.join(command)}", flush=True)
        ended = subprocess.run(command, env=self.env, cwd=self.work, text=True, capture_output=True, check=False)
        tell(ended.stdout + ended.stderr)
        return ended.returncode, ended.stdout + ended.stderr

    def expect(self, ended: tuple[int, str], *, code: int, words: list[str]) -> None:
        found, output = ended
        missing = [word for word in words if word not in output]
        if found != code or missing:
            self.failures.append(f"exit status {found} instead of {code}, without {missing}:\n{output}")

    def require(self, is_so: bool, wanted: str) -> None:
        if not is_so:
            self.failures.append(f"not so: {wanted}")

    def expect_served(self, file: Path, words: str, *, name: str = HOST) -> None:
        served = describe_served(self.server.port, name)
        print(f"  after:  {served}  <- {words}")
        if served != describe_file(file):
            self.failures.append(f"port {self.server.port} serves {served} to {name}, not {file}")

    def expect_nothing_left(self, certificate: str) -> None:
        found = [path for path in (self.work / "store").rglob("*") if certificate in path.name]
        left = [str(path) for path in found if path.parent.name != "removed"]
        print(f"  after:  {left or 'nothing'} is left of it in the store but a note of when it went")
        if left:
            self.failures.append(f"of {certificate} there is still {left}")
