# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`certificate_info`, ad-hoc and in a task, and `ansible-playbook certwright.tls.show`."""

from __future__ import annotations

import json
import shlex
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished, find_ansible
from ansible_collections.certwright.tls.tests.integration.servers import Nginx, free_port, wait_until
from ansible_collections.certwright.tls.tests.integration.site import EXPIRED, NAME, Site, codes


def show(site: Site, **options: Any) -> dict[str, Any]:
    return {"certwright.tls.certificate_info": {"store_path": str(site.store), **options}}


def preset(site: Site, nginx: Nginx) -> dict[str, Any]:
    return {"nginx": {**nginx.words, "paths": site.paths}}


def rows(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(row["source"], row["name"], row["state"], codes(row, "problems")) for row in result["certificates"]]


def ports(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(row["certificate"], row["service"], row["is_live"], codes(row, "problems")) for row in result["ports"]]


def test_the_store_is_shown_with_what_its_services_serve_and_nothing_changes(site: Site, nginx: Nginx) -> None:
    supplied, waiting = site.supply(), site.supply()
    site.run(site.install(supplied, preset(site, nginx)))
    site.run(site.install(waiting, preset(site, nginx), stage_only=True))
    before, executions = site.look(), site.executions
    finished = [site.run(show(site)), site.run(show(site), check=True)]
    assert site.executions == executions + 2
    assert site.look() == before
    for result in (item.result for item in finished):
        assert (result["status"], result["changed"], result["problems"]) == ("ok", False, [])
        assert rows(result) == [
            ("store", "system", "live", []),
            ("store", "system", "pending", ["activation_pending"]),
        ]
        live, pending = result["certificates"]
        assert (live["fingerprint_sha256"], live["names"]) == (supplied.fingerprint, [NAME])
        assert (live["services"], live["holds_private_key"], live["days_left"]) == (["nginx"], True, 59)
        assert pending["fingerprint_sha256"] == waiting.fingerprint
        assert ports(result) == [("system", "nginx", True, [])]


def test_a_port_that_serves_something_else_is_told(site: Site, nginx: Nginx) -> None:
    site.run(site.install(site.supply(), preset(site, nginx)))
    foreign = site.make("foreign.example.org")
    (site.tls / "foreign.pem").write_bytes(foreign.pem + foreign.chain_pem)
    (site.tls / "foreign.key").write_bytes(foreign.key_pem)
    nginx.configure(site.tls / "foreign.pem", site.tls / "foreign.key")
    nginx.reload()
    shown = sha256(foreign.der).hexdigest()
    wait_until(lambda: all(nginx.served() == shown for _try in range(3)), "the other certificate")
    result = site.run(show(site)).result
    assert rows(result) == [("store", "system", "live", []), ("port", None, None, [])]
    assert ports(result) == [("system", "nginx", False, ["not_served"])]


def test_files_and_ports_are_shown_without_the_store(site: Site, nginx: Nginx) -> None:
    expired, exposed = site.make(**EXPIRED), site.make("shop.example.org")
    (site.tls / "old.pem").write_bytes(expired.pem + expired.chain_pem)
    (site.tls / "shop.pem").write_bytes(exposed.key_pem + exposed.pem + exposed.chain_pem)
    (site.tls / "shop.pem").chmod(0o644)
    (site.tls / "www.key").chmod(0o600)
    silent = free_port()
    task = show(
        site,
        paths=[str(site.tls), str(site.root / "none")],
        ports=[nginx.port, {"port": silent, "server_name": NAME}],
        names=[NAME],
    )
    result = site.run(task).result
    assert [(row["path"].rpartition("/")[2], codes(row, "problems")) for row in result["certificates"]] == [
        ("old.pem", ["expired"]),
        ("shop.pem", ["key_exposed", "name_missing"]),
        ("www.pem", []),
    ]
    assert [(row["port"], row["state"], codes(row, "problems")) for row in result["ports"]] == [
        (nginx.port, "served", []),
        (silent, "silent", ["silent"]),
    ]
    assert [(item["subject"], item["code"]) for item in result["problems"]] == [
        (str(site.root / "none"), "file_unreadable")
    ]
    assert result["status"] == "ok"


def test_keystores_tell_their_certificates_and_no_passphrase_is_shown(site: Site) -> None:
    issued, passphrase = site.make("shop.example.org"), "open-sesame-4711"
    site.scanner.add_word(passphrase)
    bundle, java = site.tls / "shop.p12", site.tls / "shop.jks"
    source = site.tls / "www.pem"
    source.write_bytes(issued.key_pem + issued.pem + issued.chain_pem)
    sealed = ["-passout", f"pass:{passphrase}", "-out", str(bundle)]
    subprocess.run(["openssl", "pkcs12", "-export", "-in", str(source), *sealed], check=True, capture_output=True)
    source.unlink()
    given = ["-srckeystore", str(bundle), "-srcstoretype", "PKCS12", "-srcstorepass", passphrase]
    target = ["-destkeystore", str(java), "-deststoretype", "JKS", "-deststorepass", passphrase]
    subprocess.run(["keytool", "-importkeystore", "-noprompt", *given, *target], check=True, capture_output=True)
    (site.controller.secrets / "keystore").write_text(f"{passphrase}\n", encoding="utf-8")
    source = str(site.controller.secrets / "keystore")
    opened = site.run(show(site, paths=[str(site.tls)], keystore_passphrase_src=source))
    shut = site.run(show(site, paths=[str(bundle)], keystore_passphrase="wrong-4712"))
    told = [(row["path"], row["names"], row["holds_private_key"]) for row in opened.result["certificates"]]
    assert told == [(str(java), ["shop.example.org"], True), (str(bundle), ["shop.example.org"], True)]
    assert [item["code"] for item in shut.result["problems"]] == ["keystore_unread"]
    assert passphrase not in opened.output
    assert "wrong-4712" not in shut.output


def test_every_fault_of_the_arguments_is_told_and_no_host_is_asked(site: Site) -> None:
    result = site.run(show(site, ports=["https"], names=["a..b"], warn_below=2)).result
    assert result["status"] == "failed"
    assert codes(result, "problems") == ["port_invalid", "name_invalid", "share_invalid"]
    assert site.executions == 0


def test_one_line_shows_a_file_and_a_port(site: Site, nginx: Nginx) -> None:
    environment = site.controller._environment(site.controller.root / "events-ad-hoc")
    variables = site.controller.secrets / "variables-ad-hoc.json"
    variables.write_text(json.dumps(site.variables), encoding="utf-8")
    asked = f"paths={site.tls}/www.pem,{site.tls}/none ports={nginx.port},127.0.0.1:{nginx.port}"
    command = [find_ansible("ansible"), "all", "-i", "host1,", "-m", "certwright.tls.certificate_info", "-a", asked]
    done = subprocess.run(
        [*command, "-e", f"@{variables}"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        cwd=site.controller.root,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("host1 | SUCCESS => {")
    result = json.loads(done.stdout.partition("=>")[2])
    assert rows(result) == [("file", None, None, [])]
    assert [(row["port"], row["address"]) for row in result["ports"]] == [(nginx.port, "127.0.0.1")] * 2
    assert [item["code"] for item in result["problems"]] == ["file_unreadable"]
    assert site.scanner.find(done.stdout.encode()) == []


def test_the_line_in_the_guide_is_one_that_runs(site: Site) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operators-guide.md").read_text(encoding="utf-8")
    lines = [line for line in guide.splitlines() if line.startswith("    ansible ") and "certificate_info" in line]
    assert len(lines) == 1
    program, host, *words = shlex.split(lines[0])
    words_of_host = {**site.variables, "tls_store_path": str(site.store), "ansible_become": False}
    inventory = {"all": {"hosts": {host: words_of_host}}}
    (site.controller.root / "inventory.yml").write_text(json.dumps(inventory), encoding="utf-8")
    done = subprocess.run(
        [find_ansible(program), host, *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=site.controller._environment(site.controller.root / "events-ad-hoc"),
        cwd=site.controller.root,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table = json.loads(done.stdout.partition("=>")[2])["table"]
    assert table[0].split()[:2] == ["CERTIFICATE", "NAMES"]
    assert [line.split()[0] for line in table[1:]]


def play(site: Site, *options: str, **variables: Any) -> Finished:
    given = {"tls_store_path": str(site.store), **variables}
    return site.controller.start("certwright.tls.show", *options, variables=given).finish()


def find_table(finished: Finished) -> list[list[str]]:
    """The cells of each line."""
    text = finished.output.partition('"HOST ')[2].partition("]")[0]
    return [line.strip().strip('",').split() for line in text.splitlines()[1:] if line.strip()]


def test_the_playbook_prints_one_table_of_all_hosts(site: Site, nginx: Nginx) -> None:
    site.run(site.install(site.supply(), preset(site, nginx)))
    before = site.look()
    done = play(site, "-i", "host2,", tls_show_paths=[str(site.tls / "none")])
    assert done.code == 0, done.output
    assert done.output.count('"HOST ') == 1
    table = find_table(done)
    assert [(line[0], line[1], line[-1]) for line in table] == [
        ("host1", str(site.tls / "none"), "file_unreadable"),
        ("host2", str(site.tls / "none"), "file_unreadable"),
        ("host1", "system", "-"),
        ("host2", "system", "-"),
    ]
    assert table[2][2:] == [NAME, "Test", "Intermediate", *table[2][5:7], "d)", "98%", "EC", "P-256", "yes", "-"]
    assert site.look() == before


def test_a_host_that_cannot_be_reached_or_asked_has_a_row_and_stops_nobody(site: Site, nginx: Nginx) -> None:
    site.run(site.install(site.supply(), preset(site, nginx)))
    inventory = site.controller.root / "inventory.ini"
    inventory.write_text(
        "gone ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1\n"
        "bad ansible_connection=local ansible_python_interpreter=/nonexistent/python\n"
        f"good ansible_connection=local ansible_python_interpreter={site.variables['ansible_python_interpreter']}\n",
        encoding="utf-8",
    )
    site.variables.clear()
    done = play(site, "-i", str(inventory), tls_hosts="gone:bad:good")
    assert [(line[0], line[1], line[-1]) for line in find_table(done)] == [
        ("bad", "-", "failed"),
        ("gone", "-", "unreachable"),
        ("good", "system", "-"),
    ]
    assert done.code == 2
    assert "/nonexistent/python" in done.output
