# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a single word of a declaration may be: each is read by its kind, and says what it wants instead."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address

_SERVICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")
_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")
_MODE = re.compile(r"0?[0-7]{3}\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class WordError(ValueError):
    """What a word wants, as the end of the sentence "`port` must be …"."""

    code = "service_invalid"


def read_text(value: object) -> str:
    text = str(value)
    if isinstance(value, (str, int)) and not isinstance(value, bool) and text.strip() and text.isprintable():
        return text
    raise WordError("must be a text")


def read_unit(value: object) -> str:
    """Empty for a service that no unit runs."""
    return "" if value in (None, "") else read_text(value)


def read_service_name(value: object) -> str:
    text = read_text(value)
    if _SERVICE_NAME.match(text):
        return text
    raise WordError(f"must be letters, digits, `_` and `-`, for it names a directory; `{text}` is not")


def read_instance(value: object) -> str:
    """What stands behind the `@` of a unit, and in the names of directories."""
    text = read_text(value)
    if _INSTANCE.match(text):
        return text
    raise WordError(f"must be letters, digits, `.`, `_` and `-`, as in 15-main; `{text}` is not")


def read_path(value: object) -> str:
    text = read_text(value)
    if text.startswith("/") and ".." not in text.split("/"):
        return text
    raise WordError(f"must be an absolute path on the host; `{text}` is not")


def read_http_path(value: object) -> str:
    text = read_text(value)
    if text.startswith("/") and text.isascii() and " " not in text:
        return text
    raise WordError(f"must be the path of a URL, as in /health; `{text}` is not")


def read_mode(value: object) -> str:
    """Four octal digits as a text; YAML turns an unquoted 0600 into the number 384."""
    text = str(value) if isinstance(value, str) else ""
    if _MODE.match(text):
        return text.rjust(4, "0")
    raise WordError(f"must be octal digits in quotes, as in '0640'; `{value}` is not")


def read_flag(value: object) -> bool:
    if str(value).lower() in _TRUE:
        return True
    if str(value).lower() in _FALSE:
        return False
    raise WordError(f"must be true or false; `{value}` is neither")


def read_port(value: object) -> int:
    text = str(value)
    if _PORT.match(text) and 0 < int(text) < 65536:
        return int(text)
    raise WordError(f"must be a port from 1 to 65535; `{text}` is not")


def read_list(value: object) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    raise WordError("must be a list")


def read_mapping(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(word): said for word, said in value.items()}
    raise WordError("must be a mapping of words")


def read_ports(value: object) -> tuple[int, ...]:
    return tuple(read_port(item) for item in read_list(value))


def read_texts(value: object) -> tuple[str, ...]:
    return tuple(read_text(item) for item in read_list(value))


def read_probe_names(value: object) -> tuple[str, ...]:
    names = read_texts(value)
    if not names:
        raise WordError("must name at least one; `ports: []` probes nothing")
    return names


def read_command(value: object) -> tuple[str, ...]:
    """A list of words, or one line that is split as a shell would; there is no shell, so no pipes and no variables."""
    words = _split(value) if isinstance(value, str) else read_texts(value)
    if not words:
        raise WordError("must be a command; it is empty")
    return words


def _split(line: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(line))
    except ValueError as error:
        raise WordError(f"must be a command; its quotes do not close ({error})") from None


def read_address(value: object) -> str:
    """Never a name: to look one up has no time bound, and may find another host."""
    if is_address(str(value)):
        return str(value)
    raise WordError(f"must be an IP address of the host; `{value}` is not")
