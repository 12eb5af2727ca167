# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret from where it is: a file of the controller, the option itself, or the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import PipelinedAction, read_file


def read_secret(
    action: PipelinedAction, subject: str, arguments: Mapping[str, Any], option: str, variable: str = ""
) -> str:
    """Empty when it is nowhere. A file wins over the option, both over the environment.

    One line end at its end is an editor's. Raises RefusedError (file_unreadable), whose subject is `subject`.
    """
    source = arguments.get(f"{option}_src")
    if source:
        try:
            text = read_file(action, str(source)).decode("utf-8", "surrogateescape")
        except TlsError as error:
            raise RefusedError.from_problems([Problem(subject, "file_unreadable", str(error))]) from None
    else:
        text = str(arguments.get(option) or (os.environ.get(variable) if variable else "") or "")
    return text.removesuffix("\n").removesuffix("\r")
