# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose port it is, and whether it serves what it is to serve."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.found_ports import (
    FoundPort,
    Stored,
    find_ports,
    report_port,
)
from ansible_collections.certwright.tls.tests.unit.authority import self_signed
from ansible_collections.certwright.tls.tests.unit.survey_answers import (
    fingerprint,
    generation,
    known,
    load,
    served,
    service,
)

LIVE, PENDING, SHOP, FOREIGN = (self_signed(name) for name in ("a.example", "p.example", "s.example", "f.example"))
NGINX = [service("nginx", (443, "a.example"), (8443, None))]
STORED = (
    Stored.from_answer(
        "web", {"live": generation(1, LIVE, services=NGINX), "pending": generation(2, PENDING, services=NGINX)}
    ),
    Stored.from_answer("shop", {"live": generation(3, SHOP, services=[service("nginx", (443, "s.example"))])}),
    Stored.from_answer("new", {"pending": generation(1, PENDING, services=[service("smtp", (25, None))])}),
    Stored.from_answer("damaged", {"live": {"generation": 4, "record": {}}}),
)


def look(answer: dict[str, Any]) -> list[tuple[str | None, str | None, bool | None]]:
    """Certificate, service and whether it is live, of each row."""
    ports = find_ports([answer], STORED)
    return [(port.stored.name if port.stored else None, port.service, port.is_live) for port in ports]


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        pytest.param(served(443, LIVE, ("web", "nginx")), [("web", "nginx", True)], id="its service serves it"),
        pytest.param(
            served(443, FOREIGN, ("web", "nginx")), [("web", "nginx", False)], id="its service serves another"
        ),
        pytest.param(served(443, None, ("web", "nginx"), state="silent"), [("web", "nginx", False)], id="silence"),
        pytest.param(served(25, FOREIGN, ("new", "smtp")), [("new", "smtp", None)], id="nothing is live yet"),
        pytest.param(served(4, FOREIGN, ("damaged", "x")), [("damaged", "x", None)], id="a damaged record"),
        pytest.param(
            served(443, LIVE, ("web", "nginx"), ("shop", "nginx")),
            [("web", "nginx", True), ("shop", "nginx", False)],
            id="one port of two certificates",
        ),
        pytest.param(served(9443, LIVE), [("web", None, True)], id="another port with the live one"),
        pytest.param(served(9443, PENDING), [("web", None, False)], id="another port with the pending one"),
        pytest.param(served(8443, FOREIGN), [("web", None, False)], id="the port of one certificate"),
        pytest.param(served(443, FOREIGN), [(None, None, None)], id="the port of several certificates"),
        pytest.param(served(443, FOREIGN, server_name="s.example"), [("shop", None, False)], id="by the server name"),
        pytest.param(served(8443, FOREIGN, server_name="x.example"), [(None, None, None)], id="another server name"),
        pytest.param(served(9443, FOREIGN), [(None, None, None)], id="a port that nobody has"),
        pytest.param(served(9443, None, state="silent"), [(None, None, None)], id="silence that nobody has"),
    ],
)
def test_whose_port_it_is(answer: dict[str, Any], rows: list[Any]) -> None:
    assert rows == look(answer)


@pytest.mark.parametrize(
    ("answer", "names", "problems"),
    [
        pytest.param(served(443, LIVE, ("web", "nginx"), asked=False), ("x.example",), [], id="as it should be"),
        pytest.param(
            served(443, FOREIGN, ("web", "nginx"), asked=False),
            (),
            [
                (
                    "not_served",
                    (
                        "Port 127.0.0.1:443 shows CN=f.example instead of generation 1 of web; "
                        "activate it by certwright.tls.certificate_activate"
                    ),
                )
            ],
            id="something else",
        ),
        pytest.param(
            served(443, None, ("web", "nginx"), state="silent"), (), [("silent", "It is silent.")], id="silence"
        ),
        pytest.param(
            served(9443, FOREIGN, server_name="a.example", address="::1"),
            ("f.example", "b.example"),
            [("name_missing", "Port [::1]:9443 shows CN=f.example, which does not cover b.example, a.example")],
            id="missing names",
        ),
        pytest.param(served(9443, FOREIGN, server_name="f.example"), (), [], id="covered names"),
    ],
)
def test_what_is_wrong_with_a_port(
    answer: dict[str, Any], names: tuple[str, ...], problems: list[tuple[str, str]]
) -> None:
    (port,) = find_ports([answer], STORED)
    row = report_port(port, known(LIVE, FOREIGN).get(port.fingerprint), names)
    assert problems == [(item["code"], item["message"]) for item in row["problems"]]


def test_what_is_live_under_one_name_and_waits_under_another_is_that_of_the_first() -> None:
    waits = Stored.from_answer("waits", {"pending": generation(1, LIVE)})
    (port,) = find_ports([served(443, LIVE)], (waits, STORED[0]))
    assert port.stored == STORED[0]


def test_a_leaf_that_cannot_be_read_is_named_by_its_fingerprint() -> None:
    (port,) = find_ports([served(443, FOREIGN, ("web", "nginx"), server_name="a.example")], STORED)
    row = report_port(port, None, ())
    assert (row["not_after"], row["names"], row["fingerprint_sha256"]) == (None, [], fingerprint(FOREIGN))
    assert [item["code"] for item in row["problems"]] == ["not_served"]
    assert f"shows sha256 {fingerprint(FOREIGN)[:16]} instead" in row["problems"][0]["message"]


def test_a_row_says_everything_about_a_port() -> None:
    (port,) = find_ports([served(443, LIVE, ("web", "nginx"), server_name="a.example")], STORED)
    assert report_port(port, load(LIVE), ()) == {
        "port": 443,
        "address": "127.0.0.1",
        "server_name": "a.example",
        "starttls": None,
        "state": "served",
        "fingerprint_sha256": fingerprint(LIVE),
        "not_after": "2027-01-20T22:00:00Z",
        "names": ["a.example"],
        "service": "nginx",
        "certificate": "web",
        "is_live": True,
        "problems": [],
    }


def test_a_port_that_nothing_listens_on_has_no_address() -> None:
    (port,) = find_ports([served(443, None, state="silent", address="")], ())
    assert isinstance(port, FoundPort)
    assert (port.place, report_port(port, None, ())["fingerprint_sha256"]) == (":443", None)
