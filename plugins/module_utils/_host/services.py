# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service as the host sees it: is it up, does its configuration hold, and how it takes new files."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

from ansible_collections.certwright.tls.plugins.module_utils._host.commands import (
    CommandResult,
    find_paths,
    run_command,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.files import read_optional
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Limits, Service

_SYSTEMD = "/run/systemd/system"
_ALTERNATIVES = "|"
# What others read is written as by their own hand.
_USUAL = 0o022
_UP = ("active", "reloading", "activating")


@dataclass(frozen=True)
class ServiceState:
    """Whether it is up, and which start of it that is (empty when that cannot be told)."""

    running: bool
    start: str = ""


def observe_state(service: Service, limits: Limits) -> ServiceState:
    """By systemd where it runs and knows the unit, else by the service's own process file or status command.

    A service that offers neither is taken to be up: its probes tell.
    """
    if service.unit and os.path.isdir(_SYSTEMD):
        return _unit_state(find_unit(service.unit, limits), limits)
    if service.pid_file:
        return _process_state(_find_pid_file(service.pid_file))
    if service.status:
        return ServiceState(run_command(service.status, deadline=limits.check).ok)
    return ServiceState(True)


def find_unit(unit: str, limits: Limits) -> str:
    """Of alternatives the first that is up, else the first that systemd knows: distributions name units differently.

    What is made of a template is known whatever its name is.
    """
    names = unit.split(_ALTERNATIVES)
    if len(names) == 1:
        return unit
    shown = {name: _show(name, "ActiveState,LoadState", limits) for name in names}
    up = [name for name in names if shown[name].get("ActiveState") in _UP]
    known = [name for name in names if shown[name].get("LoadState", "not-found") != "not-found"]
    return (up or known or names)[0]


def _show(unit: str, properties: str, limits: Limits) -> dict[str, str]:
    shown = run_command(("systemctl", "show", "-p", properties, "--", unit), deadline=limits.check)
    return dict(line.partition("=")[::2] for line in shown.output.splitlines())


def _find_pid_file(pid_file: str) -> str:
    names = pid_file.split(_ALTERNATIVES)
    return next((name for name in names if os.path.exists(name)), names[0])


def _unit_state(unit: str, limits: Limits) -> ServiceState:
    values = _show(unit, "ActiveState,MainPID,ExecMainStartTimestampMonotonic", limits)
    start = f"{values.get('MainPID', '')}:{values.get('ExecMainStartTimestampMonotonic', '')}"
    return ServiceState(values.get("ActiveState") in _UP, start)


def _process_state(pid_file: str) -> ServiceState:
    """A process file of a process that is gone is a stopped service (proc(5), field 22 is the start time).

    PostgreSQL says more in the lines below.
    """
    pid = (read_optional(pid_file) or b"").partition(b"\n")[0].strip()
    if not pid.isdigit():
        return ServiceState(False)
    try:
        with open(f"/proc/{int(pid)}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return ServiceState(False)
    return ServiceState(fields[0] != "Z", f"{int(pid)}:{fields[19]}")


def check_service(service: Service, limits: Limits) -> CommandResult:
    """The service's own verdict on its configuration; a service without a check command has none to give."""
    if not service.check:
        return CommandResult((), 0, "")
    return run_command(service.check, deadline=limits.check)


def prepare_service(service: Service, limits: Limits) -> CommandResult:
    """Its configuration made anew out of the files that are there now, by the first way that this host has."""
    ways = [
        way for way in service.prepare if len(service.prepare) == 1 or shutil.which(way[0], path=":".join(find_paths()))
    ]
    return run_command(ways[0], deadline=limits.reload, umask=_USUAL) if ways else CommandResult((), 0, "")


def check_switched(service: Service, limits: Limits) -> CommandResult:
    """The verdict on the configuration with the files that are there since a moment."""
    prepared = prepare_service(service, limits)
    return check_service(service, limits) if prepared.ok else prepared


def check_staged(service: Service, directory: str, limits: Limits) -> CommandResult:
    """For services that watch their files: by the time of the switch it is too late to check."""
    if not service.staged_check:
        return CommandResult((), 0, "")
    argv = tuple(word.replace("{directory}", directory) for word in service.staged_check)
    return run_command(argv, deadline=limits.check)


def is_restart_pending(service: Service) -> bool:
    """The files are in, but the restart that the service needs is not allowed, or not now."""
    return service.method == "restart" and not service.restart_allowed


def reload_service(service: Service, limits: Limits) -> CommandResult:
    """Reload, or restart where that is the only way and allowed: the unit where systemd runs, else the command."""
    if service.method == "none" or is_restart_pending(service):
        return CommandResult((), 0, "")
    if service.unit and os.path.isdir(_SYSTEMD) and service.method != "command":
        return run_command(("systemctl", service.method, "--", find_unit(service.unit, limits)), deadline=limits.reload)
    command = service.restart if service.method == "restart" else service.reload
    if not command:
        return CommandResult((), 127, f"there is no command for the {service.method} of {service.name}")
    pid_file = _find_pid_file(service.pid_file or "")
    return run_command(tuple(word.replace("{pid_file}", pid_file) for word in command), deadline=limits.reload)


def start_service(service: Service, limits: Limits) -> CommandResult:
    """Only for a service that was up before and went down under our change."""
    if service.unit and os.path.isdir(_SYSTEMD):
        return run_command(("systemctl", "restart", "--", find_unit(service.unit, limits)), deadline=limits.reload)
    if service.restart:
        return run_command(service.restart, deadline=limits.reload)
    return CommandResult((), 127, f"{service.name} went down and there is no command that starts it")


def dump_configuration(service: Service, limits: Limits) -> str | None:
    """The service's effective configuration as text; None when it cannot be asked."""
    if not service.references:
        return None
    dumped = run_command(service.references, deadline=limits.check)
    return dumped.output if dumped.ok and dumped.is_whole else None
