# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""What the demo says, and what of a playbook's output says something."""

from __future__ import annotations

import json
import re
import textwrap

_DONE = re.compile(r"^(changed|progress|ok: \S+ => \(item|\S+ +: ok=)")


def show(output: str) -> None:
    """The lines of a run that say something: what was done, and the whole of why not, once."""
    told: set[str] = set()
    in_error = False
    for line in output.splitlines():
        in_error = (in_error or line.startswith("[ERROR]")) and not line.startswith(("Origin:", "fatal:", "failed:"))
        is_new = in_error and line.strip() and line not in told
        if _DONE.match(line) or is_new:
            print(textwrap.indent(textwrap.fill(line.replace("Task failed: Action failed: ", ""), 116), "  | "))
        told.add(line)


def show_reasons(output: str) -> None:
    """Of a run with -v: why the certificates of each task are not as they should be."""
    for text in re.findall(r"^(?:changed|ok): \S+ => (\{.*\})$", output, flags=re.MULTILINE):
        for reason in json.loads(text).get("reasons", ()):
            words = f"{reason['certificate']}: {reason['message']} ({reason['code']})"
            print(textwrap.indent(textwrap.fill(words, 116), "  | "))


def show_table(output: str) -> None:
    """The lines of the table that a playbook printed."""
    lines = re.findall(r'^ {8}"(.*?) *",?$', output, flags=re.MULTILINE)
    printed = re.search(
        r"^TASK \[[^\n]* : Show [^\n]*\n(.*?)\n(?:ok|changed): ", output, flags=re.MULTILINE | re.DOTALL
    )
    lines = printed[1].splitlines() if printed else lines
    print("\n".join(f"  | {line}" for line in lines))


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)
