# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of services: a deadline for each, no shell, no terminal, no inherited descriptors."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass

_SYSTEM_PATHS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_OUTPUT_LIMIT = 2000
_DUMP_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True)
class CommandResult:
    """What a command said; `code` is 127 when it could not start and 124 when its deadline passed.

    Of what is longer than anything that a person reads only the beginning is kept, and `is_whole` says so.
    """

    argv: tuple[str, ...]
    code: int
    output: str
    is_whole: bool = True

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def summary(self) -> str:
        """One sentence for people: the command, its code and the end of what it printed."""
        text = self.output.strip()[-_OUTPUT_LIMIT:] or "it printed nothing"
        if not self.argv:
            return text
        return f"`{' '.join(self.argv)}` ended with {self.code}: {text}"


def run_command(argv: tuple[str, ...], *, deadline: float, umask: int = -1) -> CommandResult:
    """Run to the end or kill the whole group at the deadline.

    What it writes is for its owner alone, as everything of ours, unless a `umask` is given. The first word may name
    alternatives, as in `apachectl|httpd`. Output goes to an unlinked file, not a pipe: a service that a command starts
    would hold a pipe open for ever.
    """
    environment = _environment()
    argv = (*(_find_program(word, environment["PATH"]) for word in argv[:1]), *argv[1:])
    with tempfile.TemporaryFile() as output:
        try:
            # AnsibleModule.run_command has no deadline.
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
                cwd="/",
                umask=umask,
            )
        except OSError as error:
            return CommandResult(argv, 127, f"cannot start: {error.strerror}")
        code = _wait(process, deadline)
        output.seek(0)
        read = output.read(_DUMP_LIMIT + 1)
        text = read[:_DUMP_LIMIT].decode("utf-8", "replace")
    if code is None:
        return CommandResult(argv, 124, f"{text}\nit did not end within {deadline:g} s and was killed")
    return CommandResult(argv, code, text, is_whole=len(read) <= _DUMP_LIMIT)


def _wait(process: subprocess.Popen[bytes], deadline: float) -> int | None:
    try:
        return process.wait(timeout=deadline)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def _find_program(name: str, path: str) -> str:
    """Of alternatives the first that is there: distributions name one program differently."""
    names = name.split("|")
    return next((item for item in names if shutil.which(item, path=path)), names[0])


def _environment() -> dict[str, str]:
    """A remote login without root's profile has no sbin in its PATH; messages in the C locale."""
    return dict(os.environ, PATH=":".join(find_paths()), LC_ALL="C")


def find_paths() -> list[str]:
    """Where programs are looked for."""
    paths = [part for part in os.environ.get("PATH", "").split(":") if part]
    return [*paths, *(path for path in _SYSTEM_PATHS if path not in paths)]
