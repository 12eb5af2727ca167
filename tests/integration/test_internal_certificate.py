# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of an internal CA on a host: requested, signed, installed, served, and requested again when due.

What signs here is a few lines of the test, in the place of internal_ca_cert.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ansible_collections.certwright.tls.tests.integration.servers import Nginx, wait_until
from ansible_collections.certwright.tls.tests.integration.site import NAME, NOW, Site, codes
from ansible_collections.certwright.tls.tests.integration.test_request import PublicOnly
from ansible_collections.certwright.tls.tests.unit.authority import CLIENT, SERVER, Authority, build

NAMES = [NAME, "db_1", "192.0.2.7", "2001:db8::1"]
DAY = timedelta(days=1)
CA_ID = "ca" * 32
_USAGES = {"server": (SERVER,), "client": (CLIENT,), "both": (SERVER, CLIENT)}


class OfficeSite:
    """A site whose certificates an internal CA signs, and that CA, which has its own ledger's numbers."""

    def __init__(self, site: Site, nginx: Nginx) -> None:
        self.site, self.nginx, self.issuing = site, nginx, site.authority
        self.entries: list[str] = []
        self.learn(site.authority)

    def learn(self, authority: Authority) -> Authority:
        """Its keys are secret, what it publishes is not."""
        for each in (authority, *authority.issuers):
            self.site.scanner.add_key(each.key)
            self.site.scanner.add_public(each.der)
        return authority

    @property
    def ca(self) -> dict[str, Any]:
        """As internal_ca_info tells of it."""
        anchors = [root.pem.decode() for root in self.issuing.issuers]
        return {"ca_id": CA_ID, "issuing_id": _id_of(self.issuing), "anchors": anchors, "chain": [], "changed": False}

    def task(self, *, signed: list[dict[str, Any]] | None = None, **words: Any) -> dict[str, Any]:
        task = {word: words.pop(word) for word in ("ca", "stage_only", "force_age") if word in words}
        services = [{"nginx": {**self.nginx.words, "paths": self.site.paths}}]
        certificate = {"name": "system", "external_url": NAME, "other_urls": NAMES[1:], "services": services, **words}
        answer = {} if signed is None else {"signed": signed}
        common = {"ca": self.ca, "store_path": str(self.site.store), "certificates": [certificate], **answer}
        return {"certwright.tls.internal_certificate": {**common, **task}, "ignore_errors": True}

    def run(self, *tasks: dict[str, Any], check: bool = False) -> tuple[dict[str, Any], ...]:
        """The results. What the host keeps afterwards is known to be secret where it is."""
        finished = self.site.run(*tasks, check=check)
        for path in self.site.store.glob("certificates/*/*/privkey.pem"):
            key = load_pem_private_key(path.read_bytes(), None)
            self.site.scanner.add_key(key, also=[path.read_bytes()])
            self.site.scanner.add_public(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        assert len(finished.results) == len(tasks), finished.output
        return finished.results

    def sign(self, request: dict[str, Any], *, days: int = 90) -> dict[str, Any]:
        """The answer of a batch to it."""
        key = x509.load_pem_x509_csr(request["csr"].encode()).public_key()
        names, life = tuple(request["names"] + request["ips"]), {"not_before": NOW - DAY, "not_after": NOW + days * DAY}
        usages = _USAGES[request["usage"]]
        leaf = build(PublicOnly(key), names=names, extended_usage=usages, issuer=self.issuing, **life)
        self.entries.append(sha256(leaf.public_bytes(Encoding.DER)).hexdigest())
        (root,) = self.issuing.issuers
        return {
            "host": request["host"],
            "name": request["name"],
            "outcome": "issued",
            "certificate": leaf.public_bytes(Encoding.PEM).decode(),
            "chain": self.issuing.pem.decode(),
            "root": root.pem.decode(),
            "serial": f"{leaf.serial_number:x}",
            "issuing": _id_of(self.issuing),
            "number": len(self.entries),
            "hash": self.entries[-1],
        }

    def enrol(self, **words: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Requested, signed and installed."""
        (requested,) = self.run(self.task(**words))
        (request,) = requested["requests"]
        (installed,) = self.run(self.task(signed=[self.sign(request)], **words))
        return requested, installed

    @property
    def served(self) -> str | None:
        return self.nginx.served()

    @property
    def waits(self) -> bool:
        """Whether a key and a request are on the host that no certificate was stored for."""
        return (self.site.store / "certificates" / "system" / "order").exists()


def _id_of(authority: Authority) -> str:
    key = authority.certificate.public_key()
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


@pytest.fixture
def office(site: Site, nginx: Nginx) -> OfficeSite:
    return OfficeSite(site, nginx)


def outcome_of(result: dict[str, Any]) -> str:
    return str(result["outcomes"]["system"]["outcome"])


def test_what_the_ca_signed_for_the_key_of_the_host_is_served_and_then_nothing_is_due(office: OfficeSite) -> None:
    site, by_hand, before = office.site, office.served, office.site.look()
    (foretold,) = office.run(office.task(), check=True)
    assert (foretold["changed"], codes(foretold), site.look()) == (True, ["certificate_missing"], before)
    assert (foretold["requests"][0]["csr"], outcome_of(foretold)) == ("", "planned")
    executions = site.executions

    requested, again = office.run(office.task(), office.task())
    assert (requested["status"], requested["changed"], again["changed"]) == ("ok", True, False)
    assert [outcome_of(item) for item in (requested, again)] == ["requested", "requested"]
    assert (codes(requested), codes(again), requested["requests"]) == (
        ["certificate_missing"],
        ["certificate_missing"],
        again["requests"],
    )
    assert (site.executions, office.served, office.waits) == (executions + 3, by_hand, True)
    (request,) = requested["requests"]
    assert {word: value for word, value in request.items() if word != "csr"} == {
        "issuer": "",
        "name": "system",
        "host": "host1",
        "usage": "server",
        "names": NAMES[:2],
        "ips": NAMES[2:],
        "emails": [],
        "anchors": [],
    }

    executions = site.executions
    (installed,) = office.run(office.task(signed=[office.sign(request)]))
    assert (outcome_of(installed), installed["requests"], site.executions) == ("activated", [], executions + 2)
    assert (office.served, office.waits) == (office.entries[0], False)

    kept, executions = site.look(), site.executions
    (unchanged,) = office.run(office.task())
    assert (unchanged["changed"], outcome_of(unchanged), unchanged["requests"]) == (False, "unchanged", [])
    assert unchanged["anchors"] == [{"issuer": "", "number": 1, "hash": office.entries[0]}]
    assert (site.look(), site.executions) == (kept, executions + 1)


def test_it_is_requested_with_another_key_once_another_one_signs_or_it_is_meant_otherwise(office: OfficeSite) -> None:
    office.enrol()
    (root,) = office.issuing.issuers
    office.issuing = office.learn(root.authority("Second", not_before=NOW - DAY, not_after=NOW + 900 * DAY))
    renewed, installed = office.enrol()
    assert (codes(renewed), outcome_of(installed)) == (["issuing_ca_differs"], "activated")
    assert renewed["requests"][0]["anchors"] == [{"number": 1, "hash": office.entries[0]}]
    wait_until(lambda: office.served == office.entries[1], "the one of the second issuing CA")

    meant = {"other_urls": NAMES[1:2], "usage": "both", "subject": "/O=Example/CN=db", "emails": ["it@example.org"]}
    otherwise, installed = office.enrol(**meant)
    expected = ["name_dropped", "name_dropped", "usage_differs", "emails_differ", "subject_differs"]
    assert (codes(otherwise), outcome_of(installed)) == (expected, "activated")
    assert otherwise["requests"][0]["subject"] == "CN=db,O=Example"
    (unchanged,) = office.run(office.task(**meant))
    assert (unchanged["changed"], unchanged["requests"]) == (False, [])
    assert len({path.read_text() for path in office.site.store.glob("certificates/system/*/privkey.pem")}) == 3


def test_a_certificate_for_clients_is_stored_and_activated_later(office: OfficeSite) -> None:
    by_hand = office.served
    _requested, stored = office.enrol(usage="client", services=[], stage_only=True)
    assert (outcome_of(stored), stored.get("warnings", []), office.served) == ("staged", [], by_hand)
    finished = office.site.run(office.site.activate())
    assert finished.result["outcomes"]["system"]["outcome"] == "activated", finished.output


def test_a_ca_that_is_silent_leaves_what_is_there_and_fails_where_nothing_is(office: OfficeSite) -> None:
    (missing,) = office.run(office.task(ca={}))
    assert (codes(missing, "problems"), office.waits) == (["ca_silent"], False)
    office.enrol()
    kept = office.site.look()
    unchanged, deferred = office.run(office.task(ca={}), office.task(ca={}, other_urls=[]))
    assert (unchanged["changed"], outcome_of(unchanged)) == (False, "unchanged")
    assert (outcome_of(deferred), deferred["status"], deferred["requests"]) == ("deferred", "ok", [])
    assert [warning.rpartition(" ")[2] for warning in deferred["warnings"]] == ["(ca_silent)"]
    assert office.site.look() == kept


def test_what_is_not_due_any_more_is_told_and_its_request_is_given_up(office: OfficeSite) -> None:
    office.enrol()
    (requested,) = office.run(office.task(force=True, force_age=0))
    assert (codes(requested), office.waits) == (["forced"], True)
    served = office.served
    (late,) = office.run(office.task(signed=[office.sign(requested["requests"][0])]))
    told = [warning.rpartition(" ")[2] for warning in late["warnings"]]
    assert (outcome_of(late), told, office.waits) == ("unchanged", ["(answer_unused)"], False)
    assert office.served == served


def test_a_ca_that_failed_fails_what_is_due_however_much_time_there_is(office: OfficeSite) -> None:
    office.enrol()
    kept = office.site.look()
    damaged = {"failed": True, "problems": [{"certificate": "/srv/ca", "code": "ca_damaged", "message": "entry 7"}]}
    unchanged, due = office.run(office.task(ca=damaged), office.task(ca=damaged, other_urls=[]))
    assert (outcome_of(unchanged), unchanged["status"]) == ("unchanged", "ok")
    assert [item["code"] for item in unchanged["unanswered"]] == ["ca_damaged"]
    assert (codes(due, "problems"), due["status"], due["requests"]) == (["ca_damaged"], "failed", [])
    assert office.site.look() == kept


def test_what_cannot_be_installed_is_refused_and_the_request_still_waits(office: OfficeSite) -> None:
    (requested,) = office.run(office.task())
    (request,) = requested["requests"]
    answer, stranger = office.sign(request), office.site.make()
    refusal = {"code": "name_outside_constraints", "message": "db_1 is outside"}
    for code, changed in {
        "name_outside_constraints": {"outcome": "refused", "certificate": "", **refusal},
        "certificate_unfit": {"certificate": stranger.pem.decode()},
        "not_signed": {"name": "another"},
    }.items():
        (failed,) = office.run(office.task(signed=[{**answer, **changed}]))
        assert (codes(failed, "problems"), failed["status"], office.waits) == ([code], "failed", True)
    (installed,) = office.run(office.task(signed=[answer]))
    assert (outcome_of(installed), office.served) == ("activated", office.entries[0])
    (late,) = office.run(office.task(signed=[answer], other_urls=[]))
    assert codes(late, "problems") == ["request_gone"]


def test_a_failed_activation_is_tried_again_and_nothing_is_requested(office: OfficeSite) -> None:
    by_hand, sound = office.served, office.nginx.config.read_text(encoding="utf-8")
    (requested,) = office.run(office.task())
    answer = office.sign(requested["requests"][0])
    (stored,) = office.run(office.task(signed=[answer], stage_only=True))
    assert (outcome_of(stored), stored["pending"]) == ("staged", True)

    office.nginx.config.write_text(f"{sound}\nnonsense;\n", encoding="utf-8")
    (refused,) = office.run(office.task())
    assert (codes(refused, "problems"), refused["requests"]) == (["service_config_broken_before"], [])
    assert office.served == by_hand
    office.nginx.config.write_text(sound, encoding="utf-8")
    (activated,) = office.run(office.task())
    assert (outcome_of(activated), office.served) == ("activated", office.entries[0])
