# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys and requests that are made on the controller, as openssl and the host's side read them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.key_request import (
    find_request_key,
    make_key_request,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import KEY_TYPES
from ansible_collections.certwright.tls.plugins.plugin_utils._core.private_key import load_private_key

NAMES = ("a.example", "*.b.example")


@pytest.mark.parametrize(
    "key_type", [pytest.param(word, id=KEY_TYPES[word]) for word in KEY_TYPES if word != "rsa4096"]
)
def test_a_key_of_each_type_and_its_request_belong_together(key_type: str) -> None:
    made = make_key_request(key_type, NAMES)
    key = load_private_key(made.private_key.encode(), None)

    assert (KEY_TYPES[key_type], find_request_key(made.request)) == (key.public_key.key_type, key.public_key.sha256)


def test_a_request_holds_names_and_nothing_else(tmp_path: Path) -> None:
    made = make_key_request("ec256", NAMES)
    request = x509.load_pem_x509_csr(made.request.encode())

    assert (request.is_signature_valid, list(request.subject)) == (True, [])
    (extension,) = request.extensions
    assert list(NAMES) == extension.value.get_values_for_type(x509.DNSName)

    (tmp_path / "request.pem").write_text(made.request)
    command = ["openssl", "req", "-in", str(tmp_path / "request.pem"), "-noout", "-verify", "-text"]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert "DNS:a.example, DNS:*.b.example" in told


def test_a_key_is_made_anew_each_time_and_shows_nowhere() -> None:
    first, second = make_key_request("ec256", NAMES), make_key_request("ec256", NAMES)

    assert first.private_key != second.private_key
    assert "PRIVATE KEY" not in repr(first)
    assert first.private_key.startswith("-----BEGIN PRIVATE KEY-----")
