# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.request import Service as HostService
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.keystore_passphrase import KeystorePassphrase
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Probe, Service, ServiceFile, Setting
from ansible_collections.certwright.tls.tests.unit.authority import ca

NIGHT = datetime(2026, 11, 22, 3, 30, tzinfo=timezone.utc)
DAY = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
PLAIN = Service("proxy", (ServiceFile("all.pem", ("leaf", "key"), mode="0640"),))
FULL = Service(
    name="mailproxy",
    files=(
        ServiceFile("tls.pem", ("leaf", "chain"), "0644", "root", "root", path="/opt/tls.pem", in_place=True),
        ServiceFile("key.pem", ("key",), "0640", None, "mail", "u", "r", "t", "s0", replace_link=True),
    ),
    unit="mailproxy.service",
    pid_file="/run/mailproxy.pid",
    status=("pidof", "mailproxy"),
    check=("mailproxy", "--check"),
    staged_check=("test", "-s", "{directory}/tls.pem"),
    reload=("mailproxy", "--reload"),
    restart=("mailproxy", "--restart"),
    method="restart",
    restart_policy="window",
    restart_window="03:00-04:00",
    references=("mailproxy", "--dump"),
    hint="name them",
    probes=(Probe(25, "127.0.0.1", "a.example", "smtp", True, "/c.pem", "/c.key"), Probe(993)),
    declared={"words": {"unit": "mailproxy.service", "mode": "0640"}, "attributes": {"group": "mail"}},
    read_back=True,
    keytool="/opt/java/bin/keytool",
    settings=(Setting("tls.pem", "/etc/mailproxy.conf", "password=(.*)"),),
    patience=60,
)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param(("leaf", "chain"), False, id="public"),
        pytest.param(("key",), True, id="key"),
        pytest.param(("leaf", "chain", "key"), True, id="combined"),
    ],
)
def test_which_files_hold_the_key(parts: tuple[str, ...], expected: bool) -> None:
    assert expected is ServiceFile("x.pem", parts).holds_key


@pytest.mark.parametrize("service", [PLAIN, FULL])
def test_a_service_comes_back_from_its_record(service: Service) -> None:
    assert service == Service.from_record(json.loads(json.dumps(service.to_record())))


def test_a_keystore_comes_back_without_its_passphrase() -> None:
    passphrase = KeystorePassphrase("sesame street", b"salt")
    entry = ServiceFile(
        "a.p12", ("key", "leaf"), "0640", format="pkcs12", alias="web1", level="legacy", passphrase=passphrase
    )
    store = ServiceFile("t.p12", ("trust",), format="truststore", trusted=("ab",), passphrase=passphrase)
    service = Service("java", (entry, store), trust=load_certificates(ca().pem, "trust"))

    record = json.dumps(service.to_record())
    again = Service.from_record(json.loads(record))
    assert service == again
    assert [(file.passphrase or "", file.trusted) for file in again.files] == [("", ()), ("", ("ab",))]
    assert [passphrase.digest] * 2 == [file.passphrase_digest for file in again.files]
    assert again == Service.from_record(json.loads(json.dumps(again.to_record())))
    assert "sesame" not in f"{record} {service!r} {json.dumps(service.to_request(DAY))}"
    assert "trust" not in service.to_record()


def test_a_plain_file_is_recorded_without_the_words_of_keystores() -> None:
    words = set(PLAIN.files[0].to_record())
    assert words.isdisjoint({"format", "alias", "level", "trusted", "passphrase", "passphrase_digest"})


def newer(service: Service) -> dict[str, Any]:
    """As a later release may write it."""
    record: dict[str, Any] = json.loads(json.dumps(service.to_record()))
    record["priority"] = 1
    for item in (*record["files"], *record["probes"], *record["settings"]):
        item["encoding"] = "der"
    return record


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param({"name": "proxy"}, Service("proxy", ()), id="words that did not exist yet"),
        pytest.param(
            {"name": "proxy", "files": None, "probes": None, "check": None}, Service("proxy", ()), id="nothing in them"
        ),
        pytest.param(newer(FULL), FULL, id="words that exist no more"),
    ],
)
def test_the_record_of_another_release_is_read(record: dict[str, Any], expected: Service) -> None:
    assert expected == Service.from_record(record)


@pytest.mark.parametrize(
    ("service", "now", "allowed"),
    [
        pytest.param(PLAIN, NIGHT, False, id="never"),
        pytest.param(replace(PLAIN, restart_policy="allowed"), DAY, True, id="allowed"),
        pytest.param(FULL, NIGHT, True, id="in its window"),
        pytest.param(FULL, DAY, False, id="outside of it"),
    ],
)
def test_the_host_reads_what_it_is_told(service: Service, now: datetime, allowed: bool) -> None:
    request = json.loads(json.dumps(service.to_request(now)))
    told = HostService.from_json(request)

    expected = {**service.to_record(), "restart_allowed": allowed}
    for word in ("declared", "restart_policy", "restart_window"):
        del expected[word]
    assert set(expected) == set(request)
    seldom = {"read_back": False, "keytool": "", "settings": (), "patience": 0, "prepare": (), "product_file": ""}
    seldom |= {"private_files": ()}
    expected = {**seldom, **expected}
    plain = {"format": "pem", "alias": "", "level": "", "fallback": "", "make_directory": False, "referenced": True}
    expected["files"] = tuple({**file, **plain} for file in expected["files"])
    expected["probes"] = tuple({**probe, "client_own": False} for probe in expected["probes"])
    assert expected == asdict(told)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        pytest.param({}, {"words": {}, "attributes": {}}, id="nothing"),
        pytest.param(
            {
                "words": {"mode": "0640", "ports": [443], "paths": {"a": "/b"}, "check": "x"},
                "attributes": {"owner": "a"},
            },
            {"words": {"mode": "0640", "paths": {"a": "/b"}}, "attributes": {"owner": "a"}},
            id="only what shapes files",
        ),
    ],
)
def test_which_words_count_for_files(declared: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == replace(PLAIN, declared=declared).declared_files
