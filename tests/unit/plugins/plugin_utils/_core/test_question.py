# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be asked of a host, and every fault of a question told together."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.question import (
    Question,
    find_absent,
    load_question,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Probe


@pytest.mark.parametrize(
    ("given", "probe"),
    [
        pytest.param(443, Probe(443), id="a number"),
        pytest.param("443", Probe(443), id="a text"),
        pytest.param(" 8443 ", Probe(8443), id="blanks around it"),
        pytest.param("192.0.2.1:8443", Probe(8443, "192.0.2.1"), id="an address"),
        pytest.param("[2001:db8::1]:443", Probe(443, "2001:db8::1"), id="an IPv6 address"),
        pytest.param({"port": "443"}, Probe(443), id="a mapping"),
        pytest.param(
            {
                "port": 25,
                "address": "192.0.2.1",
                "starttls": "smtp",
                "proxy_protocol": "yes",
                "server_name": "B\u00fc.example",
            },
            Probe(25, "192.0.2.1", "xn--b-eha.example", "smtp", proxy_protocol=True),
            id="every word",
        ),
    ],
)
def test_a_port_is_spelled_as_it_comes_to_mind(given: object, probe: Probe) -> None:
    question, notices = load_question({"ports": [given, given]})
    assert ((probe,), ()) == (question.probes, notices)


@pytest.mark.parametrize(
    ("given", "shows"),
    [
        pytest.param({}, True, id="nothing else is asked for"),
        pytest.param({"paths": ["/a"]}, False, id="paths"),
        pytest.param({"ports": [443]}, False, id="ports"),
        pytest.param({"ports": [443], "store": True}, True, id="ports and the store"),
        pytest.param({"ports": [443], "certificates": ["a"]}, True, id="ports and a name in the store"),
        pytest.param({"paths": ["/a"], "store": False}, False, id="no store"),
    ],
)
def test_the_store_is_shown_when_nothing_else_is_asked_for_or_when_it_is(given: dict[str, Any], shows: bool) -> None:
    assert shows == load_question(given)[0].shows_store


def test_names_come_in_one_spelling_with_what_was_stripped() -> None:
    question, notices = load_question({"names": ["https://WWW.example.org/", "www.example.org."], "warn_below": 0.25})
    assert question.names == ("www.example.org",)
    assert question.warn_below == 0.25
    assert (Notice("name_stripped", "Of a URL only the host name counts: www.example.org"),) == notices


PORTS = "It must be a port, as in 443, 192.0.2.1:8443 or [2001:db8::1]:8443; "


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        pytest.param({"ports": ["a:b:c"]}, [("ports[0]", "port_invalid", f"{PORTS}`a:b:c` is not")], id="no port"),
        pytest.param(
            {"ports": [443, 0]},
            [("ports[1]", "port_invalid", "It must be a port from 1 to 65535; `0` is not")],
            id="no port of TCP",
        ),
        pytest.param(
            {"ports": ["www.example.org:443"]},
            [("ports[0]", "port_invalid", "It must be an IP address of the host; `www.example.org` is not")],
            id="a name where an address belongs",
        ),
        pytest.param(
            {"ports": [{"port": 443, "server_name": "a..b"}]},
            [
                (
                    "ports[0]",
                    "port_invalid",
                    "The name `a..b` has an empty label; give a host name such as www.example.org or an IP address",
                )
            ],
            id="a server name that is none",
        ),
        pytest.param({"paths": [""]}, [("paths[0]", "path_invalid", "It must be a text")], id="an empty path"),
        pytest.param(
            {"store": False},
            [("store", "nothing_to_show", "Without the store nothing is asked for; give `paths` or `ports`")],
            id="nothing at all",
        ),
        pytest.param(
            {"store": False, "certificates": ["a"], "ports": [443]},
            [
                (
                    "certificates",
                    "nothing_to_show",
                    (
                        "It restricts what is shown of the store, and `store: false` shows nothing of it; "
                        "leave one of them out"
                    ),
                )
            ],
            id="a name of a store that is not shown",
        ),
        pytest.param(
            {"warn_below": 30.0, "names": ["a b"]},
            [
                (
                    "names[0]",
                    "name_invalid",
                    (
                        "The name `a b` has the label `a b`, where only letters, digits and inner hyphens are allowed; "
                        "give a host name such as www.example.org or an IP address"
                    ),
                ),
                ("warn_below", "share_invalid", "It is the share of life left, from 0 to 1; 30 is not"),
            ],
            id="several faults",
        ),
    ],
)
def test_every_fault_of_a_question_is_told(given: dict[str, Any], problems: list[tuple[str, str, str]]) -> None:
    with pytest.raises(RefusedError) as refused:
        load_question(given)

    assert problems == [(item.certificate, item.code, item.message) for item in refused.value.problems]


def test_a_question_goes_to_the_host_as_plain_types() -> None:
    question = Question(("/a",), (Probe(443),), ("a.example",), ("system",), shows_store=False)
    assert question.to_request() == {
        "paths": ["/a"],
        "targets": [
            {
                "port": 443,
                "address": None,
                "server_name": None,
                "starttls": None,
                "proxy_protocol": False,
                "client_certificate": None,
                "client_private_key": None,
                "http_path": None,
            }
        ],
        "certificates": ["system"],
        "stored": False,
        "passphrase": "",
    }


def test_what_was_asked_for_and_is_not_stored_is_found() -> None:
    assert find_absent(Question(certificates=("a", "b")), {"b": {}}) == ("a",)
