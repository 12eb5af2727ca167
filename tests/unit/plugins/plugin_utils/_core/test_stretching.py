# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.stretching import Work, load_work
from ansible_collections.certwright.tls.tests.unit.authority import ca, der, der_integer, export_pkcs12

LEAF = ca().issue("a.example")
SCRYPT = der(0x06, bytes.fromhex("2b06010401da47040b"))
SALT = der(0x04, b"saltsalt")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(export_pkcs12(LEAF), Work(3 * 2048, 0), id="as OpenSSL 3 exports it"),
        pytest.param(export_pkcs12(LEAF, "-legacy"), Work(3 * 2048, 0), id="as OpenSSL 1 exports it"),
        pytest.param(export_pkcs12(LEAF, "-iter", "300000"), Work(900_000, 0), id="many rounds"),
        pytest.param(export_pkcs12(LEAF, "-nomac", "-certpbe", "NONE"), Work(2048, 0), id="key only"),
        pytest.param(export_pkcs12(LEAF, "-keypbe", "NONE", "-certpbe", "NONE"), Work(2048, 0), id="mac only"),
        pytest.param(export_pkcs12(LEAF, "-nomac", "-keypbe", "NONE", "-certpbe", "NONE"), Work(0, 0), id="nothing"),
        pytest.param(LEAF.encode_key("secret", encoding="DER"), Work(2048, 0), id="encrypted key"),
        pytest.param(
            der(0x30, SCRYPT, der(0x30, SALT, *map(der_integer, (16384, 8, 3, 32)))),
            Work(16384 * 8 * 3, 16384 * 8),
            id="scrypt with the length of its key",
        ),
        pytest.param(der(0x30, SALT, der_integer(2**80)), Work(2**64, 0), id="a number beyond all"),
        pytest.param(LEAF.der, Work(0, 0), id="a certificate"),
    ],
)
def test_all_rounds_of_a_file_are_counted(content: bytes, expected: Work) -> None:
    assert load_work(content) == expected


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (Work(5_000_000, 0), True),
        (Work(5_000_001, 0), False),
        pytest.param(Work(16384 * 8, 16384 * 8), True, id="16 MiB, the default of openssl"),
        pytest.param(Work(32768 * 8, 32768 * 8), False, id="32 MiB, which openssl refuses to write"),
    ],
)
def test_more_than_seconds_and_32_mib_is_not_bearable(work: Work, expected: bool) -> None:
    assert work.is_bearable is expected
