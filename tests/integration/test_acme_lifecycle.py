# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Order, again, change, again, remove: what the host holds, what the port serves, and how often the CA was asked."""

from __future__ import annotations

from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.certwright.tls.tests.integration.acme_site import (
    TERMS,
    AcmeSite,
    fingerprint,
    outcomes,
    reasons,
)
from ansible_collections.certwright.tls.tests.integration.site import NAME, NOW, codes


def test_a_certificate_is_ordered_served_kept_and_ordered_anew_for_what_was_said(acme: AcmeSite) -> None:
    acme.serve("system")
    site, front = acme.site, acme.front
    before = site.look()

    foretold = acme.order(acme.certificate(), check=True)
    assert (foretold["status"], foretold["changed"]) == ("ok", True)
    assert (reasons(foretold), outcomes(foretold)) == ({"system": ["certificate_missing"]}, {"system": "planned"})
    assert [order["names"] for order in foretold["orders"]] == [[NAME]]
    assert (site.look(), front.orders, front.counts["newAccount"]) == (before, [], 0)

    front.clear()
    executions = site.executions
    ordered = acme.order(acme.certificate())
    assert (ordered["status"], outcomes(ordered)) == ("ok", {"system": "activated"}), ordered
    assert site.executions == executions + 3
    assert acme.served() == fingerprint(ordered)
    assert (acme.names_on(), acme.generations(), acme.find_challenges(), acme.find_open_orders()) == (
        [NAME],
        [1],
        [],
        [],
    )
    assert [order["identifiers"] for order in front.orders] == [[{"type": "dns", "value": NAME}]]
    assert ordered["renewals"]["system"]["ordered"] is True
    recorded = acme.record()["order"]
    assert (recorded["directory"], recorded["terms"], recorded["email"]) == (front.directory, TERMS, "pki@example.org")
    assert (site.store / "live" / "system" / "privkey.pem").stat().st_mode & 0o777 == 0o600

    front.clear()
    before, executions = site.look(), site.executions
    again = acme.order(acme.certificate())
    assert (again["changed"], outcomes(again), reasons(again)) == (False, {"system": "unchanged"}, {})
    assert (site.executions, site.look(), front.requests) == (executions + 1, before, [])

    added = acme.order(acme.certificate("system", "shop.example.org"))
    assert (outcomes(added), reasons(added)) == ({"system": "activated"}, {"system": ["name_missing"]})
    assert (acme.names_on(), acme.served()) == (["shop.example.org", NAME], fingerprint(added))

    dropped = acme.order(acme.certificate(), key_type="rsa2048")
    assert reasons(dropped) == {"system": ["name_dropped", "key_type_differs"]}
    assert (acme.names_on(), acme.served()) == ([NAME], fingerprint(dropped))
    assert isinstance(acme.leaf().public_key(), rsa.RSAPublicKey)

    # What nobody says any more is no difference.
    front.clear()
    kept = acme.order(acme.certificate())
    assert (outcomes(kept), front.requests, acme.generations()) == ({"system": "unchanged"}, [], [1, 2, 3])


def test_one_word_leads_from_files_to_a_ca_and_back(acme: AcmeSite) -> None:
    acme.serve("system")
    # It ends after what the CA gives, else one would have to accept that.
    site, supplied = acme.site, acme.site.supply(not_after=NOW + timedelta(days=200))
    files = site.install(supplied, acme.service())
    assert acme.run(files).result["outcome"] == "activated"
    assert acme.served() == supplied.fingerprint

    ordered = acme.order(acme.certificate())
    assert (outcomes(ordered), reasons(ordered)) == ({"system": "activated"}, {"system": ["issuer_differs"]})
    assert acme.served() == fingerprint(ordered)

    back = acme.run(files).result
    assert (back["status"], codes(back)) == ("ok", ["certificate_differs"])
    assert acme.served() == supplied.fingerprint
    assert len(acme.front.orders) == 1


def test_what_is_staged_only_is_activated_later_and_ordered_once(acme: AcmeSite) -> None:
    acme.serve("system")
    staged = acme.order(acme.certificate(), stage_only=True)
    assert (outcomes(staged), staged["pending"]) == ({"system": "staged"}, True)
    assert acme.served() == acme.by_hand["system"]

    activated = acme.run(acme.site.activate()).result
    assert outcomes(activated) == {"system": "activated"}
    assert acme.served() == fingerprint(staged)
    assert len(acme.front.orders) == 1


def test_a_removed_certificate_leaves_nothing(acme: AcmeSite) -> None:
    acme.serve("system", "shop.example")
    ordered = acme.order(acme.certificate(), acme.certificate("shop.example"))
    assert outcomes(ordered) == dict.fromkeys(("system", "shop.example"), "activated")
    acme.configure("system")
    words = {"store_path": str(acme.site.store), "domains": [{"domain": "shop.example", "state": "absent"}]}

    removed = acme.run({"certwright.tls.domain_certificate": words}).result
    assert outcomes(removed) == {"shop.example": "removed"}
    assert [path for path in acme.site.store.rglob("*") if "shop" in path.name] == []
    assert acme.served() == fingerprint(ordered)
    assert acme.find_challenges() == []


def test_what_the_ca_gave_and_the_host_must_not_have_is_refused_and_not_ordered_again_and_again(acme: AcmeSite) -> None:
    acme.serve("system")
    for _run in range(2):
        refused = acme.order(acme.certificate(accept=[]))
        assert (refused["status"], codes(refused, "problems")) == ("failed", ["test_issuer"])
    assert (acme.served(), acme.find_challenges()) == (acme.by_hand["system"], [])
    assert len(acme.front.orders) == 1

    accepted = acme.order(acme.certificate())
    assert outcomes(accepted) == {"system": "activated"}
    assert acme.served() == fingerprint(accepted)
