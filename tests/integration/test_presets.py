# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each preset with its real server: files in the form and of the owner that it wants, its own check and reload."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.integration.preset_servers import (
    SERVERS,
    Apache,
    Dovecot,
    Haproxy,
    Postfix,
    Postgresql,
    Server,
)
from ansible_collections.certwright.tls.tests.integration.servers import wait_until
from ansible_collections.certwright.tls.tests.integration.site import NAME, Site, Supplied, codes
from ansible_collections.certwright.tls.tests.integration.test_lifecycle import run_as_foretold
from ansible_collections.certwright.tls.tests.unit.authority import Authority, Issued

Start = Callable[..., Server]
ALL = pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.preset)


@pytest.fixture
def site(authority: Authority) -> Iterator[Site]:
    """Where users of services may pass: the directories of pytest are root's alone."""
    with tempfile.TemporaryDirectory(prefix="certwright-") as root:
        Path(root).chmod(0o755)
        site = Site(Path(root), authority)
        yield site
        assert site.find_leaks() == {}
        assert site.find_leftovers() == []


@pytest.fixture
def by_hand(site: Site) -> Issued:
    return site.place_by_hand()


@pytest.fixture
def start(site: Site, by_hand: Issued) -> Iterator[Start]:
    """A server that is up with the files that its administrator once placed; `name` is another one of that kind."""
    started: list[Server] = []

    def begin(kind: type[Server], *, name: str = "", **options: Any) -> Any:
        server = kind(site.host / (name or kind.preset), site.run_directory / (name or kind.preset))
        started.append(server)
        server.run.chmod(0o755)
        server.configure(place(kind.preset, by_hand, server.tls), **options)
        server.start()
        assert server.served() == {fingerprint(by_hand)}
        return server

    yield begin
    for server in started:
        server.stop()


def place(preset: str, issued: Issued, directory: Path) -> dict[str, Path]:
    """The files of a preset as an administrator puts them there."""
    directory.mkdir()
    parts = {"leaf": issued.pem, "chain": issued.chain_pem, "key": issued.key_pem}
    places = {}
    for file in PRESETS[preset].files:
        path = places[file.name] = directory / file.name
        path.write_bytes(b"".join(parts[part] for part in file.parts))
        path.chmod(0o600)
        shutil.chown(path, PRESETS[preset].owner or "root")
    return places


def fingerprint(issued: Issued) -> str:
    return sha256(issued.der).hexdigest()


def paths_of(server: Server) -> dict[str, str]:
    """The administrator's paths, which become links."""
    return {file.name: str(server.tls / file.name) for file in PRESETS[server.preset].files}


def install(site: Site, supplied: Supplied, *services: dict[str, Any], **options: Any) -> dict[str, Any]:
    entry = {"domain": "example.org", "external_url": NAME, "services": list(services), **supplied.words}
    return {"certwright.tls.domain_certificate": {"store_path": str(site.store), "domains": [entry], **options}}


def remove(site: Site) -> dict[str, Any]:
    entry = {"domain": "example.org", "state": "absent"}
    return {"certwright.tls.domain_certificate": {"store_path": str(site.store), "domains": [entry]}}


def outcome(result: dict[str, Any]) -> str:
    assert "outcomes" in result, result["msg"]
    return str(result["outcomes"]["example.org"]["outcome"])


def find_warnings(result: dict[str, Any], code: str) -> list[str]:
    return [warning for warning in result.get("warnings", ()) if f"({code})" in warning]


@ALL
def test_a_certificate_comes_is_renewed_and_goes_as_check_mode_foretold(
    kind: type[Server], site: Site, start: Start, by_hand: Issued
) -> None:
    server, first, second = start(kind), site.supply(), site.supply(key_type="RSA 2048")
    pid, service = server.pid, server.service(paths=paths_of(server))

    created = run_as_foretold(site, install(site, first, service), reasons=["certificate_missing"])
    assert outcome(created) == "activated"
    assert created["outcomes"]["example.org"]["services"] == [{"name": server.preset, "state": "served"}]
    assert (find_warnings(created, "not_referenced"), find_warnings(created, "not_proved")) == ([], [])
    assert server.served() == {first.fingerprint}

    run_as_foretold(site, install(site, first, service), reasons=[])
    run_as_foretold(site, install(site, second, service), reasons=["certificate_differs"])
    assert server.served() == {second.fingerprint}
    assert server.pid == pid, "it was reloaded, not started anew"

    refused = site.run(remove(site)).result
    assert codes(refused, "problems") == ["no_fallback"], refused["msg"]
    server.configure(place(server.preset, by_hand, site.tls / "other"))
    removed = run_as_foretold(site, remove(site), reasons=["disabled"])
    assert outcome(removed) == "removed"
    for path in paths_of(server).values():
        assert by_hand.pem in Path(path).read_bytes() or by_hand.key_pem in Path(path).read_bytes()


FAULTS = {
    Apache: "apache went down after it had the new files",
    Haproxy: "haproxy refuses its configuration with the new files",
    Postfix: "shows no certificate",
    Dovecot: "shows no certificate",
    Postgresql: "serves another certificate",
}


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=() if kind is Postfix else pytest.mark.further, id=kind.preset) for kind in SERVERS],
)
def test_a_certificate_without_its_key_brings_the_old_files_back(
    kind: type[Server], site: Site, start: Start, by_hand: Issued
) -> None:
    """Only the certificate is ours: with the administrator's key, or without any, it does not work."""
    server = start(kind)
    name, path = next(iter(paths_of(server).items()))
    half = server.service(files=[{"name": name, "parts": ["leaf", "chain"], "path": path}])

    failed = site.run(install(site, site.supply(), half, probe_timeout=4)).result
    assert (failed["status"], outcome(failed)) == ("failed", "rolled_back"), failed["msg"]
    assert FAULTS[kind] in failed["msg"]
    assert "shows what it showed before" in failed["msg"] or kind is Haproxy
    assert server.is_up()
    assert server.served() == {fingerprint(by_hand)}
    assert not Path(path).is_symlink()

    whole = site.supply()
    assert outcome(site.run(install(site, whole, server.service(paths=paths_of(server)))).result) == "activated"
    assert server.served() == {whole.fingerprint}


def test_a_haproxy_that_keeps_the_old_file_is_noticed_and_gets_it_back(
    site: Site, start: Start, by_hand: Issued
) -> None:
    """Without the check: its master refuses the new file and the worker goes on."""
    server = start(Haproxy)
    files = [{"name": "combined.pem", "parts": ["leaf"], "path": paths_of(server)["combined.pem"]}]
    task = install(site, site.supply(), server.service(files=files, check="true"), probe_timeout=3)
    failed = site.run(task).result
    assert outcome(failed) == "rolled_back", failed["msg"]
    assert "serves another certificate" in failed["msg"]
    wait_until(lambda: server.served() == {fingerprint(by_hand)}, "the old certificate")


@pytest.mark.parametrize("named", ["crt {folder}/", "crt-list {list}"])
def test_a_haproxy_that_reads_a_folder_or_a_list(named: str, site: Site, start: Start) -> None:
    folder = site.tls / "haproxy"
    crt_list = site.host / "crt-list.txt"
    crt_list.write_text(f"{folder}/combined.pem [alpn http/1.1] {NAME}\n", encoding="ascii")
    server = start(Haproxy, crt=named.format(folder=folder, list=crt_list))
    supplied = site.supply()
    done = site.run(install(site, supplied, server.service(paths=paths_of(server)))).result
    assert (outcome(done), find_warnings(done, "not_referenced")) == ("activated", [])
    assert server.served() == {supplied.fingerprint}
    assert outcome(site.run(install(site, supplied, server.service(paths=paths_of(server)))).result) == "unchanged"


def test_a_postfix_may_have_key_and_certificate_in_two_files(site: Site, start: Start) -> None:
    server, supplied = start(Postfix), site.supply()
    live = site.store / "live/example.org/postfix"
    files = [{"name": "fullchain.pem", "parts": ["leaf", "chain"]}, {"name": "privkey.pem", "parts": ["key"]}]
    server.configure({file["name"]: live / file["name"] for file in files})
    done = site.run(install(site, supplied, server.service(files=files))).result
    assert (outcome(done), find_warnings(done, "not_referenced")) == ("activated", []), done["msg"]
    assert server.served() == {supplied.fingerprint}


def test_the_late_greeting_of_a_postscreen_is_waited_for(site: Site, start: Start) -> None:
    server, supplied = start(Postfix), site.supply()
    service = server.service(paths=paths_of(server), probes=[{"port": server.screened, "starttls": "smtp"}])
    done = site.run(install(site, supplied, service)).result
    assert (outcome(done), find_warnings(done, "not_proved")) == ("activated", [])
    assert server.served() == {supplied.fingerprint}


def test_the_files_of_a_postgresql_are_its_users_alone(site: Site, start: Start) -> None:
    server = start(Postgresql)
    assert outcome(site.run(install(site, site.supply(), server.service(paths=paths_of(server)))).result) == "activated"
    key = site.store / "live/example.org/postgresql/privkey.pem"
    assert (key.owner(), key.group(), key.stat().st_mode & 0o777) == ("postgres", "postgres", 0o600)
    assert (site.store / "live/example.org/privkey.pem").owner() == "root"


def test_two_servers_of_one_preset_take_one_certificate(site: Site, start: Start) -> None:
    one, two, supplied = start(Apache), start(Apache, name="second"), site.supply()
    services = [one.service(paths=paths_of(one)), two.service(name="second", paths=paths_of(two))]
    done = site.run(install(site, supplied, *services)).result
    assert outcome(done) == "activated", done["msg"]
    assert done["outcomes"]["example.org"]["services"] == [
        {"name": "apache", "state": "served"},
        {"name": "second", "state": "served"},
    ]
    assert one.served() == two.served() == {supplied.fingerprint}


@ALL
def test_a_configuration_may_name_the_stable_paths_before_they_are_there(
    kind: type[Server], site: Site, start: Start
) -> None:
    """As the guide says it for a first installation: nobody has reloaded it."""
    server, supplied = start(kind), site.supply()
    live = site.store / "live/example.org" / kind.preset
    server.configure({file.name: live / file.name for file in PRESETS[kind.preset].files})
    done = site.run(install(site, supplied, server.service())).result
    assert (outcome(done), find_warnings(done, "not_referenced")) == ("activated", []), done["msg"]
    assert server.served() == {supplied.fingerprint}
