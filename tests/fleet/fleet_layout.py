# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a fleet looks like: its hosts, their addresses and the files that both of its sides read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

DOMAIN = "fleet.test"
GATEWAY, BITS = "10.77.0.1", 16
SITES = ("www", "shop")
"""Names that each host has below its own."""
ACME_DNS_PORT = 8053
"""On the controller; the names `_acme-challenge.HOST.fleet.test` are asked there, for dns-01."""


@dataclass(frozen=True)
class Host:
    """`image` is the directory that it reads and never writes."""

    name: str
    address: str
    image: str

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{DOMAIN}"

    @property
    def suite(self) -> str:
        """Debian's name for what runs there."""
        return Path(self.image).name.partition("-")[0]


@dataclass(frozen=True)
class Layout:
    """`directory` is the fleet's own: all that it writes is below it, and gone with it."""

    directory: Path
    hosts: tuple[Host, ...]

    @classmethod
    def plan(cls, directory: Path, count: int, images: list[Path]) -> Layout:
        """h01, h02, …; the images are dealt out in turn."""
        width = max(2, len(str(count)))
        first = ip_address(GATEWAY) + 10
        hosts = (
            Host(f"h{number:0{width}d}", str(first + number), str(images[(number - 1) % len(images)]))
            for number in range(1, count + 1)
        )
        return cls(directory, tuple(hosts))

    @classmethod
    def load(cls, directory: Path) -> Layout:
        hosts = json.loads((directory / "layout.json").read_text(encoding="utf-8"))
        return cls(directory, tuple(Host(**host) for host in hosts))

    def write(self) -> None:
        """What the anchor reads when it starts."""
        hosts = [asdict(host) for host in self.hosts]
        (self.directory / "layout.json").write_text(json.dumps(hosts), encoding="utf-8")
        (self.directory / "hosts").write_text(self._host_table(), encoding="utf-8")
        (self.directory / "resolv.conf").write_text(f"nameserver {GATEWAY}\nsearch {DOMAIN}\n", encoding="utf-8")
        (self.directory / "dnsmasq.conf").write_text(self._dnsmasq(), encoding="utf-8")
        (self.directory / "inventory.yml").write_text(json.dumps(self._inventory(), indent=1), encoding="utf-8")
        for name in ("disks", "ssh", "logs"):
            (self.directory / name).mkdir()

    def find(self, name: str) -> Host:
        for host in self.hosts:
            if host.name == name:
                return host
        raise ValueError(f"{name} is no host of this fleet; it has {', '.join(host.name for host in self.hosts)}")

    @property
    def socket(self) -> Path:
        return self.directory / "anchor.socket"

    @property
    def key(self) -> Path:
        """Opens every host, as root and as deploy."""
        return self.directory / "user"

    @property
    def host_key(self) -> Path:
        return self.directory / "host"

    def _host_table(self) -> str:
        names = f"controller.{DOMAIN} controller acme.{DOMAIN}"
        lines = ["127.0.0.1 localhost", "::1 localhost", f"{GATEWAY} {names}"]
        for host in self.hosts:
            more = " ".join(f"{name}.{host.fqdn}" for name in SITES)
            lines.append(f"{host.address} {host.fqdn} {host.name} {more}")
        return "\n".join([*lines, ""])

    def _dnsmasq(self) -> str:
        words = ["no-resolv", "no-hosts", f"addn-hosts={self.directory}/hosts", f"listen-address={GATEWAY},127.0.0.1"]
        words += ["bind-interfaces", f"local=/{DOMAIN}/", f"domain={DOMAIN}", "user=root", "pid-file="]
        words += [f"server=/_acme-challenge.{host.fqdn}/{GATEWAY}#{ACME_DNS_PORT}" for host in self.hosts]
        return "\n".join([*words, ""])

    def _inventory(self) -> dict[str, Any]:
        """Everybody logs in as deploy and becomes root; groups are named for Debian's releases."""
        groups: dict[str, Any] = {}
        for host in self.hosts:
            # In full for each: a template would be filled in for the host that delegates.
            groups.setdefault(host.suite, {"hosts": {}})["hosts"][host.name] = {"ansible_host": host.fqdn}
        known = f"-o UserKnownHostsFile={self.directory}/known_hosts -o StrictHostKeyChecking=yes"
        variables = {
            "ansible_user": "deploy",
            "ansible_become": True,
            "ansible_ssh_private_key_file": str(self.key),
            "ansible_ssh_common_args": f"-F /dev/null {known}",
            "ansible_python_interpreter": "/usr/bin/python3",
        }
        return {"fleet": {"children": groups, "vars": variables}}
