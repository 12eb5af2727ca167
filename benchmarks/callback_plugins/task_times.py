# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The wall time of every task, from its start on the controller to its result there, one JSON object a line."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: task_times
type: notification
short_description: Write how long every task took to a file
description:
  - One JSON object a line, in the file that E(CERTWRIGHT_TASK_TIMES) names.
requirements: []
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "task_times"

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002
        self.started = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        ended = time.monotonic()
        answer = json.loads(result._result.get("answer") or "{}")  # noqa: SLF001  private by name only
        name = result._task.get_name()  # noqa: SLF001
        line = {"name": name, "seconds": ended - self.started, "answer": answer}
        with open(os.environ["CERTWRIGHT_TASK_TIMES"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
