# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who orders: terms, contact, keys of accounts, accounts that are bound to a customer; and keys of every kind."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from acme_server import AcmeServer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from fault_proxy import FaultProxy

from ansible_collections.certwright.tls.tests.integration.acme_site import (
    ACCOUNT_KEY,
    TERMS,
    AcmeSite,
    fingerprint,
    outcomes,
    problems,
)
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import Site, codes

NEW_TERMS = "https://ca.example/terms-2"
KID, HMAC_KEY = "kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


def test_what_is_missing_for_an_account_is_said_before_anything_is_ordered(acme: AcmeSite) -> None:
    acme.serve("system")
    before, system = acme.site.look(), acme.certificate()
    refused = acme.run(
        *(
            task | {"ignore_errors": True}
            for task in (
                acme.task(system, terms_agreed="false"),
                acme.task(system, email=None),
                acme.task(system, account_key_src=None),
                acme.task(system, account_key_src="nowhere.pem"),
                acme.task(acme.certificate("system", "*.example.org")),
                acme.task(acme.certificate(external_url=None)),
                acme.task(system, challenge={"type": "http-01"}),
            )
        )
    ).results
    assert [codes(result, "problems") for result in refused] == [
        ["terms_not_agreed"],
        ["contact_missing"],
        ["account_key_missing"],
        ["file_unreadable"],
        ["wildcard_needs_dns"],
        ["external_url_missing"],
        ["challenge_incomplete"],
    ]
    assert TERMS in refused[0]["msg"]
    assert "default_domain" in refused[1]["msg"]
    assert not (acme.site.controller.secrets / "nowhere.pem").exists()
    assert (acme.front.orders, acme.front.counts["newAccount"]) == ([], 0)
    assert acme.served() == acme.by_hand["system"]
    # A failure is remembered; else the host is as it was.
    assert {path for path in acme.site.look() if "store" not in path} == set(before)


@pytest.mark.further
def test_new_terms_are_agreed_to_again_before_anything_more_is_ordered(acme: AcmeSite) -> None:
    acme.serve("system")
    first, more = acme.order(acme.certificate()), acme.certificate("system", "shop.example.org")
    acme.front.meta["termsOfService"] = NEW_TERMS

    refused = acme.order(more)
    assert (outcomes(refused), problems(refused)) == ({"system": "failed"}, {"system": "terms_changed"})
    assert NEW_TERMS in refused["msg"]
    assert TERMS in refused["msg"]
    assert (acme.served(), len(acme.front.orders)) == (fingerprint(first), 1)

    agreed = acme.order(more, terms_agreed=NEW_TERMS)
    assert (outcomes(agreed), acme.record()["order"]["terms"]) == ({"system": "activated"}, NEW_TERMS)
    assert acme.served() == fingerprint(agreed)


def test_keys_of_accounts_and_of_certificates_are_of_the_kind_that_was_said(acme: AcmeSite) -> None:
    acme.serve("system", "rsa.example", "here.example")
    acme.make_account_key("rsa-account.pem", is_rsa=True)
    made = acme.site.controller.secrets / "made.pem"
    result = acme.order(
        acme.certificate(account_key_src=str(made), account_key_create=True),
        acme.certificate("rsa.example", account_key_src="rsa-account.pem", key_type="rsa2048"),
        acme.certificate("here.example", key_origin="controller", key_type="ec384"),
        email=None,
        default_domain="example.org",
    )
    assert outcomes(result) == dict.fromkeys(("system", "rsa.example", "here.example"), "activated"), result
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    acme.keep_secret(made.read_bytes())
    assert isinstance(load_pem_private_key(made.read_bytes(), None), ec.EllipticCurvePrivateKey)
    assert isinstance(acme.leaf("rsa.example").public_key(), rsa.RSAPublicKey)
    assert acme.leaf("here.example").public_key().curve.name == "secp384r1"
    accounts = {acme.record(name)["order"]["account"] for name in ("system", "rsa.example", "here.example")}
    assert len(accounts) == 3
    contacts = [request.payload.get("contact") for request in acme.front.seen("newAccount")]
    assert ["mailto:no-reply@example.org"] in contacts
    for name in ("system", "rsa.example", "here.example"):
        assert acme.served(name) == fingerprint(result, name)


def test_a_host_without_openssl_is_told_the_way_out_and_it_works(acme: AcmeSite) -> None:
    acme.serve("system")
    programs = acme.site.root / "programs"
    programs.mkdir()
    (programs / "nginx").symlink_to(acme.nginx.binary or "")
    poor = {"environment": {"PATH": str(programs)}, "ignore_errors": True}
    there, here = acme.certificate(), acme.certificate(key_origin="controller")
    refused, ordered = acme.run(acme.task(there) | poor, acme.task(here) | poor).results
    assert codes(refused, "problems") == ["openssl_missing"]
    assert "key_origin: controller" in refused["msg"]
    assert (ordered["status"], outcomes(ordered)) == ("ok", {"system": "activated"}), ordered
    assert (acme.served(), len(acme.front.orders)) == (fingerprint(ordered), 1)


def test_secrets_in_variables_stay_there_when_tasks_fail(acme: AcmeSite) -> None:
    acme.serve("system")
    account_key = (acme.site.controller.secrets / ACCOUNT_KEY).read_text(encoding="ascii")
    acme.site.scanner.add_word(HMAC_KEY)
    failing = [
        {"account_key_src": None, "account_key_content": "{{ vaulted_key[:-60] }}"},
        {"account_key_src": None, "account_key_content": "{{ [vaulted_key] }}"},
        {"account_key_src": "{{ vaulted_key }}"},
        {"eab_kid": "{{ vaulted_key }}", "eab_hmac_key": "{{ vaulted_hmac_key }}!"},
        {"acme_directory": "http://{{ vaulted_hmac_key }}@ca.example/"},
        {"challenge": acme.webroot_words(webroot="{{ vaulted_key }}")},
        {"email": "{{ vaulted_key }}"},
    ]
    secretly = {"ignore_errors": True, "no_log": True}
    tasks = [acme.task(acme.certificate(), **words) | {"ignore_errors": True} for words in failing]
    tasks.append(acme.task(acme.certificate(), **failing[0]) | secretly)
    finished = acme.run(*tasks, vaulted_key=account_key, vaulted_hmac_key=HMAC_KEY)
    assert [result["status"] for result in finished.results] == ["failed"] * len(tasks), finished.output
    assert acme.front.orders == []


def test_an_account_that_has_to_be_bound_is_asked_for_and_bound(site: Site, idle_nginx: Nginx, tmp_path: Path) -> None:
    site.scanner.add_word(HMAC_KEY)
    with AcmeServer(tmp_path, external_accounts={KID: HMAC_KEY}) as server, FaultProxy(server) as front:
        acme = AcmeSite(site, idle_nginx, front)
        acme.serve("system")
        bound = {"eab_kid": KID, "eab_hmac_key": "{{ vaulted_hmac_key }}"}
        wrong = {"eab_kid": KID, "eab_hmac_key": "{{ vaulted_hmac_key | reverse }}"}
        site.scanner.add_word(HMAC_KEY[::-1])
        tasks = [acme.task(acme.certificate(), **words) | {"ignore_errors": True} for words in ({}, wrong, bound)]
        missing, refused, ordered = acme.run(*tasks, vaulted_hmac_key=HMAC_KEY).results
        assert codes(missing, "problems") == ["external_account_required"]
        assert refused["status"] == "failed"
        assert (ordered["status"], outcomes(ordered)) == ("ok", {"system": "activated"}), ordered
        assert acme.served() == fingerprint(ordered)
        assert len(front.orders) == 1
