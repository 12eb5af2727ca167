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
    """Empty when it is nowhere. A file wins over the option, both over the environment, as read_variable() has it.

    One line end at its end is an editor's. Raises RefusedError (file_unreadable), whose subject is `subject`.
    """
    source = arguments.get(f"{option}_src")
    try:
        if source:
            text = read_file(action, str(source)).decode("utf-8", "surrogateescape")
        else:
            text = str(arguments.get(option) or (read_variable(action, variable) if variable else ""))
    except TlsError as error:
        raise RefusedError.from_problems([Problem(subject, "file_unreadable", str(error))]) from None
    return text.removesuffix("\n").removesuffix("\r")


def read_variable(action: PipelinedAction, variable: str) -> str:
    """What that variable of the controller's environment holds, else the file that VARIABLE_SRC names.

    Empty when it is in neither: AWX makes a file for each field of a credential, also for one that was left empty.
    Raises TlsError for a file that cannot be read.
    """
    text, source = os.environ.get(variable, ""), os.environ.get(f"{variable}_SRC", "")
    if text or not source:
        return text
    try:
        return read_file(action, source).decode("utf-8", "surrogateescape")
    except TlsError as error:
        raise TlsError(f"{variable}_SRC: {error}") from None
