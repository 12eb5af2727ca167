# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host tells of its store, its files and its ports, and that no key is among it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.listeners import observe_listeners
from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget, observe_served
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Limits
from ansible_collections.certwright.tls.plugins.module_utils._host.store_lock import locked
from ansible_collections.certwright.tls.plugins.module_utils._host.survey import SurveyRequest, survey
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.host_material import pair, pkcs12
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.nginx_server import free_port, supply
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.transaction_host import (
    LIMITS,
    TransactionHost,
)

OLD, NEW = supply("site", 1), supply("site", 2)
ELSEWHERE = {"stored": False}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[TransactionHost]:
    with TransactionHost(tmp_path) as made:
        yield made


def look(host: TransactionHost, *paths: Any, **words: Any) -> dict[str, Any]:
    """As the controller asks and hears it: JSON both ways; without any key."""
    asked = {"paths": [str(path) for path in paths], "targets": [], "certificates": [], "stored": True, **words}
    request = SurveyRequest.from_json(json.loads(json.dumps({**asked, "limits": asdict(LIMITS), "action": "survey"})))
    said = json.dumps(survey(host.store, request))
    for supplied in (OLD, NEW):
        # The secret number of a P-256 key; the public one, which certificates show, stands behind it.
        secret = "".join(supplied.material.key.splitlines()[1:-1])[48:90]
        assert not any(secret[start : start + 12] in said.replace("\\n", "") for start in range(len(secret) - 11))
    found: dict[str, Any] = json.loads(said)
    return found


def store(host: TransactionHost, *, name: str = "site", port: int = 0, activate: bool = True) -> None:
    """OLD live, and NEW when it is not to be activated."""
    wanted = host.wanted(OLD if activate else NEW, host.service(), name=name, activate=activate)
    wanted.record["services"] = [{"name": "nginx", "probes": [{"port": port}] if port else []}]
    host.apply(wanted)


def write(path: Path, *texts: str, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(texts), encoding="ascii")
    path.chmod(mode)
    return path


def test_a_host_without_a_store_has_nothing_to_tell_and_gets_none(host: TransactionHost) -> None:
    found = look(host)
    assert (found["certificates"], found["store_fact"], found["files"], found["served"]) == ({}, "", [], [])
    assert (found["journal"], found["store"]) == (None, host.store.path)
    assert not Path(host.store.path).exists()


def test_live_and_pending_are_told_with_their_chains_and_what_is_not_as_it_was(host: TransactionHost) -> None:
    store(host)
    store(host, activate=False)
    host.live("privkey.pem").chmod(0o644)
    states = look(host)["certificates"]["site"]
    assert [(state, found["generation"], found["certificates"]) for state, found in states.items()] == [
        ("live", 1, [OLD.fingerprint]),
        ("pending", 2, [NEW.fingerprint]),
    ]
    assert states["live"]["drift"] == [{"file": "privkey.pem", "fact": "attributes"}]
    assert states["live"]["holds_private_key"]
    assert states["live"]["path"] == str(host.live("fullchain.pem").resolve())
    assert states["live"]["record"]["fingerprint"] == OLD.fingerprint


def test_each_certificate_is_told_once_by_its_fingerprint(host: TransactionHost) -> None:
    store(host)
    path = write(host.directory / "own.pem", OLD.material.leaf)
    found = look(host, path)
    assert found["texts"] == {OLD.fingerprint: OLD.material.leaf}
    assert [item["certificates"] for item in found["files"]] == [[OLD.fingerprint]]


def test_only_the_named_certificates_of_the_store_are_told(host: TransactionHost) -> None:
    for name in ("a", "b"):
        store(host, name=name)
    assert list(look(host, certificates=["b", "../b", "c"])["certificates"]) == ["b"]


def test_what_is_remembered_of_orders_and_activations_is_told_also_where_nothing_was_issued(
    host: TransactionHost,
) -> None:
    store(host, activate=False)
    activation = Path(host.store.generation("site", 1), "activation.json")
    activation.write_text(
        '{"tries": 2, "time": "T", "message": "no", "step": "check", "reloaded_in_vain": {}}', "utf-8"
    )
    for name, content in (("site", '{"terms": "a"}'), ("never", '{"failure": {}}'), ("odd", "{")):
        path = Path(host.store.issuance(name))
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="ascii")
    found = look(host)
    assert found["certificates"]["site"]["pending"]["activation"] == {"tries": 2, "time": "T", "message": "no"}
    assert list(found["certificates"]) == ["site"]
    assert found["memories"] == {"never": {"failure": {}}, "odd": {}, "site": {"terms": "a"}}
    assert look(host, **ELSEWHERE)["memories"] == {}
    assert list(look(host, certificates=["never"])["memories"]) == ["never"]


def test_a_store_that_is_not_shown_is_known_without_its_chains_and_ports(host: TransactionHost) -> None:
    store(host, port=free_port())
    found = look(host, **ELSEWHERE)
    live = found["certificates"]["site"]["live"]
    assert (live["certificates"], live["record"]["fingerprint"]) == ([], OLD.fingerprint)
    assert (found["served"], found["texts"]) == ([], {})


def test_a_certificate_whose_files_are_gone_is_told(host: TransactionHost) -> None:
    store(host)
    for path in Path(host.store.generation("site", 1)).iterdir():
        if path.is_file():
            path.unlink()
    live = look(host)["certificates"]["site"]["live"]
    assert (live["certificates"], live["holds_private_key"]) == ([], False)
    assert live["drift"] == [{"file": "manifest.json", "fact": "missing"}]


def test_a_certificate_whose_files_are_damaged_is_told(host: TransactionHost) -> None:
    store(host)
    host.live("fullchain.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="ascii")
    found = look(host)
    assert (found["certificates"]["site"]["live"]["certificates"], found["texts"]) == ([], {})


@pytest.mark.parametrize(
    ("words", "certificates", "failure"),
    [
        pytest.param({}, [NEW.fingerprint], "", id="shown"),
        pytest.param(ELSEWHERE, [NEW.fingerprint], "", id="known"),
        pytest.param({"certificates": ["other"]}, None, "", id="not asked for"),
        pytest.param(None, [], "does not exist", id="gone"),
    ],
)
def test_what_was_adopted_is_told_as_it_lies_there_now(
    host: TransactionHost, words: dict[str, Any] | None, certificates: list[str] | None, failure: str
) -> None:
    path, key = write(host.directory / "a.pem", NEW.material.leaf), write(host.directory / "a.key", NEW.material.key)
    if words is None:
        path.unlink()
    record = {"certificate_path": str(path), "private_key_path": str(key), "fingerprint": OLD.fingerprint}
    write(Path(host.store.home("site")) / "adopted.json", json.dumps(record))
    found = look(host, **(words or {}))["certificates"].get("site", {}).get("adopted")
    assert (None if found is None else found["certificates"]) == certificates
    if found is not None:
        assert (found["failure"], found["path"], found["holds_private_key"]) == (failure, str(path), True)
        assert found["record"]["fingerprint"] == (certificates or [OLD.fingerprint])[0]


def test_why_an_activation_failed_is_told(host: TransactionHost) -> None:
    store(host)
    host.apply(host.wanted(NEW, host.service(reload=("false",))))
    assert look(host)["certificates"]["site"]["pending"]["failure"] != ""


def test_a_store_that_another_run_holds_hides_nothing_else(host: TransactionHost) -> None:
    store(host)
    path = write(host.directory / "own.pem", OLD.material.leaf)
    with locked(host.store, run="job 7", patience=1):
        found = survey(host.store, SurveyRequest(paths=(str(path),), limits=Limits(lock=0.1)))
    assert "job 7" in found["store_fact"]
    assert (found["certificates"], [item["path"] for item in found["files"]]) == ({}, [str(path)])


def test_a_store_that_cannot_be_read_hides_nothing_else(host: TransactionHost) -> None:
    store(host)
    os.unlink(host.store.lock)
    os.symlink(host.store.lock, host.store.lock)
    found = look(host, "/nowhere")
    assert found["store_fact"].startswith(f"The store {host.store.path} cannot be read: Too many levels of symbolic")
    assert [item["fact"] for item in found["files"]] == ["does not exist"]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(
            lambda d: write(d / "a.pem", OLD.material.leaf, OLD.material.key, mode=0o644),
            {"certificates": [OLD.fingerprint], "holds": ["private key"], "fact": "", "mode": 0o644},
            id="a leaf with its key",
        ),
        pytest.param(
            lambda d: d / "none",
            {"certificates": [], "holds": [], "fact": "does not exist", "mode": 0},
            id="no file",
        ),
        pytest.param(
            lambda d: "relative.pem",
            {"certificates": [], "holds": [], "fact": "is not an absolute path on the host", "mode": 0},
            id="a relative path",
        ),
        pytest.param(
            lambda d: write(d / "sub" / "notes.txt", "nothing").parent,
            {"certificates": [], "holds": [], "fact": "", "mode": 0},
            id="a directory without certificates",
        ),
    ],
)
def test_what_is_named_is_told_whatever_it_is(
    host: TransactionHost, make: Callable[[Path], Any], expected: dict[str, Any]
) -> None:
    path = make(host.directory)
    assert look(host, path, **ELSEWHERE)["files"] == [dict(expected, path=str(path), unread="", ended="")]


def test_variables_and_the_home_are_the_hosts(host: TransactionHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(host.directory))
    monkeypatch.setenv("CERTWRIGHT_TEST", str(host.directory))
    path = write(host.directory / "a.pem", OLD.material.leaf)
    found = look(host, "~/a.pem", "$CERTWRIGHT_TEST//a.pem", **ELSEWHERE)["files"]
    assert [item["path"] for item in found] == [str(path)] * 2


def test_a_directory_is_searched_except_for_the_store(host: TransactionHost) -> None:
    store(host)
    below = write(host.directory / "tls" / "www" / "a.crt", OLD.material.leaf)
    keystore = host.directory / "tls" / "b.p12"
    keystore.write_bytes(bytes.fromhex("30820a00020103308209c6"))
    found = look(host, host.directory)["files"]
    assert [(item["path"], item["holds"]) for item in found] == [(str(keystore), ["PKCS#12"]), (str(below), [])]


def test_keystores_are_opened_by_the_passphrase_that_was_given(host: TransactionHost) -> None:
    bundle = pkcs12(pair(), "geheim")
    (host.directory / "b.p12").write_bytes(bundle)
    path = host.directory / "b.p12"
    (closed,), (opened,) = (look(host, path, passphrase=said, **ELSEWHERE)["files"] for said in ("", "geheim"))
    assert (closed["certificates"], bool(closed["unread"])) == ([], True)
    assert (len(opened["certificates"]), opened["holds"]) == (1, ["PKCS#12", "encrypted private key"])


def test_who_searches_inside_of_the_store_gets_its_files(host: TransactionHost) -> None:
    store(host)
    directory = host.store.generation("site", 1)
    for root in (directory, host.store.path):
        paths = {item["path"] for item in look(host, root)["files"]}
        assert os.path.join(directory, "fullchain.pem") in paths


def test_a_directory_that_may_not_be_listed_says_so(host: TransactionHost, monkeypatch: pytest.MonkeyPatch) -> None:
    # For root every directory may be listed.
    monkeypatch.setattr(os, "access", lambda *_asked: False)
    (found,) = look(host, host.directory, **ELSEWHERE)["files"]
    assert found["fact"] == "cannot be opened: Permission denied"


def test_ports_tell_their_leaf_in_full_and_whose_they_are(
    host: TransactionHost, make_leaf: Callable[[str], Any], serve: Callable[..., int]
) -> None:
    foreign = make_leaf("foreign")
    mine, other, silent = serve(foreign.talk), serve(foreign.talk), free_port()
    for name in ("a", "b"):
        store(host, name=name, port=mine)
    targets = [{"port": other, "server_name": "x.example"}, {"port": silent, "address": "127.0.0.1"}]
    found = look(host, targets=targets)
    assert [
        (item["port"], item["server_name"], item["state"], item["fingerprint"], item["asked"])
        for item in found["served"]
    ] == [
        (other, "x.example", "served", foreign.fingerprint, True),
        (silent, None, "silent", "", True),
        (mine, None, "served", foreign.fingerprint, False),
    ]
    assert [item["address"] for item in found["served"]] == ["127.0.0.1"] * 3
    assert [item["owners"] for item in found["served"]] == [
        [],
        [],
        [{"certificate": name, "service": "nginx"} for name in ("a", "b")],
    ]
    assert found["texts"][foreign.fingerprint] == foreign.certificate.read_text(encoding="ascii")


def test_a_port_that_is_asked_and_recorded_is_asked_once(host: TransactionHost) -> None:
    port = free_port()
    store(host, port=port)
    (found,) = look(host, targets=[{"port": port}])["served"]
    assert (found["asked"], found["address"], found["state"]) == (True, "", "silent")
    assert found["owners"] == [{"certificate": "site", "service": "nginx"}]


def test_what_is_pending_has_ports_until_something_is_live(host: TransactionHost) -> None:
    port = free_port()
    store(host, port=port, activate=False)
    assert [item["port"] for item in look(host)["served"]] == [port]


def test_a_probe_has_the_leaf_itself_and_shows_it_nowhere(
    make_leaf: Callable[[str], Any], serve: Callable[..., int]
) -> None:
    leaf = make_leaf("site.example")
    (served,) = observe_served([ProbeTarget(serve(leaf.talk))], observe_listeners(), timeout=5)
    body = "".join(leaf.certificate.read_text(encoding="ascii").splitlines()[1:-1])
    assert served.leaf == base64.b64decode(body)
    assert "leaf" not in repr(served)
