# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.instants import (
    MAXIMUM_RETRY_AFTER,
    load_http_date,
    load_instant,
    load_retry_after,
)
from ansible_collections.certwright.tls.tests.unit.authority import NOW


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Tokyo"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "120"}, timedelta(seconds=120)),
        ({"Retry-After": " 1.5 "}, timedelta(seconds=1.5)),
        ({"Retry-After": "0"}, timedelta(0)),
        ({"Retry-After": "999999999999"}, MAXIMUM_RETRY_AFTER),
        ({"Retry-After": "Sat, 21 Nov 2026 22:01:00 GMT"}, timedelta(minutes=1)),
        ({"Retry-After": "Sat, 21 Nov 2026 22:01:00 -0000"}, timedelta(minutes=1)),
        ({"Retry-After": "Saturday, 21-Nov-26 22:01:00 GMT"}, timedelta(minutes=1)),
        ({"Retry-After": "Sat, 21 Nov 2026 21:00:00 GMT"}, timedelta(0)),
        ({"Retry-After": "Sun, 21 Nov 2100 21:00:00 GMT"}, MAXIMUM_RETRY_AFTER),
        (
            {"Retry-After": "Sat, 21 Nov 2026 23:01:00 GMT", "Date": "Sat, 21 Nov 2026 23:00:00 GMT"},
            timedelta(minutes=1),
        ),
    ],
    ids=[
        "seconds",
        "parts of a second",
        "at once",
        "for ever",
        "a date",
        "a date that names no zone",
        "an old form",
        "a past date",
        "a far date",
        "a date of a server whose clock is an hour ahead",
    ],
)
@pytest.mark.usefixtures("zone")
def test_the_wish_of_a_server_means_the_same_in_every_time_zone(headers: dict[str, str], wait: timedelta) -> None:
    assert load_retry_after(headers, NOW) == NOW + wait


@pytest.mark.parametrize("text", ["", "soon", "-5", "Sat, 99 Nov 2026 22:01:00 GMT", "1e9", "１２"])
def test_what_is_neither_seconds_nor_a_date_is_no_wish(text: str) -> None:
    assert load_retry_after({"Retry-After": text}, NOW) is None


@pytest.mark.usefixtures("zone")
def test_an_http_date_is_aware() -> None:
    assert load_http_date("Sat, 21 Nov 2026 22:00:00 GMT") == NOW


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-21T22:00:00Z", NOW),
        ("2026-11-21t22:00:00.123456789z", NOW),
        ("2026-11-21T17:00:00-05:00", NOW),
        ("2026-11-21 22:00:00Z", NOW),
        ("2026-11-21T22:00:00", None),
        ("2026-13-21T22:00:00Z", None),
        ("0001-01-01T00:00:00+23:00", None),
        (None, None),
        (7, None),
    ],
)
def test_instants_of_documents(text: object, instant: datetime | None) -> None:
    found = load_instant(text)

    assert found == instant
    assert found is None or found.tzinfo == timezone.utc
