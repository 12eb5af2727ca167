# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.listeners import (
    Listener,
    find_addresses,
    find_uncertain,
    observe_listeners,
    observe_owner_starts,
)

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: {} 00000000:0000 {} 00000000:00000000 00:00000000 00000000     0        0 {} 1 0000 100 0 0 10 0\n"


def make_table(proc: Path, name: str, *sockets: tuple[str, str, int]) -> None:
    (proc / "net").mkdir(exist_ok=True)
    lines = [ROW.format(*fields) for fields in sockets]
    (proc / "net" / name).write_text(HEADER + "".join(lines), encoding="ascii")


def make_process(proc: Path, pid: int, *inodes: int, comm: str = "nginx", start: int = 100) -> None:
    directory = proc / str(pid)
    (directory / "fd").mkdir(parents=True)
    for number, inode in enumerate(inodes):
        (directory / "fd" / str(number)).symlink_to(f"socket:[{inode}]")
    (directory / "fd" / "99").symlink_to("/dev/null")
    middle = " ".join(str(field) for field in range(4, 22))
    (directory / "stat").write_text(f"{pid} ({comm}) S {middle} {start} 23 24\n", encoding="utf-8")


def on(*addresses: str, port: int = 443) -> list[Listener]:
    return [Listener(address=address, port=port, inode=number) for number, address in enumerate(addresses)]


def test_only_listening_sockets_of_both_families_are_read(tmp_path: Path) -> None:
    make_table(tmp_path, "tcp", ("0100007F:01BB", "0A", 11), ("0100007F:01BC", "01", 12))
    make_table(tmp_path, "tcp6", ("00000000000000000000000001000000:01BB", "0A", 13))
    assert (Listener("127.0.0.1", 443, 11), Listener("::1", 443, 13)) == observe_listeners(str(tmp_path))


def test_a_mapped_ipv4_address_is_the_ipv4_address(tmp_path: Path) -> None:
    make_table(tmp_path, "tcp6", ("0000000000000000FFFF00000100007F:01BB", "0A", 11))
    assert (Listener("127.0.0.1", 443, 11),) == observe_listeners(str(tmp_path))


def test_a_host_without_proc_has_no_listeners_that_we_know_of(tmp_path: Path) -> None:
    assert observe_listeners(str(tmp_path / "absent")) == ()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "::"])
def test_a_real_socket_is_found_with_its_inode(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        inode = os.fstat(server.fileno()).st_ino
        assert Listener(address, server.getsockname()[1], inode) in observe_listeners()


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        pytest.param([], (), id="nothing listens"),
        pytest.param(["192.0.2.1"], ("192.0.2.1",), id="a specific address is itself"),
        pytest.param(["0.0.0.0"], ("127.0.0.1",), id="any IPv4 address"),
        pytest.param(["::"], ("::1", "127.0.0.1"), id="any address, a dual-stack socket"),
        pytest.param(["0.0.0.0", "::"], ("127.0.0.1", "::1"), id="one socket for each family"),
        pytest.param(
            ["192.0.2.1", "::"], ("192.0.2.1", "::1"), id="an IPv4 socket beside :: means that :: leaves IPv4 out"
        ),
        pytest.param(["0.0.0.0", "0.0.0.0", "127.0.0.1"], ("127.0.0.1",), id="each address once"),
        pytest.param(["fe80::1", "2001:db8::1"], ("2001:db8::1",), id="a link-local address is left out"),
        pytest.param(["fe80::1"], ("fe80::1",), id="unless it is the only one"),
    ],
)
def test_addresses_reach_what_listens(bound: list[str], expected: tuple[str, ...]) -> None:
    assert expected == find_addresses([*on(*bound), *on("198.51.100.7", port=25)], 443)


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        pytest.param(["0.0.0.0", "::1"], (), id="what is bound to one family must answer"),
        pytest.param(["::"], ("::1", "127.0.0.1"), id="IPV6_V6ONLY, or a loopback without IPv6"),
        pytest.param(["0.0.0.0", "::"], ("::1",), id="a loopback without IPv6"),
    ],
)
def test_only_what_stands_for_any_ipv6_address_is_uncertain(bound: list[str], expected: tuple[str, ...]) -> None:
    assert expected == find_uncertain(on(*bound), 443)


def test_the_owner_is_the_oldest_process_that_holds_the_sockets(tmp_path: Path) -> None:
    make_process(tmp_path, 70, 0, start=900)
    make_process(tmp_path, 60, 0, 1, start=500)
    make_process(tmp_path, 50, 8, start=100)
    assert observe_owner_starts(on("0.0.0.0", "::"), [443], str(tmp_path)) == {443: "60:500"}


def test_a_command_name_with_parentheses_and_blanks_does_not_move_the_fields(tmp_path: Path) -> None:
    make_process(tmp_path, 60, 0, comm="a) R 1 (b", start=500)
    assert observe_owner_starts(on("0.0.0.0"), [443], str(tmp_path)) == {443: "60:500"}


def test_init_is_not_the_owner_of_a_socket_that_it_handed_over(tmp_path: Path) -> None:
    make_process(tmp_path, 1, 0, start=1)
    make_process(tmp_path, 60, 0, start=500)
    assert observe_owner_starts(on("0.0.0.0"), [443], str(tmp_path)) == {443: "60:500"}


def test_init_is_the_owner_where_nobody_else_is(tmp_path: Path) -> None:
    make_process(tmp_path, 1, 0, start=1)
    assert observe_owner_starts(on("0.0.0.0"), [443], str(tmp_path)) == {443: "1:1"}


def test_an_owner_that_cannot_be_seen_is_an_empty_text(tmp_path: Path) -> None:
    (tmp_path / "60").mkdir()
    assert observe_owner_starts(on("0.0.0.0"), [443, 25], str(tmp_path)) == {25: "", 443: ""}


def test_an_owner_that_ends_meanwhile_is_passed_over(tmp_path: Path) -> None:
    make_process(tmp_path, 60, 0, start=500)
    (tmp_path / "60" / "stat").unlink()
    make_process(tmp_path, 70, 0, start=900)
    assert observe_owner_starts(on("0.0.0.0"), [443], str(tmp_path)) == {443: "70:900"}


def test_one_scan_answers_for_all_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_process(tmp_path, 60, 0, 1, start=500)
    seen: list[str] = []
    real = os.listdir

    def listdir(path: str) -> list[str]:
        seen.append(path)
        return real(path)

    monkeypatch.setattr(os, "listdir", listdir)
    listeners = [Listener("0.0.0.0", 25, 0), Listener("0.0.0.0", 443, 1)]
    assert observe_owner_starts(listeners, [25, 443], str(tmp_path)) == {25: "60:500", 443: "60:500"}
    assert [str(tmp_path), str(tmp_path / "60" / "fd")] == seen


def test_the_owner_of_a_real_socket_is_this_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        start = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        assert {port: f"{os.getpid()}:{start}"} == observe_owner_starts(observe_listeners(), [port])
