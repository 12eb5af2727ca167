# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A removal over several hosts, of which the canary is lost between two plays: the others go on, and it is named."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.site import Site
from ansible_collections.certwright.tls.tests.integration.test_rollout import HOSTS, Rollout

NAME_OF_API = "api.example.org"


@pytest.fixture
def rollout(site: Site) -> Rollout:
    return Rollout(site)


def lose(after: str) -> dict[str, Any]:
    """Nobody listens at the port of the canary once it has that result."""
    return {
        "ansible_connection": f"{{{{ 'ssh' if inventory_hostname == 'web1' and {after} is defined else 'local' }}}}"
    }


@pytest.mark.further
def test_a_canary_that_is_lost_does_not_keep_the_others_from_being_decommissioned(rollout: Rollout) -> None:
    assert rollout.start().finish().code == 0
    rollout.playbook = "decommission"
    lost = rollout.run(tls_remove_accept=["files_abandoned"], **lose("decommission_prepared"))
    assert (lost.code, lost.report["unreachable"], lost.hosts("changed")) == (2, ["web1"], list(HOSTS[1:])), lost.output
    assert (lost.report["run"], lost.report["failed"], lost.report["unmanaged"]) == ("decommission", [], [])
    assert "web1 was not reached in each step, so nobody knows how far it came" in lost.output
    assert [(rollout.site.store / host).exists() for host in HOSTS] == [True, False, False, False]
    again = rollout.start(tls_remove_accept=["files_abandoned"]).finish()
    assert (again.code, (rollout.site.store / "web1").exists()) == (0, False), again.output


@pytest.mark.further
def test_a_canary_that_is_lost_does_not_keep_the_others_from_a_fallback(rollout: Rollout) -> None:
    secrets, supplied = rollout.site.controller.secrets, rollout.site.supply(NAME_OF_API)
    material = {word: str(secrets / name) for word, name in supplied.words.items()}
    api = {"issuer": "bought", "names": [NAME_OF_API], "services": services(rollout), **material}
    words = {"tls_issuers": {"bought": {"type": "files"}}}
    installed = rollout.start(tls_certificates={"api": api}, **words).finish()
    assert installed.code == 0, installed.output
    rollout.playbook = "remove"
    lost = rollout.run(tls_remove=["api"], **words, **lose("remove_prepared"))
    assert (lost.code, lost.report["unreachable"], lost.hosts("changed")) == (2, ["web1"], list(HOSTS[1:])), lost.output
    assert (lost.report["run"], lost.report["failed"], lost.report["unmanaged"]) == ("remove", [], [])
    assert "web1 was not reached in each step, so nobody knows how far it came" in lost.output
    fallen = [(rollout.site.store / host / "live" / "api" / "record.json").read_text() for host in HOSTS]
    assert ['"issuer": "system"' in text or '"issuer":"system"' in text for text in fallen] == [False, True, True, True]


def test_a_canary_that_had_to_go_back_stops_a_removal_before_anything_is_deleted(rollout: Rollout) -> None:
    secrets, supplied = rollout.site.controller.secrets, rollout.site.supply(NAME_OF_API)
    material = {word: str(secrets / name) for word, name in supplied.words.items()}
    api = {"issuer": "bought", "names": [NAME_OF_API], "services": services(rollout), **material}
    words = {"tls_issuers": {"bought": {"type": "files"}}}
    assert rollout.start(tls_certificates={"api": api}, **words).finish().code == 0
    rollout.playbook = "remove"
    rollout.break_service("web1")
    stopped = rollout.run(tls_remove=["api"], **words)
    assert (stopped.code, stopped.hosts("failed"), stopped.hosts("pending")) == (2, ["web1"], list(HOSTS[1:])), (
        stopped.output
    )
    assert stopped.report["stopped_by"] == ["web1"]
    assert "The rollout stopped after the batch of web1" in stopped.output
    assert all((rollout.site.store / host / "certificates" / "api").exists() for host in HOSTS)
    rollout.break_service("web1", mended=True)
    mended = rollout.run(tls_remove=["api"], **words)
    assert (mended.code, mended.hosts("changed")) == (0, list(HOSTS)), mended.output


def services(rollout: Rollout) -> list[dict[str, Any]]:
    file = {"name": "all.pem", "parts": ["leaf", "chain", "key"]}
    return [{"custom": {"files": [file], "reload": [rollout.reload, "{{ inventory_hostname }}"], "ports": []}}]
