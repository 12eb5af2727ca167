# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of the role trust: what a role gives them, and what it gets."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.certwright.tls.plugins.filter.trust_reports import FilterModule as TrustReports
from ansible_collections.certwright.tls.plugins.filter.trust_sources import FilterModule as TrustSources
from ansible_collections.certwright.tls.plugins.filter.trusted_anchors import FilterModule as TrustedAnchors

ISSUERS = {"office": {"type": "internal_ca", "host": "ca01", "path": "/srv/ca", "fingerprint": "5d"}}


def test_an_issuer_is_asked_its_roots_reach_the_host_and_it_learns_who_has_them() -> None:
    sources = TrustSources().filters()["trust_sources"](["office"], issuers=ISSUERS, known=["ca01"])
    (item,) = sources["authorities"]
    answers = [{"item": item, "anchors": ["old", "new"], "rollover": {"phase": "trust"}, "proved": True}]
    anchors = TrustedAnchors().filters()["trusted_anchors"](answers, authorities=sources["authorities"])
    assert anchors == ["old", "new"]
    reports = TrustReports().filters()["trust_reports"](
        answers, sources={"web1": sources}, kept={"web1": {"changed": False}}
    )
    assert reports == [{**item, "asker": "web1", "hosts": ["web1"]}]


def test_faults_fail_the_task_with_their_messages() -> None:
    with pytest.raises(AnsibleFilterError, match=r"tls_trust\[0\]: `x` is not in tls_issuers"):
        TrustSources().filters()["trust_sources"](["x"], issuers={}, known=[])
    with pytest.raises(AnsibleFilterError, match="office: the CA on ca01 could not be asked"):
        TrustedAnchors().filters()["trusted_anchors"]([], authorities=[{"issuer": "office", "host": "ca01"}])
