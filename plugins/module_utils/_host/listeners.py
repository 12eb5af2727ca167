# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who listens where on this host, read from /proc: the addresses to ask, and the start of the service behind."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = "/proc"
STATE_LISTEN = "0A"
INIT = 1


@dataclass(frozen=True)
class Listener:
    """One listening TCP socket; an IPv4 address mapped into IPv6 is written as the IPv4 address."""

    address: str
    port: int
    inode: int


def observe_listeners(proc: str = PROC) -> tuple[Listener, ...]:
    """The listening TCP sockets of this network namespace, in the kernel's order; none where /proc cannot tell."""
    return tuple(listener for table in ("tcp", "tcp6") for listener in _read_table(Path(proc, "net", table)))


def find_addresses(listeners: Iterable[Listener], port: int) -> tuple[str, ...]:
    """The addresses that reach what listens on the port, each once, in the order of the listeners."""
    bound = _find_bound(listeners, port)
    found = dict.fromkeys(reached for address in bound for reached in _find_reached(address, bound))
    # A link-local address is reached through a zone, which /proc/net does not show (RFC 4007 11.2).
    return tuple(address for address in found if not _is_link_local(address)) or tuple(found)


def find_uncertain(listeners: Iterable[Listener], port: int) -> tuple[str, ...]:
    """Those of the addresses that may refuse although the service is sound: the ones that stand for "::".

    The socket may be IPV6_V6ONLY (nginx's default; RFC 3493 5.3), which /proc does not show, and the host's loopback
    may lack ::1. So one of these addresses answers; which one is unknown.
    """
    bound = _find_bound(listeners, port)
    return _find_reached("::", bound) if "::" in bound else ()


def observe_owner_starts(listeners: Iterable[Listener], ports: Iterable[int], proc: str = PROC) -> dict[int, str]:
    """For each port "pid:starttime" of the oldest process that holds its listening sockets; "" where nobody can tell.

    It changes when the service is started anew and stays over a reload. One scan of /proc answers for all ports.
    The start time is field 22 of /proc/PID/stat, in clock ticks since boot (proc(5)).
    """
    wanted = frozenset(ports)
    port_of = {listener.inode: listener.port for listener in listeners if listener.port in wanted}
    holders: dict[int, set[int]] = {port: set() for port in wanted}
    for pid, inode in _scan_sockets(proc) if port_of else ():
        if inode in port_of:
            holders[port_of[inode]].add(pid)
    return {port: _find_oldest(pids, proc) for port, pids in holders.items()}


def _read_table(path: Path) -> Iterator[Listener]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()[1:]
    except OSError:  # no IPv6 in this kernel, or no /proc
        return
    for fields in map(str.split, lines):
        if len(fields) > 9 and fields[3] == STATE_LISTEN:
            address, port = fields[1].split(":")
            yield Listener(address=_load_address(address), port=int(port, 16), inode=int(fields[9]))


def _load_address(text: str) -> str:
    # The kernel prints 32-bit words of network order as the machine's own integers.
    words = (int(text[start : start + 8], 16) for start in range(0, len(text), 8))
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    address = ipaddress.ip_address(packed)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _find_bound(listeners: Iterable[Listener], port: int) -> tuple[str, ...]:
    return tuple(listener.address for listener in listeners if listener.port == port)


def _find_reached(address: str, bound: Iterable[str]) -> tuple[str, ...]:
    if not ipaddress.ip_address(address).is_unspecified:
        return (address,)
    if _is_ipv4(address):
        return ("127.0.0.1",)
    # A second socket for IPv4 on the same port is only possible when the first leaves IPv4 alone.
    return ("::1",) if any(map(_is_ipv4, bound)) else ("::1", "127.0.0.1")


def _is_ipv4(address: str) -> bool:
    return ":" not in address


def _is_link_local(address: str) -> bool:
    return not _is_ipv4(address) and ipaddress.ip_address(address).is_link_local


def _scan_sockets(proc: str) -> Iterator[tuple[int, int]]:
    """Each (pid, inode) of a socket that a process holds, without what is hidden from us or ends meanwhile."""
    for pid in filter(str.isdecimal, _list_names(proc)):
        for inode in _read_sockets(os.path.join(proc, pid, "fd")):
            yield int(pid), inode


def _list_names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _read_sockets(directory: str) -> Iterator[int]:
    for descriptor in _list_names(directory):
        try:
            link = os.readlink(os.path.join(directory, descriptor))
        except OSError:
            continue
        if link.startswith("socket:["):
            yield int(link[8:-1])


def _find_oldest(pids: set[int], proc: str) -> str:
    # With socket activation init holds the socket too, and is older than any start of the service.
    starts = ((_read_start(pid, proc), pid) for pid in (pids - {INIT} or pids))
    oldest = min(((start, pid) for start, pid in starts if start is not None), default=None)
    return f"{oldest[1]}:{oldest[0]}" if oldest else ""


def _read_start(pid: int, proc: str) -> int | None:
    try:
        stat = Path(proc, str(pid), "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The second field is the command's name in parentheses and may itself hold blanks and parentheses.
    after_name = stat.rpartition(")")[2].split()
    return int(after_name[19]) if len(after_name) > 19 else None
