# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `openssl` program of the host, for what Python cannot open. All that is secret goes through pipes only."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field

DEADLINE = 10.0
# It reads one line of at most 1023 bytes; more than a pipe holds would block us.
_PASSPHRASE_BYTES = 4096


@dataclass(frozen=True)
class Answer:
    """What the program said, which may be a key; `code` is 127 when it could not start, 124 after its deadline."""

    code: int
    output: bytes = field(default=b"", repr=False)


def has_openssl() -> bool:
    return shutil.which("openssl") is not None


def run_openssl(
    arguments: tuple[str, ...],
    *,
    content: bytes = b"",
    passphrase: str | None = None,
    option: str = "-passin",
    deadline: float = DEADLINE,
) -> Answer:
    """`content` is what it reads, the passphrase never stands in its arguments, its environment or a file.

    `option` is what takes the passphrase: of what is read, or (`-passout`) of what is written.
    """
    if passphrase is None:
        return _run(arguments, content=content, deadline=deadline)
    reading, writing = os.pipe()
    try:
        with open(writing, "wb") as pipe:
            pipe.write(passphrase.encode("utf-8", "surrogateescape")[:_PASSPHRASE_BYTES] + b"\n")
        words = (*arguments, option, f"fd:{reading}")
        return _run(words, content=content, deadline=deadline, descriptors=(reading,))
    finally:
        os.close(reading)


def _run(arguments: tuple[str, ...], *, content: bytes, deadline: float, descriptors: tuple[int, ...] = ()) -> Answer:
    try:
        # AnsibleModule.run_command has no deadline.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            ("openssl", *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=descriptors,
            start_new_session=True,
            env=dict(os.environ, LC_ALL="C"),
            cwd="/",
        )
    except OSError:
        return Answer(127)
    return _await(process, content, deadline)


def _await(process: subprocess.Popen[bytes], content: bytes, deadline: float) -> Answer:
    with process:
        try:
            output, _errors = process.communicate(content, timeout=deadline)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            return Answer(124)
    return Answer(process.returncode, output)
