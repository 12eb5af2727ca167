# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook certwright.tls.decommission`: everything of ours goes from a host, and nothing else does."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.certwright.tls.tests.integration.internal_site import InternalSite
from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
from ansible_collections.certwright.tls.tests.integration.snapshot import take_snapshot
from ansible_collections.certwright.tls.tests.integration.test_remove_playbook import has_changed, last, problems

HOST = "host1"


def decommission(office: InternalSite, *options: str, **words: Any) -> Finished:
    return office.play("decommission", *options, tls_hosts=HOST, **words)


def revoked(office: InternalSite) -> list[tuple[str, str]]:
    found = (entry for entry in office.ca.entries if entry["kind"] == "revoked")
    return [(entry["host"], entry["revocation_reason"]) for entry in found]


def test_hosts_have_to_be_named(office: InternalSite) -> None:
    for options, words in (((), {}), (("--limit", HOST), {}), ((), {"tls_hosts": ""})):
        refused = office.play("decommission", *options, **words)
        assert refused.code == 2, refused.output
        assert "-e tls_hosts=web7" in refused.output


def test_a_host_loses_everything_once_nothing_uses_it(office: InternalSite) -> None:
    office.serve()
    office.install()
    store, marker = office.site.store / HOST, office.site.store / f"{HOST}.decommissioned.json"

    busy = decommission(office, tls_revoke=True)
    assert (busy.code, problems(busy)) == (2, {"web": "in_use"}), busy.output
    assert (revoked(office), office.stored(HOST)) == ([], office.served(HOST))

    office.nginx.stop()
    (store / "notes.txt").write_text("somebody else's", encoding="utf-8")
    before = take_snapshot(office.site.host)
    foretold = decommission(office, "--check", tls_revoke=True)
    assert (foretold.code, take_snapshot(office.site.host) == before) == (0, True), foretold.output
    assert {"disabled", "store_removed"} <= {item["code"] for item in last(foretold)["reasons"]}

    done = decommission(office, tls_revoke=True)
    assert done.code == 0, done.output
    assert revoked(office) == [(HOST, "cessation_of_operation")]
    assert sorted(os.listdir(store)) == [".gitignore", ".lock", "notes.txt"]
    assert "(store_kept)" in "".join(last(done)["warnings"])
    assert marker.is_file()
    certificate, private_key = office.files_of(HOST)
    assert not certificate.is_symlink()
    assert b"PRIVATE KEY" in private_key.read_bytes()
    assert office.stored("host2")

    (store / "notes.txt").unlink()
    assert decommission(office, tls_revoke=True).code == 0
    assert not store.exists()
    again = decommission(office, tls_revoke=True)
    assert (again.code, has_changed(again)) == (0, False)
    assert revoked(office) == [(HOST, "cessation_of_operation")]

    office.nginx.start()
    stale = office.play("install", tls_hosts=HOST)
    assert (stale.code, problems(stale)) == (2, {"web": "tombstone"})
    assert not store.exists()
    back = office.play("install", tls_hosts=HOST, tls_revive=True)
    assert back.code == 0, back.output
    assert office.stored(HOST) == office.served(HOST)


def test_a_host_that_was_broken_into_gets_none_of_its_keys_back(office: InternalSite) -> None:
    """What had stood at its paths before goes as well where it holds such a key."""
    office.serve()
    office.install()
    kept = [path.with_name(f"{path.name}.before-certwright") for path in office.files_of(HOST)]
    leaked = office.site.store / HOST / "live" / "web" / "privkey.pem"
    kept[1].write_bytes(leaked.read_bytes())
    office.nginx.stop()
    done = decommission(office, tls_compromised=True)
    assert done.code == 0, done.output
    assert revoked(office) == [(HOST, "key_compromise")]
    certificate, private_key = office.files_of(HOST)
    assert (certificate.is_file(), os.path.lexists(private_key), os.path.lexists(kept[1])) == (True, False, False)


def test_a_host_cannot_have_the_certificate_of_another_one_revoked(office: InternalSite) -> None:
    """One that was broken into says that it had what its neighbour serves."""
    office.serve()
    office.install()
    stores = office.site.store
    record = next(stores.glob(f"{HOST}/certificates/web/*/record.json"))
    lie = {
        "fingerprint": "11",
        "key": "22",
        "pem": (stores / "host2" / "live" / "web" / "cert.pem").read_text(encoding="ascii"),
        "issuer": json.loads(record.read_text(encoding="utf-8"))["issuer"],
        "not_after": "2999-01-01T00:00:00Z",
    }
    removed = stores / HOST / "removed"
    removed.mkdir(mode=0o700, exist_ok=True)
    (removed / "foreign.json").write_text(
        json.dumps({"version": 1, "removed": None, "leaves": [lie]}), encoding="utf-8"
    )
    office.nginx.stop()
    done = decommission(office, tls_revoke=True)
    assert (done.code, problems(done)) == (2, {"foreign": "not_revoked"}), done.output
    assert revoked(office) == [(HOST, "cessation_of_operation")]
