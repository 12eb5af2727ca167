# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of internal CAs: what the roles get of an inventory, what goes to the CAs, and what comes back."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.filter.answered_cas import FilterModule as AnsweredCas
from ansible_collections.certwright.tls.plugins.filter.internal_orders import FilterModule as InternalOrders
from ansible_collections.certwright.tls.plugins.filter.inventory import inventory
from ansible_collections.certwright.tls.plugins.filter.orders import orders
from ansible_collections.certwright.tls.plugins.filter.removals import removals
from ansible_collections.certwright.tls.plugins.filter.signed_for import FilterModule as SignedFor
from ansible_collections.certwright.tls.plugins.filter.signing_requests import FilterModule as SigningRequests
from ansible_collections.certwright.tls.plugins.filter.unanswered_cas import FilterModule as UnansweredCas
from ansible_collections.certwright.tls.plugins.modules.internal_ca_cert import REQUEST_SPEC
from ansible_collections.certwright.tls.plugins.modules.internal_certificate import CERTIFICATE_SPEC

ISSUERS = {"office": {"type": "internal_ca", "host": "ca01", "path": "/srv/ca", "fingerprint": "sha256:5c", "days": 90}}
VARIABLES: dict[str, Any] = {
    "tls_issuers": ISSUERS,
    "tls_host_certificates": {"db": {"issuer": "office", "names": ["db1.lan", "192.0.2.7"], "emails": ["a@b.lan"]}},
}
internal_orders = InternalOrders().filters()["internal_orders"]
signing_requests = SigningRequests().filters()["signing_requests"]


def test_what_an_internal_ca_signs_is_in_one_list_and_in_no_other() -> None:
    (order,) = internal_orders(VARIABLES)
    expected = {"external_url": "db1.lan", "other_urls": ["192.0.2.7"], "emails": ["a@b.lan"], "days": 90}
    assert {"name": "db", "issuer": "office", **expected} == order
    assert set(order) <= set(CERTIFICATE_SPEC)
    assert (inventory(VARIABLES), orders(VARIABLES)) == ([], [])
    assert internal_orders(VARIABLES, force="db")[0]["force"] is True


@pytest.mark.parametrize(
    ("compromised", "leaked", "keep"),
    [(None, False, None), ("true", True, None), ("no", False, None), (["web"], False, None)],
)
def test_what_is_declared_is_taken_away_by_name(compromised: Any, leaked: bool, keep: Any) -> None:
    (found, *_rest) = removals(VARIABLES, names=["db"], compromised=compromised)
    assert (found["name"], found["compromised"], found.get("keep")) == ("db", leaked, keep)


def test_a_fault_takes_nothing_away() -> None:
    with pytest.raises(AnsibleFilterError, match="list of names"):
        removals(VARIABLES, names={"db": True})


def test_what_is_revived_may_come_back() -> None:
    assert internal_orders(VARIABLES, revive=["db"])[0]["accept"] == ["removed"]
    assert "accept" not in internal_orders(VARIABLES, revive="other")[0]


def test_every_fault_is_in_the_error() -> None:
    with pytest.raises(AnsibleFilterError, match="2 problems"):
        internal_orders({"tls_system": {"engine": "disabled"}, "tls_domains": "text"})


def test_what_an_operator_should_know_is_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    internal_orders({"tls_domains": [{"domain": "gone.example", "state": "absent", "pkcs12_src": "ca.p12"}]})
    assert "pkcs12_src is not used (material_unused)" in " ".join(capfd.readouterr().err.split())


def test_a_batch_goes_to_its_ca_and_comes_back_to_its_host() -> None:
    request = {"issuer": "office", "host": "web1", "name": "db", "csr": "PEM", "usage": "server", "names": ["a"]}
    batches = signing_requests({"web1": {"requests": [request], "anchors": []}})
    assert list(batches) == ["office"]
    assert set(batches["office"]["requests"][0]) <= set(REQUEST_SPEC)
    answer = {"host": "web1", "name": "db", "outcome": "issued"}
    assert SignedFor().filters()["signed_for"]({"results": [{"certificates": [answer]}]}, "web1") == [answer]
    assert AnsweredCas().filters()["answered_cas"]({"results": [{"item": "office"}]}) == {}


def test_a_ca_that_failed_is_told_by_one_host() -> None:
    unanswered = {"unanswered": [{"issuer": "office", "code": "ca_other", "message": "m"}]}
    (row,) = UnansweredCas().filters()["unanswered_cas"]({"web1": unanswered, "web2": unanswered})
    assert (row["host"], row["code"]) == ("web1", "ca_other")
    whole = {"results": [{"item": "office", "failed": True, "msg": "no"}]}
    (signed,) = SignedFor().filters()["signed_for"](whole, "web1", [{"issuer": "office", "name": "db", "host": "web1"}])
    assert (signed["name"], signed["outcome"], signed["code"]) == ("db", "refused", "failed")


def test_a_batch_of_what_is_no_fleet_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="by host"):
        signing_requests([])
