# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The main job on this machine: a real server, a real CA, the built collection, and what happens when something fails.

Everything lives in one directory, which is removed at the end unless DEMO_KEEP is set. No root, no port below 1024.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from authorities import open_authorities
from internal import Internal
from ordered import Ordered
from processes import ProgramMissing
from stage import Stage
from supplied import Supplied
from terminal import say
from visits import has_curl


def main() -> int:
    tarball = os.environ.get("CERTWRIGHT_COLLECTION", "")
    if not tarball:
        print("CERTWRIGHT_COLLECTION names no collection tarball; run `make demo`")
        return 1
    for name in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(name, end_by_signal)
    work = Path(tempfile.mkdtemp(prefix="demo-", dir=os.environ.get("DEMO_DIR")))
    try:
        return play(Stage(work), Path(tarball))
    finally:
        if not os.environ.get("DEMO_KEEP"):
            shutil.rmtree(work)


def end_by_signal(number: int, _frame: object) -> None:
    """A closed terminal ends the demo as its end does: the servers stop, the directory goes."""
    raise SystemExit(128 + number)


def play(stage: Stage, tarball: Path) -> int:
    started = time.monotonic()
    stage.install_collection(tarball)
    with stage.server.running():
        left_out = [act(stage) for act in (play_supplied, play_ordered, play_internal) if not stage.failures]
    if stage.failures:
        say("NOT as it should be:")
        print("\n".join(f"  - {failure}" for failure in stage.failures))
        return 1
    seconds = time.monotonic() - started
    say(f"All {stage.scenes} as they should be, in {seconds:.0f} s. Nothing of it is left on this machine")
    for what in filter(None, left_out):
        tell_left_out(what)
    return 0


def tell_left_out(what: str) -> None:
    """Here, and where `make test` collects it."""
    print(f"left out: {what}")
    if "DEMO_LEFT_OUT" in os.environ:
        with Path(os.environ["DEMO_LEFT_OUT"]).open("a", encoding="utf-8") as file:
            file.write(f"{what}\n")


def play_supplied(stage: Stage) -> str:
    """As the acts after it, what could not be shown here, and why."""
    say("A small CA and certificates for three names, made with openssl")
    supplied = Supplied(stage)
    supplied.prepare()
    say(f"A real TLS server on 127.0.0.1:{stage.server.port}: {stage.server.title}")
    stage.play(supplied.scenes())
    return ""


def play_ordered(stage: Stage) -> str:
    try:
        with open_authorities(stage.work, stage.server.http_port) as authorities:
            say(f"A real ACME server on 127.0.0.1:{authorities.lasting.port}: {authorities.title}")
            stage.play(Ordered(stage, authorities).scenes())
            return "" if authorities.validates else "an order that fails for a name; it takes pebble"
    except ProgramMissing as missing:
        return f"everything that is ordered. {missing}"


def play_internal(stage: Stage) -> str:
    if not has_curl():
        return "everything of a CA of one's own. The program curl is not here; install it"
    say("The office has a CA of its own, in a directory of the host ca01, which is this machine too")
    stage.play(Internal(stage).scenes())
    return ""


if __name__ == "__main__":
    sys.exit(main())
