# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names a request may have, and as what they stand on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.order import OrderKey, RefusedError
from ansible_collections.certwright.tls.plugins.module_utils._host.order_key import (
    make_key_and_request,
    require_makeable,
)
from ansible_collections.certwright.tls.tests.unit.plugins.module_utils._host.host_material import openssl

NAMES = ("www.example.org", "db_1", "192.0.2.7", "2001:db8::1", "*.example.org", "::ffff:192.0.2.8", "1.2.3")


def test_addresses_stand_beside_names(tmp_path: Path) -> None:
    key = OrderKey("ec256", NAMES)
    require_makeable(key)
    _digest, request = make_key_and_request(str(tmp_path), key)
    shown = openssl("req", "-noout", "-text", "-verify", content=request.encode()).decode()
    found = next(line for line in shown.splitlines() if "DNS:" in line).strip().split(", ")
    addresses = ["192.0.2.7", "2001:DB8:0:0:0:0:0:1", "0:0:0:0:0:FFFF:C000:208"]
    assert [item for item in found if not item.startswith("DNS:")] == [f"IP Address:{item}" for item in addresses]
    assert [item for item in found if item.startswith("DNS:")] == [
        f"DNS:{name}" for name in ("www.example.org", "db_1", "*.example.org", "1.2.3")
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("fe80::1%eth0", id="an address with a zone"),
        pytest.param("fe80::1%\n[x]", id="a section in place of a zone"),
        pytest.param("2001:db8:::1", id="nearly an address"),
        pytest.param("192.0.2.0/24", id="a network"),
        pytest.param("192.0.2.7\n", id="a line end"),
        pytest.param("www.example.org:443", id="a port"),
    ],
)
def test_what_is_neither_is_refused(name: str) -> None:
    with pytest.raises(RefusedError) as refused:
        require_makeable(OrderKey("ec256", ("www.example.org", name)))
    assert refused.value.code == "name_unfit"
