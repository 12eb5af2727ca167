# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job of AWX that orders: its account is a credential, a file and variables of the environment, and stays there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acme_server import AcmeServer
from fault_proxy import FaultProxy

from ansible_collections.certwright.tls.tests.integration.acme_site import ACCOUNT_KEY, AcmeSite
from ansible_collections.certwright.tls.tests.integration.runner_job import Job
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import NAME, Site
from ansible_collections.certwright.tls.tests.integration.test_acme_accounts import HMAC_KEY, KID


def declare(acme: AcmeSite) -> dict[str, Any]:
    issuer = {
        "type": "acme",
        "acme_directory": acme.front.directory,
        "acme_ca_certificates": acme.ca.ca,
        "terms_agreed": True,
        "email": "pki@example.org",
        "account_key_src": "{{ tls_account_key_path }}",
        "eab_kid": KID,
        "challenge": acme.webroot_words(),
    }
    system = {"external_url": NAME, "issuer": "ca", "accept": ["test_issuer"], "services": [acme.service()]}
    words = {"tls_issuers": {"ca": issuer}, "tls_system": system, "tls_store_path": str(acme.site.store)}
    return {**acme.site.variables, **words}


def test_an_order_by_a_credential_leaves_nothing_of_it_and_says_nothing_of_it(
    site: Site, idle_nginx: Nginx, tmp_path: Path
) -> None:
    site.scanner.add_word(HMAC_KEY)
    with AcmeServer(tmp_path / "ca", external_accounts={KID: HMAC_KEY}) as server, FaultProxy(server) as front:
        acme = AcmeSite(site, idle_nginx, front)
        acme.serve("system")
        account_key = (site.controller.secrets / ACCOUNT_KEY).read_text(encoding="ascii")
        job = Job(
            root=tmp_path / "job1",
            hosts={"web1": {}},
            variables=declare(acme),
            environment={"CERTWRIGHT_ACME_EAB_HMAC_KEY": HMAC_KEY},
            files={"tls_account_key_path": account_key},
        )
        renewed = job.run("renew")
        acme.learn_secrets()
        assert (renewed.code, renewed.hosts("renewed"), len(front.orders)) == (0, ["web1"], 1), renewed.tail
        assert acme.served() != acme.by_hand["system"]
    assert site.scanner.find((tmp_path / "job1" / "env" / "envvars").read_bytes()) != []
    told = [tmp_path / "job1.output", *(path for path in renewed.artifacts.rglob("*") if path.name != "command")]
    leaks = {str(path): site.scanner.find(path.read_bytes()) for path in told if path.is_file()}
    assert len(leaks) > 20
    assert {path: pieces for path, pieces in leaks.items() if pieces} == {}
