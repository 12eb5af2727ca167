# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How one and the same authoritative server is told to Knot DNS and to BIND."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_KNOT = """\
server:
    rundir: "{sockets}"
    listen: {host}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 2
database:
    storage: "{directory}/db"
    journal-db-max-size: 32M
    kasp-db-max-size: 16M
    timer-db-max-size: 4M
    catalog-db-max-size: 16M
log:
  - target: stdout
    any: info
key:
  - id: {key_name}
    algorithm: {algorithm}
    secret: {secret}
remote:
  - id: primary
    address: {primary_address}@{port}
    via: {host}
  - id: secondary
    address: {secondary_address}@{port}
    via: {host}
acl:
  - id: update
    key: {key_name}
    action: update
  - id: transfer
    address: 127.0.0.0/8
    action: [transfer, notify]
zone:
"""
_KNOT_ZONE = """\
  - domain: {zone}
    file: "{directory}/{zone}.zone"
    acl: [{acl}]
"""
_BIND = """\
options {{
    directory "{directory}"; pid-file none; lock-file none; session-keyfile none;
    listen-on port {port} {{ {host}; }}; listen-on-v6 {{ none; }};
    recursion no; dnssec-validation no; allow-transfer {{ 127.0.0.0/8; }};
    notify no;
}};
controls {{ }};
key "{key_name}" {{ algorithm {algorithm}; secret "{secret}"; }};
"""


@dataclass(frozen=True)
class Place:
    """One server: a primary without `primary`; `secondary` is whom it notifies."""

    directory: Path
    sockets: Path
    host: str
    port: int
    zones: Mapping[str, str]
    key: tuple[str, str, str] = field(repr=False)
    primary: str
    secondary: str

    @property
    def words(self) -> dict[str, str]:
        name, algorithm, secret = self.key
        return {
            "directory": str(self.directory),
            "sockets": str(self.sockets),
            "host": self.host,
            "port": str(self.port),
            "key_name": name,
            "algorithm": algorithm,
            "secret": secret,
        }

    def write_zones(self) -> None:
        """A secondary gets its own by transfer."""
        for zone, text in self.zones.items() if not self.primary else ():
            (self.directory / f"{zone}.zone").write_text(text, encoding="ascii")


def write_knot(place: Place) -> list[str]:
    """The arguments of knotd."""
    (place.directory / "db").mkdir()
    place.write_zones()
    addresses = {"primary_address": place.primary or place.host, "secondary_address": place.secondary or place.host}
    text = _KNOT.format(**place.words, **addresses)
    for zone in place.zones:
        text += _KNOT_ZONE.format(**place.words, zone=zone, acl="transfer" if place.primary else "update, transfer")
        text += "    master: primary\n" if place.primary else ""
        text += "    notify: secondary\n" if place.secondary else ""
    return ["-c", str(_write(place, "knot.conf", text)), "-s", str(place.sockets / "control")]


def write_bind(place: Place) -> list[str]:
    """The arguments of named."""
    place.write_zones()
    text = _BIND.format(**place.words)
    for zone in place.zones:
        file = f'file "{place.directory}/{zone}.zone";'
        text += f'zone "{zone}" {{ type primary; {file} allow-update {{ key "{place.key[0]}"; }}; }};\n'
    return ["-g", "-4", "-n", "1", "-c", str(_write(place, "named.conf", text))]


def _write(place: Place, name: str, text: str) -> Path:
    path = place.directory / name
    path.touch(0o600)
    path.write_text(text, encoding="utf-8")
    return path
