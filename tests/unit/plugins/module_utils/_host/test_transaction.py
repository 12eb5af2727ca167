# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.files import Attributes, HostError
from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget
from ansible_collections.certwright.tls.plugins.module_utils._host.request import FileSpec, Limits, Wanted
from ansible_collections.certwright.tls.plugins.module_utils._host.store import complete_generations, live_generation
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.conftest import Leaf
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import (
    Supply,
    free_port,
    supply,
)
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import (
    FILES,
    TransactionHost,
)

OLD, NEW = supply("site", 1), supply("site", 2)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TransactionHost]:
    with TransactionHost(tmp_path) as made:
        yield made


@pytest.fixture
def serving(host: TransactionHost) -> TransactionHost:
    """nginx serves OLD from the store."""
    host.name_in_nginx()
    host.install(OLD, host.nginx_service())
    host.nginx.start()
    assert host.served(OLD) == OLD.fingerprint
    return host


def state_of(outcome: dict[str, Any]) -> str:
    return str(outcome["services"][0]["state"])


# What goes well


def test_a_first_install_is_served_by_an_nginx_that_was_waiting_for_it(host: TransactionHost) -> None:
    host.nginx.configure()
    host.nginx.start()
    host.name_in_nginx()  # `nginx -t` fails for what we bring
    outcome = host.apply(host.wanted(NEW, host.nginx_service()))["site"]
    assert (outcome["outcome"], outcome["generation"], outcome["previous"]) == ("activated", 1, None)
    assert host.served(NEW) == NEW.fingerprint
    assert host.leftovers() == []


def test_a_change_is_proved_at_the_port(serving: TransactionHost) -> None:
    outcome = serving.apply(serving.wanted(NEW, serving.nginx_service()))["site"]
    assert (outcome["outcome"], outcome["generation"], outcome["previous"]) == ("activated", 2, 1)
    assert state_of(outcome) == "served"
    assert serving.served() == NEW.fingerprint
    assert serving.leftovers() == []


def test_looking_twice_gives_the_same_digest_and_changes_nothing(serving: TransactionHost) -> None:
    before = sorted((str(path), path.lstat().st_mtime_ns) for path in Path(serving.store.path).rglob("*.pem"))
    wanted = serving.wanted(OLD, serving.nginx_service())
    assert serving.look(wanted) == serving.look(wanted)
    assert before == sorted((str(path), path.lstat().st_mtime_ns) for path in Path(serving.store.path).rglob("*.pem"))


def test_storing_only_leaves_the_services_alone(serving: TransactionHost) -> None:
    outcome = serving.apply(serving.wanted(NEW, serving.nginx_service(), activate=False))["site"]
    assert (outcome["outcome"], outcome["generation"], outcome["previous"]) == ("staged", 2, 1)
    assert live_generation(serving.store, "site") == 1


def test_what_was_stored_is_activated_later(serving: TransactionHost) -> None:
    serving.apply(serving.wanted(NEW, serving.nginx_service(), activate=False))
    outcome = serving.apply(Wanted("site", services=(serving.nginx_service(),), generation=2))["site"]
    assert outcome["outcome"] == "activated"
    assert serving.served() == NEW.fingerprint


def test_a_stored_generation_can_be_discarded_although_its_service_checks_staged_files(host: TransactionHost) -> None:
    service = host.service(staged_check=("test", "-d", "{directory}"))
    host.install(OLD, service)
    host.apply(host.wanted(NEW, service, activate=False))
    outcome = host.apply(Wanted("site", services=(service,), activate=False, discard=(2,)))["site"]
    assert outcome["outcome"] == "discarded"
    assert complete_generations(host.store, "site") == (1,)


def test_storing_only_goes_not_live_where_the_live_generation_was_deleted_by_hand(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    shutil.rmtree(host.store.generation("site", 1))
    outcome = host.apply(host.wanted(NEW, host.service(), activate=False))["site"]
    assert (outcome["outcome"], outcome["generation"]) == ("staged", 2)
    assert (live_generation(host.store, "site"), host.live().exists()) == (1, False)


def test_a_stored_generation_that_is_refused_is_not_pruned_although_none_is_to_be_kept(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    host.apply(host.wanted(NEW, host.service(), activate=False))
    broken = Wanted("site", services=(host.service(check=("false",)),), generation=2)
    assert host.apply(broken, keep_generations=0)["site"]["outcome"] == "refused"
    assert complete_generations(host.store, "site") == (1, 2)


def test_older_generations_are_pruned_beyond_the_number_to_keep(host: TransactionHost) -> None:
    for number in range(1, 6):
        host.apply(host.wanted(supply("site", number), host.service()), keep_generations=2)
    assert complete_generations(host.store, "site") == (3, 4, 5)


# What was wrong before


def test_a_configuration_that_was_broken_before_is_refused_and_nothing_is_touched(serving: TransactionHost) -> None:
    with serving.nginx.config.open("a", encoding="ascii") as file:
        file.write("nonsense;\n")
    outcome = serving.apply(serving.wanted(NEW, serving.nginx_service()))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("refused", "baseline")
    assert "was broken before" in outcome["message"]
    assert "nonsense" in outcome["message"]
    assert complete_generations(serving.store, "site") == (1,)
    assert serving.served() == OLD.fingerprint


def test_a_stopped_service_gets_its_files_and_is_never_started(host: TransactionHost) -> None:
    host.name_in_nginx()
    service = host.nginx_service(restart=host.script("restart"), reload=host.script("reload"))
    outcome = host.apply(host.wanted(NEW, service))["site"]
    assert (outcome["outcome"], state_of(outcome)) == ("placed_not_served", "placed_not_served")
    assert (host.calls("restart"), host.calls("reload")) == (0, 0)
    assert host.nginx.pid_file.read_text(encoding="ascii") == ""  # made by `nginx -t`
    assert host.live_leaf() == NEW.material.leaf


def test_a_port_that_was_silent_before_cannot_cause_a_rollback(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    silent = host.service(probes=(ProbeTarget(free_port()),))
    outcome = host.apply(host.wanted(NEW, silent))["site"]
    assert outcome["outcome"] == "activated"
    assert [notice["code"] for notice in outcome["notices"]] == ["not_proved"]


@pytest.mark.parametrize("number", [1, 2])
def test_unknown_owners_and_groups_are_refused_together_before_anything_is_written(
    host: TransactionHost, number: int
) -> None:
    files = tuple(FileSpec(f"{count}.pem", ("key",), owner="nobody-knows", group="no-group") for count in range(number))
    service = host.service(files=(*files, FileSpec("x.pem", ("leaf",), path="/no/such/directory/x.pem")))
    outcome = host.apply(host.wanted(NEW, service))["site"]
    assert outcome["outcome"] == "refused"
    assert outcome["message"].count("nobody-knows") == number
    assert "/no/such/directory" in outcome["message"]
    assert not os.path.exists(host.store.home("site"))


def test_of_two_certificates_with_one_path_the_second_is_refused(host: TransactionHost) -> None:
    path = host.directory / "tls.pem"
    (host.directory / "alias").symlink_to(host.directory)
    first, second = (
        host.service(files=(FileSpec("tls.pem", ("leaf", "key"), path=str(where)),))
        for where in (path, host.directory / "alias" / "tls.pem")
    )
    outcomes = host.apply(host.wanted(OLD, first, name="a"), host.wanted(NEW, second, name="b"))
    assert {name: outcome["outcome"] for name, outcome in outcomes.items()} == {"a": "activated", "b": "refused"}
    declared = host.directory / "alias" / "tls.pem"
    assert f"{declared} is declared for the certificate a too; give each its own" in outcomes["b"]["message"]
    assert os.readlink(path) == str(host.live("custom/tls.pem", "a"))


def test_all_foreign_paths_that_cannot_be_are_named_together(host: TransactionHost, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/somewhere/else")
    paths = [str(tmp_path / name) for name in ("folder", "link", "none/x.pem")]
    files = tuple(FileSpec(f"{number}.pem", ("leaf",), path=path) for number, path in enumerate(paths))
    outcome = host.apply(host.wanted(NEW, host.service(files=files)))["site"]
    assert outcome["outcome"] == "refused"
    assert [path in outcome["message"] for path in paths] == [True, True, True]


def test_a_store_on_a_missing_directory_is_refused(tmp_path: Path) -> None:
    host = TransactionHost(tmp_path / "none")
    with pytest.raises(HostError, match="does not exist; create it or set `store_path`"):
        host.send(host.wanted(NEW))


# What goes wrong


def test_a_configuration_that_the_change_breaks_is_put_back_without_a_reload(host: TransactionHost) -> None:
    service = host.service(check=host.script("check", f"! {host.sees(NEW)}"), reload=host.script("reload"))
    host.install(OLD, service)
    outcome = host.apply(host.wanted(NEW, service))["site"]
    assert (outcome["outcome"], outcome["step"], host.calls("reload")) == ("rolled_back", "check", 1)
    assert "Put back: the previous files are in place again" in outcome["message"]
    assert host.live_leaf() == OLD.material.leaf


def test_nginx_refuses_a_pair_that_does_not_match_and_serves_the_previous_one_on(serving: TransactionHost) -> None:
    torn = Supply(replace(NEW.material, key=OLD.material.key), NEW.fingerprint)
    outcome = serving.apply(serving.wanted(torn, serving.nginx_service()))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("rolled_back", "check")
    assert "key values mismatch" in outcome["message"]
    assert serving.nginx.test().returncode == 0
    assert serving.served() == OLD.fingerprint


def test_a_failed_reload_puts_the_previous_certificate_back(serving: TransactionHost) -> None:
    command = serving.script("reload", " ".join(serving.nginx.reload), f"! {serving.sees(NEW)}")
    outcome = serving.apply(serving.wanted(NEW, serving.nginx_service(reload=command)))["site"]
    assert (outcome["outcome"], outcome["step"], serving.calls("reload")) == ("rolled_back", "reload", 2)
    assert "shows what it showed before" in outcome["message"]
    assert serving.served(OLD) == OLD.fingerprint
    assert serving.leftovers() == []


def test_a_service_without_a_reload_command_is_put_back_and_named(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    outcome = host.apply(host.wanted(NEW, host.service(reload=())))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("rolled_back", "reload")
    assert "there is no command for the reload of custom" in outcome["message"]
    assert host.leftovers() == []


def test_a_reload_that_serves_another_certificate_puts_the_previous_one_back(serving: TransactionHost) -> None:
    outcome = serving.apply(serving.wanted(NEW, serving.nginx_service(reload=serving.script("reload"))))["site"]
    assert (outcome["outcome"], outcome["step"], serving.calls("reload")) == ("rolled_back", "probe", 2)
    assert "serves another certificate" in outcome["message"]
    assert (serving.served(), serving.live_leaf()) == (OLD.fingerprint, OLD.material.leaf)


def test_files_that_no_configuration_names_are_kept_and_called_not_served(serving: TransactionHost) -> None:
    elsewhere = serving.directory / "elsewhere"
    elsewhere.mkdir()
    for name, text in (("fullchain.pem", OLD.material.leaf), ("privkey.pem", OLD.material.key)):
        (elsewhere / name).write_text(text, encoding="ascii")
    serving.name_in_nginx(directory=str(elsewhere))
    hint = "Write: ssl_certificate {fullchain.pem};"
    outcome = serving.apply(serving.wanted(NEW, serving.nginx_service(hint=hint)))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("not_served", "probe")
    assert f"Write: ssl_certificate {serving.live('nginx/fullchain.pem')};" in outcome["message"]
    assert [notice["code"] for notice in outcome["notices"]] == ["not_referenced", "not_referenced"]
    assert serving.live_leaf() == NEW.material.leaf


def test_a_service_that_goes_down_after_its_reload_is_put_back_and_started(serving: TransactionHost) -> None:
    up = serving.directory / "up"
    up.touch()
    service = serving.service(
        status=("test", "-e", str(up)),
        reload=serving.script("reload", f"! {serving.sees(NEW)} || rm {up}"),
        restart=serving.script("restart", f"touch {up}"),
    )
    outcome = serving.apply(serving.wanted(NEW, service))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("rolled_back", "unit")
    assert (serving.calls("reload"), serving.calls("restart"), up.exists()) == (1, 1, True)
    assert serving.live_leaf() == OLD.material.leaf


def test_a_service_that_cannot_take_the_previous_files_either_is_said_to_be_so(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    outcome = host.apply(host.wanted(NEW, host.service(reload=("false",))))["site"]
    assert outcome["outcome"] == "rolled_back"
    assert "but the service could not take them" in outcome["message"]


def test_what_is_expired_is_not_put_back(serving: TransactionHost) -> None:
    command = serving.script("reload", "exit 1")
    wanted = serving.wanted(NEW, serving.nginx_service(reload=command), put_back=False)
    outcome = serving.apply(wanted)["site"]
    assert (outcome["outcome"], outcome["step"], serving.calls("reload")) == ("kept_new_unproved", "reload", 1)
    assert serving.live_leaf() == NEW.material.leaf
    assert serving.leftovers() == []


def test_what_is_expired_is_put_back_when_the_new_one_fails_the_check(host: TransactionHost) -> None:
    service = host.service(check=host.script("check", f"! {host.sees(NEW)}"))
    host.install(OLD, service)
    outcome = host.apply(host.wanted(NEW, service, put_back=False))["site"]
    assert (outcome["outcome"], host.live_leaf()) == ("rolled_back", OLD.material.leaf)


def test_the_same_generation_reloaded_in_vain_is_not_served_and_remembered_by_service_start(
    serving: TransactionHost,
) -> None:
    serving.install(NEW, serving.service(name="nginx"))  # placed, but nginx has not been told
    again = Wanted("site", services=(serving.nginx_service(reload=("true",)),), generation=2)
    outcome = serving.apply(again)["site"]
    assert (outcome["outcome"], outcome["step"]) == ("not_served", "probe")
    activation = serving.observe(again)["certificates"]["site"]["live"]["activation"]
    assert activation["tries"] == 1
    assert list(activation["reloaded_in_vain"]) == ["nginx"]
    assert activation["reloaded_in_vain"]["nginx"].startswith(
        serving.nginx.pid_file.read_text(encoding="ascii").strip()
    )


def test_a_restart_in_vain_is_remembered_by_the_start_it_made(
    host: TransactionHost, serve: Callable[..., int], make_leaf: Callable[[str], Leaf]
) -> None:
    """So that the next run, which sees that start, does not restart it again."""
    host.install(OLD, host.service())
    pid = host.directory / "service.pid"
    with subprocess.Popen(["sleep", "60"]) as first:
        pid.write_text(f"{first.pid}\n", encoding="ascii")
        lines = (f"kill $(cat {pid})", f"setsid sleep 60 >/dev/null 2>&1 </dev/null & echo $! > {pid}")
        service = host.service(
            pid_file=str(pid),
            method="restart",
            restart=host.script("restart", *lines),
            restart_allowed=True,
            probes=(ProbeTarget(serve(make_leaf("other").talk)),),
        )
        again = Wanted("site", services=(service,), generation=1)
        before = host.observe(again)["services"]["site"]["custom"]["start"]
        outcome = host.apply(again)["site"]
        found = host.observe(again)
        os.kill(int(pid.read_text(encoding="ascii")), signal.SIGTERM)
    assert (outcome["outcome"], host.calls("restart")) == ("not_served", 1)
    start = found["services"]["site"]["custom"]["start"]
    assert start not in ("", before)
    assert found["certificates"]["site"]["live"]["activation"]["reloaded_in_vain"] == {"custom": start}


@pytest.mark.parametrize("order", [("unread", "reading"), ("reading", "unread")])
def test_a_service_that_reads_no_file_hides_no_other_that_does_and_fails(
    host: TransactionHost, serve: Callable[..., int], make_leaf: Callable[[str], Leaf], order: tuple[str, ...]
) -> None:
    host.install(OLD, host.service())
    references = {"unread": ("echo", "nothing"), "reading": ()}
    services = [
        host.service(
            name=name,
            references=references[name],
            reload=host.script(name),
            probes=(ProbeTarget(serve(make_leaf("other").talk)),),
        )
        for name in order
    ]
    outcome = host.apply(host.wanted(NEW, *services))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("rolled_back", "probe")
    assert outcome["message"].startswith("reading: ")
    assert host.live_leaf() == OLD.material.leaf


@pytest.mark.parametrize("since", ["before", "meanwhile"])
def test_the_port_of_another_process_on_another_address_causes_no_rollback(
    serving: TransactionHost, serve: Callable[..., int], make_leaf: Callable[[str], Leaf], since: str
) -> None:
    """A server that comes meanwhile starts with the reload."""
    talk = make_leaf("other").talk
    if since == "before":
        serve(talk, "127.0.0.2", serving.port)
        outcome = serving.apply(serving.wanted(NEW, serving.nginx_service()))["site"]
    else:
        program = (
            "import socket, ssl, sys, threading\n"
            "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(*sys.argv[1:3])\n"
            "server = socket.create_server(('127.0.0.2', int(sys.argv[3])))\n"
            "server.settimeout(20)\n"
            "while True:\n"
            "    connection = server.accept()[0]\n"
            "    try: context.wrap_socket(connection, server_side=True).close()\n"
            "    except OSError: pass\n"
        )
        (serving.directory / "server.py").write_text(program, encoding="ascii")
        words = (make_leaf("other").certificate, make_leaf("other").private_key, serving.port)
        start = f"{sys.executable} {serving.directory}/server.py {' '.join(map(str, words))}"
        lines = (f"setsid {start} >/dev/null 2>&1 </dev/null & echo $! > {serving.directory}/server.pid", "sleep 0.5")
        command = serving.script("reload", *lines, " ".join(serving.nginx.reload))
        outcome = serving.apply(serving.wanted(NEW, serving.nginx_service(reload=command)))["site"]
        os.kill(int((serving.directory / "server.pid").read_text(encoding="ascii")), signal.SIGTERM)
    assert outcome["outcome"] == "activated", outcome["message"]
    assert [notice["code"] for notice in outcome["notices"]] == ["not_proved"]
    assert serving.served(NEW) == NEW.fingerprint


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ("true", ", and every port that answered before shows what it showed before"),
        ("kill $(cat {pid})", " of 127.0.0.1 does not show the previous certificate again"),
    ],
    ids=["shows it again", "does not"],
)
def test_what_is_said_after_a_rollback_is_true_of_every_address(
    serving: TransactionHost, serve: Callable[..., int], make_leaf: Callable[[str], Leaf], after: str, says: str
) -> None:
    serve(make_leaf("other").talk, "127.0.0.2", serving.port)
    lines = (f"{serving.sees(NEW)} && exit 1", after.format(pid=serving.nginx.pid_file))
    outcome = serving.apply(serving.wanted(NEW, serving.nginx_service(reload=serving.script("reload", *lines))))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("rolled_back", "reload")
    assert outcome["message"].endswith(says)


def test_a_failure_is_counted_and_a_success_forgets_it(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    broken = host.service(reload=("false",))
    host.apply(host.wanted(NEW, broken))
    host.apply(Wanted("site", services=(broken,), generation=2))
    pending = host.observe(Wanted("site"))["certificates"]["site"]["pending"]
    assert (pending["generation"], pending["activation"]["tries"], pending["activation"]["step"]) == (2, 2, "reload")
    host.apply(Wanted("site", services=(host.service(),), generation=2))
    live = host.observe(Wanted("site"))["certificates"]["site"]["live"]
    assert (live["generation"], live["activation"]) == (2, {})


def test_a_service_that_watches_its_files_is_asked_before_the_switch(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    service = host.service(method="none", staged_check=("grep", "-q", "never there", "{directory}/fullchain.pem"))
    outcome = host.apply(host.wanted(NEW, service))["site"]
    assert (outcome["outcome"], outcome["step"]) == ("refused", "staged_check")
    assert live_generation(host.store, "site") == 1


@pytest.mark.parametrize(
    ("allowed", "state", "restarts"),
    [(False, "restart_pending", 0), (True, "activated", 1)],
    ids=["not now", "allowed"],
)
def test_a_restart_needs_permission(host: TransactionHost, allowed: bool, state: str, restarts: int) -> None:
    service = host.service(method="restart", restart=host.script("restart"), restart_allowed=allowed)
    outcome = host.apply(host.wanted(NEW, service))["site"]
    assert (outcome["outcome"], host.calls("restart")) == (state, restarts)


# Several at once


def test_of_eight_certificates_the_two_bad_ones_are_found_and_the_six_go_on_with_one_reload(
    host: TransactionHost,
) -> None:
    names = [f"s{number}.example" for number in range(8)]
    host.name_in_nginx(*names)
    before = {name: supply(name, 1) for name in names}
    after = {name: supply(name, 2) for name in names}
    for name in (names[2], names[5]):
        after[name] = Supply(replace(after[name].material, key=before[name].material.key), after[name].fingerprint)
    services = {name: host.nginx_service(probes=(ProbeTarget(host.port, server_name=name),)) for name in names}
    host.apply(*(host.wanted(before[name], services[name], name=name) for name in names))
    host.nginx.start()
    command = host.script("reload", " ".join(host.nginx.reload))
    services = {name: replace(service, reload=command) for name, service in services.items()}
    outcomes = host.apply(*(host.wanted(after[name], services[name], name=name) for name in names))
    bad = {name for name, outcome in outcomes.items() if outcome["outcome"] != "activated"}
    assert bad == {names[2], names[5]}
    assert {outcomes[name]["step"] for name in bad} == {"check"}
    assert host.calls("reload") == 1
    for name in names:
        expected = before[name] if name in bad else after[name]
        assert host.served(expected, name) == expected.fingerprint
        assert host.live_leaf(name) == expected.material.leaf


def test_two_certificates_of_one_target_are_neither_probed_nor_put_back(host: TransactionHost) -> None:
    names = ("a", "b")
    host.name_in_nginx(*names)
    host.apply(*(host.wanted(supply(name, 1), host.nginx_service(), name=name) for name in names))
    host.nginx.start()
    outcomes = host.apply(*(host.wanted(supply(name, 2), host.nginx_service(), name=name) for name in names))
    for name in names:
        assert (outcomes[name]["outcome"], state_of(outcomes[name])) == ("activated", "reloaded")
        (notice,) = outcomes[name]["notices"]
        assert notice["code"] == "not_proved"
        assert "neither was probed; give each its own `probe_names`" in notice["message"]
        assert host.served(supply(name, 2), name) == supply(name, 2).fingerprint


def test_what_changed_since_it_was_looked_at_is_left_alone(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    (planned,) = host.look(host.wanted(supply("site", 3), host.service()))
    host.apply(host.wanted(NEW, host.service()))
    assert host.send(planned) == {"changed_underneath": True, "outcomes": []}
    assert (host.live_leaf(), complete_generations(host.store, "site")) == (NEW.material.leaf, (1, 2))


CHILD = """
import json, os, sys
from dataclasses import replace
from pathlib import Path
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Material
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import Supply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import TransactionHost
task = json.loads(sys.argv[1])
host = TransactionHost(Path(task["directory"]))
service = {word: tuple(argv) for word, argv in task["service"].items()}
wanted = host.wanted(Supply(Material(**task["material"]), task["fingerprint"]), host.service(**service))
wanted = host.look(wanted)[0] if task["look"] else replace(wanted, expect=task["expect"])
print(json.dumps(host.send(wanted)), flush=True)
"""


def start_child(host: TransactionHost, given: Supply, **words: Any) -> subprocess.Popen[str]:
    """The same transaction in a process of its own."""
    task = {"directory": str(host.directory), "material": vars(given.material), "fingerprint": given.fingerprint}
    task.update({"service": {}, "look": True, "expect": "", **words})
    return subprocess.Popen([sys.executable, "-c", CHILD, json.dumps(task)], stdout=subprocess.PIPE, text=True)


def end_child(child: subprocess.Popen[str]) -> dict[str, Any]:
    output, _nothing = child.communicate(timeout=60)
    assert child.returncode == 0
    return dict(json.loads(output.splitlines()[-1]))


def test_of_two_runs_at_once_the_second_sees_that_something_changed(host: TransactionHost) -> None:
    host.install(OLD, host.service())
    digest = host.look(host.wanted(OLD, host.service()))[0].expect
    slow = {"check": host.script("check", "sleep 0.5")}
    children = [start_child(host, supply("site", number), look=False, expect=digest, service=slow) for number in (2, 3)]
    answers = [end_child(child) for child in children]
    assert sorted(answer["changed_underneath"] for answer in answers) == [False, True]
    assert complete_generations(host.store, "site") == (1, 2)


def test_two_first_runs_at_once_make_one_store(host: TransactionHost) -> None:
    for number in range(5):
        there = TransactionHost(host.directory / str(number))
        there.directory.mkdir()
        digest = there.look(there.wanted(OLD, there.service()))[0].expect
        children = [start_child(there, OLD, look=False, expect=digest) for _child in range(3)]
        answers = [end_child(child) for child in children]
        assert sorted(answer["changed_underneath"] for answer in answers) == [False, True, True]


def test_a_run_that_waits_for_the_lock_too_long_names_who_holds_it(host: TransactionHost) -> None:
    go = host.directory / "go"
    waiting = {"check": host.script("check", f"for _ in $(seq 200); do test -e {go} && exit; sleep 0.05; done")}
    child = start_child(host, NEW, service=waiting)
    while not host.calls("check"):
        assert child.poll() is None
        time.sleep(0.01)
    with pytest.raises(HostError, match=rf"locked by another run for 0.2 s \(pid {child.pid}, run unnamed\)"):
        host.send(host.wanted(OLD, host.service()), lock=0.2)
    go.touch()
    assert end_child(child)["outcomes"][0]["outcome"] == "activated"


# Signals


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_from_the_journal_on_does_not_stop_it_and_no_child_inherits_deafness(
    host: TransactionHost, name: str
) -> None:
    host.install(OLD, host.service())
    ignored = host.directory / "ignored"
    lines = (f"grep SigIgn /proc/self/status > {ignored}", f"kill -{name[3:]} $PPID", "sleep 0.2")
    answer = end_child(start_child(host, NEW, service={"reload": host.script("reload", *lines)}))
    assert answer["outcomes"][0]["outcome"] == "activated"
    assert host.live_leaf() == NEW.material.leaf
    mask = int(ignored.read_text(encoding="ascii").split()[1], 16)
    deaf = [word for word in ("SIGTERM", "SIGHUP", "SIGINT", "SIGPIPE") if mask & 1 << (getattr(signal, word) - 1)]
    assert deaf == []


def test_signals_are_heard_again_after_the_transaction(host: TransactionHost) -> None:
    names = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE)
    before = [signal.getsignal(name) for name in names]
    host.install(OLD, host.service())
    assert [signal.getsignal(name) for name in names] == before


# Files


def test_every_file_is_labelled_with_its_words_before_it_is_given_away(host: TransactionHost) -> None:
    labelled: dict[str, tuple[Any, ...]] = {}

    def label(path: str, attributes: Attributes) -> None:
        labelled[os.path.basename(path)] = (*attributes.context, os.stat(path).st_size, os.stat(path).st_mode & 0o777)

    words = {"seuser": "u", "serole": "r", "setype": "t", "selevel": "s0"}
    service = host.service(
        files=(FileSpec("a.pem", ("leaf", "key"), mode="0640", **words), FileSpec("b.pem", ("key",)))
    )
    host.apply(host.wanted(NEW, service), label=label)
    assert labelled["a.pem"] == ("u", "r", "t", "s0", 0, 0o600)
    nothing = (None, None, None, None, 0, 0o600)
    rest = {name: found for name, found in labelled.items() if name != "a.pem"}
    assert rest == dict.fromkeys(("b.pem", "cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"), nothing)


def test_no_file_is_ever_more_open_than_declared(host: TransactionHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Observed at each change of a file, under the most careless umask."""
    seen: dict[str, set[int]] = {}
    before = os.umask(0)
    for function in ("fchmod", "write", "fsync"):
        monkeypatch.setattr(os, function, _watched(getattr(os, function), seen))
    try:
        host.apply(host.wanted(NEW, host.service(files=(FileSpec("k.pem", ("key",), mode="0640"), *FILES))))
    finally:
        os.umask(before)
        monkeypatch.undo()
    assert seen["k.pem"] == {0o600, 0o640}
    assert seen["privkey.pem"] == {0o600}
    assert seen["manifest.json.new"] == {0o600}


def _watched(function: Any, seen: dict[str, set[int]]) -> Any:
    def watched(descriptor: int, *args: Any) -> Any:
        name = os.path.basename(os.readlink(f"/proc/self/fd/{descriptor}"))
        seen.setdefault(name, set()).add(os.fstat(descriptor).st_mode & 0o777)
        return function(descriptor, *args)

    return watched


def test_a_file_that_somebody_changed_is_drift(host: TransactionHost) -> None:
    wanted = host.wanted(OLD, host.service())
    host.apply(wanted)
    host.live("custom/privkey.pem").chmod(0o644)
    host.live("chain.pem").write_text("else", encoding="ascii")
    host.live("cert.pem").unlink()
    assert host.observe(wanted)["certificates"]["site"]["live"]["drift"] == [
        {"file": "cert.pem", "fact": "missing"},
        {"file": "chain.pem", "fact": "content"},
        {"file": "custom/privkey.pem", "fact": "attributes"},
    ]


def test_limits_have_defaults_that_end() -> None:
    assert all(value > 0 for value in vars(Limits()).values())
