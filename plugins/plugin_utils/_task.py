# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every action of this collection does around its own work: arguments in, the one translation of errors out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import ArgumentError, read_arguments
from ansible_collections.certwright.tls.plugins.plugin_utils._core.dependencies import require_libraries
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError, TlsError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.report import explain, report_problems
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import OPT_OUT, Host, PipelinedAction
from ansible_collections.certwright.tls.plugins.plugin_utils._run_name import find_run_name

# Of the modules that have them: how the host calls them.
_LIMITS: Mapping[str, tuple[str, Callable[[Any], float]]] = {
    "probe_timeout": ("probe", float),
    "keep_generations": ("keep_generations", int),
}


class TlsAction(PipelinedAction):
    """A module's controller side: subclasses give SPEC, CONSTRAINTS and `keep`."""

    _supports_async = False
    _supports_check_mode = True
    _requires_connection = True
    SPEC: dict[str, Any] = {}
    CONSTRAINTS: dict[str, Any] = {}

    def keep(self, arguments: dict[str, Any], host: Host, *, check_mode: bool) -> dict[str, Any]:
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._task_vars = task_vars or {}
        try:
            require_libraries()
            _require_own_variables(self._task_vars)
            arguments, warnings = read_arguments(
                _to_plain(self._task.args), spec=self.SPEC, constraints=self.CONSTRAINTS
            )
            result.update(self.keep(arguments, self._host(arguments), check_mode=bool(self._task.check_mode)))
            result["warnings"] = [*warnings, *self._pipelining_warning(), *result.get("warnings", [])]
        except RefusedError as error:
            result.update(changed=False, **report_problems(error.problems))
        except TlsError as error:
            result.update(changed=False, failed=True, msg=explain(error))
        return result

    def _host(self, arguments: dict[str, Any]) -> Host:
        _require_ranges(arguments)
        limits = {word: kind(arguments[option]) for option, (word, kind) in _LIMITS.items() if option in arguments}
        store = arguments.get("store_path")
        return Host(
            action=self,
            task_vars=self._task_vars or {},
            store=str(store) if store else None,
            run=find_run_name(self._task_vars),
            limits=limits,
        )

    def _pipelining_warning(self) -> list[str]:
        if self._connection.transport == "local" or self._is_pipelining_enabled("new"):
            return []
        why = f"{OPT_OUT} is off" if self._pipelining_refused() else "this connection cannot be pipelined"
        return [f"{why}: private keys may stay in temporary files of the host when a run is interrupted"]


def _require_own_variables(task_vars: Mapping[str, Any]) -> None:
    """What a host tells of itself wins over what an inventory says of it, and no host declares its own certificates."""
    told = sorted(str(word) for word in task_vars.get("ansible_facts") or {} if str(word).startswith("tls_"))
    if told:
        fact = f"the facts of this host hold {', '.join(told)}, which would take the place of the inventory's variables"
        raise ArgumentError(f"{fact}; find out who put them there, and clear the fact cache (variable_from_host)")


def _to_plain(value: Any) -> Any:
    """Plain containers and texts: those of ansible-core take ten times as long to copy, as all arguments are."""
    if isinstance(value, Mapping):
        return {key: _to_plain(item) for key, item in value.items()}
    if isinstance(value, str):
        return str(value)
    return [_to_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _require_ranges(arguments: dict[str, Any]) -> None:
    """A deadline of nothing would put back every change."""
    for option, least in (("probe_timeout", 1), ("keep_generations", 0)):
        if int(arguments.get(option, least)) < least:
            raise ArgumentError(f"{option} is {arguments[option]}; it must be {least} or more")
