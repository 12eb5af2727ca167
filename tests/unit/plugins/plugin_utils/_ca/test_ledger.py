# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import (
    GENESIS,
    Head,
    Linked,
    link,
    load_entry,
    require_sealed,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
BODIES = ({"kind": "authority", "run": "r", "state": {"version": 1}}, {"kind": "revoked", "run": "r", "serial": "ü"})


def test_every_entry_holds_the_digest_of_the_one_before():
    linked = link(GENESIS, BODIES, authority="", ledger_key=KEY, now=NOW)

    first, second = (json.loads(line) for line in linked.lines)
    assert (first["number"], first["previous"], second["number"]) == (1, "0" * 64, 2)
    assert hashlib.sha256(linked.lines[0].encode()).hexdigest() == second["previous"]


def test_a_line_begins_with_its_place_and_is_plain_ascii():
    linked = link(GENESIS, BODIES, authority="", ledger_key=KEY, now=NOW)

    assert list(json.loads(linked.lines[0])) == ["number", "previous", "kind", "time", "run", "state"]
    assert linked.lines[1].isascii()


def test_the_head_is_the_end_of_the_ledger():
    linked = link(GENESIS, BODIES, authority="", ledger_key=KEY, now=NOW)

    size = sum(len(line) + 1 for line in linked.lines)
    assert (2, hashlib.sha256(linked.lines[1].encode()).hexdigest(), size) == (
        linked.head.number,
        linked.head.hash,
        linked.head.size,
    )
    assert linked.head == Head.from_json(json.loads(json.dumps(linked.head.to_json())))


def test_two_batches_make_the_ledger_that_one_makes():
    first = link(GENESIS, BODIES[:1], authority="", ledger_key=KEY, now=NOW)
    second = link(first.head, BODIES[1:], authority=first.entries[0].hash, ledger_key=KEY, now=NOW)

    assert link(GENESIS, BODIES, authority="", ledger_key=KEY, now=NOW).lines == first.lines + second.lines


def test_a_line_is_read_as_what_was_linked():
    linked = link(GENESIS, BODIES, authority="", ledger_key=KEY, now=NOW)

    assert linked.entries == tuple(load_entry(line) for line in linked.lines)


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "1", '{"number": 1}', '{"number": "x", "kind": "issued"}', "[" * 99999]
)
def test_what_is_no_entry_is_refused(line: str):
    with pytest.raises(UnusableError) as refused:
        load_entry(line)

    assert refused.value.code == "ca_damaged"


def sealed(key: bytes = KEY) -> Linked:
    return link(GENESIS, BODIES, authority="", ledger_key=key, now=NOW)


def test_a_head_that_this_ca_wrote_is_accepted():
    require_sealed(sealed().head, sealed().entries[0].hash, KEY)


@pytest.mark.parametrize("change", [{"number": 3}, {"hash": "1" * 64}, {"size": 1}, {"tag": ""}, {"tag": "0" * 64}])
def test_a_head_that_was_changed_is_refused(change: dict[str, object]):
    with pytest.raises(UnusableError) as refused:
        require_sealed(replace(sealed().head, **change), sealed().entries[0].hash, KEY)

    assert refused.value.code == "ca_altered"


def test_a_whole_ledger_that_somebody_else_wrote_is_refused():
    with pytest.raises(UnusableError) as refused:
        require_sealed(sealed(OTHER_KEY).head, sealed().entries[0].hash, KEY)

    assert refused.value.code == "ca_altered"


@pytest.mark.parametrize("authority", ["", "1" * 64])
def test_another_entry_than_the_last_that_says_what_the_ca_is_is_refused(authority: str):
    with pytest.raises(UnusableError) as refused:
        require_sealed(sealed().head, authority, KEY)

    assert refused.value.code == "ca_altered"


def test_what_the_ca_is_stays_sealed_when_others_follow():
    first = sealed()
    second = link(first.head, BODIES[1:], authority=first.entries[0].hash, ledger_key=KEY, now=NOW)

    require_sealed(second.head, first.entries[0].hash, KEY)
