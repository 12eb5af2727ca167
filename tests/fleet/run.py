# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""run.py with N [--suites bookworm,trixie] -- COMMAND…: a fleet, the command on its controller, and its end.

Below that command, of the fleet that it is in:

    run.py cut|join|kill|boot|reset HOST…    its cable, its power, its disk
    run.py sh HOST COMMAND…                  as root on the host, without ssh
    run.py obstacle                          why no fleet can be had here; nothing where it can
    run.py build                             the images, where they are missing
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from argparse import REMAINDER, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from fleet import Fleet, FleetFailed, find_obstacle, tell
from fleet_images import SUITES, ensure_images
from fleet_layout import Layout


def read_words() -> Namespace:
    parser = ArgumentParser(prog="run.py", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    words = parser.add_subparsers(dest="word", required=True)
    bring_up = words.add_parser("with")
    bring_up.add_argument("count", type=int)
    bring_up.add_argument("--suites", default=",".join(SUITES))
    bring_up.add_argument("command", nargs=REMAINDER)
    for word in ("cut", "join", "kill", "boot", "reset"):
        words.add_parser(word).add_argument("hosts", nargs="+")
    shell = words.add_parser("sh")
    shell.add_argument("host")
    shell.add_argument("command", nargs=REMAINDER)
    words.add_parser("obstacle")
    words.add_parser("build")
    return parser.parse_args()


def without_dashes(command: list[str]) -> list[str]:
    """The two that may stand before a command."""
    return command[1:] if command[:1] == ["--"] else command


def run_with(words: Namespace) -> int:
    with Fleet(words.count, suites=tuple(words.suites.split(","))) as fleet:
        command = without_dashes(words.command) or [os.environ.get("SHELL", "/bin/sh")]
        return subprocess.run(fleet.words(*command), check=False, env=os.environ | fleet.environment).returncode


def this_fleet() -> Layout:
    if "CERTWRIGHT_FLEET" not in os.environ:
        raise FleetFailed("CERTWRIGHT_FLEET is not set; run this below: run.py with N -- COMMAND")
    return Layout.load(Path(os.environ["CERTWRIGHT_FLEET"]))


def main() -> int | str | None:
    words = read_words()
    # Whoever ends this process ends the fleet with it.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    try:
        if words.word == "obstacle":
            return find_obstacle()
        if words.word == "build":
            ensure_images(SUITES)
            return None
        if words.word == "with":
            return run_with(words)
        if words.word == "sh":
            (leader,) = tell(this_fleet(), "leader", words.host)
            enter = ["nsenter", "--target", str(leader), "--all", "--"]
            os.execvp(enter[0], [*enter, *without_dashes(words.command)])
        tell(this_fleet(), words.word, *words.hosts)
    except FleetFailed as error:
        return str(error)
    return None


sys.exit(main())
