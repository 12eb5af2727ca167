# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TXT values by a program of the operator's own: `PROGRAM present|clean_up NAME VALUE` on the controller."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from threading import Lock

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_records import TxtRecord
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, Kind
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable

_OUTPUT_LIMIT = 500
# EX_TEMPFAIL of sysexits.h: what will heal by itself.
_TEMPORARY = 75


@dataclass(frozen=True)
class DnsHook:
    """Ends with 0 when it is done, with 75 when trying later will do, else for good.

    One at a time: such a program often reads a set, changes it and writes it back.
    """

    program: str
    timeout: float = 60
    _alone: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def present(self, record: TxtRecord) -> None:
        self._run("present", record)

    def clean_up(self, record: TxtRecord) -> None:
        self._run("clean_up", record)

    def _run(self, verb: str, record: TxtRecord) -> None:
        """No shell, no terminal; output goes to an unlinked file, for what the program starts may hold a pipe open."""
        with self._alone, tempfile.TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    (self.program, verb, record.name, record.value),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    cwd="/",
                )
            except OSError as error:
                fact = f"cannot be started: {error.strerror}; name an executable file on the controller"
                raise self._fail("permanent", verb, record, fact) from None
            code = self._await(process)
            if code == 0:
                return
            said = _read_end(output.fileno())
        if code is None:
            fact = f"did not end within {self.timeout:g} s and was killed"
            fact = f"{fact}; mend it or raise `hook_timeout`. It said: {said}"
            raise self._fail("transient", verb, record, fact)
        kind: Kind = "transient" if code == _TEMPORARY else "permanent"
        raise self._fail(kind, verb, record, f"ended with {code}; run it by hand to see why. It said: {said}")

    def _await(self, process: subprocess.Popen[bytes]) -> int | None:
        try:
            return process.wait(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            # Also what a program left behind that was killed, or interrupted with us.
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _fail(self, kind: Kind, verb: str, record: TxtRecord, fact: str) -> AcmeProblem:
        return AcmeProblem(kind, "dns_hook_failed", f"The hook `{self.program} {verb} {record.name}` {fact}")


def _read_end(descriptor: int) -> str:
    """The end of what was printed, where programs say what went wrong; however much it was."""
    size = os.fstat(descriptor).st_size
    end = os.pread(descriptor, 4 * _OUTPUT_LIMIT, max(0, size - 4 * _OUTPUT_LIMIT)).decode("utf-8", "replace")
    return printable(" ".join(end.split()))[-_OUTPUT_LIMIT:] or "nothing"
