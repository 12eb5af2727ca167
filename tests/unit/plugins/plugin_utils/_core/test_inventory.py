# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory contract: what becomes of every declaration, and every fault of an inventory at once."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any, NoReturn

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory import find_removals, load_inventory
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.declared_inventory import (
    FILES,
    IN_DOMAIN,
    IN_SYSTEM,
    IN_WEB,
    ISSUERS,
    PRESETS,
    WEB,
    load,
    refused,
    require_told,
)

GONE = {"domain": "old.example", "state": "absent"}

Facts = list[tuple[str, str]]


def present(domain: str, external_url: str | None = None, *other_urls: str, **more: Any) -> dict[str, Any]:
    urls = {"external_url": external_url, "other_urls": list(other_urls)} if external_url else {}
    return {"domain": domain, "state": "present", **urls, **more}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param(
            {
                "tls_issuers": None,
                "tls_certificates": None,
                "tls_group_certificates": {},
                "tls_host_certificates": None,
                "tls_system": {},
                "tls_domains": None,
                "tls_default_domain": None,
            },
            [],
            id="everything is empty",
        ),
        pytest.param({"tls_default_domain": "", "tls_domains": []}, [], id="empty as a survey leaves it"),
        pytest.param({"tls_default_domain": "example.org"}, [], id="a default domain"),
        pytest.param(
            {"tls_system": {"external_url": "www.a.example", "engine": "files", "email": "pki@a.example", **FILES}},
            [present("system", "www.a.example", **FILES)],
            id="the system",
        ),
        pytest.param(
            {
                "tls_system": {
                    "external_url": "https://www.a.example/",
                    "other_urls": ["B.example."],
                    "state": "present",
                }
            },
            [present("system", "https://www.a.example/", "B.example.")],
            id="names go on as they are written, for the module to say what it strips",
        ),
        pytest.param(
            {"tls_system": {"external_url": "www.a.example", "issuer": "bought", "other_urls": None}},
            [present("system", "www.a.example")],
            id="the system by an issuer",
        ),
        pytest.param(
            {"tls_system": {"external_url": "www.a.example", "state": "adopted", "certificate_src": "a.pem"}},
            [{**present("system", "www.a.example", certificate_src="a.pem"), "state": "adopted"}],
            id="a system that is adopted",
        ),
        pytest.param(
            {
                "tls_domains": [
                    {
                        "domain": "example.net",
                        "domain_uid": "3a4f.internal",
                        "external_url": "www.example.net",
                        "other_urls": ["example.net"],
                        "engine": "files",
                        "email": "it@example.net",
                        "accept": ["ends_sooner"],
                        "services": ["nginx"],
                        "remote_src": "yes",
                        "owner": "www",
                        **FILES,
                    }
                ]
            },
            [
                present(
                    *("example.net", "www.example.net", "example.net"),
                    accept=["ends_sooner"],
                    services=["nginx"],
                    remote_src="yes",
                    owner="www",
                    **FILES,
                )
            ],
            id="a domain with every word",
        ),
        pytest.param(
            {"tls_domains": [{"domain": "Bücher.EXAMPLE."}]},
            [present("xn--bcher-kva.example")],
            id="a domain is spelled as names are compared, and may use the system's certificate",
        ),
        pytest.param(
            {
                "tls_domains": [
                    {"domain": "a.example", "engine": "disabled"},
                    {"domain": "b.example", "state": "absent"},
                    {"domain": "c.example", "engine": "disabled", "state": "absent"},
                    {"domain": "d.example", "engine": "letsencrypt", "state": "absent", "other_urls": ["x.example"]},
                ]
            },
            [{"domain": f"{letter}.example", "state": "absent"} for letter in "abcd"],
            id="four ways to be absent",
        ),
        pytest.param(
            {"tls_domains": [{"domain": "old.example", "engine": "disabled", "services": ["nonsense"], **FILES}]},
            [GONE],
            id="of what is disabled nothing is used and nothing is judged",
        ),
        pytest.param(
            {"tls_domains": [{**GONE, "accept": ["files_abandoned"], "services": ["nginx"]}]},
            [{**GONE, "accept": ["files_abandoned"]}],
            id="but for what is accepted of the removal",
        ),
        pytest.param(
            {"tls_host_certificates": {"web": {**WEB, "issuer": "bought", "usage": "server", "email": "a@b.example"}}},
            [present("web", "b.example", "c.example", **FILES)],
            id="a named one: the first name is the external URL",
        ),
        pytest.param(
            {"tls_host_certificates": {"old.example": {"state": "absent"}, 2: {"names": ("*.b.example",)}}},
            [GONE, present("2", "*.b.example")],
            id="a named one that is absent needs no names, and a number is a name",
        ),
        pytest.param(
            {
                "tls_certificates": {"a": {"names": ["a.example"]}, "b": WEB},
                "tls_group_certificates": {"a": {"names": ["a2.example"], "override": "yes"}, "c": {"state": "absent"}},
                "tls_host_certificates": {"a": {"names": ["a3.example"], "override": True}, "d": {"state": "absent"}},
            },
            [
                present("a", "a3.example"),
                present("b", "b.example", "c.example", **FILES),
                *({"domain": name, "state": "absent"} for name in "cd"),
            ],
            id="three levels: what is overridden stays in its place and brings nothing along",
        ),
        pytest.param(
            {
                "tls_group_certificates": {"a": {"names": ["a.example"], "issuer": "letsencrypt"}},
                "tls_host_certificates": {"a": {"names": ["a.example"], "issuer": "bought", "override": True}},
            },
            [present("a", "a.example")],
            id="what is overridden is not judged: another issuer on one host is a reason to override",
        ),
        pytest.param(
            {
                "tls_host_certificates": {"web": WEB},
                "tls_domains": [{"domain": "z.example"}, {"domain": "a.example"}],
                "tls_system": {"external_url": "www.example"},
            },
            [
                present("system", "www.example"),
                present("z.example"),
                present("a.example"),
                present("web", "b.example", "c.example", **FILES),
            ],
            id="the order: the system, domains, named ones, each as they are declared",
        ),
        pytest.param(
            {
                "tls_system": {"external_url": "a.example", "other_urls": ["A.example", "b.example"]},
                "tls_domains": [{"domain": "b.example", "external_url": "b.example", "engine": "disabled"}],
            },
            [present("system", "a.example", "A.example", "b.example"), {"domain": "b.example", "state": "absent"}],
            id="a name twice on one certificate, and on one that is disabled",
        ),
    ],
)
def test_what_an_inventory_becomes(variables: dict[str, Any], expected: list[dict[str, Any]]) -> None:
    assert expected == list(load(**variables).entries)


def test_the_contract_of_the_design_is_understood() -> None:
    """It has no fault, and each certificate goes where it belongs."""
    contract: dict[str, Any] = {
        "tls_host_certificates": {
            "mail": {
                "issuer": "letsencrypt",
                "names": ["mail.example.org", "imap.example.org"],
                "services": ["nginx", "dovecot", {"postfix": {"ports": [25, 465]}}],
            },
            "db": {
                "issuer": "office",
                "names": ["db1.lan"],
                "usage": "server",
                "services": [{"nginx": {"ports": [5432]}}],
            },
            "api": {
                "issuer": "bought",
                "names": ["api.example.org"],
                "certificate_src": "api.pem",
                "private_key_src": "api.key",
                "ca_src": "api-ca.pem",
                "services": ["nginx"],
            },
        },
        "tls_group_certificates": {
            "wildcard": {
                "issuer": "le_dns",
                "names": ["*.example.org", "example.org"],
                "services": [{"nginx": {"probe_names": ["www.example.org"]}}],
            }
        },
        "tls_system": {
            "external_url": "front.example.org",
            "other_urls": ["pop.example.org"],
            "engine": "letsencrypt",
            "services": ["bluemind"],
        },
        "tls_domains": [
            {
                "domain": "example.net",
                "external_url": "webmail.example.net",
                "engine": "files",
                "email": "it@example.net",
                "certificate_src": "n.pem",
                "private_key_src": "n.key",
                "ca_src": "ca.pem",
            },
            {"domain": "old.example.org", "engine": "disabled"},
        ],
        "tls_default_domain": "example.org",
        "tls_issuers": {**ISSUERS, "le_dns": {"type": "acme", "like": "letsencrypt"}},
    }
    loaded = load(**contract)
    supplied = [
        ("example.net", "webmail.example.net", []),
        ("old.example.org", None, None),
        ("api", "api.example.org", []),
    ]
    ordered = [
        ("system", "front.example.org", ["pop.example.org"]),
        ("wildcard", "*.example.org", ["example.org"]),
        ("mail", "mail.example.org", ["imap.example.org"]),
    ]
    assert supplied == [(item["domain"], item.get("external_url"), item.get("other_urls")) for item in loaded.entries]
    assert ordered == [(item["name"], item["external_url"], item["other_urls"]) for item in loaded.orders]
    assert [ISSUERS["letsencrypt"]["challenge"]] * 3 == [item["challenge"] for item in loaded.orders]
    (signed,) = loaded.signed
    services = [{"nginx": {"ports": [5432]}}]
    assert {
        "name": "db",
        "issuer": "office",
        "external_url": "db1.lan",
        "other_urls": [],
        "usage": "server",
        "services": services,
    } == signed


def ordered(name: str, external_url: str, *other_urls: str, **words: Any) -> dict[str, Any]:
    return {"name": name, "external_url": external_url, "other_urls": list(other_urls), **words}


STEP = {"type": "acme", "acme_directory": "https://ca.lan/acme", "email": "pki@a.example", "account_key_src": "/a.pem"}
BY_ISSUER = {key: value for key, value in STEP.items() if key != "type"}


@pytest.mark.parametrize(
    ("issuers", "variables", "expected"),
    [
        pytest.param(None, {}, [], id="nothing"),
        pytest.param(
            None,
            {"tls_system": {"external_url": "www.a.example", "engine": "letsencrypt"}},
            [ordered("system", "www.a.example")],
            id="by an engine of which nothing more is said",
        ),
        pytest.param(
            {"acme": STEP, "letsencrypt": {"type": "acme", "terms_agreed": True}},
            {
                "tls_system": {"external_url": "www.a.example", "engine": "acme"},
                "tls_domains": [{"domain": "b.example", "external_url": "b.example", "engine": "letsencrypt"}],
            },
            [ordered("system", "www.a.example", **BY_ISSUER), ordered("b.example", "b.example", terms_agreed=True)],
            id="by an engine that an issuer is named for",
        ),
        pytest.param(
            {"step": STEP},
            {
                "tls_host_certificates": {
                    "web": {
                        "names": ["a.example", "b.example"],
                        "issuer": "step",
                        "email": "it@a.example",
                        "key_type": "rsa2048",
                        "services": ["nginx"],
                        "accept": ["files_abandoned"],
                        "owner": "www",
                        "shared": {"home": "pki01"},
                        "usage": "server",
                    }
                }
            },
            [
                ordered(
                    *("web", "a.example", "b.example"),
                    **{
                        **BY_ISSUER,
                        "email": "it@a.example",
                        "key_type": "rsa2048",
                        "services": ["nginx"],
                        "accept": ["files_abandoned"],
                        "owner": "www",
                        "shared": {"home": "pki01"},
                    },
                )
            ],
            id="its own words over those of its issuer",
        ),
        pytest.param(
            {"step": STEP},
            {"tls_system": {"external_url": "www.a.example", "issuer": "step", "staging": True}},
            [
                ordered(
                    *("system", "www.a.example"),
                    **{key: value for key, value in BY_ISSUER.items() if key != "acme_directory"},
                    staging=True,
                )
            ],
            id="staging over the directory of its issuer",
        ),
        pytest.param(
            {
                "step": STEP,
                "dns": {"type": "acme", "like": "step", "challenge": {"type": "dns-01"}},
                "short": {"type": "acme", "like": "dns", "profile": "shortlived", "email": None},
            },
            {"tls_system": {"external_url": "www.a.example", "issuer": "short"}},
            [ordered("system", "www.a.example", **BY_ISSUER, challenge={"type": "dns-01"}, profile="shortlived")],
            id="words of the issuers that its issuer is like",
        ),
        pytest.param(
            {"step": STEP, "dns": {"type": "acme", "like": "step", "staging": True}},
            {"tls_system": {"external_url": "www.a.example", "issuer": "dns"}},
            [
                ordered(
                    *("system", "www.a.example"),
                    **{key: value for key, value in BY_ISSUER.items() if key != "acme_directory"},
                    staging=True,
                )
            ],
            id="staging over the directory of what its issuer is like",
        ),
        pytest.param(
            {"step": STEP},
            {
                "tls_domains": [
                    {"domain": "a.example", "external_url": "a.example", "issuer": "step", "state": "absent"},
                    {"domain": "b.example", "external_url": "b.example", "issuer": "step", "state": "adopted"},
                    {"domain": "c.example", "external_url": "c.example", "engine": "files"},
                    {"domain": "d.example", "external_url": "d.example"},
                ]
            },
            [],
            id="what is absent, adopted or supplied is not ordered",
        ),
        pytest.param(
            {"step": STEP},
            {
                "tls_host_certificates": {"web": {"names": ["b.example"], "issuer": "step"}},
                "tls_domains": [{"domain": "a.example", "external_url": "a.example", "issuer": "step"}],
                "tls_system": {"external_url": "www.a.example", "issuer": "step"},
            },
            [
                ordered("system", "www.a.example", **BY_ISSUER),
                ordered("a.example", "a.example", **BY_ISSUER),
                ordered("web", "b.example", **BY_ISSUER),
            ],
            id="the order: the system, domains, named ones",
        ),
    ],
)
def test_what_is_ordered_of_an_inventory(issuers: Any, variables: dict[str, Any], expected: list[Any]) -> None:
    assert expected == list(load(tls_issuers=issuers, **variables).orders)


def test_what_is_ordered_is_nothing_else() -> None:
    loaded = load(
        tls_system={"external_url": "www.a.example", "engine": "letsencrypt"},
        tls_domains=[{"domain": "b.example", "external_url": "b.example"}],
    )
    assert (
        [item["domain"] for item in loaded.entries],
        [item["name"] for item in loaded.orders],
    ) == (["b.example"], ["system"])


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            {"tls_domains": [{"domain": "old.example", "state": "absent", **FILES}]},
            [
                (
                    "material_unused",
                    "tls_domains[0] (old.example): is to be absent, so certificate_src, private_key_src is not used",
                )
            ],
            id="material of what is disabled",
        ),
        pytest.param(
            {"tls_domains": [{"domain": "https://a.example/webmail"}]},
            [
                (
                    "name_stripped",
                    "tls_domains[0] (a.example): Of a URL only the host name counts: a.example",
                )
            ],
            id="a URL for a domain",
        ),
        pytest.param(
            {"tls_domains": [{"domain": "a.example", "engine": "disabled"}], "tls_host_certificates": {"web": WEB}},
            [],
            id="nothing to tell",
        ),
    ],
)
def test_what_an_operator_should_know_is_told(variables: dict[str, Any], expected: Facts) -> None:
    assert expected == [(notice.code, notice.message) for notice in load(**variables).notices]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            {"tls_domain": []},
            [
                (
                    "the inventory",
                    "inventory_invalid",
                    (
                        "`tls_domain` is unknown; did you mean `tls_domains`? Known are tls_certificates, "
                        "tls_default_domain, tls_domains, tls_group_certificates, tls_host_certificates, "
                        "tls_issuers, tls_system"
                    ),
                )
            ],
            id="a variable that is none",
        ),
        pytest.param(
            {"tls_default_domain": "a b.example"},
            [("tls_default_domain", "name_invalid", "label `a b`")],
            id="a default domain that is no name",
        ),
        pytest.param(
            {"tls_default_domain": ["a.example"]},
            [("tls_default_domain", "name_invalid", "empty label")],
            id="a default domain that is a list",
        ),
        pytest.param(
            {"tls_system": "www.a.example"},
            [(IN_SYSTEM, "inventory_invalid", "is text and must be a mapping with `external_url`")],
            id="a system that is a text",
        ),
        pytest.param(
            {"tls_system": [{"external_url": "www.a.example"}]},
            [(IN_SYSTEM, "inventory_invalid", "must be a mapping with `external_url`")],
            id="a system that is a list",
        ),
        pytest.param(
            {"tls_domains": '[{"domain": "a.example"}]'},
            [
                (
                    "tls_domains",
                    "inventory_invalid",
                    "is text and must be a list of mappings, each with its `domain`; add `| from_json`",
                )
            ],
            id="domains as a survey gives them",
        ),
        pytest.param(
            {"tls_domains": "- domain: a.example\n"},
            [("tls_domains", "inventory_invalid", "; add `| from_yaml`")],
            id="domains as YAML text",
        ),
        pytest.param(
            {"tls_domains": {"a.example": {}}},
            [("tls_domains", "inventory_invalid", "must be a list of mappings, each with its `domain`")],
            id="domains by name",
        ),
        pytest.param(
            {"tls_domains": ["a.example", None]},
            [
                ("tls_domains[0]", "inventory_invalid", "is text and must be a mapping with `domain`"),
                ("tls_domains[1]", "inventory_invalid", "is empty and must be a mapping with `domain`"),
            ],
            id="domains that are no mappings",
        ),
        pytest.param(
            {
                "tls_certificates": [],
                "tls_group_certificates": '{"web": {}}',
                "tls_host_certificates": {"web": "b.example", "api": None, "db": ["c.example"]},
            },
            [
                ("tls_certificates", "inventory_invalid", "must be a mapping of names to certificates"),
                (
                    "tls_group_certificates",
                    "inventory_invalid",
                    "is text and must be a mapping of names to certificates; add `| from_json`",
                ),
                (
                    IN_WEB,
                    "inventory_invalid",
                    "is text and must be a mapping with `names`, the material and `services`",
                ),
                ("tls_host_certificates.api", "inventory_invalid", "is empty and must be a mapping with `names`"),
                ("tls_host_certificates.db", "inventory_invalid", "must be a mapping with `names`"),
            ],
            id="shapes at each level",
        ),
        pytest.param(
            {
                "tls_certificates": {"web": WEB},
                "tls_group_certificates": {"web": {**WEB, "override": True}},
                "tls_host_certificates": {"web": WEB},
            },
            [
                (
                    IN_WEB,
                    "inventory_invalid",
                    "is tls_group_certificates.web too; give it another name, or say `override: true` here to replace",
                )
            ],
            id="a certificate at two levels",
        ),
        pytest.param(
            {"tls_certificates": {"web": WEB}, "tls_host_certificates": {"web": {**WEB, "override": "perhaps"}}},
            [(IN_WEB, "inventory_invalid", "`override` must be true or false")],
            id="an override that is neither",
        ),
        pytest.param(
            {
                "tls_system": {
                    "external_url": "https://WWW.a.example:443",
                    "other_urls": ["192.0.2.1", "bücher.example"],
                },
                "tls_domains": [
                    {"domain": "a.example", "external_url": "www.a.example.", "other_urls": ["xn--bcher-kva.example"]},
                    {"domain": "d.example", "external_url": "d.example"},
                ],
                "tls_host_certificates": {"web": {"names": ["D.example", "192.0.2.1", "own.example"]}},
            },
            [
                (
                    IN_DOMAIN,
                    "name_used_twice",
                    (
                        "shares www.a.example, xn--bcher-kva.example with tls_system; give each name to one "
                        "certificate (two certificates with the same names, as an RSA and an ECDSA one, "
                        "are not supported yet)"
                    ),
                ),
                (IN_WEB, "name_used_twice", "shares d.example with tls_domains[1] (d.example)"),
                (IN_WEB, "name_used_twice", "shares 192.0.2.1 with tls_system;"),
            ],
            id="names on two certificates, in any spelling",
        ),
        pytest.param(
            {
                "tls_domains": [
                    {"domain": "a.example", "external_url": "www.a.example"},
                    {"domain": "A.example.", "external_url": "www.a.example"},
                ],
                "tls_group_certificates": {"a.example": {"state": "absent"}},
            },
            [
                (
                    "tls_domains[1] (a.example)",
                    "name_used_twice",
                    "has the name of tls_domains[0] (a.example) in the store",
                ),
                ("tls_group_certificates.a.example", "name_used_twice", "has the name of tls_domains[0] (a.example)"),
            ],
            id="one place in the store for three; the names that they share are not told again",
        ),
        pytest.param(
            {"tls_domains": [{"external_url": "a.example"}, {"external_url": "a.example"}]},
            [
                ("tls_domains[0]", "inventory_invalid", "`domain` is missing"),
                ("tls_domains[1]", "inventory_invalid", "`domain` is missing"),
                ("tls_domains[1]", "name_used_twice", "shares a.example with tls_domains[0];"),
            ],
            id="nameless domains with the same URL",
        ),
    ],
)
def test_what_is_wrong_with_the_whole_is_told_with_its_place(
    variables: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    require_told(expected, variables)


def test_all_faults_of_an_inventory_are_told_at_once() -> None:
    told = refused(
        tls_domian=[],
        tls_issuers={"bought": {"type": "file"}},
        tls_default_domain="-",
        tls_certificates={"web": WEB},
        tls_group_certificates="web",
        tls_host_certificates={"web": WEB, "db": {"issuer": "nobody", "usage": "both"}},
        tls_system={"engine": "acme", "services": ["ngnix"], "other_urls": ["b.example"], **FILES},
        tls_domains=[
            None,
            {"domain": "a.example", **FILES},
            {"domain": "a.example", "engine": "disabled", "nonsense": True},
        ],
    )
    expected = [
        ("the inventory", "inventory_invalid"),
        ("tls_issuers.bought", "inventory_invalid"),
        ("tls_default_domain", "name_invalid"),
        ("tls_domains[0]", "inventory_invalid"),
        ("tls_group_certificates", "inventory_invalid"),
        ("tls_host_certificates.web", "inventory_invalid"),
        ("tls_system", "external_url_missing"),
        ("tls_system", "material_ambiguous"),
        ("tls_system", "unknown_service"),
        ("tls_domains[1] (a.example)", "external_url_missing"),
        ("tls_domains[2] (a.example)", "inventory_invalid"),
        ("tls_host_certificates.db", "external_url_missing"),
        ("tls_host_certificates.db", "unknown_issuer"),
        ("tls_host_certificates.db", "engine_unavailable"),
        ("tls_domains[2] (a.example)", "name_used_twice"),
        ("tls_host_certificates.web", "name_used_twice"),
    ]
    assert expected == [(where, code) for where, code, _message in told]


@pytest.mark.parametrize("variables", [None, [], "tls_system", '{"tls_system": {}}'])
def test_an_inventory_that_is_no_mapping_is_refused(variables: Any) -> None:
    with pytest.raises(RefusedError, match="must be a mapping with tls_issuers, tls_certificates"):
        load_inventory(variables, presets=PRESETS)


class Vaulted:
    """A text that tells when somebody decrypts it."""

    def _fail(self, *_arguments: object) -> NoReturn:
        raise AssertionError("a value that may be a key was read")

    __bool__ = __eq__ = __hash__ = __iter__ = __len__ = __repr__ = __str__ = _fail  # type: ignore[assignment]


def test_values_that_may_be_keys_are_passed_through_unread() -> None:
    key = Vaulted()
    material = dict.fromkeys(("certificate_content", "private_key_content", "pkcs12_passphrase", "ca_content"), key)
    loaded = load(
        tls_system={"external_url": "a.example", **material},
        tls_domains=[{"domain": "b.example", "engine": "disabled", **material}],
        tls_host_certificates={"web": {**WEB, **material}},
    )
    for entry in (loaded.entries[0], loaded.entries[2]):
        assert all(entry[word] is key for word in material)


def test_keys_of_an_issuer_are_passed_through_unread() -> None:
    key = Vaulted()
    secrets = dict.fromkeys(("account_key_content", "eab_hmac_key", "shared_passphrase"), key)
    loaded = load(
        tls_issuers={"step": {**STEP, **secrets}, "dns": {"type": "acme", "like": "step"}},
        tls_host_certificates={name: {"names": [f"{name}.example"], "issuer": name} for name in ("step", "dns")},
    )
    assert [entry[word] is key for entry in loaded.orders for word in secrets] == [True] * 6


def test_a_key_in_an_inventory_is_in_no_message() -> None:
    secret = "SECRET of 1 key"
    words = {
        "certificate_src": [secret],
        "private_key_content": secret,
        "private_key_passphrase": secret,
        "nonsense": secret,
        secret: secret,
        "engine": secret,
        "issuer": secret,
        "state": secret,
        "remote_src": secret,
        "email": secret,
        "services": secret,
        "accept": secret,
        "override": secret,
        "usage": secret,
    }
    told = refused(
        tls_issuers={"bought": {"type": secret}, "office": secret},
        tls_system={**words, "other_urls": secret},
        tls_domains=[{**words, "domain": {}}, secret],
        tls_certificates=secret,
        tls_host_certificates={"web": {**words, "names": secret}, "db": secret},
    )
    assert len(told) > 30
    assert "SECRET" not in str(told)


def test_keys_are_in_no_representation() -> None:
    loaded = load(tls_system={"external_url": "a.example", "private_key_content": "SECRET"})
    assert "SECRET" not in repr(loaded)
    ordered_one = {"external_url": "a.example", "issuer": "step"}
    issuers = {"step": {**STEP, "eab_hmac_key": "SECRET", "account_key_content": "SECRET"}}
    assert "SECRET" not in repr(load(tls_issuers=issuers, tls_system=ordered_one))
    assert [item.name for item in fields(loaded)] == ["entries", "orders", "notices", "signed", "issuers"]


def test_names_that_are_no_list_take_nothing_away() -> None:
    for words in ({"names": {"web": True}}, {"names": [], "compromised": {"web": True}}):
        with pytest.raises(RefusedError, match="list of names"):
            list(find_removals([], accept=[], **words))


def removed(name: str, *accept: str, **words: bool) -> dict[str, Any]:
    return {"name": name, "accept": list(accept), "compromised": False, **words}


ABSENT = removed("old.example", declared_absent=True)


@pytest.mark.parametrize(
    ("names", "compromised", "expected"),
    [
        pytest.param([], [], [ABSENT], id="what the inventory disables"),
        pytest.param(
            ["stray", "old.example", "stray"],
            [],
            [ABSENT, removed("stray", "files_abandoned")],
            id="and names that it does not know, each once",
        ),
        pytest.param(
            "stray, a b",
            False,
            [ABSENT, *(removed(name, "files_abandoned") for name in ("stray", "a b"))],
            id="a text, as a command line has it, and names that the module refuses",
        ),
        pytest.param(["WEB."], [], [ABSENT, removed("web", "files_abandoned")], id="what is declared, in any spelling"),
        pytest.param(
            ["stray"],
            True,
            [{**ABSENT, "compromised": True}, removed("stray", "files_abandoned", compromised=True)],
            id="all that go have a key that leaked",
        ),
        pytest.param(
            ["stray"],
            ["web", "old.example", "lost"],
            [
                {**ABSENT, "compromised": True},
                removed("stray", "files_abandoned"),
                removed("web", "files_abandoned", compromised=True, keep=True),
                removed("lost", "files_abandoned", compromised=True, keep=False),
            ],
            id="of what is declared only the key goes",
        ),
        pytest.param(
            ["web"],
            "web",
            [ABSENT, removed("web", "files_abandoned", compromised=True)],
            id="what is named goes with its key",
        ),
    ],
)
def test_what_is_taken_away_is_said_by_the_inventory_or_by_name(
    names: Any, compromised: Any, expected: list[Any]
) -> None:
    loaded = load(tls_system={"external_url": "www.example"}, tls_domains=[GONE], tls_host_certificates={"web": WEB})
    found = find_removals(loaded.entries, names, accept=["files_abandoned"], compromised=compromised)
    assert expected == list(found)


def test_what_the_inventory_lets_through_for_what_it_takes_away_is_heeded() -> None:
    entry = {**GONE, "accept": ["files_abandoned", "test_issuer"]}
    assert [item["accept"] for item in find_removals([entry], [], accept=[])] == [["files_abandoned"]]
    said = find_removals([GONE], [], accept=["files_abandoned", "members_abandoned"])
    assert [item["accept"] for item in said] == [["members_abandoned"]]


def test_an_external_url_that_came_out_empty_takes_nothing_away() -> None:
    (told,) = refused(tls_domains=[{"domain": "a.example", "external_url": "", "services": ["nginx"]}])
    assert told[:2] == ("tls_domains[0] (a.example)", "external_url_missing")
    assert "leave the word out" in told[2]


def count_calls(domains: int, **words: Any) -> int:
    """Counted, since a time says as much of the machine."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    names = [f"d{number:03}.example" for number in range(domains)]
    words = words or FILES
    declared = [{"domain": name, "external_url": f"www.{name}", "services": ["nginx"], **words} for name in names]
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        load(tls_domains=declared)
    finally:
        sys.setprofile(before)
    return calls


def test_the_work_grows_with_the_number_of_domains_and_not_faster() -> None:
    for words in ({}, {"engine": "letsencrypt"}):
        assert count_calls(500, **words) < 12 * count_calls(50, **words)
        assert count_calls(500, **words) / 500 < 300
