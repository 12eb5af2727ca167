# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate of an inventory: everything that can be wrong with its words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_entries import (
    load_domain,
    load_named,
    load_system,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.declared_inventory import (
    FILES,
    IN_DOMAIN,
    IN_SYSTEM,
    IN_WEB,
    WEB,
    domain,
    require_told,
    system,
    web,
)

NAMELESS = "external_url is missing; nothing can be installed before the host name that clients use is known"
KNOWN_IN_DOMAINS = (
    "accept, ca_content, ca_src, certificate_content, certificate_src, challenge, days, domain, domain_uid, "
    "email, emails, engine, external_url, group, issuer, key_origin, key_type, mode, not_after, other_urls, "
    "owner, pkcs12_content, pkcs12_passphrase, pkcs12_passphrase_src, pkcs12_src, private_key_content, "
    "private_key_passphrase, private_key_passphrase_src, private_key_requested, private_key_src, profile, "
    "remote_src, selevel, serole, services, setype, seuser, staging, state, subject, terms_agreed, usage"
)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            {"tls_system": {"engine": "files"}},
            [(IN_SYSTEM, "external_url_missing", NAMELESS)],
            id="a system without a name",
        ),
        pytest.param(
            system(engine="disabled"),
            [(IN_SYSTEM, "absent_refused", "can be replaced, never disabled")],
            id="a system that is disabled",
        ),
        pytest.param(
            system(state="absent"),
            [(IN_SYSTEM, "absent_refused", "take tls_system out of the inventory to leave it as it is")],
            id="a system that is absent",
        ),
        pytest.param(
            domain(**FILES),
            [
                (
                    IN_DOMAIN,
                    "external_url_missing",
                    (
                        "has certificate_src, private_key_src and no external_url; give the host name that clients "
                        "use, or leave these out: then it uses the system's certificate"
                    ),
                )
            ],
            id="a domain with material and without a name",
        ),
        pytest.param(
            domain(other_urls=["b.example"], external_url=""),
            [(IN_DOMAIN, "external_url_missing", "has other_urls and no external_url")],
            id="a domain with other URLs only",
        ),
        pytest.param(
            domain(engine="disabled", state="present"),
            [(IN_DOMAIN, "inventory_invalid", "has `engine: disabled`, which removes it, and a `state` that does not")],
            id="a domain that is disabled and present",
        ),
        pytest.param(
            domain(state="absnt"),
            [
                (
                    IN_DOMAIN,
                    "inventory_invalid",
                    "`state` must be one of present, absent, adopted; `absnt` is not; did you mean `absent`?",
                )
            ],
            id="a state with a slip of the pen removes nothing",
        ),
        pytest.param(
            domain(domain_uid=["a"], external_url="www.a.example", extrenal_url="SECRET"),
            [
                (
                    IN_DOMAIN,
                    "inventory_invalid",
                    f"`extrenal_url` is unknown; did you mean `external_url`? Known are {KNOWN_IN_DOMAINS}",
                ),
                (IN_DOMAIN, "inventory_invalid", "`domain_uid` must be a text"),
            ],
            id="words of a domain",
        ),
        pytest.param(
            {"tls_domains": [{}, {"domain": ""}, {"domain": ["a.example"]}, {"domain": "a b.example"}]},
            [
                ("tls_domains[0]", "inventory_invalid", "`domain` is missing; it names the certificate in the store"),
                ("tls_domains[1]", "inventory_invalid", "`domain` is missing"),
                ("tls_domains[2]", "name_invalid", "a name must be a text, such as www.example.org"),
                ("tls_domains[3]", "name_invalid", "has the label `a b`"),
            ],
            id="domains that cannot be told from the others",
        ),
        pytest.param(
            {"tls_domains": [{"domain": "*.a.example"}]},
            [("tls_domains[0] (*.a.example)", "name_invalid", "`*.a.example` cannot name a certificate")],
            id="a domain that cannot be a directory",
        ),
        pytest.param(
            {"tls_host_certificates": {"../etc": WEB, "": {"state": "absent"}, "system": {"state": "absent"}}},
            [
                ("tls_host_certificates.../etc", "name_invalid", "`../etc` cannot name a certificate"),
                ("tls_host_certificates.", "name_invalid", "`` cannot name a certificate"),
                ("tls_host_certificates.system", "inventory_invalid", "the name system belongs to tls_system"),
            ],
            id="names of certificates",
        ),
        pytest.param(
            {"tls_host_certificates": {"a": {}, "b": {"names": []}, "c": {"names": "c.example"}}},
            [
                ("tls_host_certificates.a", "external_url_missing", "names is missing; list the host names"),
                ("tls_host_certificates.b", "external_url_missing", "names is missing"),
                (
                    "tls_host_certificates.c",
                    "inventory_invalid",
                    "`names` is text and must be a list of the host names",
                ),
            ],
            id="certificates without names",
        ),
        pytest.param(
            web(names=["a_.example", "x y", None, True, "-a.example"]),
            [
                (IN_WEB, "name_invalid", "has the label `x y`"),
                (IN_WEB, "name_invalid", "a name must be a text"),
                (IN_WEB, "name_invalid", "a name must be a text"),
                (IN_WEB, "name_invalid", "has the label `-a`"),
            ],
            id="all names that are none",
        ),
        pytest.param(
            system(other_urls="b.example", external_url=["www.a.example"]),
            [
                (IN_SYSTEM, "inventory_invalid", "`other_urls` is text and must be a list of host names"),
                (IN_SYSTEM, "name_invalid", "a name must be a text"),
            ],
            id="URLs of wrong shapes",
        ),
        pytest.param(
            web(usage="client", external_url="b.example"),
            [
                (IN_WEB, "inventory_invalid", "`external_url` is unknown; did you mean `names`?"),
                (
                    IN_WEB,
                    "engine_unavailable",
                    "signed by an internal CA: say an `issuer` of that type, or leave `usage` out",
                ),
            ],
            id="a client certificate",
        ),
        pytest.param(
            web(usage="sever"),
            [
                (
                    IN_WEB,
                    "inventory_invalid",
                    "`usage` must be one of server, client, both; `sever` is not; did you mean",
                )
            ],
            id="a usage that is none",
        ),
        pytest.param(
            web(email="nobody", owner=True, group=["a"], services="nginx", accept="ends_sooner", remote_src="perhaps"),
            [
                (IN_WEB, "inventory_invalid", "`accept` is text and must be a list"),
                (IN_WEB, "inventory_invalid", "`services` is text and must be a list"),
                (IN_WEB, "inventory_invalid", "`owner` must be a text"),
                (IN_WEB, "inventory_invalid", "`group` must be a text"),
                (IN_WEB, "inventory_invalid", "`email` must be one address"),
                (IN_WEB, "inventory_invalid", "`remote_src` must be true or false"),
            ],
            id="values of wrong shapes",
        ),
        pytest.param(
            web(state="absent", accept="files_abandoned", services="nginx"),
            [(IN_WEB, "inventory_invalid", "`accept` is text and must be a list")],
            id="what is accepted of a removal",
        ),
        pytest.param(
            web(email=["a@b.example"]),
            [(IN_WEB, "inventory_invalid", "`email` must be a text")],
            id="a list of addresses",
        ),
        pytest.param(
            web(mode=0o640, services=["ngnix", {"nginx": {"port": 1}}, "dovecot", "dovecot"]),
            [
                (
                    IN_WEB,
                    "service_invalid",
                    "`mode` must be octal digits in quotes, as in '0640'; `the number 416` is not",
                ),
                (IN_WEB, "unknown_service", "There is no service preset `ngnix`"),
                (IN_WEB, "service_invalid", "has the unknown word `port`"),
                (IN_WEB, "service_invalid", "The service dovecot is there twice"),
            ],
            id="services and what their files are to be",
        ),
        pytest.param(
            web(mode=["0640"], services=["nginx"]),
            [(IN_WEB, "service_invalid", "`mode` must be octal digits in quotes")],
            id="a mode of a wrong shape, told once",
        ),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told_with_its_place(
    variables: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    require_told(expected, variables)


def test_keys_are_in_no_representation_of_a_certificate() -> None:
    words = {"external_url": "a.example", "private_key_content": "SECRET"}
    for entry in (load_system(words), load_domain("tls_domains[0]", words), load_named("web", "web", words)):
        assert "SECRET" not in repr(entry)
