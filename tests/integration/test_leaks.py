# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Key material is only where it belongs. Every test of this directory ends with that search; these try harder."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import Site, Supplied


def der(supplied: Supplied) -> bytes:
    return supplied.issued.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize("key_type", ["EC P-256", "RSA 2048"])
def test_the_search_finds_a_key_in_every_spelling_and_a_certificate_in_none(site: Site, key_type: str) -> None:
    supplied = site.supply(key_type=key_type)
    pem = supplied.issued.key_pem
    secret_line = pem.splitlines()[1]
    for content in (
        pem,
        pem.replace(b"\n", b"\\n"),
        pem.replace(b"\n", b"\r\n"),
        supplied.issued.encode_key(style="TraditionalOpenSSL"),
        b'{"msg": "bad line ' + secret_line[30:60] + b'"}',
        b"\n".join(secret_line[start : start + 16] for start in range(0, 64, 16)),
        base64.b64encode(der(supplied)),
        der(supplied).hex().encode(),
        der(supplied).hex().upper().encode(),
    ):
        assert site.scanner.find(b"before " + content + b" after"), content
    assert site.scanner.find(supplied.issued.pem + supplied.issued.der.hex().encode()) == []


def variables(supplied: Supplied, passphrase: str) -> dict[str, Any]:
    return {"vaulted_key": supplied.issued.encode_key(passphrase).decode(), "vaulted_passphrase": passphrase}


def test_secrets_in_variables_stay_there_when_tasks_fail_under_no_log_and_without_it(site: Site, nginx: Nginx) -> None:
    passphrase, supplied = "rain-on-the-roof-of-the-barn", site.supply(passphrase="rain-on-the-roof-of-the-barn")
    words = {"private_key_content": "{{ vaulted_key }}", "private_key_passphrase": "{{ vaulted_passphrase }}"}
    service = {"nginx": {**nginx.words, "paths": site.paths}}
    right = site.install(supplied, service, **words)
    del right["certwright.tls.ssl_certificate"]["private_key_src"]
    failing = []
    for change in (
        {"private_key_passphrase": "{{ vaulted_passphrase }}x"},
        {"certificate_src": site.supply().words["certificate_src"]},
        {"private_key_content": "{{ vaulted_key[:-100] }}"},
        {"private_key_content": "{{ [vaulted_key] }}"},
    ):
        task = {"certwright.tls.ssl_certificate": right["certwright.tls.ssl_certificate"] | change}
        failing += [task | {"ignore_errors": True, "no_log": no_log} for no_log in (True, False)]
    secret = {"no_log": True, "ignore_errors": True}
    finished = site.run(*failing, right | secret, right, **variables(supplied, passphrase))
    assert [result["status"] for result in finished.results] == ["failed"] * 8 + ["ok", "ok"]
    assert nginx.served() == supplied.fingerprint


SITE_CUSTOMIZE = """
import os, sys
def fail(*_arguments):
    request = find_request()
    if "BEGIN PRIVATE KEY" in request:
        line = request.split("PRIVATE KEY-----")[1].split("\\\\n")[1]
        raise ValueError({quoted})
def find_request():
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_locals.get("module")
        if hasattr(module, "params"):
            return module.params.get("request", "")
        frame = frame.f_back
    return ""
real, os.{function} = os.{function}, lambda *words: (fail(), real(*words))[1]
"""


@pytest.mark.parametrize(
    ("function", "quoted"),
    [
        pytest.param("fsync", "request", id="the whole request, inside the transaction"),
        pytest.param("fsync", "'cannot parse ' + line", id="a line of the key, inside the transaction"),
        pytest.param("umask", "request", id="the whole request, where nothing is caught"),
        pytest.param("umask", "'cannot parse ' + line", id="a line of the key, where nothing is caught"),
    ],
)
def test_an_exception_on_the_host_that_quotes_the_key_is_reported_without_it(
    site: Site, nginx: Nginx, function: str, quoted: str
) -> None:
    by_hand, broken = nginx.served(), site.controller.secrets / "broken"
    broken.mkdir()
    text = SITE_CUSTOMIZE.replace("{function}", function).replace("{quoted}", quoted)
    (broken / "sitecustomize.py").write_text(text, encoding="utf-8")
    task = site.install(site.supply(), {"nginx": {**nginx.words, "paths": site.paths}})
    finished = site.run(task | {"environment": {"PYTHONPATH": str(broken)}})
    assert finished.result["status"] == "failed"
    assert finished.result["msg"].startswith("The host"), finished.result["msg"]
    assert "ValueError in sitecustomize.py" in finished.result["msg"] or function == "umask"
    assert (site.find_leaks(), nginx.served()) == ({}, by_hand)

    # The same host with a sound Python: whatever was left is cleared away.
    healed = site.run(task).result
    assert (healed["status"], healed["outcome"], site.generations) == ("ok", "activated", [1])


def test_an_unexpected_error_of_the_store_names_the_place_and_nothing_else(site: Site, nginx: Nginx) -> None:
    site.store.mkdir()
    (site.store / "certificates").write_text("not a directory", encoding="utf-8")
    finished = site.run(site.install(site.supply(), {"nginx": {**nginx.words, "paths": site.paths}}))
    assert finished.result["status"] == "failed"
    place = site.store / "certificates" / "system"
    fact = f"refused, nothing was switched. The host could not store it: Not a directory at {place}"
    assert finished.result["msg"] == f"system: {fact}"
    assert finished.result["changed"] is False
