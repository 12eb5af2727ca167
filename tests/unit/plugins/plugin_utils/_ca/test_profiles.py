# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.profiles import (
    list_purposes,
    make_authority_extensions,
    make_leaf_extensions,
)
from ansible_collections.certwright.tls.tests.unit.authority import shared_key

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
LEAVES = {
    "a server with an EC key": ("server", "EC P-256", {"digital_signature"}, [SERVER]),
    "a server with an RSA key": ("server", "RSA 2048", {"digital_signature", "key_encipherment"}, [SERVER]),
    "a client with an RSA key": ("client", "RSA 2048", {"digital_signature"}, [CLIENT]),
    "both": ("both", "EC P-256", {"digital_signature"}, [SERVER, CLIENT]),
}
USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


def list_usages(usage: x509.ExtensionType) -> set[str]:
    return {name for name in USAGES if getattr(usage, name)}


@pytest.mark.parametrize(("usage", "key_type", "key_usage", "purposes"), LEAVES.values(), ids=LEAVES)
def test_a_certificate_may_do_what_its_usage_needs(
    usage: str, key_type: str, key_usage: set[str], purposes: list[x509.ObjectIdentifier]
) -> None:
    basic, usages, extended = make_leaf_extensions(usage, shared_key(key_type).public_key())
    assert (x509.BasicConstraints(ca=False, path_length=None), True) == basic
    assert (key_usage, True) == (list_usages(usages[0]), usages[1])
    assert (x509.ExtendedKeyUsage(purposes), False) == extended
    assert tuple(purposes) == list_purposes(usage)


@pytest.mark.parametrize("path_length", [0, 1, None], ids=["no CAs below", "one below", "any number"])
def test_a_ca_may_sign_certificates_and_lists_only(path_length: int | None) -> None:
    basic, usages = make_authority_extensions(path_length)
    assert (x509.BasicConstraints(ca=True, path_length=path_length), True) == basic
    assert ({"key_cert_sign", "crl_sign"}, True) == (list_usages(usages[0]), usages[1])
