# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA kept as declared, with the host's real code below it and the task's real words above."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from ansible_collections.certwright.tls.plugins.modules import internal_ca, internal_ca_info
from ansible_collections.certwright.tls.plugins.plugin_utils._arguments import read_arguments
from ansible_collections.certwright.tls.plugins.plugin_utils._authority import keep_authority
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_show import show
from ansible_collections.certwright.tls.plugins.plugin_utils._authority_words import read_question, read_task
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.anchors import digest_lost
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import open_key
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


def test_a_backup_that_fails_undoes_nothing_and_is_told(keeper: Keeper, tmp_path: Path) -> None:
    result = keeper.keep(crl={"enabled": True}, backup_to=str(tmp_path / "nowhere" / "backup"))
    assert codes(result) == ["crl_rule_changed", "crl_missing"]
    assert "backup_failed" in str(result["warnings"])
    late = keeper.keep(backup_to=str(tmp_path / "backup"))
    assert (codes(late), late["backup"]["is_complete"]) == (["backup_made"], True)
    assert codes(keeper.keep(backup_to=str(tmp_path / "backup"), check_mode=True)) == []


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
    lost = [{"number": 9, "hash": "a" * 64}]
    assert keeper.refuse(anchors=lost) == ["ca_rolled_back"]
    assert keeper.refuse(anchors=lost, accept_restored="0" * 16) == ["ca_rolled_back"]
    accepted = keeper.keep(anchors=lost, accept_restored=digest_lost(lost))
    assert codes(accepted) == ["restored_accepted"]
    assert codes(keeper.keep(anchors=lost)) == []


def test_waivers_are_written_down_when_they_change(keeper: Keeper) -> None:
    waiver = {"host": "web9", "reason": "burnt down", "until": f"{NOW + 30 * DAY:%Y-%m-%d}"}
    assert codes(keeper.keep(waivers=[waiver])) == ["waivers_changed"]
    assert codes(keeper.keep(waivers=[waiver])) == []
    assert codes(keeper.keep()) == []
    keeper.now = NOW + 60 * DAY
    assert "waiver_ended" in str(keeper.keep(waivers=[waiver])["warnings"])


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
