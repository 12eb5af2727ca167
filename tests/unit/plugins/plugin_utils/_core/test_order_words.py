# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Words of an order in, values out: every fault at once, and no secret in any of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.key_type import load_public_key
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import (
    DNS_01,
    HTTP_01,
    KEY_TYPES,
    LETS_ENCRYPT,
    LETS_ENCRYPT_STAGING,
    Issuer,
    OrderWords,
    Validation,
    find_contact,
    find_directory,
    load_order_words,
    load_terms,
    overlay,
)
from ansible_collections.certwright.tls.tests.unit.authority import make_key

SECRET = "correct horse battery staple"
ISSUER = Issuer("https://ca.example/directory", "pki@example.org", account_key=SECRET.encode())
WEBROOT = {"webroot": "/var/www/acme"}
HOOK = {"type": DNS_01, "provider": "hook", "program": "/opt/hook"}
NAMES = ("a.example",)


def load(*, names: tuple[str, ...] = NAMES, issuer: Issuer = ISSUER, **words: Any) -> OrderWords:
    return load_order_words("web", {"challenge": WEBROOT, **words}, names=names, issuer=issuer)


def refused(**words: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(RefusedError) as error:
        load(**words)
    return [(problem.certificate, problem.code, problem.message) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(
            {"challenge": WEBROOT}, OrderWords(ISSUER, Validation(HTTP_01, "/var/www/acme")), id="no more than needed"
        ),
        pytest.param(
            {
                "key_type": "rsa2048",
                "key_origin": "controller",
                "profile": "shortlived",
                "force": True,
                "ignore_backoff": True,
                "force_age": 0,
            },
            OrderWords(
                *(ISSUER, Validation(HTTP_01, "/var/www/acme")),
                key_type="rsa2048",
                key_origin="controller",
                profile="shortlived",
                force=True,
                force_age=timedelta(0),
                ignore_backoff=True,
            ),
            id="everything that can be said of one order",
        ),
        pytest.param(
            {"key_type": None, "key_origin": None, "profile": None, "force": None, "ignore_backoff": None},
            OrderWords(ISSUER, Validation(HTTP_01, "/var/www/acme")),
            id="what is null was not said",
        ),
    ],
)
def test_what_is_said_of_an_order(words: dict[str, Any], expected: OrderWords) -> None:
    assert expected == load(**words)


def test_whether_a_job_is_scheduled_is_told_by_who_knows_it() -> None:
    words = load_order_words("web", {"challenge": WEBROOT}, names=NAMES, issuer=ISSUER, is_scheduled=True)
    assert words.is_scheduled is True


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [
        pytest.param({"webroot": "/w"}, Validation(HTTP_01, "/w"), id="a directory"),
        pytest.param({"port": 80}, Validation(HTTP_01), id="a listener"),
        pytest.param({"port": 8080, "type": "http-01"}, Validation(HTTP_01, port=8080), id="a listener behind another"),
        pytest.param(
            {"webroot": "/w", "port": 8080}, Validation(HTTP_01, "/w", 8080), id="a directory of another port"
        ),
        pytest.param({"port": 80, "self_check": False}, Validation(HTTP_01, is_checked=False), id="not looked at"),
        pytest.param({"port": 80, "self_check": None}, Validation(HTTP_01), id="looked at unless it is denied"),
        pytest.param(
            {"port": 80, "resolver": ["192.0.2.53"]},
            Validation(HTTP_01, words={"resolver": ["192.0.2.53"]}),
            id="looked up elsewhere",
        ),
        pytest.param(HOOK, Validation(DNS_01, words={"provider": "hook", "program": "/opt/hook"}), id="a program"),
        pytest.param(
            {"type": DNS_01, "resolver": [], "lexicon_options": {}, "ttl": None},
            Validation(DNS_01),
            id="empty words of the argument spec were not said",
        ),
        pytest.param(
            {"type": DNS_01, "server": "ns.example", "server_port": 5353, "ttl": 0, "lexicon_options": {"a": "b"}},
            Validation(
                DNS_01, words={"server": "ns.example", "server_port": 5353, "ttl": 0, "lexicon_options": {"a": "b"}}
            ),
            id="zero is a word",
        ),
    ],
)
def test_how_names_are_proved(challenge: dict[str, Any], expected: Validation) -> None:
    assert expected == load(challenge=challenge).validation


NOWHERE = (
    "challenge says neither `webroot` nor `port`; name the directory that the web server shows, "
    "or the port (80) that a listener of ours may take"
)


@pytest.mark.parametrize(
    ("challenge", "names", "expected"),
    [
        pytest.param(None, NAMES, [("challenge_incomplete", NOWHERE)], id="nothing"),
        pytest.param({"type": HTTP_01}, NAMES, [("challenge_incomplete", NOWHERE)], id="a type and no place"),
        pytest.param(
            {"webroot": "www"},
            NAMES,
            [("challenge_incomplete", "challenge.webroot must be an absolute path on the host")],
            id="a directory that nobody finds",
        ),
        *(
            pytest.param(
                {"port": port},
                NAMES,
                [("challenge_incomplete", "challenge.port must be a port, 1 to 65535")],
                id=f"port {port}",
            )
            for port in (0, -1, 65536)
        ),
        pytest.param(
            {**WEBROOT, "tsig_name": "k", "provider": "rfc2136", "resolver": ["192.0.2.53"]},
            NAMES,
            [("challenge_incomplete", "provider, tsig_name belongs to `type: dns-01`, and challenge is http-01")],
            id="words of the DNS beside a file",
        ),
        *(
            pytest.param(
                {**HOOK, **words},
                NAMES,
                [
                    (
                        "challenge_incomplete",
                        (
                            "webroot and port belong to `type: http-01`, and challenge is dns-01; "
                            "leave them out, or say the other type"
                        ),
                    )
                ],
                id=f"{word} beside a record",
            )
            for word, words in (("a webroot", WEBROOT), ("a port", {"port": 80}))
        ),
        pytest.param(
            WEBROOT,
            ("a.example", "*.a.example"),
            [
                (
                    "wildcard_needs_dns",
                    (
                        "*.a.example is a wildcard, which a CA gives for dns-01 only (RFC 8555 7.1.3); "
                        "say `challenge: {type: dns-01, …}`"
                    ),
                )
            ],
            id="a wildcard by a file",
        ),
        *(
            pytest.param(
                HOOK,
                (name,),
                [("name_not_public", f"{name} is no public host name; use its full name, or `internal_ca`")],
                id=f"the name {name}",
            )
            for name in ("localhost", "*.lan", "_dmarc.a.example")
        ),
        *(
            pytest.param(
                HOOK,
                (name,),
                [
                    (
                        "name_not_public",
                        (
                            f"{name} is an address, and certificates for addresses are not ordered by this release; "
                            "use a host name, or `internal_ca`"
                        ),
                    )
                ],
                id=f"the address {name}",
            )
            for name in ("192.0.2.1", "2001:db8::1")
        ),
    ],
)
def test_what_cannot_be_proved_is_told_with_the_way_out(
    challenge: dict[str, Any] | None, names: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    assert [("web", *told) for told in expected] == refused(challenge=challenge, names=names)


@pytest.mark.parametrize(
    ("challenge", "names"),
    [
        pytest.param(HOOK, ("*.a.example", "a.example"), id="a wildcard by a record"),
        pytest.param({"port": 1}, NAMES, id="the first port"),
        pytest.param({"port": 65535}, NAMES, id="the last port"),
        pytest.param(WEBROOT, (), id="names that are refused elsewhere"),
    ],
)
def test_what_can_be_proved_is_not_refused(challenge: dict[str, Any], names: tuple[str, ...]) -> None:
    assert load(challenge=challenge, names=names).issuer == ISSUER


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        *(
            pytest.param(
                {"directory": url},
                [("issuer_invalid", "acme_directory must be the https:// URL of an ACME directory; leave it out")],
                id=f"the directory {url}",
            )
            for url in ("", "ca.example", "http://ca.example/directory", "https://", "https:// ca.example", "file:///x")
        ),
        pytest.param(
            {"directory": "http://localhost.evil.example/directory"},
            [("issuer_invalid", "must be the https:// URL")],
            id="a host that only begins like loopback",
        ),
        pytest.param(
            {"terms_agreed": "maybe"},
            [
                (
                    "issuer_invalid",
                    (
                        "terms_agreed must be true, false, or the URL of the terms that are agreed to; "
                        "read the CA's terms and say `terms_agreed: true`"
                    ),
                )
            ],
            id="terms that are neither agreed to nor named",
        ),
        pytest.param(
            {"contact": ""},
            [
                (
                    "contact_missing",
                    (
                        "no contact is known, whom the CA and the alarms of renewal write to; say `email`, "
                        "or `default_domain` for no-reply@<default domain>"
                    ),
                )
            ],
            id="nobody to write to",
        ),
        *(
            pytest.param(
                {"contact": contact},
                [("contact_missing", "`email` must be one address, such as pki@example.org")],
                id=f"the contact {contact}",
            )
            for contact in ("nobody", "a@b", "a@b.example, c@d.example", "a b@c.example", "@b.example")
        ),
        pytest.param(
            {"eab_kid": "kid-1"},
            [("eab_incomplete", "eab_hmac_key is missing; the CA hands out both together")],
            id="an external account without its key",
        ),
        pytest.param(
            {"eab_hmac_key": SECRET},
            [("eab_incomplete", "eab_kid is missing; the CA hands out both together")],
            id="an external account without its name",
        ),
        pytest.param(
            {"account_key": b""},
            [
                (
                    "account_key_missing",
                    (
                        "there is no account key; pass account_key_src or account_key_content, "
                        "or say `account_key_create: true` to have one made at account_key_src"
                    ),
                )
            ],
            id="no account key",
        ),
    ],
)
def test_what_is_wrong_with_an_issuer(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    told = refused(issuer=replace(ISSUER, **changes))
    assert [("web", code) for code, _message in expected] == [(name, code) for name, code, _message in told]
    assert [True] * len(told) == [
        words in message for (_code, words), (_n, _c, message) in zip(expected, told, strict=True)
    ]
    assert SECRET not in str(told)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"directory": "http://127.0.0.1:14000/dir"}, id="a test server on loopback"),
        pytest.param({"directory": "http://[::1]/dir"}, id="and by IPv6"),
        pytest.param({"directory": "http://localhost"}, id="and by its name"),
        pytest.param({"directory": "https://ca.lan:9000"}, id="a CA of the house without a path"),
        pytest.param({"eab_kid": "kid-1", "eab_hmac_key": SECRET}, id="both parts of an external account"),
    ],
)
def test_what_is_right_with_an_issuer(changes: dict[str, Any]) -> None:
    issuer = replace(ISSUER, **changes)
    assert issuer == load(issuer=issuer).issuer


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = refused(
        issuer=Issuer("http://ca.example", "", eab_kid="k"),
        challenge={"webroot": "x", "ttl": 1, "port": 0},
        names=("*.a.example", "lan"),
    )
    assert [code for _name, code, _message in told] == [
        *("issuer_invalid", "contact_missing", "account_key_missing", "eab_incomplete"),
        *("challenge_incomplete",) * 3,
        *("wildcard_needs_dns", "name_not_public"),
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({}, LETS_ENCRYPT, id="not said"),
        pytest.param({"staging": False}, LETS_ENCRYPT, id="not staging"),
        pytest.param({"staging": True}, LETS_ENCRYPT_STAGING, id="staging"),
        pytest.param({"acme_directory": " https://ca.example/d "}, "https://ca.example/d", id="another CA"),
        pytest.param({"acme_directory": "", "staging": True}, LETS_ENCRYPT_STAGING, id="empty as a survey leaves it"),
    ],
)
def test_which_ca_is_asked(arguments: dict[str, Any], expected: str) -> None:
    assert expected == find_directory(arguments)


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        pytest.param(LETS_ENCRYPT, False, id="the real one"),
        pytest.param(LETS_ENCRYPT_STAGING, True, id="its test CA"),
        pytest.param("https://acme.STAGING.ca.example/dir", True, id="a test CA of somebody else"),
        pytest.param("https://ca.example/directory", False, id="one that does not say so"),
    ],
)
def test_a_test_ca_is_known_by_its_address(directory: str, expected: bool) -> None:
    assert replace(ISSUER, directory=directory).is_test is expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({"email": " pki@a.example ", "default_domain": "b.example"}, "pki@a.example", id="an address"),
        pytest.param({"default_domain": "b.example"}, "no-reply@b.example", id="the default domain"),
        pytest.param({"email": "", "default_domain": "b.example"}, "no-reply@b.example", id="an empty address"),
        pytest.param({"email": None, "default_domain": None}, "", id="neither"),
    ],
)
def test_whom_the_ca_writes_to(arguments: dict[str, Any], expected: str) -> None:
    assert expected == find_contact(arguments)


def test_a_directory_and_staging_cannot_both_be_meant() -> None:
    told = refused(acme_directory="https://ca.example/directory", staging=True)
    message = "acme_directory and staging are both said, and staging is Let's Encrypt's; say one of them"
    assert told == [("web", "issuer_invalid", message)]
    assert load(acme_directory="https://ca.example/directory", staging=False).issuer == ISSUER


@pytest.mark.parametrize(
    ("common", "said", "expected"),
    [
        pytest.param({}, {}, {}, id="nothing"),
        pytest.param({"email": "a"}, {"profile": "p"}, {"email": "a", "profile": "p"}, id="one word each"),
        pytest.param({"email": "a"}, {"email": "b"}, {"email": "b"}, id="the same word"),
        pytest.param({"email": "a"}, {"email": None}, {"email": "a"}, id="a word without a value is not said"),
        pytest.param({"staging": True}, {"staging": False}, {"staging": False}, id="denied"),
        pytest.param(
            {"challenge": {"port": 80}}, {"challenge": WEBROOT}, {"challenge": WEBROOT}, id="a challenge as a whole"
        ),
        pytest.param({"acme_directory": "u"}, {"staging": True}, {"staging": True}, id="staging over a directory"),
        pytest.param(
            {"staging": True, "email": "a"},
            {"acme_directory": "u"},
            {"acme_directory": "u", "email": "a"},
            id="a directory over staging",
        ),
        pytest.param(
            {"acme_directory": "u"},
            {"staging": False},
            {"acme_directory": "u", "staging": False},
            id="staging that is denied leaves the directory",
        ),
        *(
            pytest.param({f"{word}_src": "/f"}, {other: "x"}, {other: "x"}, id=f"another {word}")
            for word, other in (
                ("account_key", "account_key_content"),
                ("eab_hmac_key", "eab_hmac_key"),
                ("shared_passphrase", "shared_passphrase"),
            )
        ),
        pytest.param(
            {"account_key_content": "x"}, {"account_key_src": "/f"}, {"account_key_src": "/f"}, id="a file over a text"
        ),
    ],
)
def test_the_words_of_one_go_over_those_for_all(
    common: dict[str, Any], said: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert expected == overlay(common, said)


TERMS = "https://ca.example/terms/1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *(pytest.param(value, "yes", id=f"agreed: {value!r}") for value in (True, "true", "True", "yes", " ON ", "1")),
        *(
            pytest.param(value, "", id=f"not agreed: {value!r}")
            for value in (None, False, "", "false", "No", "off", "0", "none", "None")
        ),
        pytest.param(f" {TERMS} ", TERMS, id="just these"),
    ],
)
def test_what_was_agreed_to(value: object, expected: str) -> None:
    assert expected == load_terms(value)


def test_key_types_are_called_as_certificates_call_them() -> None:
    made = {"ec256": "EC P-256", "rsa2048": "RSA 2048"}
    for word, key_type in made.items():
        assert KEY_TYPES[word] == load_public_key(make_key(key_type).public_key()).key_type


def test_no_secret_shows() -> None:
    issuer = replace(ISSUER, eab_kid="kid-1", eab_hmac_key=SECRET)
    words = load(issuer=issuer, challenge={**HOOK, "tsig_secret": SECRET, "lexicon_options": {"auth_token": SECRET}})
    assert SECRET not in repr(words)
