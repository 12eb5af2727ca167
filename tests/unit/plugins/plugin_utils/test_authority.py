# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA kept as declared, with the host's real code below it and the task's real words above."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ansible_collections.certwright.tls.plugins.modules import internal_ca, internal_ca_info
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_arguments
from ansible_collections.certwright.tls.plugins.plugin_utils._authority import keep_authority
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_show import show
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_words import read_question, read_task
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.anchors import digest_lost
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import open_key
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import seal_anchor
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.tests.unit.authority import Authority, build, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.ca_site import (
    LEDGER_KEY,
    PASSPHRASE,
    LocalHost,
    MadeCa,
    make_ca,
)

pytestmark = pytest.mark.usefixtures("cheap_guesses")

NOW = datetime.now(timezone.utc).replace(microsecond=0)
DAY = timedelta(days=1)
LIFE = {"not_before": NOW - DAY, "not_after": NOW + 1000 * DAY}


class Keeper:
    """A CA that was made yesterday, and tasks for it. `host` counts what it is asked."""

    def __init__(self, path: Path) -> None:
        self.made: MadeCa = make_ca(path / "ca")
        self.host, self.now = LocalHost(), NOW

    def keep(self, *, check_mode: bool = False, **words: Any) -> dict[str, Any]:
        given = {"path": self.made.path, "fingerprint": self.made.fingerprint, "passphrase": PASSPHRASE, **words}
        arguments, _warnings = read_arguments(
            given, spec=internal_ca.ARGUMENT_SPEC, constraints=internal_ca.CONSTRAINTS
        )
        self.host.clock_ahead = (self.now - NOW).total_seconds()
        task = read_task(None, arguments, now=self.now)  # type: ignore[arg-type]
        return keep_authority(self.host, task, now=self.now, check_mode=check_mode)  # type: ignore[arg-type]

    def refuse(self, **words: Any) -> list[str]:
        with pytest.raises(RefusedError) as refusal:
            self.keep(**words)
        return [problem.code for problem in refusal.value.problems]

    def show(self, **words: Any) -> dict[str, Any]:
        given = {"path": self.made.path, **words}
        arguments, _warnings = read_arguments(given, spec=internal_ca_info.ARGUMENT_SPEC, constraints={})
        return show(self.host, read_question(None, arguments), now=self.now)  # type: ignore[arg-type]

    def append(self, *bodies: dict[str, Any]) -> None:
        """As another run does it."""
        directory = self.made.directory()
        directory.append(directory.read(), lambda _view: bodies, ledger_key=LEDGER_KEY, ask={})

    def issue(self, serial: str, *, host: str = "web1", name: str = "www", ends: datetime | None = None) -> None:
        begin, end = NOW - DAY, ends or NOW + 300 * DAY
        words = {"serial": serial, "request": "ab", "key": "cd", "host": host, "name": name, "usage": "server"}
        dates = {"not_before": f"{begin:%Y-%m-%dT%H:%M:%SZ}", "not_after": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
        issuing = self.show()["issuing_id"]
        self.append({"kind": "issued", **words, "issuing": issuing, "names": ["a.example"], **dates, "certificate": ""})

    def revoke(self, serial: str) -> None:
        words = {"serial": serial, "revocation_reason": "key_compromise", "host": "web1", "name": "www"}
        self.append({"kind": "revoked", **words})


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(tmp_path)


def codes(result: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in result["reasons"]]


def load_crl(result: dict[str, Any]) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl(result["crl"].encode())


def split_lists(result: dict[str, Any]) -> list[x509.CertificateRevocationList]:
    texts = result["crl"].split("-----BEGIN X509 CRL-----")[1:]
    return [x509.load_pem_x509_crl(f"-----BEGIN X509 CRL-----{text}".encode()) for text in texts]


def hand_over(authority: Authority, **words: Any) -> dict[str, Any]:
    """As content, with everything above it."""
    return {
        "certificate_content": authority.pem.decode(),
        "private_key_content": authority.key_pem.decode(),
        **({"chain_content": authority.ca_pem.decode()} if authority.issuer else {}),
        **words,
    }


def test_what_is_declared_and_true_needs_one_look_and_no_passphrase(keeper: Keeper) -> None:
    result = keeper.keep(passphrase="", waivers=[], crl={"enabled": False})
    assert (result["changed"], codes(result), keeper.host.asked) == (False, [], ["read"])


def test_check_mode_appends_nothing_and_tells_the_same_reasons(keeper: Keeper) -> None:
    words = {"crl": {"enabled": True}, "trusted": ["web1"]}
    checked = keeper.keep(check_mode=True, **words)
    assert keeper.host.asked == ["read"]
    done = keeper.keep(**words)
    assert codes(checked) == codes(done) == ["crl_rule_changed", "hosts_trust", "crl_missing"]
    assert ("crl" in checked, "crl" in done, checked["ledger"]["number"]) == (False, True, 1)


def test_another_run_in_between_is_planned_upon_anew(keeper: Keeper) -> None:
    keeper.host.between = lambda: keeper.issue("a1")
    result = keeper.keep(crl={"enabled": True})
    assert codes(result) == ["crl_rule_changed", "crl_missing"]
    assert (result["counts"]["issued"], result["ledger"]["number"]) == (1, 4)


def test_a_ca_that_others_change_again_and_again_is_left_alone(keeper: Keeper) -> None:
    serials = iter(range(16, 64))

    def interfere() -> None:
        keeper.issue(f"{next(serials):x}")
        keeper.host.between = interfere

    keeper.host.between = interfere
    assert keeper.refuse(crl={"enabled": True}) == ["changed_underneath"]


def test_clocks_that_differ_sign_nothing(keeper: Keeper) -> None:
    keeper.host.clock_ahead = 900.0
    given = {"path": keeper.made.path, "fingerprint": keeper.made.fingerprint, "crl": {"enabled": True}}
    arguments, _warnings = read_arguments(
        {**given, "passphrase": PASSPHRASE}, spec=internal_ca.ARGUMENT_SPEC, constraints=internal_ca.CONSTRAINTS
    )
    with pytest.raises(RefusedError) as refusal:
        keep_authority(
            keeper.host,  # type: ignore[arg-type]
            read_task(None, arguments, now=NOW),  # type: ignore[arg-type]
            now=NOW,
            check_mode=False,
        )
    assert [problem.code for problem in refusal.value.problems] == ["clock_skew"]


def test_a_list_is_signed_anew_at_half_its_life_and_after_revocations(keeper: Keeper) -> None:
    first = keeper.keep(crl={"enabled": True, "life": "30d"})
    keeper.now = NOW + 14 * DAY
    assert codes(keeper.keep()) == []
    keeper.now = NOW + 15 * DAY
    second = keeper.keep()
    assert codes(second) == ["crl_due"]
    keeper.issue("a1")
    keeper.issue("b2", ends=NOW)
    keeper.revoke("a1")
    keeper.revoke("b2")
    third = keeper.keep()
    assert codes(third) == ["certificate_revoked"]
    assert [[entry.serial_number for entry in load_crl(item)] for item in (first, second, third)] == [[], [], [0xA1]]
    numbers = [
        load_crl(item).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        for item in (first, second, third)
    ]
    assert numbers == sorted(set(numbers))
    assert "crl" not in keeper.keep(crl={"enabled": False})


def test_a_root_has_a_list_of_its_own_once_its_key_is_opened(keeper: Keeper, tmp_path: Path) -> None:
    words = {"path": str(tmp_path / "own"), "fingerprint": None, "create": True, "subject": "CN=Own Root"}
    words |= {"passphrase": "a day's word", "crl": {"enabled": True, "life": "30d"}}
    created = keeper.keep(**words, root_passphrase="a root's word")
    lists = split_lists(created)
    assert [item.issuer.rfc4514_string() for item in lists] == ["CN=Own Root Issuing CA", "CN=Own Root"]
    root = x509.load_pem_x509_certificate(created["anchors"][0].encode())
    assert (lists[1].next_update_utc, lists[1].is_signature_valid(root.public_key())) == (
        root.not_valid_after_utc,
        True,
    )
    assert "crl_root_missing" not in str(created["warnings"])

    keeper.now = NOW + 16 * DAY
    renewed = keeper.keep(**words)
    assert codes(renewed) == ["crl_due"]
    again = split_lists(renewed)
    assert (again[0] == lists[0], again[1] == lists[1]) == (False, True)


def test_a_root_whose_key_was_not_opened_is_asked_for_once(keeper: Keeper, tmp_path: Path) -> None:
    words = {"path": str(tmp_path / "own"), "fingerprint": None, "create": True, "subject": "CN=Own Root"}
    words |= {"passphrase": "a day's word"}
    keeper.keep(**words, root_passphrase="a root's word")
    without = keeper.keep(**words, crl={"enabled": True})
    assert "crl_root_missing" in str(without["warnings"])
    added = keeper.keep(**words, root_passphrase="a root's word")
    assert (codes(added), "crl_root_missing" in str(added["warnings"])) == (["crl_missing"], False)
    assert len(split_lists(added)) == 2
    keeper.now = NOW + 2000 * DAY
    late = keeper.keep(**words, root_passphrase="a root's word")
    assert codes(late) == ["crl_due", "crl_due"]


def test_another_ca_is_taken_only_when_nobody_uses_the_one_that_is_there(keeper: Keeper) -> None:
    other = ca("Other", **LIFE).authority("Other Issuing", **LIFE)
    keeper.issue("a1")
    assert keeper.refuse(**hand_over(other)) == ["ca_in_use"]
    keeper.revoke("a1")
    assert keeper.refuse(**hand_over(other, fingerprint=None, create=True)) == ["ca_other"]
    replaced = keeper.keep(**hand_over(other))
    assert (codes(replaced), replaced["ca"]["issuing"]["subject"]) == (["ca_replaced"], "CN=Other Issuing")
    assert (len(replaced["anchors"]), replaced["ca_id"]) == (1, keeper.made.fingerprint)
    assert len(list((Path(keeper.made.path) / "archive").iterdir())) == 1
    again = keeper.keep(**hand_over(other, fingerprint=replaced["fingerprint"]))
    assert again["changed"] is False


def test_a_ca_of_somebody_else_follows_by_a_roll_over(keeper: Keeper) -> None:
    other = ca("Other", **LIFE).authority("Other Issuing", **LIFE)
    keeper.issue("a1")
    prepared = keeper.keep(**hand_over(other, rollover="prepare"))
    assert (codes(prepared), prepared["rollover"]["phase"]) == (["rollover_prepared"], "trust")
    assert [item["host"] for item in prepared["rollover"]["left"]] == ["web1"]
    assert codes(keeper.keep(**hand_over(other, rollover="prepare"))) == []
    switched = keeper.keep(rollover="switch", trusted=["web1"])
    assert codes(switched) == ["hosts_trust", "rollover_switched"]
    assert switched["ca"]["issuing"]["subject"] == "CN=Other Issuing"


def test_a_rule_that_no_certificate_says_outlasts_a_switch(tmp_path: Path) -> None:
    """A company CA signed the request without constraints, and it signs the next one without, too."""
    keeper, root = Keeper(tmp_path), ca("Other", **LIFE)
    words = {"path": str(tmp_path / "fresh"), "fingerprint": None}
    limits = {"name_constraints": {"permitted_names": ["example.org"]}}
    first = keeper.keep(**words, **limits, create=True, request=True, subject="CN=Fresh")
    words["fingerprint"] = keeper.keep(**words | {"fingerprint": fingerprint_of(root)}, **sign(first, root))[
        "fingerprint"
    ]
    assert permitted(tmp_path / "fresh") == ["example.org"]
    second = keeper.keep(**words, rollover="prepare", rollover_ahead="4000d", request=True)
    keeper.keep(**words, **sign(second, root))
    switched = keeper.keep(**words, rollover="switch")
    assert (codes(switched), permitted(tmp_path / "fresh")) == (["rollover_switched"], ["example.org"])
    assert "constraints_differ" in str(switched["warnings"])


def test_a_ca_from_elsewhere_is_bound_by_what_the_task_says(keeper: Keeper) -> None:
    other = ca("Other", **LIFE).authority("Other Issuing", **LIFE)
    limits = {"name_constraints": {"permitted_names": ["example.org"]}}
    replaced = keeper.keep(**hand_over(other), **limits)
    assert (codes(replaced), permitted(Path(keeper.made.path))) == (["ca_replaced"], ["example.org"])


def permitted(path: Path) -> list[str]:
    """By the rule that its ledger has last."""
    lines = map(json.loads, (path / "ledger.jsonl").read_text(encoding="ascii").splitlines())
    *_earlier, last = (line for line in lines if line["kind"] == "authority")
    return list((last["state"]["constraints"] or {"permitted": []})["permitted"])


def fingerprint_of(authority: Authority) -> str:
    return authority.certificate.fingerprint(hashes.SHA256()).hex()


def sign(asked: dict[str, Any], root: Authority) -> dict[str, Any]:
    """As another CA does it for a request, with no word of its own."""
    request = x509.load_pem_x509_csr(asked["request"].encode())

    class PublicOnly:
        def public_key(self) -> Any:
            return request.public_key()

    usage = ("key_cert_sign", "crl_sign")
    signed = build(PublicOnly(), subject=request.subject, issuer=root, is_ca=True, usage=usage, **LIFE)
    return {"certificate_content": Authority(signed, None, root).pem.decode(), "chain_content": root.pem.decode()}


def test_a_root_that_the_pin_does_not_lead_to_is_told(keeper: Keeper) -> None:
    other = ca("Other", **LIFE)
    asked = keeper.keep(rollover="prepare", rollover_ahead="4000d", request=True)
    told = keeper.keep(**sign(asked, other))
    (warning,) = (item for item in told["warnings"] if "root_unvouched" in item)
    assert fingerprint_of(other) in warning


def test_a_newer_certificate_is_below_a_root_that_hosts_trust(keeper: Keeper) -> None:
    root = ca("Other", **LIFE)
    first = root.authority("Sub", **LIFE)
    pin = keeper.keep(**hand_over(first))["fingerprint"]
    elsewhere = ca("Elsewhere", **LIFE)
    moved = build(first.key, cn="Sub", issuer=elsewhere, is_ca=True, usage=("key_cert_sign", "crl_sign"), **LIFE)
    assert keeper.refuse(**hand_over(Authority(moved, first.key, elsewhere), fingerprint=pin)) == ["ca_in_use"]


def test_an_older_certificate_moves_no_ca_backwards(keeper: Keeper) -> None:
    root = ca("Other", **LIFE)
    first = root.authority("Sub", **LIFE)
    pin = keeper.keep(**hand_over(first))["fingerprint"]
    life = {**LIFE, "not_after": LIFE["not_after"] - DAY}
    older = build(first.key, cn="Sub", issuer=root, is_ca=True, usage=("key_cert_sign", "crl_sign"), **life)
    assert keeper.refuse(**hand_over(Authority(older, first.key, root), fingerprint=pin)) == ["certificate_older"]


def test_a_newer_certificate_for_the_same_key_takes_its_place(keeper: Keeper) -> None:
    root = ca("Other", **LIFE)
    first = root.authority("Sub", **LIFE)
    adopted = keeper.keep(**hand_over(first))
    newer = Authority(
        build(first.key, cn="Sub", issuer=root, is_ca=True, usage=("key_cert_sign", "crl_sign"), **LIFE),
        first.key,
        root,
    )
    keeper.made = MadeCa(keeper.made.path, adopted["fingerprint"], keeper.made.root, keeper.made.issuing)
    keeper.issue("a1")
    words = hand_over(newer)
    del words["private_key_content"]
    updated = keeper.keep(**words)
    assert (codes(updated), updated["issuing_id"]) == (["ca_updated"], adopted["issuing_id"])
    renamed = build(first.key, cn="Renamed", issuer=root, is_ca=True, usage=("key_cert_sign",), **LIFE)
    assert keeper.refuse(**hand_over(Authority(renamed, first.key, root))) == ["ca_in_use"]


def test_the_roots_key_may_come_later(keeper: Keeper) -> None:
    root = ca("Other", **LIFE)
    first = root.authority("Sub", **LIFE)
    pin = keeper.keep(**hand_over(first))["fingerprint"]
    words = hand_over(first, fingerprint=pin, root_passphrase="root word")
    imported = keeper.keep(**words, root_private_key_content=root.key_pem.decode())
    assert (codes(imported), imported["ca"]["key"]) == (["root_key_imported"], "sealed")
    assert codes(keeper.keep(**words, root_private_key_content=root.key_pem.decode())) == []
    prepared = keeper.keep(fingerprint=pin, root_passphrase="root word", rollover="prepare", rollover_ahead="2000d")
    assert (codes(prepared), len(prepared["anchors"])) == (["rollover_prepared"], 2)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(lambda other: {"private_key_content": ca().key_pem.decode()}, "ca_key_mismatch", id="another key"),
        pytest.param(lambda other: {"chain_content": ca().pem.decode()}, "chain_incomplete", id="another chain"),
        pytest.param(lambda other: {"certificate_content": None}, "certificate_missing", id="no certificate"),
        pytest.param(lambda other: {"private_key_content": None}, "private_key_missing", id="no key"),
        pytest.param(lambda other: {"certificate_content": "none"}, "not_pem", id="something else"),
        pytest.param(
            lambda other: {"certificate_content": other.issuer.issue("a.example").pem.decode()},
            "ca_not_ca",
            id="a leaf",
        ),
        pytest.param(
            lambda other: {"root_private_key_content": ca().key_pem.decode()}, "ca_key_mismatch", id="another root key"
        ),
    ],
)
def test_what_is_no_ca_is_refused(keeper: Keeper, change: Callable[[Authority], dict[str, Any]], code: str) -> None:
    other = ca("Other", **LIFE).authority("Other Issuing", **LIFE)
    assert code in keeper.refuse(**(hand_over(other) | change(other)))
    assert keeper.host.asked.count("append") == 0


def test_only_the_issuing_ca_is_exchanged_while_the_root_lasts(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    fresh = str(tmp_path / "fresh")
    words = {"path": fresh, "root_passphrase": "root word", "issuing_life": "100d"}
    created = keeper.keep(**words, create=True, fingerprint=None, subject="CN=Fresh Root")
    words["fingerprint"] = created["fingerprint"]
    assert "rollover_due" in str(created["warnings"])
    prepared = keeper.keep(**words, rollover="prepare")
    switched = keeper.keep(**words, rollover="switch")
    assert (len(prepared["anchors"]), codes(switched)) == (1, ["rollover_switched"])
    assert (switched["fingerprint"], switched["cross"]) == (created["fingerprint"], [])
    assert switched["issuing_id"] != created["issuing_id"]
    done = keeper.keep(**words, rollover="distrust", min_overlap="0d")
    assert (codes(done), done["rollover"]["phase"]) == (["rollover_distrusted"], "")
    assert len(list((tmp_path / "fresh" / "archive").iterdir())) == 1


def test_a_root_that_would_end_first_is_exchanged_with_its_issuing_ca(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    words = {"path": str(tmp_path / "fresh"), "root_passphrase": "root word", "life": "365d"}
    made = keeper.keep(**words, issuing_life="100d", create=True, fingerprint=None, subject="CN=Fresh Root")
    prepared = keeper.keep(**words, fingerprint=made["fingerprint"], rollover="prepare")
    assert (codes(prepared), len(prepared["anchors"])) == (["rollover_prepared"], 2)
    assert "CN=Fresh Root is exchanged too" in prepared["reasons"][0]["message"]


def test_a_switch_waits_for_who_trusts_and_has_no_certificate(keeper: Keeper) -> None:
    other = ca("Other", **LIFE).authority("Other Issuing", **LIFE)
    keeper.keep(**hand_over(other, rollover="prepare"))
    assert keeper.refuse(rollover="switch", trusting=["mon1"]) == ["trust_missing"]
    assert codes(keeper.keep(rollover="switch", trusting=["mon1"], trusted=["mon1"])) == [
        *("hosts_trust", "rollover_switched")
    ]


def test_distrust_waits_for_a_host_that_was_put_back(keeper: Keeper) -> None:
    other = ca("Other", **LIFE).authority("Other Issuing", **LIFE)
    keeper.issue("a1")
    keeper.keep(**hand_over(other, rollover="prepare"))
    pin = keeper.keep(rollover="switch", trusted=["web1"])["fingerprint"]
    keeper.issue("b2")
    words: dict[str, Any] = {"fingerprint": pin, "rollover": "distrust", "min_overlap": "0d"}
    assert keeper.refuse(**words, in_use=[{"host": "web1", "numbers": [2]}]) == ["certificate_left"]
    assert keeper.refuse(**words, in_use=[{"host": "web1"}]) == ["certificate_left"]
    number = keeper.keep(fingerprint=pin)["ledger"]["number"]
    assert codes(keeper.keep(**words, in_use=[{"host": "web1", "numbers": [number]}])) == ["rollover_distrusted"]


def test_a_list_that_came_back_is_followed_by_one_that_clients_take(keeper: Keeper, tmp_path: Path) -> None:
    """The ledger was restored; hosts have the list that was signed after the backup."""
    keeper.keep(crl={"enabled": True})
    backup = tmp_path / "backup"
    shutil.copytree(keeper.made.path, backup)
    keeper.issue("a1")
    keeper.revoke("a1")
    keeper.now = NOW + timedelta(seconds=30)
    forgotten = keeper.keep()
    shutil.rmtree(keeper.made.path)
    backup.rename(keeper.made.path)
    lost = [remember(**forgotten["ledger"])]
    keeper.now = NOW + timedelta(seconds=60)
    restored = keeper.keep(anchors=lost, accept_restored=digest_lost(lost))
    assert codes(restored) == ["restored_accepted", "crl_due"]
    assert number_of(restored) > number_of(forgotten)


def number_of(result: dict[str, Any]) -> int:
    return load_crl(result).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_a_key_is_exported_when_the_ledger_has_all_else(keeper: Keeper, tmp_path: Path) -> None:
    wish = {"kind": "issuing", "path": str(tmp_path / "key.p8"), "passphrase": "take it along"}
    keeper.host.between = lambda: keeper.issue("a1")
    done = keeper.keep(crl={"enabled": True}, export=wish)
    assert codes(done) == ["crl_rule_changed", "crl_missing", "key_exported"]
    assert (tmp_path / "key.p8").stat().st_mode & 0o777 == 0o600


def test_an_empty_place_to_mount_at_is_a_ca_that_is_missing(keeper: Keeper, tmp_path: Path) -> None:
    place = tmp_path / "mount"
    place.mkdir(mode=0o755)
    words = {"path": str(place), "subject": "CN=Fresh", "root_passphrase": "root word"}
    assert keeper.refuse(path=str(place)) == ["ca_missing"]
    assert keeper.refuse(**words, create=True) == ["ca_missing"]
    assert keeper.show(path=str(place))["state"] == "empty"
    # Where a key is to lie, it is not safe
    assert keeper.refuse(**words, create=True, fingerprint=None) == ["ca_open"]
    assert list(place.iterdir()) == []


def test_a_backup_that_fails_undoes_nothing_and_is_told(keeper: Keeper, tmp_path: Path) -> None:
    result = keeper.keep(crl={"enabled": True}, backup_to=str(tmp_path / "nowhere" / "backup"))
    assert codes(result) == ["crl_rule_changed", "crl_missing"]
    assert "backup_failed" in str(result["warnings"])
    late = keeper.keep(backup_to=str(tmp_path / "backup"))
    assert (codes(late), late["backup"]["is_complete"]) == (["backup_made"], True)
    assert codes(keeper.keep(backup_to=str(tmp_path / "backup"), check_mode=True)) == []


def test_an_old_copy_that_came_back_does_not_write_over_its_backup(keeper: Keeper, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    keeper.keep(backup_to=str(backup))
    shutil.copytree(keeper.made.path, tmp_path / "yesterday")
    keeper.keep(crl={"enabled": True}, backup_to=str(backup))
    shutil.rmtree(keeper.made.path)
    (tmp_path / "yesterday").rename(keeper.made.path)
    before = (backup / "ledger.jsonl").read_bytes()

    assert keeper.refuse(backup_to=str(backup)) == ["ca_rolled_back"]
    assert (backup / "ledger.jsonl").read_bytes() == before


def test_an_empty_word_is_no_new_passphrase(keeper: Keeper) -> None:
    assert keeper.refuse(new_passphrase="") == ["passphrase_missing"]


def test_a_request_of_a_roll_over_waits_for_its_certificate(keeper: Keeper) -> None:
    root = ca("Other", **LIFE)
    words = {"rollover": "prepare", "rollover_ahead": "4000d", "request": True}
    asked = keeper.keep(**words)
    assert (codes(asked), codes(keeper.keep(**words))) == (["rollover_prepared"], [])
    assert keeper.refuse(rollover="switch") == ["certificate_awaited"]
    request = x509.load_pem_x509_csr(asked["request"].encode())

    class PublicOnly:
        def public_key(self) -> Any:
            return request.public_key()

    signed = build(
        PublicOnly(), subject=request.subject, issuer=root, is_ca=True, usage=("key_cert_sign", "crl_sign"), **LIFE
    )
    pems = {"certificate_content": Authority(signed, None, root).pem.decode(), "chain_content": root.pem.decode()}
    assert codes(keeper.keep(**pems)) == ["certificate_imported"]
    switched = keeper.keep(rollover="switch")
    assert (codes(switched), switched["ca"]["subject"]) == (["rollover_switched"], "CN=Other")


def test_each_key_opens_with_its_own_passphrase_only(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    path = tmp_path / "fresh"
    keeper.keep(path=str(path), create=True, fingerprint=None, subject="CN=Fresh", root_passphrase="root word")
    texts = [file.read_text(encoding="ascii") for file in (path / "keys").iterdir()]
    opened = [(word, find_ledger_key(text, word)) for text in texts for word in (PASSPHRASE, "root word")]
    assert sorted(opened) == sorted(
        [(PASSPHRASE, "there"), ("root word", "wrong_passphrase"), (PASSPHRASE, "wrong_passphrase"), ("root word", "")]
    )


def find_ledger_key(text: str, passphrase: str) -> str:
    try:
        return "there" if open_key(text, passphrase).ledger_key else ""
    except UnusableError as error:
        return error.code


def test_certificates_are_shown_as_asked_for(keeper: Keeper) -> None:
    keeper.issue("a1")
    keeper.issue("b2", host="web2", name="mail")
    keeper.issue("c3", host="web2", name="old", ends=NOW)
    keeper.revoke("a1")
    by_host = keeper.show(hosts=["web2"])["certificates"]
    assert [(row["serial"], row["status"]) for row in by_host] == [("b2", "issued"), ("c3", "expired")]
    (by_serial,) = keeper.show(serials=["00:A1"])["certificates"]
    assert (by_serial["status"], by_serial["revocation_reason"]) == ("revoked", "key_compromise")
    everything = keeper.show(names=["old"], live=True)
    assert [row["serial"] for row in everything["certificates"]] == ["c3", "b2"]
    assert everything["counts"] == {"issued": 3, "revoked": 1, "live": 1, "expired": 1}
    assert everything["proved"] is False


def test_nothing_is_shown_as_nothing(keeper: Keeper, tmp_path: Path) -> None:
    shown = keeper.show(path=str(tmp_path / "none"))
    assert (shown["state"], shown["ca"], shown["certificates"]) == ("missing", None, [])
    with pytest.raises(RefusedError) as refusal:
        keeper.show(path=str(tmp_path / "none"), fingerprint="ab" * 32)
    assert refusal.value.problems[0].code == "ca_missing"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param({"fingerprint": "ab" * 32}, "ca_other", id="another pin"),
        pytest.param({"fingerprint": None}, "fingerprint_missing", id="no pin"),
        pytest.param({"fingerprint": None, "create": True, "subject": "CN=Another"}, "ca_other", id="another name"),
        pytest.param({"crl": {"enabled": True}, "passphrase": "wrong"}, "wrong_passphrase", id="a wrong passphrase"),
        pytest.param({"crl": {"enabled": True}, "passphrase": None}, "passphrase_missing", id="no passphrase"),
        pytest.param({"rollover": "switch"}, "rollover_not_prepared", id="nothing to switch to"),
        pytest.param({"rollover": "prepare", "rollover_ahead": "4000d"}, "key_elsewhere", id="a root without its key"),
        pytest.param({"export": {"kind": "root", "path": "/x", "passphrase": "y"}}, "key_elsewhere", id="export of it"),
        pytest.param({"export": {"kind": "issuing", "path": "/nowhere/x", "passphrase": ""}}, "passphrase_missing",
                     id="export without a passphrase"),
        pytest.param({"export": {"kind": "issuing", "path": "/nowhere/x", "passphrase": "y"}}, "export_failed",
                     id="export to nowhere"),
        pytest.param({"export": {"kind": "issuing", "path": "/etc/passwd", "passphrase": "y"}}, "export_exists",
                     id="export over a file"),
        pytest.param({"path": "/nowhere/ca"}, "ca_missing", id="a directory that is not there"),
        pytest.param({"path": "/nowhere/ca", "create": True}, "ca_missing", id="to be made, and pinned"),
        pytest.param({"crl": {"enabled": True, "life": "0d"}}, "life_invalid", id="a list that is good for no day"),
        pytest.param({"crl": {"enabled": True, "url": "not a url"}}, "crl_url_invalid", id="no url"),
        pytest.param({"crl": {"enabled": True, "url": "http://pki.bücher.example/ca.crl"}}, "crl_url_invalid",
                     id="a url with other letters"),
        pytest.param({"crl": {"enabled": True, "url": "http://[::1/ca.crl"}}, "crl_url_invalid", id="half a url"),
        pytest.param({"crl": {"enabled": False, "url": "ftp://pki.example/ca.crl"}}, "crl_url_invalid",
                     id="a url of another kind"),
        pytest.param({"issuing_life": "0d"}, "life_invalid", id="a CA that is good for no day"),
        pytest.param({"path": "/nowhere/ca", "create": True, "fingerprint": None}, "subject_missing", id="no subject"),
        pytest.param({"path": "/nowhere/ca", "create": True, "fingerprint": None, "subject": "O=X",
                      "root_passphrase": "y"}, "subject_invalid", id="no common name"),
    ],
)  # fmt: skip
def test_what_is_not_so_is_refused_and_nothing_is_appended(keeper: Keeper, words: dict[str, Any], code: str) -> None:
    assert keeper.refuse(**words) == [code]
    assert "append" not in keeper.host.asked


def test_all_faults_of_the_words_are_told_together(keeper: Keeper) -> None:
    waivers = [{"host": "h", "reason": "gone", "until": "soon"}, {"reason": "gone", "until": "2027-01-01"}]
    words = {"fingerprint": "ab", "life": "10", "min_overlap": "200y", "subject": "=", "waivers": waivers}
    assert sorted(keeper.refuse(**words, name_constraints={"permitted_addresses": ["300.1.1.1/8"]})) == [
        *("constraint_invalid", "fingerprint_invalid", "life_invalid", "life_invalid", "subject_invalid"),
        *("until_invalid", "waiver_invalid"),
    ]


def test_a_passphrase_is_changed_once_and_the_old_file_is_kept_in_the_archive(keeper: Keeper) -> None:
    changed = keeper.keep(new_passphrase="from now on")
    assert codes(changed) == ["passphrase_changed"]
    assert codes(keeper.keep(new_passphrase="from now on")) == []
    assert keeper.refuse(crl={"enabled": True}) == ["wrong_passphrase"]
    assert codes(keeper.keep(crl={"enabled": True}, passphrase="from now on")) == ["crl_rule_changed", "crl_missing"]
    assert len(list((Path(keeper.made.path) / "archive").iterdir())) == 1


def test_a_key_file_that_is_away_is_named(keeper: Keeper) -> None:
    (file,) = (Path(keeper.made.path) / "keys").iterdir()
    file.rename(file.parents[2] / file.name)
    assert keeper.keep()["ca"]["issuing"]["key"] == "offline"
    assert keeper.refuse(crl={"enabled": True}) == ["key_offline"]


def test_a_loss_is_accepted_by_its_own_digest_only(keeper: Keeper) -> None:
    lost = [remember(9, "a" * 64)]
    assert keeper.refuse(anchors=lost) == ["ca_rolled_back"]
    assert keeper.refuse(anchors=lost, accept_restored="0" * 16) == ["ca_rolled_back"]
    accepted = keeper.keep(anchors=lost, accept_restored=digest_lost(lost))
    assert codes(accepted) == ["restored_accepted"]
    assert codes(keeper.keep(anchors=lost)) == []


def remember(number: int, hash: str) -> dict[str, Any]:  # noqa: A002 - as results have it
    """As a host does."""
    return {"number": number, "hash": hash, "seal": seal_anchor(number, hash, LEDGER_KEY)}


def test_what_one_host_made_up_stops_no_ca(keeper: Keeper) -> None:
    made_up = {"number": 999, "hash": "a" * 64, "host": "evil"}
    told = keeper.keep(anchors=[made_up, {**made_up, "number": 998, "seal": "b" * 64}])
    assert (codes(told), str(told["warnings"]).count("look into the host evil")) == ([], 2)


def test_waivers_are_written_down_when_they_change(keeper: Keeper) -> None:
    waiver = {"host": "web9", "reason": "burnt down", "until": f"{NOW + 30 * DAY:%Y-%m-%d}"}
    assert codes(keeper.keep(waivers=[waiver])) == ["waivers_changed"]
    assert codes(keeper.keep(waivers=[waiver])) == []
    assert codes(keeper.keep()) == []
    keeper.now = NOW + 60 * DAY
    assert "waiver_ended" in str(keeper.keep(waivers=[waiver])["warnings"])


def test_a_waiver_for_nobody_is_told(keeper: Keeper) -> None:
    keeper.issue("a1")
    waivers = [{"host": host, "name": name, "reason": "gone", "until": f"{NOW + 30 * DAY:%Y-%m-%d}"}
               for host, name in (("web1", ""), ("mon1", ""), ("", "www"))]  # fmt: skip
    warned = " ".join(keeper.keep(waivers=waivers, trusting=["mon1"])["warnings"])
    assert (warned.count("waiver_idle"), "waiver for www covers nobody" in warned) == (1, True)


def test_a_backup_that_is_behind_is_told_when_it_is_old(keeper: Keeper, tmp_path: Path) -> None:
    backup = str(tmp_path / "backup")
    assert "backup_missing" in str(keeper.show(backup_to=backup)["warnings"])
    keeper.keep(backup_to=backup)
    keeper.issue("a1")
    assert keeper.show(backup_to=backup)["warnings"] == []
    keeper.now = NOW + 3 * DAY
    assert "backup_behind" in str(keeper.show(backup_to=backup, backup_max_age="2d")["warnings"])


def test_the_seal_of_the_ledger_is_proved_with_the_passphrase(keeper: Keeper) -> None:
    assert keeper.show(passphrase=PASSPHRASE)["proved"] is True
    head = Path(keeper.made.path) / "head.json"
    text = head.read_text(encoding="ascii")
    head.write_text(text.replace(json.loads(text)["tag"], "0" * 64), encoding="ascii")
    with pytest.raises(RefusedError) as refusal:
        keeper.show(passphrase=PASSPHRASE)
    assert refusal.value.problems[0].code == "ca_altered"
    assert keeper.refuse(crl={"enabled": True}) == ["ca_altered"]
