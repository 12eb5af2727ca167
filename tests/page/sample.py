# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet that is not there, reported and rendered by the real code: for tests of the page, and to look at it.

As in the operator's guide: PYTHONPATH=.build .venv/page/bin/python tests/page/sample.py 1000 page.html
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.declared import Declared
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_page import render_page
from ansible_collections.certwright.tls.plugins.plugin_utils._core.fleet_report import (
    FleetView,
    HostFound,
    report_fleet,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import SCHEME
from ansible_collections.certwright.tls.plugins.plugin_utils._page_parts import load_parts

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=timezone.utc)
CERTIFICATES_A_HOST = 4
WORDS = ("www", "shop", "mail", "api", "db", "wiki", "git", "vpn", "ldap", "mq", "metrics", "sso")
CITIES = ("berlin", "lyon", "porto", "oslo", "graz")
# The engine, the issuer's word and its name, the life in days and how much is left when all goes well.
ISSUERS = (
    ("acme", "letsencrypt", "CN=R12,O=Let's Encrypt,C=US", 90, (0.36, 1.0)),
    ("acme", "letsencrypt", "CN=E8,O=Let's Encrypt,C=US", 90, (0.36, 1.0)),
    ("internal_ca", "office", r"CN=Example Office CA,O=Example\, Inc.,C=DE", 365, (0.36, 1.0)),
    ("files", "bought", "CN=Sectigo Public Server Authentication CA DV R36,O=Sectigo Limited,C=GB", 199, (0.36, 1.0)),
)
RECORDED = {"acme": "https://ca.example/directory", "internal_ca": f"{SCHEME}office", "files": "files"}
FOR_GOOD = "The CAA record of example.org does not let this CA sign; add `0 issue letsencrypt.org` to it"
FOR_NOW = "The CA has signed too many certificates for example.org this week; the next try is later by itself"
# Of a thousand certificates, so many are something else than well.
SHARES = {"expired": 4, "not_served": 6, "activation_pending": 4, "missing": 4, "due": 25, "unmanaged": 8}
FIRST = dict(zip(range(9, 33, 4), SHARES, strict=True))
HOSTILE = (
    '</script><img src=x onerror="window.pwned=1">',
    "<!--<script>window.pwned=1",
    "gpj.elpmaxe.\u202emoc",
    "l" * 20_000 + ".example.org",
    "two\nlines\u2028and\u0000more\u200b",
    "{{ 7 * 7 }} @DATA@ @SCRIPT@",
    "javascript:window.pwned=1",
    "\ud800 half of a pair",
    "&lt;b&gt; &amp; ' \" `",
    "مثال.example",
)


def report_sample(number: int, *, now: datetime = NOW, calm: bool = False) -> dict[str, Any]:
    """Of `number` certificates on a quarter as many hosts. The same number gives the same report."""
    dice = Random(number)
    rows = [_make_row(place, dice, now, calm=calm) for place in range(number)]
    hosts = [
        _make_host(place // CERTIFICATES_A_HOST, rows[place : place + CERTIFICATES_A_HOST])
        for place in range(0, number, CERTIFICATES_A_HOST)
    ]
    if number and not calm:
        hosts.extend([HostFound("web-gone.example.org", {"unreachable": True}), HostFound("old.example.org", _BROKEN)])
    return report_fleet(hosts, FleetView(now))


_BROKEN = {"failed": True, "msg": "/usr/bin/python3 is older than 3.9; name a newer one by ansible_python_interpreter"}


def report_hostile() -> dict[str, Any]:
    """What nobody would call a host or a certificate."""
    dice = Random(1)
    rows = [{**_make_row(place, dice, NOW, calm=True), **_spoil(name)} for place, name in enumerate(HOSTILE)]
    hosts = [_make_host(place, [row], name=HOSTILE[place]) for place, row in enumerate(rows)]
    hosts.extend(HostFound(name, {"unreachable": True}) for name in HOSTILE)
    hosts.extend(HostFound(name, {"failed": True, "msg": name}) for name in HOSTILE)
    return report_fleet(hosts, FleetView(NOW))


def _spoil(name: str) -> dict[str, Any]:
    problem = {"code": name, "message": f"It says {name}"}
    words = dict.fromkeys(("name", "subject", "issuer", "path", "key_type", "serial", "issuer_name"), name)
    port = {**_make_port(name), "server_name": name, "address": name, "starttls": name, "fingerprint_sha256": name}
    failure = {"at": name, "code": name, "message": name, "heals": False, "tries": 3}
    lists = {"names": list(HOSTILE), "services": [name], "problems": [problem], "ports": [port]}
    return {**words, **lists, "last_failure": failure, "next_try": name}


def _make_row(place: int, dice: Random, now: datetime, *, calm: bool) -> dict[str, Any]:
    fate = "ok" if calm else _draw_fate(place, dice)
    engine, issuer_name, issuer, days, well = dice.choice(ISSUERS)
    life = timedelta(days=days)
    ends = now + life * _draw_left(fate, dice, well)
    name = f"{dice.choice(WORDS)}{place}"
    names = [f"{name}.example.org", *(f"{word}.{name}.example.net" for word in dice.sample(WORDS, dice.randrange(4)))]
    digest = sha256(f"{place} {name}".encode()).hexdigest()
    left = max(0.0, (ends - now) / life)
    return {
        "source": "store",
        "name": name,
        "state": "pending" if fate == "activation_pending" else "live",
        "path": f"/etc/ssl/certwright/certificates/{name}/{dice.randrange(1, 40):06}/fullchain.pem",
        "services": [dice.choice(("nginx", "postfix", "haproxy", "dovecot", "postgresql"))],
        "names": names,
        "subject": f"CN={names[0]}",
        "issuer": issuer,
        "serial": digest[:32],
        "not_before": _format(ends - life),
        "not_after": _format(ends),
        "life_left": round(left, 3),
        "days_left": (ends - now).days,
        "key_type": dice.choice(("EC P-256", "EC P-256", "RSA 2048")),
        "fingerprint_sha256": digest,
        "is_ca": False,
        "problems": list(_find_problems(fate, name, ends)),
        "ports": [_make_port(name, is_live=fate != "not_served")],
        "engine": engine,
        "issuer_name": issuer_name,
        "fate": fate,
        "recorded_issuer": RECORDED[engine],
        "next_renewal": "" if engine == "files" else _format(ends - life / 3),
        "renewal_needed_by": "" if engine == "files" else _format(ends - life / 8),
        **_make_failure(engine, fate, now),
    }


def _draw_fate(place: int, dice: Random) -> str:
    """One of each kind among the first few, however small the fleet."""
    number = dice.randrange(1000)
    if place in FIRST:
        return FIRST[place]
    for fate, share in SHARES.items():
        number -= share
        if number < 0:
            return fate
    return "ok"


def _draw_left(fate: str, dice: Random, well: tuple[float, float]) -> float:
    if fate == "expired":
        return -(dice.random() ** 3) * 1.5
    return dice.uniform(0.01, 0.32) if fate == "due" else dice.uniform(*well)


def _find_problems(fate: str, name: str, ends: datetime) -> Iterator[dict[str, str]]:
    texts = {
        "expired": f"The certificate of {name} expired on {ends:%Y-%m-%d}; have it renewed (certwright.tls.renew)",
        "not_served": f"Port 443 shows another certificate than the live one of {name}; restart nginx",
        "activation_pending": "It is stored and not active; activate it by certwright.tls.certificate_activate",
        "due": f"Less than a third of the life of {name} is left; have it renewed (certwright.tls.renew)",
    }
    if fate in texts:
        yield {"code": fate, "message": texts[fate]}


def _make_port(name: str, *, is_live: bool = True) -> dict[str, Any]:
    return {
        "port": 443,
        "address": "192.0.2.17",
        "server_name": f"{name}.example.org",
        "starttls": "",
        "state": "served",
        "fingerprint_sha256": sha256(repr(name).encode()).hexdigest(),
        "certificate": name,
        "is_live": is_live,
        "problems": [],
    }


def _make_failure(engine: str, fate: str, now: datetime) -> dict[str, Any]:
    if engine == "files" or fate not in ("expired", "due"):
        return {"last_failure": None, "next_try": ""}
    is_for_good = fate == "expired"
    failure = {
        "at": _format(now - timedelta(hours=3)),
        "code": "caa" if is_for_good else "rate_limited",
        "message": FOR_GOOD if is_for_good else FOR_NOW,
        "heals": not is_for_good,
        "tries": 9 if is_for_good else 2,
    }
    return {"last_failure": failure, "next_try": _format(now + timedelta(hours=21))}


def _make_host(number: int, rows: list[dict[str, Any]], *, name: str = "") -> HostFound:
    found = [row for row in rows if row["fate"] != "missing"]
    declared = [row for row in rows if row["fate"] != "unmanaged"]
    ports = [port for row in found for port in row["ports"]]
    return HostFound(
        name or f"{CITIES[number % len(CITIES)]}-web{number}.example.org",
        {"certificates": found, "ports": ports, "problems": [], "unissued": []},
        tuple(Declared(row["name"], row["engine"], tuple(row["names"]), row["issuer_name"]) for row in declared),
    )


def _format(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"


def write_page(path: Path, report: dict[str, Any]) -> Path:
    path.write_text(render_page(report, load_parts()), encoding="utf-8")
    return path


if __name__ == "__main__":
    write_page(Path(sys.argv[2]), report_sample(int(sys.argv[1]), now=datetime.now(tz=timezone.utc)))
