# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Task arguments, read once: every error together, deprecations and alias warnings forwarded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import TlsError


class ArgumentError(TlsError):
    """Arguments that the specification refuses; the message holds all of its errors."""


def _describe(error: Exception) -> str:
    """Ansible's text of an unknown option begins with its name only."""
    unknown = isinstance(error, UnsupportedError)
    return f"Unsupported parameter: {error}" if unknown else str(error)


def read_arguments(
    given: dict[str, Any], *, spec: dict[str, Any], constraints: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The arguments with defaults and environment fallbacks, and warnings. Raises ArgumentError with every error.

    ActionBase.validate_argument_spec reports one error only, and drops deprecations.
    """
    answered = {name: value for name, value in given.items() if not _is_unanswered(value, spec.get(name) or {})}
    result = ArgumentSpecValidator(spec, **constraints).validate(answered)
    if result.error_messages:
        raise ArgumentError("\n".join(_describe(error) for error in result.errors))
    doubled = [f"The option {item['option']} is given by its alias {item['alias']} too" for item in result._warnings]
    return dict(result.validated_parameters), [*(str(item["msg"]) for item in result._deprecations), *doubled]


def _is_unanswered(value: object, words: Mapping[str, Any]) -> bool:
    """A survey may hand an answer that was left empty over as an empty text, which is no number, switch or choice.

    Where any text will do it stays: an empty file of material is a fault to be told.
    """
    return value == "" and ("choices" in words or words.get("type", "str") in _NO_TEXTS)


_NO_TEXTS = ("bool", "int", "float", "list", "dict")


def read_elements(
    given: object, *, option: str, key: str, spec: dict[str, Any], constraints: dict[str, Any]
) -> list[dict[str, Any]]:
    """Each element of a list of mappings with its defaults. Raises ArgumentError with every error and its element."""
    if not isinstance(given, (list, tuple)):
        hint = "; it is text, so add `| from_json`" if isinstance(given, str) else ""
        raise ArgumentError(f"{option} must be a list of mappings, such as [{{{key}: example.org}}]{hint}")
    validator = ArgumentSpecValidator(spec, **constraints)
    errors: list[str] = []
    read = []
    for index, element in enumerate(given):
        if not isinstance(element, Mapping):
            errors.append(f"{option}[{index}] must be a mapping, such as {{{key}: example.org}}")
            continue
        result = validator.validate({str(word): value for word, value in element.items()})
        where = f"{option}[{index}] ({element[key]})" if key in element else f"{option}[{index}]"
        errors.extend(f"{where}: {_describe(error)}" for error in result.errors)
        read.append(dict(result.validated_parameters))
    if errors:
        raise ArgumentError("\n".join(errors))
    return read
