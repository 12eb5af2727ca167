# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every preset, so that a new one is data and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import PARTS, Preset
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_words import FILE_KINDS, SERVICE_KINDS
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

COMPLETE = tuple(preset for preset in PRESETS.values() if preset.files)
# Of what differs from installation to installation.
NEEDED = {"owner": "js7", "ports": [4443], "id": "first", "passphrase": "an orchard"}


def test_there_are_these_presets() -> None:
    assert {
        "apache",
        "bluemind",
        "custom",
        "dovecot",
        "haproxy",
        "js7_agent",
        "js7_controller",
        "js7_joc",
        "nginx",
        "postfix",
        "postgresql",
    } == set(PRESETS)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_preset_is_sound_data(preset: Preset) -> None:
    assert preset is PRESETS[preset.name]
    assert set(preset.words) <= set(SERVICE_KINDS)
    assert {name for name, _value in preset.defaults} <= set(preset.words)
    assert preset.method in ("", "reload", "restart", "none")
    assert preset.method or {"reload", "restart_command", "watches_files"} <= set(preset.words)
    for file in preset.files:
        assert file.name == FILE_KINDS["name"](file.name)
        assert set(file.parts) <= set(PARTS)


@pytest.mark.parametrize("preset", COMPLETE, ids=lambda preset: preset.name)
def test_a_preset_with_files_needs_no_words_but_what_it_requires(preset: Preset) -> None:
    said = {word for group in preset.required for word in group} | set(preset.words)
    words = {word: value for word, value in NEEDED.items() if word in said}
    words |= {"restart_window": "03:00-04:00"} if preset.restart_policy == "window" else {}
    services, problems = load_services(
        [{preset.name: words}], certificate="system", names=("a.example",), attributes={}, presets=PRESETS
    )

    assert problems == ()
    assert preset.name == services[0].name
    assert list(words.get("ports", preset.ports)) == [probe.port for probe in services[0].probes]


WEB = {"fullchain.pem": ("leaf", "chain"), "privkey.pem": ("key",)}


@pytest.mark.parametrize(
    ("entry", "files", "unit", "pid_file", "probes"),
    [
        pytest.param(
            "apache",
            WEB,
            "apache2.service|httpd.service",
            "/run/apache2/apache2.pid|/run/httpd/httpd.pid",
            {443: None},
            id="apache",
        ),
        pytest.param(
            {"apache": {"instance": "shop"}},
            WEB,
            "apache2@shop.service|httpd@shop.service",
            "/run/apache2-shop/apache2.pid",
            {443: None},
            id="another apache",
        ),
        pytest.param(
            "haproxy",
            {"combined.pem": ("leaf", "chain", "key")},
            "haproxy.service",
            "/run/haproxy.pid",
            {443: None},
            id="haproxy",
        ),
        pytest.param(
            {"postfix": {"ports": [25, 465, 587, 2525]}},
            {"combined.pem": ("key", "leaf", "chain")},
            "postfix.service",
            "/var/spool/postfix/pid/master.pid",
            {25: "smtp", 465: None, 587: "smtp", 2525: "smtp"},
            id="postfix",
        ),
        pytest.param(
            {"postfix": {"instance": "out"}},
            {"combined.pem": ("key", "leaf", "chain")},
            "postfix@out.service|postfix@postfix-out.service",
            "/var/spool/postfix-out/pid/master.pid",
            {25: "smtp"},
            id="another postfix",
        ),
        pytest.param(
            {"dovecot": {"ports": [24, 110, 143, 587, 993, 995, 4190]}},
            WEB,
            "dovecot.service",
            "/run/dovecot/master.pid",
            {24: "lmtp", 110: "pop3", 143: "imap", 587: "smtp", 993: None, 995: None, 4190: "sieve"},
            id="dovecot",
        ),
        pytest.param(
            "postgresql",
            WEB,
            "postgresql.service",
            "/var/lib/pgsql/data/postmaster.pid",
            {5432: "postgres"},
            id="postgresql",
        ),
        pytest.param(
            {"postgresql": {"instance": "15-main", "ports": [5433]}},
            WEB,
            "postgresql@15-main.service|postgresql-15-main.service",
            "/run/postgresql/15-main.pid|/var/lib/pgsql/15-main/data/postmaster.pid",
            {5433: "postgres"},
            id="another postgresql",
        ),
        pytest.param(
            {"postgresql": {"config": "/srv/pg"}},
            WEB,
            None,
            "/srv/pg/postmaster.pid",
            {5432: "postgres"},
            id="a postgresql of one's own",
        ),
    ],
)
def test_what_a_preset_comes_to(
    entry: object,
    files: dict[str, tuple[str, ...]],
    unit: str | None,
    pid_file: str,
    probes: dict[int, str | None],
) -> None:
    services, problems = load_services([entry], certificate="web", names=("a.example",), attributes={}, presets=PRESETS)

    assert problems == ()
    (service,) = services
    assert files == {file.name: file.parts for file in service.files}
    assert (unit, pid_file) == (service.unit, service.pid_file)
    assert probes == {probe.port: probe.starttls for probe in service.probes}


def test_only_the_files_of_postgresql_belong_to_somebody() -> None:
    owners = {preset.name: (preset.owner, preset.group) for preset in PRESETS.values() if preset.owner or preset.group}
    assert owners == {"postgresql": ("postgres", "postgres")}


@pytest.mark.parametrize(
    ("entry", "check", "reload"),
    [
        ("apache", "apache2ctl|httpd|apachectl -t", "apache2ctl|httpd|apachectl -k graceful"),
        ({"apache": {"instance": "a"}}, "apache2ctl-a -t", "apache2ctl-a -k graceful"),
        (
            {"apache": {"binary": "httpd", "config": "/c", "pid_file": "/p"}},
            "httpd -f /c -t",
            "httpd -f /c -k graceful",
        ),
        ("haproxy", "haproxy -c -f /etc/haproxy/haproxy.cfg", "pkill -USR2 -F {pid_file}"),
        (
            {"haproxy": {"instance": "a"}},
            "haproxy -c -f /etc/haproxy/a.cfg",
            "pkill -USR2 -F {pid_file}",
        ),
        ("postfix", "postfix check", "postfix reload"),
        (
            {"postfix": {"instance": "a"}},
            "postfix -c /etc/postfix-a check",
            "postfix -c /etc/postfix-a reload",
        ),
        ("dovecot", "doveconf -n", "doveadm reload"),
        ({"dovecot": {"config": "/c"}}, "doveconf -c /c -n", "doveadm -c /c reload"),
        ("postgresql", "", "pkill -HUP -F {pid_file}"),
        ({"postgresql": {"check": "a", "reload": "b"}}, "a", "b"),
    ],
)
def test_how_it_is_checked_and_reloaded(entry: object, check: str, reload: str) -> None:
    services, problems = load_services([entry], certificate="web", names=("a.example",), attributes={}, presets=PRESETS)

    assert problems == ()
    assert (check, reload) == (" ".join(services[0].check), " ".join(services[0].reload))


HAPROXY = """\
global
  crt-base /etc/ssl/private
  ca-base /etc/ssl/certs
  # bind :1 ssl crt old.pem
frontend web
  bind :443 ssl crt a.pem crt /srv/b.pem crt-list {list}
"""
CRT_LIST = "# mine\n\nc.pem [alpn h2] c.example\n/srv/d.pem\n"


def test_a_haproxy_names_whole_paths_and_no_folders_where_other_things_lie_too(tmp_path: Path) -> None:
    (tmp_path / "crt.txt").write_text(CRT_LIST, encoding="ascii")
    (tmp_path / "haproxy.cfg").write_text(HAPROXY.format(list=tmp_path / "crt.txt"), encoding="ascii")
    named = ["/etc/ssl/private/a.pem", "/srv/b.pem", "/etc/ssl/private/c.pem", "/srv/d.pem"]
    for place in (tmp_path, tmp_path / "haproxy.cfg"):
        shown = ask("haproxy", place)
        assert named == [line.partition("crt ")[2] for line in shown.splitlines() if line.startswith("crt ")]
        assert not [word for word in ("/etc/ssl/private\n", "/etc/ssl/certs", "old.pem") if word in shown]


def test_a_postgresql_names_what_is_in_its_folders(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    for name in ("postgresql.conf", "postgresql.auto.conf", "conf.d/tls.conf", "conf.d/off.bak"):
        (tmp_path / name).write_text(f"# {name}\n", encoding="ascii")
    assert {"# postgresql.conf", "# postgresql.auto.conf", "# conf.d/tls.conf"} <= set(
        ask("postgresql", tmp_path).splitlines()
    )
    assert "off.bak" not in ask("postgresql", tmp_path)


def ask(preset: str, config: Path) -> str:
    """What the preset prints of a configuration."""
    words = {"config": str(config), "pid_file": "/run/x.pid"}
    (service,), _problems = load_services(
        [{preset: words}], certificate="web", names=("a.example",), attributes={}, presets=PRESETS
    )
    return subprocess.run(service.references, capture_output=True, text=True, check=True, timeout=20).stdout


@pytest.mark.parametrize("preset", COMPLETE, ids=lambda preset: preset.name)
def test_the_hint_names_every_file(preset: Preset) -> None:
    assert all(f"{{{file.name}}}" in preset.hint for file in preset.files)
