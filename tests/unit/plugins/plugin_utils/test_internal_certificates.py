# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks with certificates of internal CAs, from their words to their results, on a host that is a dictionary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.due import find_due
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_issued import load_signatures
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_words import SigningTask
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment import Enrolment, Limits
from ansible_collections.certwright.tls.plugins.plugin_utils._internal_certificates import (
    read_cas,
    read_faults,
    read_wishes,
    report_internal,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._internal_talk import InternalTalk
from ansible_collections.certwright.tls.plugins.plugin_utils._issuers import OrderTask
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.unit.authority import build
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.internal_certificates import (
    CA_ID,
    ISSUING,
    info_of,
)
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.ordering_site import (
    DAY,
    INTERMEDIATE,
    ROOT,
    TODAY,
    OrderingHost,
    _PublicOnly,
)

TODAY_S_CA = info_of(anchors=[ROOT.pem.decode()])
DAMAGED = {"failed": True, "problems": [{"certificate": "/srv/ca", "code": "ca_damaged", "message": "entry 7"}]}
WEB = {"name": "web", "external_url": "a.example"}


class RequestingHost(OrderingHost):
    """What it says beside a request, and whose key that is, are told as by a real one."""

    def _prepare_one(self, item: dict[str, Any]) -> dict[str, Any]:
        told = super()._prepare_one(item)
        if not told["refused"]:
            self.issuance(item["name"])["order"]["key"] = {"digest": told["key_digest"]}
        return {"notices": [], **told}


class Office:
    """A controller with one host, and a CA that signs what it is given."""

    def __init__(self) -> None:
        self.machine = RequestingHost()
        self.host = Host(self.machine, {}, None, run="job 7", limits={})  # type: ignore[arg-type]

    def read(self, *elements: dict[str, Any], cas: Any = None, on_problem: str = "skip", **given: Any) -> OrderTask:
        """Of today's CA, unless another one is given as `ca`."""
        ca = given.get("ca", TODAY_S_CA)
        task = SigningTask(PRESETS, read_cas(ca, cas), faults=read_faults(ca, cas))
        return read_wishes(self.machine, elements, task, on_problem=on_problem)  # type: ignore[arg-type]

    def run(self, *elements: dict[str, Any], signed: Any = None, check: bool = False, **words: Any) -> dict[str, Any]:
        """One task."""
        task = self.read(*(elements or (WEB,)), **words)
        talk = InternalTalk(self.host, signed=load_signatures(signed), now=TODAY)
        limits = Limits(permitted=frozenset(wish.name for wish in task.wishes))
        enrolment = Enrolment(self.host, name="web1", limits=limits, begin=lambda: talk, now=TODAY)
        enrolled = enrolment.run(task.wishes, check_mode=check)
        faults = read_faults(words.get("ca"), words.get("cas"))
        return report_internal(task, enrolled, talk, faults=faults, host="web1", now=TODAY, check_mode=check)

    def sign(self, request: dict[str, Any]) -> dict[str, Any]:
        key = x509.load_pem_x509_csr(request["csr"].encode()).public_key()
        life = {"not_before": TODAY - DAY, "not_after": TODAY + 90 * DAY}
        usages = (x509.oid.ExtendedKeyUsageOID.SERVER_AUTH,)
        names = tuple(request["names"])
        leaf = build(_PublicOnly(key), cn="a", names=names, extended_usage=usages, issuer=INTERMEDIATE, **life)
        texts = {"chain": INTERMEDIATE.pem.decode(), "root": ROOT.pem.decode(), "issuing": ISSUING, "hash": "5d" * 32}
        certificate = leaf.public_bytes(Encoding.PEM).decode()
        return {"name": request["name"], "outcome": "issued", "certificate": certificate, "number": 3, **texts}


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_request_is_made_once_and_what_was_signed_for_it_is_kept(office: Office) -> None:
    first = office.run()
    assert (first["changed"], first["outcomes"]["web"]["outcome"], "failed" in first) == (True, "requested", False)
    assert [item["code"] for item in first["reasons"]] == ["certificate_missing"]
    again = office.run()
    assert (again["changed"], again["outcomes"]["web"]["changed"]) == (False, False)
    assert (first["requests"], office.machine.actions) == (again["requests"], ["observe", "prepare", "observe"])

    installed = office.run(signed=[office.sign(first["requests"][0])])
    assert (installed["changed"], installed["requests"]) == (True, [])
    record = office.machine.told("web", "apply")["record"]
    assert (record["issuer"], record["order"]["entry"]) == (f"internal_ca:{CA_ID}", 3)
    assert (office.machine.issuance("web")["order"], office.machine.issuance("web")["memory"]) == (None, {})

    before = len(office.machine.asked)
    unchanged = office.run()
    assert (unchanged["changed"], unchanged["outcomes"]["web"]["outcome"]) == (False, "unchanged")
    assert unchanged["anchors"] == [{"issuer": "", "number": 3, "hash": "5d" * 32}]
    assert (len(office.machine.asked), "orders" in unchanged) == (before + 1, False)
    assert unchanged["renewals"]["web"]["due"] is False


def test_a_fleet_s_limits_are_none_of_a_ca_s_own(office: Office) -> None:
    elements = [{"name": f"web{number}", "external_url": "a.example"} for number in range(60)]
    result = office.run(*elements)
    assert len(result["requests"]) == 60
    assert {item["outcome"] for item in result["outcomes"].values()} == {"requested"}
    assert office.machine.actions == ["observe", "prepare"]


def test_check_mode_says_what_would_be_made_and_hands_out_what_waits(office: Office) -> None:
    foretold = office.run(check=True)
    assert (foretold["changed"], foretold["outcomes"]["web"]["outcome"]) == (True, "planned")
    assert (foretold["requests"][0]["csr"], office.machine.actions) == ("", ["observe"])
    made = office.run()
    assert office.run(check=True)["requests"] == made["requests"]


def test_what_the_host_cannot_make_is_a_failure_and_another_run_is_none_of_ours(office: Office) -> None:
    office.machine.refused = {"web": "openssl_failed", "db": "claimed"}
    failed = office.run(WEB, {"name": "db", "external_url": "b.example"})
    assert [(item["certificate"], item["code"]) for item in failed["problems"]] == [
        ("web", "openssl_failed"),
        ("db", "claimed"),
    ]
    assert (failed["changed"], failed["requests"]) == (False, [])


@pytest.mark.parametrize(("code", "expected"), [("claimed", "deferred"), ("openssl_failed", "failed")])
def test_what_another_run_is_at_can_wait_while_something_is_installed(office: Office, code: str, expected: str) -> None:
    office.run(signed=[office.sign(office.run()["requests"][0])])
    office.machine.refused = {"web": code}
    result = office.run(WEB | {"other_urls": ["b.example"]})
    assert (expected, code == "claimed") == (result["outcomes"]["web"]["outcome"], "failed" not in result)


def test_a_silent_ca_is_asked_for_nothing(office: Office) -> None:
    result = office.run(ca=None)
    assert ([item["code"] for item in result["problems"]], result["requests"]) == (["ca_silent"], [])
    assert office.machine.actions == ["observe"]


def test_a_ca_that_failed_fails_what_is_due_and_is_told_of_what_is_not(office: Office) -> None:
    told = [{"issuer": "", "code": "ca_damaged", "message": "/srv/ca: entry 7"}]
    due = office.run(ca=DAMAGED)
    assert ([item["code"] for item in due["problems"]], due["unanswered"]) == (["ca_damaged"], told)
    assert [item["code"] for item in office.run(ca=DAMAGED, check=True)["problems"]] == ["ca_damaged"]
    installed = office.run(signed=[office.sign(office.run()["requests"][0])])
    kept = office.run(ca=DAMAGED)
    assert (installed["unanswered"], kept["unanswered"], "failed" in kept) == ([], told, False)
    assert kept["outcomes"]["web"]["outcome"] == "unchanged"


def test_a_ca_that_failed_is_told_of_services_that_trust_it(office: Office) -> None:
    trusting = {"name": "app", "files": [{"name": "ca.pem", "parts": ["trust"]}], "reload": "true", "trust": ["lab"]}
    result = office.run(WEB | {"services": [{"custom": trusting}]}, cas={"lab": DAMAGED, "third": DAMAGED})
    assert [item["issuer"] for item in result["unanswered"]] == ["lab"]


def test_what_was_signed_and_is_not_due_any_more_is_told_and_its_request_ends(office: Office) -> None:
    office.run(signed=[office.sign(office.run()["requests"][0])])
    wider = WEB | {"other_urls": ["b.example"]}
    office.machine.keys.clear()
    answer = office.sign(office.run(wider)["requests"][0]) | {"number": 4, "serial": "4f"}
    late = office.run(signed=[answer, {"name": "another", "outcome": "issued", "certificate": "PEM"}])
    assert (late["outcomes"]["web"]["outcome"], [text.rpartition(" ")[2] for text in late["warnings"]]) == (
        "unchanged",
        ["(answer_unused)"],
    )
    assert office.machine.issuance("web")["order"] is None


def test_check_mode_names_the_ca_as_the_inventory_does(office: Office) -> None:
    (diff,) = office.run(WEB | {"issuer": "office"}, check=True)["diff"]
    assert "issuer: to be signed by office\n" in diff["after"]
    (diff,) = office.run(check=True)["diff"]
    assert f"issuer: to be signed by internal_ca:{CA_ID}\n" in diff["after"]


def test_what_no_talk_is_for(office: Office) -> None:
    talk = InternalTalk(office.host, signed=None, now=TODAY)
    (wish,) = office.read(WEB).wishes
    observed = Observed.from_answer(office.machine._observe([{"name": "web"}]), "web")
    assert talk.ask_windows(find_due({"web": wish}, {"web": observed}, TODAY)) == {}
    talk.close()
    assert (office.machine.asked, talk.requests, talk.notices) == ([], {}, [])


def test_what_is_wrong_with_one_says_nothing_of_the_others(office: Office) -> None:
    faulty = {"name": "db", "external_url": "b.example", "subject": "CN"}
    result = office.run(WEB, faulty, WEB | {"name": "Twice"}, {"name": "twice", "external_url": "b.example"})
    assert [(item["certificate"], item["code"]) for item in result["problems"]] == [
        ("db", "subject_invalid"),
        ("twice", "name_used_twice"),
    ]
    assert [request["name"] for request in result["requests"]] == ["web"]
    with pytest.raises(RefusedError, match="CN"):
        office.read(WEB, faulty, on_problem="refuse_all")


def test_a_subject_has_one_spelling(office: Office) -> None:
    for text in ("/O=Example/CN=a", "CN=a, O=Example"):
        (wish,) = office.read(WEB | {"subject": text}).wishes
        assert wish.words.signing is not None
        assert wish.words.signing.subject == "CN=a,O=Example"


def test_passphrases_of_keystores_are_read_on_the_controller(office: Office) -> None:
    keystore = {"name": "a.p12", "format": "pkcs12"}
    element = WEB | {"services": [{"custom": {"name": "app", "files": [keystore], "reload": "true"}}]}
    (refused,) = office.read(element).refused
    assert [problem.code for problem in refused.problems] == ["passphrase_missing"]


def test_cas_are_known_by_their_names(tmp_path: Path) -> None:
    cas = read_cas(None, {"office": TODAY_S_CA, "lab": None})
    assert (cas[""], cas["lab"], cas["office"] and cas["office"].id) == (None, None, CA_ID)
    with pytest.raises(RefusedError) as refusal:
        read_cas(None, {"office": {"changed": False}})
    assert [item.certificate for item in refusal.value.problems] == ["cas.office"]


def test_cas_that_failed_are_known_by_their_names() -> None:
    unreachable = {"failed": True, "unreachable": True}
    assert read_cas(DAMAGED, {"office": DAMAGED, "lab": unreachable}) == {"": None, "office": None, "lab": None}
    faults = read_faults(None, {"office": DAMAGED, "lab": unreachable, "third": None})
    assert faults == {"office": Reason("ca_damaged", "/srv/ca: entry 7")}
