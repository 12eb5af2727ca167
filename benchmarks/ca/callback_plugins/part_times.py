# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""How long the parts of an internal_ca_cert take where they really run: in the worker that Ansible forks for a task."""

from __future__ import annotations

import functools
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: part_times
type: notification
short_description: Write how long the parts of a batch took to a file
description:
  - One JSON object, in the file that E(CERTWRIGHT_PART_TIMES) names.
requirements: []
"""
PLACE = "ansible_collections.certwright.tls.plugins.plugin_utils."
LAST = "report"
PARTS = (
    ("arguments", "_arguments", "read_elements"),
    ("requests", "_requested_keys", "read_requested"),
    ("first execution", "_remote.Host", "read_ca"),
    ("passphrase (scrypt)", "_signing", "open_key_of"),
    ("signing", "_signing", "sign"),
    ("proof", "_signing", "find_wish_problems"),
    ("proof", "_signing", "require_proved"),
    ("second execution", "_remote.Host", "append_ca"),
    (LAST, "_signing_report", "report_batch"),
)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "part_times"

    def v2_playbook_on_start(self, playbook: Any) -> None:  # noqa: ARG002
        """Before the action is loaded, which takes these functions by their names."""
        self.taken: dict[str, float] = defaultdict(float)
        for part, place, name in PARTS:
            file, *classes = place.split(".")
            holder: Any = import_module(PLACE + file)
            for each in classes:
                holder = getattr(holder, each)
            setattr(holder, name, self._timing(part, getattr(holder, name)))

    def _timing(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*words: Any, **named: Any) -> Any:
            started = time.monotonic()
            try:
                return function(*words, **named)
            finally:
                self.taken[part] += time.monotonic() - started
                if part == LAST:
                    Path(os.environ["CERTWRIGHT_PART_TIMES"]).write_text(json.dumps(self.taken), encoding="utf-8")

        return timed
