# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_hook import DnsHook
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lexicon import DnsLexicon
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_solvers import (
    DnsChallenge,
    find_word_problems,
    load_challenge,
    load_solver,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_update import ALGORITHMS, DnsUpdate, TsigKey
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem

SECRET = "c2VjcmV0IG9mIGEga2V5"
UPDATE = {"type": "dns-01", "provider": "rfc2136", "server": "ns1.example.org"}
NO_RESOLVER = "`resolver` must be IP addresses, each with its port where that is not 53, as in 192.0.2.53 or [::1]:8053"
HOOK = {"provider": "hook", "program": "/usr/local/bin/dns-hook"}
LEXICON = {"provider": "lexicon", "lexicon_provider": "powerdns"}


@pytest.mark.parametrize(
    ("words", "solver"),
    [
        pytest.param(UPDATE, DnsUpdate("ns1.example.org"), id="update without a key"),
        pytest.param(
            {
                **UPDATE,
                "server": "192.0.2.53",
                "server_port": "5353",
                "zone": "Example.org.",
                "tsig_name": "acme-key.",
                "tsig_secret": f" {SECRET}\n",
                "tsig_algorithm": "HMAC-SHA512",
                "ttl": 30,
            },
            DnsUpdate("192.0.2.53", 5353, "example.org", TsigKey("acme-key", SECRET, "hmac-sha512"), 30),
            id="update with everything",
        ),
        pytest.param(HOOK, DnsHook("/usr/local/bin/dns-hook", 60), id="hook"),
        pytest.param({**HOOK, "hook_timeout": "5"}, DnsHook("/usr/local/bin/dns-hook", 5), id="hook with a deadline"),
        pytest.param(LEXICON, DnsLexicon("powerdns"), id="lexicon"),
        pytest.param(
            {**LEXICON, "lexicon_options": {"pdns_server": "https://ns1"}, "zone": "example.org", "resolver": "::1"},
            DnsLexicon("powerdns", {"pdns_server": "https://ns1"}, "example.org", Resolver(("::1",))),
            id="lexicon with everything",
        ),
    ],
)
def test_words_become_a_solver(words: dict[str, Any], solver: object) -> None:
    assert list(find_word_problems(words)) == []
    assert load_solver(words) == solver


@pytest.mark.parametrize(
    ("words", "resolver", "timeout"),
    [
        pytest.param({}, Resolver(), 120, id="nothing said"),
        pytest.param({"resolver": None, "propagation_timeout": "", "server": None}, Resolver(), 120, id="left empty"),
        pytest.param({"resolver": "127.0.0.1:8053"}, Resolver(("127.0.0.1:8053",)), 120, id="one resolver"),
        pytest.param(
            {"resolver": ["9.9.9.9", "[2620:fe::fe]:53"]}, Resolver(("9.9.9.9", "[2620:fe::fe]:53")), 120, id="list"
        ),
        pytest.param({"propagation_timeout": 600}, Resolver(), 600, id="a longer wait"),
    ],
)
def test_who_is_asked_and_for_how_long(words: dict[str, Any], resolver: Resolver, timeout: float) -> None:
    assert list(find_word_problems({**HOOK, **words})) == []
    assert load_challenge({**HOOK, **words}) == DnsChallenge(DnsHook("/usr/local/bin/dns-hook", 60), resolver, timeout)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({}, ["`provider` is missing; it is one of rfc2136, hook, lexicon"], id="no provider"),
        pytest.param(
            {"provider": "rfc2163"},
            ["`provider` must be one of rfc2136, hook, lexicon; `rfc2163` is not; did you mean `rfc2136`?"],
            id="a misspelt provider",
        ),
        pytest.param({"provider": "rfc2136"}, ["`server` is missing"], id="no server"),
        pytest.param({"provider": "hook", "program": ""}, ["`program` is missing"], id="no program"),
        pytest.param({"provider": "lexicon"}, ["`lexicon_provider` is missing"], id="no provider of the library"),
        pytest.param(
            {**HOOK, "server": "ns1"},
            ["`server` is unknown; known are hook_timeout, program, propagation_timeout, provider, resolver, type"],
            id="a word of another provider",
        ),
        pytest.param(
            {**UPDATE, "tsig_name": "key"},
            ["`tsig_secret` is missing; a TSIG key has a name and a secret"],
            id="no secret",
        ),
        pytest.param(
            {**UPDATE, "tsig_secret": SECRET},
            ["`tsig_name` is missing; a TSIG key has a name and a secret"],
            id="no name",
        ),
        pytest.param(
            {**UPDATE, "tsig_name": "key", "tsig_secret": "no base64!"},
            ["`tsig_secret` must be the key's secret alone, in base64, as `tsig-keygen` prints it after `secret`"],
            id="a secret that is none",
        ),
        pytest.param(
            {
                **UPDATE,
                "server": "https://ns1.example.org",
                "server_port": 0,
                "ttl": -1,
                "zone": "a b",
                "tsig_algorithm": "sha",
            },
            [
                "`server` must be a name or an IP address alone; the port is `server_port`",
                "`server_port` must be a port from 1 to 65535; `0` is not",
                "`ttl` must be seconds, from 0 to 86400",
                "`zone` must be a domain such as example.org",
                f"`tsig_algorithm` must be one of {', '.join(ALGORITHMS)}",
            ],
            id="all at once",
        ),
        pytest.param(
            {**UPDATE, "server": "-", "resolver": ["ns1.example.org"], "propagation_timeout": "2m"},
            [
                "`server` must be the name or the IP address of a server",
                NO_RESOLVER,
                "`propagation_timeout` must be seconds, from 1 to 3600",
            ],
            id="names and units",
        ),
        pytest.param(
            {**HOOK, "resolver": []},
            [NO_RESOLVER],
            id="no resolver",
        ),
        pytest.param(
            {**HOOK, "resolver": "127.0.0.1:99999"},
            [NO_RESOLVER],
            id="port",
        ),
        pytest.param(
            {**HOOK, "program": "dns-hook"},
            ["`program` must be the absolute path of a program on the controller"],
            id="a program without its path",
        ),
        pytest.param(
            {**LEXICON, "lexicon_provider": "Power DNS", "lexicon_options": "x"},
            [
                "`lexicon_provider` must be the name of a provider as `lexicon --help` lists it",
                "`lexicon_options` must be a mapping of the provider's options",
            ],
            id="words of lexicon",
        ),
    ],
)
def test_wrong_words_are_told_together(words: dict[str, Any], expected: list[str]) -> None:
    assert list(find_word_problems(words)) == expected


def test_a_provider_that_the_library_has_not_is_told_before_anything_is_ordered() -> None:
    with pytest.raises(AcmeProblem) as refused:
        load_challenge({**LEXICON, "lexicon_provider": "nonesuch"})
    assert refused.value.code == "dns_provider_unknown"


def test_secrets_are_in_no_repr() -> None:
    assert SECRET not in repr(load_challenge({**UPDATE, "tsig_name": "key", "tsig_secret": SECRET}))
