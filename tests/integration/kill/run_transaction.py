# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs transactions in processes of their own, and kills one with SIGKILL at a stated call to the operating system.

The production code knows nothing of this: the functions of `os` and `subprocess` that change something are wrapped
here, in the process that is to be killed. Tasks come in as lines of JSON, one reply goes out for each; every task runs
in a child of this process, which has imported everything already.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import Any

from ansible_collections.certwright.tls.plugins.module_utils._host.files import no_label
from ansible_collections.certwright.tls.plugins.module_utils._host.observation import observe
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Request
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store
from ansible_collections.certwright.tls.plugins.module_utils._host.transaction import apply

MARK = "CERTWRIGHT_KILL_MARK"
CHANGING = (
    *("write", "pwrite", "fsync", "fchmod", "fchown", "chmod", "chown", "ftruncate", "truncate", "rename", "replace"),
    *("symlink", "link", "unlink", "remove", "mkdir", "rmdir"),
)
ROUNDS = 3


class FaultPoints:
    """Counts every call that changes something, and ends this process before, after or in the middle of one of them."""

    def __init__(self, point: int = 0, when: str = "") -> None:
        self.point, self.when = point, when
        self.seen: list[str] = []

    def wrap_all(self) -> None:
        for name in CHANGING:
            setattr(os, name, self._wrap(name, getattr(os, name)))
        os.open = self._wrap_open(os.open)  # type: ignore[assignment]
        subprocess.Popen = self._wrap("Popen", subprocess.Popen)  # type: ignore[assignment,misc]

    def _wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function, updated=())
        def counted(*args: Any, **options: Any) -> Any:
            return self._call(name, function, args, options)

        return counted

    def _wrap_open(self, function: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(function)
        def counted(path: Any, flags: int, *args: Any, **options: Any) -> int:
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and path != os.devnull:
                return int(self._call("open", function, (path, flags, *args), options))
            return function(path, flags, *args, **options)

        return counted

    def _call(self, name: str, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        self.seen.append(f"{name} {_describe(args)}")
        number = len(self.seen)
        self._end_here(number, "before")
        if number == self.point and self.when == "within":
            function(args[0], bytes(args[1])[: len(args[1]) // 2])
            self._end_here(number, "within")
        result = function(*args, **options)
        self._end_here(number, "after")
        return result

    def _end_here(self, number: int, when: str) -> None:
        if (number, when) == (self.point, self.when):
            os.kill(os.getpid(), signal.SIGKILL)


def _describe(args: tuple[Any, ...]) -> str:
    """Paths and commands; never what is written."""
    first = args[0] if args else ""
    if isinstance(first, int) and os.path.exists(f"/proc/self/fd/{first}"):
        first = os.readlink(f"/proc/self/fd/{first}")
    words = [first, *args[1:2]] if args[1:2] and isinstance(args[1], str) else [first]
    return " ".join(" ".join(word) if isinstance(word, (tuple, list)) else str(word) for word in words)


def converge(task: dict[str, Any]) -> list[dict[str, Any]]:
    """What an action does: observe, plan, apply, and again when the host changed underneath."""
    store, ended = Store(task["store"]), []
    for _round in range(ROUNDS):
        found = observe(store, _request(task, "observe", {}))
        step = plan(task, found)
        if step is None:
            return ended
        answer = apply(store, _request(task, "apply", step), label=no_label)
        ended.extend(answer["outcomes"])
        if not answer["changed_underneath"]:
            return ended
    raise AssertionError("changed underneath in every round")


def _request(task: dict[str, Any], action: str, step: dict[str, Any]) -> Request:
    wanted = {"name": task["name"], "services": task["services"], **step}
    return Request.from_json(
        {"action": action, "certificates": [wanted], "store": task["store"], "run": "kill", "limits": task["limits"]}
    )


def plan(task: dict[str, Any], found: dict[str, Any]) -> dict[str, Any] | None:
    """A stand-in for the controller's decision, in its words; None when there is nothing to do."""
    seen, fingerprint = found["certificates"][task["name"]], task["record"]["fingerprint"]
    step: dict[str, Any] = {"expect": seen["digest"], "put_back": task["put_back"], "activate": task["activate"]}
    waiting = _is_wanted(seen["pending"], fingerprint)
    number = seen["pending"]["generation"] if waiting else None
    if _is_wanted(seen["live"], fingerprint) and all(path["state"] == "ours" for path in seen["paths"]):
        lacking = task["activate"] and not _is_served(task, found, fingerprint)
        step.update(generation=seen["live"]["generation"] if lacking else None, activate=lacking)
        number = None
    elif waiting:
        step.update(generation=number)
    else:
        step.update(material=task["material"], record=task["record"])
    step["discard"] = [stored for stored in seen["stored"] if stored != number]
    settled = not step.get("material") and (step.get("generation") is None or not step["activate"])
    return None if settled and not step["discard"] and found["journal"] is None else step


def _is_wanted(generation: dict[str, Any] | None, fingerprint: str) -> bool:
    return generation is not None and not generation["drift"] and generation["record"]["fingerprint"] == fingerprint


def _is_served(task: dict[str, Any], found: dict[str, Any], fingerprint: str) -> bool:
    services = found["services"][task["name"]].values()
    return all(probe["fingerprint"] == fingerprint for service in services for probe in service["probes"])


def perform(task: dict[str, Any]) -> dict[str, Any]:
    points = FaultPoints(task.get("point", 0), task.get("when", ""))
    points.wrap_all()
    try:
        return {"outcomes": converge(task), "points": points.seen}
    except Exception:  # noqa: BLE001  told to the test, whatever it is
        return {"error": traceback.format_exc(), "points": points.seen}


def run_in_child(task: dict[str, Any]) -> dict[str, Any]:
    """The child's answer, or the signal that ended it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.umask(0o077)
        answer = perform(task)
        with open(writing, "w", encoding="utf-8") as pipe:
            json.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        text = pipe.read()
    _pid, status = os.waitpid(child, 0)
    return {"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else dict(json.loads(text))


def main() -> None:
    os.environ[MARK] = str(os.getpid())  # inherited by commands only, so that those that outlive us can be found
    tempfile.gettempdir()  # tries the directory once by writing into it
    for line in sys.stdin:
        print(json.dumps(run_in_child(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
