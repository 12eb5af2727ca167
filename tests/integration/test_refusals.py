# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What cannot be right is refused on the controller, all of it together; the host hears nothing of it."""

from __future__ import annotations

from typing import Any

from ansible_collections.certwright.tls.tests.integration.site import EXPIRED, Site, codes
from ansible_collections.certwright.tls.tests.unit.authority import Issued


def refuse(site: Site, *tasks: dict[str, Any]) -> list[dict[str, Any]]:
    """The result of each task: failed, without an execution on the host and without a store."""
    finished = site.run(*(task | {"ignore_errors": True} for task in tasks))
    assert [result["status"] for result in finished.results] == ["failed"] * len(tasks), finished.output
    assert not any(result["changed"] for result in finished.results)
    assert site.executions == 0
    assert not site.store.exists()
    return list(finished.results)


def assert_problem(result: dict[str, Any], code: str, *words: str) -> None:
    assert codes(result, "problems") == [code]
    for word in words:
        assert word in result["msg"]


def test_each_fault_of_the_material_is_refused_with_its_fact_and_the_way_out(site: Site) -> None:
    sound, expired, other_name = site.supply(), site.supply(**EXPIRED), site.supply("shop.example.org")
    locked = site.supply(passphrase="correct-horse-battery-staple")
    site.scanner.add_word("incorrect-mule-battery-staple")
    (site.controller.secrets / "passphrase").write_text("incorrect-mule-battery-staple\n", encoding="utf-8")
    wrong_key, expired_result, missing, no_pass, wrong_pass, incomplete, unreadable, absent = refuse(
        site,
        site.install(site.supply(key_of=sound), "nginx"),
        site.install(expired, "nginx"),
        site.install(other_name, "nginx", other_urls=["imap.example.org"]),
        site.install(locked, "nginx"),
        site.install(locked, "nginx", private_key_passphrase_src="passphrase"),
        site.install(_without_intermediate(site), "nginx"),
        site.install(sound, "nginx", certificate_src="nowhere.pem"),
        site.install(sound, "nginx", state="absent"),
    )
    assert_problem(wrong_key, "key_mismatch")
    assert_problem(expired_result, "expired", f"{expired.issued.certificate.not_valid_after_utc:%Y-%m-%d}")
    assert_problem(no_pass, "private_key_encrypted", "private_key_passphrase")
    assert_problem(wrong_pass, "wrong_passphrase")
    assert_problem(incomplete, "chain_incomplete", "Test Intermediate")
    assert_problem(unreadable, "file_unreadable", "nowhere.pem")
    assert_problem(absent, "absent_refused", "can be replaced, never removed")
    assert set(codes(missing, "problems")) == {"name_missing"}
    assert all(name in missing["msg"] for name in ("www.example.org", "imap.example.org"))


def test_all_faults_of_material_services_and_names_are_reported_together(site: Site) -> None:
    expired = site.supply("shop.example.org", key_of=site.supply(), **EXPIRED)
    faults = [{"nginx": {"prots": [1]}}, "ngnix"]
    (result,) = refuse(site, site.install(expired, *faults, other_urls=["not a name"]))
    found = set(codes(result, "problems"))
    assert found >= {"key_mismatch", "expired", "name_missing", "service_invalid", "unknown_service", "name_invalid"}
    assert result["msg"].splitlines()[0].startswith(f"{len(result['problems'])} problems. system: ")


def test_arguments_are_refused_all_together_and_never_with_a_secret(site: Site) -> None:
    supplied = site.supply()
    site.scanner.add_word("tell-nobody-of-this-word")
    refuse_task = site.install(supplied, private_key_content="{{ key }}", stage_only="perhaps", colour="blue")
    finished = site.run(refuse_task, key=supplied.issued.key_pem.decode() + "tell-nobody-of-this-word")
    assert finished.result["status"] == "failed"
    assert all(word in finished.result["msg"] for word in ("private_key_content", "stage_only", "colour"))
    assert site.executions == 0


def _without_intermediate(site: Site) -> Any:
    supplied = site.supply()
    root: Issued = supplied.issued.issuers[-1]
    (site.controller.secrets / supplied.words["ca_src"]).write_bytes(root.pem)
    return supplied
