# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.products import (
    complete,
    find_question,
    with_domain_uid,
    with_webroot,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

ASKED = {"product": "bluemind", "root": "", "cli": "bm-cli"}
FILES = {"certificate_src": "a.pem", "private_key_src": "a.key"}
SAID = {"external_url": "mail.a.example", "services": [{"bluemind": {"via": "files"}}]}
ANSWER = {
    "cli": True,
    "external_url": "mail.a.example",
    "other_urls": ["imap.a.example"],
    "domains": {"b.example": {"external_url": "www.b.example", "other_urls": []}},
}


@pytest.mark.parametrize(
    ("name", "words", "is_order", "expected"),
    [
        pytest.param("system", {"services": ["nginx"]}, False, None, id="no product"),
        pytest.param("system", {}, True, None, id="no services"),
        pytest.param("system", {"services": "bluemind"}, True, None, id="no list of services"),
        pytest.param("system", {"services": [["bluemind"], {"bluemind": "x"}]}, True, None, id="no declaration"),
        pytest.param("system", SAID, False, None, id="all is said"),
        pytest.param("system", {**SAID, "services": ["nginx", "bluemind"]}, False, ASKED, id="not how"),
        pytest.param("system", {**SAID, "services": [{"bluemind": None}]}, False, ASKED, id="nothing but its name"),
        pytest.param("system", {"services": SAID["services"]}, False, ASKED, id="not for which names"),
        pytest.param("b.example", {"services": SAID["services"]}, True, ASKED, id="an order of a domain"),
        pytest.param("b.example", {"services": SAID["services"], **FILES}, False, ASKED, id="a domain with material"),
        pytest.param("b.example", {"services": SAID["services"]}, False, None, id="a domain that uses the system's"),
        pytest.param(
            "b.example", {"services": SAID["services"], **FILES, "state": "absent"}, False, None, id="one to be absent"
        ),
        pytest.param(
            "system",
            {"services": SAID["services"], "other_urls": ["b.example"]},
            False,
            None,
            id="other names without the first",
        ),
        pytest.param(
            "system",
            {**SAID, "services": [{"bluemind": {"via": "auto", "root": "/srv", "bm_cli": "/srv/bm-cli"}}]},
            False,
            {"product": "bluemind", "root": "/srv", "cli": "/srv/bm-cli"},
            id="elsewhere",
        ),
    ],
)
def test_a_host_is_asked_for_what_nobody_said(
    name: str, words: dict[str, Any], is_order: bool, expected: dict[str, str] | None
) -> None:
    assert expected == find_question(name, words, PRESETS, is_order=is_order)


def completed(name: str, words: dict[str, Any], answer: dict[str, Any] | None = None) -> dict[str, Any]:
    return complete(name, words, ANSWER if answer is None else answer, PRESETS, is_order=True)


@pytest.mark.parametrize(
    ("name", "service", "urls"),
    [
        pytest.param("system", "bluemind", ("mail.a.example", ["imap.a.example"]), id="the system"),
        pytest.param("b.example", "bluemind", ("www.b.example", []), id="a domain"),
        pytest.param(
            "c.example", {"bluemind": {"domain_uid": "b.example"}}, ("www.b.example", []), id="its identifier"
        ),
        pytest.param("c.example", "bluemind", ("", []), id="a domain that it does not know"),
        pytest.param(
            "shop",
            {"bluemind": {"domain_uid": "global.virt"}},
            ("mail.a.example", ["imap.a.example"]),
            id="what belongs to no domain",
        ),
    ],
)
def test_names_are_those_of_the_product(name: str, service: Any, urls: tuple[str, list[str]]) -> None:
    words = completed(name, {"services": ["nginx", service]})
    assert urls == (words["external_url"], words["other_urls"])


def test_names_that_were_said_stay() -> None:
    words = completed("system", {**SAID, "external_url": "www.a.example"})
    assert (words["external_url"], words.get("other_urls")) == ("www.a.example", None)


@pytest.mark.parametrize(
    ("service", "cli", "expected"),
    [
        pytest.param("bluemind", True, {"bluemind": {"via": "bm_cli"}}, id="by its command where it is"),
        pytest.param("bluemind", False, {"bluemind": {"via": "files"}}, id="as files elsewhere"),
        pytest.param(
            {"bluemind": {"via": "auto", "mode": "0600"}},
            True,
            {"bluemind": {"via": "bm_cli", "mode": "0600"}},
            id="as was left open",
        ),
        pytest.param({"bluemind": {"via": "files"}}, True, {"bluemind": {"via": "files"}}, id="as was said"),
        pytest.param({"nginx": {"ports": [1]}}, True, {"nginx": {"ports": [1]}}, id="what is no product"),
    ],
)
def test_the_way_is_the_one_that_is_there(service: Any, cli: bool, expected: Any) -> None:
    assert [expected] == completed("system", {**SAID, "services": [service]}, {**ANSWER, "cli": cli})["services"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({}, None, id="no product"),
        pytest.param({"services": ["bluemind"]}, {"type": "http-01", "webroot": "/var/www/letsencrypt"}, id="its own"),
        pytest.param(
            {"services": [{"bluemind": {"root": "/srv"}}], "challenge": {"type": "http-01", "self_check": False}},
            {"type": "http-01", "webroot": "/srv/var/www/letsencrypt", "self_check": False},
            id="with what else is said",
        ),
        pytest.param({"services": ["bluemind"], "challenge": {"port": 80}}, {"port": 80}, id="a listener"),
        pytest.param({"services": ["bluemind"], "challenge": {"webroot": "/w"}}, {"webroot": "/w"}, id="another one"),
        pytest.param({"services": ["bluemind"], "challenge": {"type": "dns-01"}}, {"type": "dns-01"}, id="by DNS"),
    ],
)
def test_challenges_are_shown_where_the_product_shows_them(
    words: dict[str, Any], expected: dict[str, Any] | None
) -> None:
    assert expected == with_webroot(words, PRESETS).get("challenge")


@pytest.mark.parametrize(
    ("services", "uid", "expected"),
    [
        pytest.param(["bluemind", "nginx"], "u", [{"bluemind": {"domain_uid": "u"}}, "nginx"], id="who needs it"),
        pytest.param(
            [{"bluemind": {"domain_uid": "v"}}], "u", [{"bluemind": {"domain_uid": "v"}}], id="once is enough"
        ),
        pytest.param(["bluemind"], None, ["bluemind"], id="none"),
        pytest.param("bluemind", "u", "bluemind", id="no list"),
    ],
)
def test_a_domains_identifier_goes_to_the_product(services: Any, uid: Any, expected: Any) -> None:
    assert expected == with_domain_uid(services, uid, PRESETS)
