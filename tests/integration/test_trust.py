# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`ansible-playbook certwright.tls.trust` and its module, on this Debian's trust in a mount namespace of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished
from ansible_collections.certwright.tls.tests.integration.site import NOW, Site, codes
from ansible_collections.certwright.tls.tests.integration.snapshot import take_snapshot
from ansible_collections.certwright.tls.tests.unit.authority import Authority, ca

LOCAL, SSL = Path("/usr/local/share/ca-certificates"), Path("/etc/ssl")
PASSPHRASE = "only the issuing key opens with this"
ROOT_PASSPHRASE = "and only the root with that"
UNSHARE = ("unshare", "--map-root-user", "--mount")


class TrustingHost:
    """Its programs trust what is in `local` and `ssl`, which lie over the real directories for it alone."""

    def __init__(self, site: Site) -> None:
        self.site, self.local, self.ssl = site, site.root / "local", site.root / "ssl"
        self.local.mkdir()
        shutil.copytree(SSL / "certs", self.ssl / "certs", symlinks=True)
        shutil.copy(SSL / "openssl.cnf", self.ssl)
        python = site.root / "python"
        mounts = f"mount --bind {self.local} {LOCAL} && mount --bind {self.ssl} {SSL}"
        inside = f'{mounts} && exec {sys.executable} "$@"'
        python.write_text(f"#!/bin/sh\nexec {' '.join(UNSHARE)} sh -c '{inside}' python \"$@\"\n", encoding="utf-8")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        inside = f'mount --bind {self.local} {LOCAL} && mount --bind {self.ssl} {SSL} && exec "$@"'
        words = [*UNSHARE, "sh", "-c", inside, "sh", *command]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    def trusts(self, authority: Authority) -> bool:
        """By the bundle, as most programs; and by the hashed directory, as OpenSSL. Both or none."""
        leaf = self.site.root / "leaf.pem"
        life = {"not_before": authority.certificate.not_valid_before_utc}
        leaf.write_bytes(authority.issue("www.example.org", **life).pem)
        verify = ("openssl", "verify", "-no-CAfile", "-no-CApath", "-no-CAstore")
        places = (("-CAfile", f"{SSL}/certs/ca-certificates.crt"), ("-CApath", f"{SSL}/certs"))
        bundle, hashed = (self.run(*(*verify[:2], *place, str(leaf))).returncode == 0 for place in places)
        assert bundle == hashed
        return bundle

    @property
    def java_entries(self) -> list[str]:
        """Of the store that Debian's JDKs share, which a hook of its program keeps."""
        words = ("-list", "-keystore", f"{SSL}/certs/java/cacerts", "-storepass", "changeit")
        listed = self.run("keytool", *words).stdout.splitlines()
        return [line.partition(",")[0] for line in listed if "certwright-" in line]


@pytest.fixture
def host(site: Site) -> TrustingHost:
    if shutil.which("update-ca-certificates", path="/usr/sbin") is None:
        pytest.skip("update-ca-certificates of Debian is not there")
    if subprocess.run([*UNSHARE, "true"], check=False, capture_output=True, timeout=20).returncode:
        pytest.skip("mount namespaces cannot be made here")
    for word in (PASSPHRASE, ROOT_PASSPHRASE):
        site.scanner.add_word(word)
    return TrustingHost(site)


def root(name: str) -> Authority:
    return ca(name, not_before=NOW.replace(year=NOW.year - 1))


def trust(site: Site, *options: str, **words: Any) -> Finished:
    task = {"certwright.tls.trust_store": words}
    play = {"hosts": "all", "gather_facts": False, "tasks": [task]}
    return site.controller.start([play], *options, variables={}).finish()


def test_the_whole_life_each_step_also_in_check_mode_and_again(site: Site, host: TrustingHost) -> None:
    first, second = root("Example Root"), root("Example Root")
    texts = [item.pem.decode() for item in (first, second)]
    has_java = (SSL / "certs/java/cacerts").exists() and shutil.which("keytool") is not None
    steps: list[tuple[dict[str, Any], list[str], tuple[bool, bool]]] = [
        ({"certificates": texts[:1]}, ["trust_added"], (True, False)),
        ({"certificates": texts}, ["trust_added"], (True, True)),
        ({"certificates": texts[1:]}, ["trust_removed"], (False, True)),
        ({"state": "absent"}, ["trust_removed"], (False, False)),
    ]
    for words, reasons, trusted in steps:
        before = take_snapshot(host.ssl)
        foretold = trust(site, "--check", **words).result
        assert (foretold["status"], foretold["changed"], codes(foretold)) == ("ok", True, reasons), foretold
        assert take_snapshot(host.ssl) == before
        done = trust(site, **words).result
        assert (done["status"], done["changed"], codes(done)) == ("ok", True, reasons), done
        assert (host.trusts(first), host.trusts(second)) == trusted
        if has_java:
            assert len(host.java_entries) == sum(trusted)
        after = take_snapshot(host.ssl)
        again = trust(site, **words).result
        assert (again["changed"], codes(again), take_snapshot(host.ssl) == after) == (False, [], True)
    assert list(host.local.iterdir()) == []
    assert not (host.ssl / "certwright-trust.json").exists()


@pytest.mark.parametrize(
    ("material", "problem"), [("leaf", "ca_not_ca"), ("key", "private_key_given"), ("none", "trust_empty")]
)
def test_what_is_no_root_is_refused_before_the_host_is_asked(
    site: Site, host: TrustingHost, material: str, problem: str
) -> None:
    issued = site.make()
    (site.controller.secrets / "key.pem").write_bytes(issued.pem + issued.key_pem)
    (site.controller.secrets / "leaf.pem").write_bytes(issued.pem)
    files = [] if material == "none" else [str(site.controller.secrets / f"{material}.pem")]
    finished = trust(site, certificates_src=files)
    assert (finished.result["status"], codes(finished.result, "problems")) == ("failed", [problem])
    assert site.executions == 0
    assert list(host.local.iterdir()) == []


@pytest.mark.further
def test_a_roll_over_reaches_the_hosts_and_the_ca_learns_who_has_the_next_root(site: Site, host: TrustingHost) -> None:
    path = site.root / "ca"
    files = {"passphrase_src": PASSPHRASE, "root_passphrase_src": ROOT_PASSPHRASE}
    secrets = {option: str(site.controller.secrets / option) for option in files}
    for option, text in files.items():
        (site.controller.secrets / option).write_text(text, encoding="utf-8")

    def keep(**words: Any) -> dict[str, Any]:
        task = {"certwright.tls.internal_ca": {"path": str(path), **secrets, **words}}
        play = {"hosts": "ca01", "gather_facts": False, "tasks": [task]}
        finished = site.controller.start([play], "-i", "ca01,", variables={}).finish()
        assert finished.code == 0, finished.output
        return finished.result

    created = keep(create=True, subject="CN=Office Root,O=Example,C=DE")
    office = {
        "type": "internal_ca",
        "host": "ca01",
        "path": str(path),
        "fingerprint": created["fingerprint"],
        "passphrase_src": secrets["passphrase_src"],
    }
    inventory: dict[str, Any] = {"tls_hosts": "host*", "tls_issuers": {"office": office}, "tls_trust": ["office"]}

    def distribute(*options: str, **words: Any) -> Finished:
        variables = {**inventory, **words}
        return site.controller.start(
            "certwright.tls.trust", "-i", "host2,ca01,", *options, variables=variables
        ).finish()

    def kept(finished: Finished) -> list[tuple[str, list[str]]]:
        return [(item["host"], codes(item)) for item in finished.results if "places" in item]

    assert kept(distribute("--check")) == [("host1", ["trust_added"]), ("host2", ["trust_added"])]
    assert list(host.local.iterdir()) == []
    # Both are the same machine here, so that the second has what the first was given.
    done = distribute()
    assert (done.code, kept(done)) == (0, [("host1", ["trust_added"]), ("host2", [])]), done.output
    assert [item.read_text(encoding="ascii") for item in host.local.iterdir()] == created["anchors"]

    prepared = keep(fingerprint=created["fingerprint"], rollover="prepare", rollover_ahead="36500d")
    assert len(prepared["anchors"]) == 2
    rolled = distribute()
    assert (rolled.code, kept(rolled)) == (0, [("host1", ["trust_added"]), ("host2", [])]), rolled.output
    assert sorted(item.read_text(encoding="ascii") for item in host.local.iterdir()) == sorted(prepared["anchors"])
    told = [codes(item) for result in rolled.results for item in result.get("results", ()) if "reasons" in item]
    assert told == [["hosts_trust"], ["hosts_trust"]]
    assert [
        codes(item) for result in distribute().results for item in result.get("results", ()) if "reasons" in item
    ] == [
        [],
        [],
    ]

    before = take_snapshot(host.ssl)
    silent = distribute(tls_issuers={"office": {**office, "path": str(site.root / "nowhere")}})
    assert (silent.code != 0, "could not be asked whom to trust" in silent.output) == (True, True)
    gone = distribute(tls_issuers={"office": {**office, "host": "ca09"}})
    assert (gone.code != 0, "is no host of the inventory" in gone.output.replace("\\n", " ")) == (True, True)
    assert take_snapshot(host.ssl) == before

    assert kept(distribute(tls_trust_state="absent")) == [("host1", ["trust_removed"] * 2), ("host2", [])]
    assert list(host.local.iterdir()) == []
    assert kept(distribute(tls_trust=[])) == []
