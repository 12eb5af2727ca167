# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates, load_pkcs12

from ansible_collections.certwright.tls.plugins.plugin_utils._requested_keys import read_requested
from ansible_collections.certwright.tls.plugins.plugin_utils._signing import Batch, sign_batch
from ansible_collections.certwright.tls.plugins.plugin_utils._signing_report import report_batch
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils.ca_site import (
    DAY,
    PASSPHRASE,
    STARTED,
    LocalHost,
    MadeCa,
    make_ca,
    make_csr,
)

pytestmark = pytest.mark.usefixtures("cheap_guesses")

SECRET = "not telling"


@pytest.fixture
def ca(tmp_path: Path) -> MadeCa:
    return make_ca(tmp_path / "ca")


def jane(path: Path, **changes: Any) -> dict[str, Any]:
    """As the module's arguments come, with their defaults."""
    keystore = {"path": str(path), "passphrase": SECRET, "level": "modern", **changes.pop("pkcs12", {})}
    words = {"name": "jane", "host": "", "usage": "client", "emails": ["jane@example.org"], "key_type": "ec256"}
    return {**words, "pkcs12": keystore, **changes}


def run(
    ca: MadeCa,
    *elements: dict[str, Any],
    ahead: timedelta = 0 * DAY,
    check_mode: bool = False,
    between: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """One task. No file of the controller is read by these, so no action is needed."""
    requested = read_requested(None, elements)  # type: ignore[arg-type]
    host = LocalHost()
    host.clock_ahead, host.between = ahead.total_seconds(), between
    batch = Batch(requested.items, (), ca.fingerprint, lambda: PASSPHRASE)
    now = datetime.fromtimestamp(STARTED, timezone.utc) + ahead
    ended = sign_batch(ca.directory(host), batch, now=now, check_mode=check_mode)
    return report_batch(requested, ended, check_mode=check_mode)


def load(path: Path, passphrase: str = SECRET) -> PKCS12KeyAndCertificates:
    return load_pkcs12(path.read_bytes(), passphrase.encode())


def codes(result: dict[str, Any]) -> list[str]:
    return [problem["code"] for problem in result.get("problems", ())]


def test_a_key_is_made_and_kept_with_its_certificate_for_its_owner_alone(ca: MadeCa, tmp_path: Path) -> None:
    result = run(ca, jane(tmp_path / "jane.p12"))

    found = load(tmp_path / "jane.p12")
    assert found.key is not None
    assert found.cert is not None
    assert found.key.public_key() == found.cert.certificate.public_key()
    assert found.cert.friendly_name == b"jane"
    assert [item.certificate.subject for item in found.additional_certs] == [ca.issuing.subject, ca.root.subject]
    assert stat.S_IMODE(os.stat(tmp_path / "jane.p12").st_mode) == 0o600
    assert (result["changed"], result["certificates"][0]["path"]) == (True, str(tmp_path / "jane.p12"))
    assert SECRET not in str(result)
    assert "PRIVATE KEY" not in str(result)


def test_a_second_run_leaves_the_file_as_it_is(ca: MadeCa, tmp_path: Path) -> None:
    run(ca, jane(tmp_path / "jane.p12"))
    before = (tmp_path / "jane.p12").read_bytes()

    result = run(ca, jane(tmp_path / "jane.p12"))

    assert (result["changed"], (tmp_path / "jane.p12").read_bytes()) == (False, before)


def test_check_mode_makes_no_file(ca: MadeCa, tmp_path: Path) -> None:
    result = run(ca, jane(tmp_path / "jane.p12"), check_mode=True)

    assert (result["changed"], (tmp_path / "jane.p12").exists(), ca.read().head.number) == (True, False, 1)


def test_what_is_due_gets_a_new_key(ca: MadeCa, tmp_path: Path) -> None:
    run(ca, jane(tmp_path / "jane.p12"))
    before = load(tmp_path / "jane.p12").key

    result = run(ca, jane(tmp_path / "jane.p12"), ahead=300 * DAY)

    after = load(tmp_path / "jane.p12").key
    assert before is not None
    assert after is not None
    assert before.public_key() != after.public_key()
    assert result["reasons"][0]["code"] == "due_by_date"


def test_another_alias_writes_the_same_certificate_again(ca: MadeCa, tmp_path: Path) -> None:
    run(ca, jane(tmp_path / "jane.p12"))

    result = run(ca, jane(tmp_path / "jane.p12", pkcs12={"alias": "Jane"}))

    found = load(tmp_path / "jane.p12").cert
    assert found is not None
    assert (result["changed"], found.friendly_name, ca.read().head.number) == (True, b"Jane", 2)


@pytest.mark.parametrize("content", [b"somebody else's", b""])
def test_what_is_somebody_elses_is_never_written_over(ca: MadeCa, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "jane.p12").write_bytes(content)

    result = run(ca, jane(tmp_path / "jane.p12"))

    assert codes(result) == ["pkcs12_unusable"]
    assert ((tmp_path / "jane.p12").read_bytes(), ca.read().head.number) == (content, 1)


def test_a_file_of_another_passphrase_is_never_written_over(ca: MadeCa, tmp_path: Path) -> None:
    run(ca, jane(tmp_path / "jane.p12"))

    result = run(ca, jane(tmp_path / "jane.p12", pkcs12={"passphrase": "another one"}))

    assert codes(result) == ["pkcs12_unusable"]
    assert load(tmp_path / "jane.p12").key is not None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"pkcs12": {"passphrase": "short"}}, "pkcs12_unusable", id="a short passphrase"),
        pytest.param({"pkcs12": {"passphrase": ""}}, "pkcs12_unusable", id="no passphrase"),
        pytest.param({"pkcs12": {"path": "jane.p12"}}, "file_unwritable", id="a relative path"),
        pytest.param({"pkcs12": {"path": "/nowhere/at/all/jane.p12"}}, "file_unwritable", id="no directory"),
        pytest.param({"csr": "x"}, "request_incomplete", id="a request and a file"),
        pytest.param({"pkcs12": None}, "request_incomplete", id="neither"),
        pytest.param({"pkcs12": None, "csr": "no request"}, "csr_unreadable", id="no PKCS#10"),
    ],
)
def test_a_request_that_cannot_be_asked_keeps_no_other_one_from_being_signed(
    ca: MadeCa, tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    faulty = jane(tmp_path / "jane.p12")
    faulty["pkcs12"] = (
        None if changes.get("pkcs12", faulty) is None else {**faulty["pkcs12"], **changes.get("pkcs12", {})}
    )
    sound = {"name": "system", "host": "web1", "names": ["web1.example.org"], "usage": "server", "csr": make_csr()}

    result = run(ca, {**faulty, **{word: value for word, value in changes.items() if word != "pkcs12"}}, sound)

    assert codes(result) == [code]
    assert [(item["name"], item["outcome"]) for item in result["certificates"]] == [
        ("system", "issued"),
        ("jane", "refused"),
    ]


def test_a_name_that_is_asked_for_twice_is_signed_once(ca: MadeCa, tmp_path: Path) -> None:
    result = run(ca, jane(tmp_path / "one.p12"), jane(tmp_path / "two.p12"))

    assert (codes(result), (tmp_path / "two.p12").exists()) == (["name_used_twice"], False)


def test_a_file_that_cannot_be_written_is_told_and_the_certificate_stays_in_the_ledger(
    ca: MadeCa, tmp_path: Path
) -> None:
    result = run(ca, jane(tmp_path / "jane.p12"), between=(tmp_path / "jane.p12").mkdir)

    assert (codes(result), list(tmp_path.glob(".certwright-*"))) == (["file_unwritable"], [])
    assert ca.read().head.number == 2


def test_a_key_of_somebody_else_is_never_thrown_away(ca: MadeCa, tmp_path: Path) -> None:
    run(ca, jane(tmp_path / "jane.p12"))
    before = (tmp_path / "jane.p12").read_bytes()

    result = run(ca, jane(tmp_path / "jane.p12", name="bob"))

    assert (codes(result), (tmp_path / "jane.p12").read_bytes()) == (["pkcs12_unusable"], before)


def test_two_requests_in_one_file_would_take_each_others_key_away(ca: MadeCa, tmp_path: Path) -> None:
    result = run(ca, jane(tmp_path / "one.p12"), jane(tmp_path / "." / "one.p12", name="bob"))

    assert (codes(result), ca.read().head.number) == (["pkcs12_unusable"], 2)


def test_check_mode_writes_no_file_for_another_alias(ca: MadeCa, tmp_path: Path) -> None:
    run(ca, jane(tmp_path / "jane.p12"))
    before = (tmp_path / "jane.p12").read_bytes()

    result = run(ca, jane(tmp_path / "jane.p12", pkcs12={"alias": "Jane"}), check_mode=True)

    assert (result["changed"], (tmp_path / "jane.p12").read_bytes()) == (True, before)


def test_a_name_that_is_not_ascii_is_refused_before_anything_is_signed(ca: MadeCa, tmp_path: Path) -> None:
    result = run(ca, jane(tmp_path / "jane.p12", name="müller"))

    assert (codes(result), ca.read().head.number) == (["pkcs12_unusable"], 1)


def test_a_pipe_is_not_waited_for(ca: MadeCa, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "jane.p12")

    assert codes(run(ca, jane(tmp_path / "jane.p12"))) == ["pkcs12_unusable"]
