# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much work a file asks for before its passphrase can be tried: a hostile one asks for years, or for all memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice

from ansible_collections.certwright.tls.plugins.plugin_utils._core.der import (
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    scan,
)

# Real files have 2048 to 1000000 rounds in up to three places; this many take about two seconds.
_MAXIMUM_ROUNDS = 5_000_000
# OpenSSL's own limit of 32 MiB, in blocks of 128 bytes: it writes no more. `cryptography` 50 would take any amount.
_MAXIMUM_BLOCKS = 2**18
_BEYOND_ALL = 2**64
_SCRYPT = bytes.fromhex("2b06010401da47040b")


@dataclass(frozen=True)
class Work:
    """The rounds of all key derivations together, and the most blocks of memory that one of them takes."""

    rounds: int
    blocks: int

    @property
    def is_bearable(self) -> bool:
        return self.rounds <= _MAXIMUM_ROUNDS and self.blocks < _MAXIMUM_BLOCKS


def load_work(der: bytes) -> Work:
    """What a PKCS#12 file or an encrypted private key asks for.

    What lies inside an encrypted part cannot be seen before that part is decrypted.
    """
    rounds = blocks = 0
    for found in _find_work(der):
        rounds, blocks = rounds + found.rounds, max(blocks, found.blocks)
    return Work(rounds, blocks)


def _find_work(der: bytes) -> Iterator[Work]:
    """The INTEGER behind a salt is a count of rounds (RFC 8018, RFC 7292); scrypt has three of them (RFC 7914)."""
    algorithm, previous = b"", 0
    for tag, run in groupby(scan(der), key=lambda element: element[0]):
        values = [value for kind, value in islice(run, 3)]
        if tag == OBJECT_IDENTIFIER:
            algorithm = values[-1]
        if tag == INTEGER and previous == OCTET_STRING:
            yield _measure(algorithm, [_load_count(value) for value in values])
        previous = tag


def _measure(algorithm: bytes, numbers: list[int]) -> Work:
    if algorithm == _SCRYPT and len(numbers) == 3:
        cost, block_size, parallel = numbers
        return Work(cost * block_size * parallel, cost * block_size)
    return Work(numbers[0], 0)


def _load_count(content: bytes) -> int:
    return int.from_bytes(content, "big") if len(content) <= 8 else _BEYOND_ALL
