# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A private CA in a directory, from its creation to its roll-over: real runs on a real directory."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from ansible_collections.certwright.tls.tests.integration.site import Site, codes

WORD, ROOT_WORD, NEW_WORD = "day by day: horse", "once in years: staple", "from now on: battery"
OUT_WORD = "to be kept: correct"
MODULE, SHOW, SIGN = "certwright.tls.internal_ca", "certwright.tls.internal_ca_info", "certwright.tls.internal_ca_cert"
CREATION = {
    "create": True,
    "subject": "CN=Example Root,O=Example,C=DE",
    "name_constraints": {"permitted_names": ["example.org"]},
    "passphrase": "{{ ca_word }}",
    "root_passphrase": "{{ ca_root_word }}",
}
OPENSSL_CONFIGURATION = """
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[leaf]
basicConstraints = critical, CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class CaSite:
    """A host with room for a CA, and the words that its inventory would have."""

    def __init__(self, site: Site) -> None:
        self.site, self.files = site, site.controller.secrets
        self.path, self.backup = site.host / "ca", site.host / "backup"
        self.variables = {"ca_word": WORD, "ca_root_word": ROOT_WORD, "ca_new_word": NEW_WORD, "ca_out": OUT_WORD}
        for word in self.variables.values():
            site.scanner.add_word(word)

    def task(self, **words: Any) -> dict[str, Any]:
        return {MODULE: {"path": str(self.path), **words}, "ignore_errors": True}

    def show(self, **words: Any) -> dict[str, Any]:
        return {SHOW: {"path": str(self.path), **words}, "ignore_errors": True}

    def sign(self, pinned: str, *requests: dict[str, Any]) -> dict[str, Any]:
        words = {"path": str(self.path), "fingerprint": pinned, "passphrase": "{{ ca_word }}"}
        return {SIGN: {**words, "requests": list(requests)}, "ignore_errors": True}

    def run(self, *tasks: dict[str, Any], check: bool = False) -> tuple[dict[str, Any], ...]:
        """The results of the tasks, all of them in one run."""
        finished = self.site.run(*tasks, check=check, **self.variables)
        assert len(finished.results) == len(tasks), finished.output
        return finished.results

    def do(self, *, check: bool = False, **words: Any) -> dict[str, Any]:
        (result,) = self.run(self.task(**words), check=check)
        return result

    def create(self, **words: Any) -> dict[str, Any]:
        created = self.do(**(CREATION | words))
        assert created["status"] == "ok", created.get("msg")
        for pem in (*created["anchors"], *created["chain"]):
            self.site.scanner.add_public(load(pem).public_bytes(Encoding.DER))
        return created

    def write(self, name: str, text: str | bytes) -> str:
        path = self.files / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def make_request(self, name: str) -> str:
        """A CSR of somebody else, and its key beside it."""
        words = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}")
        openssl("req", "-new", *words, "-keyout", f"{name}.key", "-out", f"{name}.csr", cwd=self.files)
        return (self.files / f"{name}.csr").read_text(encoding="ascii")

    @property
    def kinds(self) -> list[str]:
        lines = (self.path / "ledger.jsonl").read_text(encoding="ascii").splitlines()
        return [json.loads(line)["kind"] for line in lines]


@pytest.fixture
def ca_site(site: Site) -> CaSite:
    return CaSite(site)


def openssl(*words: str, cwd: Path) -> str:
    done = subprocess.run(["openssl", *words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusals(result: dict[str, Any]) -> list[str]:
    assert result["status"] == "failed", result
    return codes(result, "problems")


def test_a_ca_is_created_once_and_kept_without_a_passphrase(ca_site: CaSite) -> None:
    checked = ca_site.do(check=True, **CREATION)
    assert (checked["changed"], codes(checked), ca_site.path.exists()) == (True, ["ca_created"], False)
    created = ca_site.create()
    assert (created["changed"], codes(created)) == (True, ["ca_created"])
    begun = ca_site.site.executions
    again, pinned, show = ca_site.run(
        ca_site.task(**CREATION),
        ca_site.task(fingerprint=f"sha256:{created['fingerprint']}"),
        ca_site.show(passphrase="{{ ca_word }}"),
    )
    assert (again["changed"], pinned["changed"], show["changed"]) == (False, False, False)
    assert ca_site.site.executions == begun + 3
    assert "fingerprint_unpinned" in str(again["warnings"])
    assert (show["ca"], show["proved"]) == (created["ca"], True)
    assert show["ca"]["issuing"]["subject"] == "CN=Example Root Issuing CA,O=Example,C=DE"
    assert show["ca"]["distinguished_name"] == "CN=Example Root, O=Example, C=DE"
    assert (show["counts"]["live"], show["ledger"]["number"], show["ca_id"]) == (0, 1, created["fingerprint"])
    root, issuing = ca_site.write("root.pem", created["anchors"][0]), ca_site.write("issuing.pem", created["chain"][0])
    assert openssl("verify", "-x509_strict", "-CAfile", root, issuing, cwd=ca_site.files).endswith("OK\n")
    places = (ca_site.path, *ca_site.path.glob("keys/*"))
    assert [oct(path.stat().st_mode & 0o777) for path in places] == ["0o700", "0o600", "0o600"]


def test_what_is_not_the_pinned_ca_is_an_error_and_never_a_new_one(ca_site: CaSite) -> None:
    ca_site.path.mkdir(mode=0o700)
    missing, empty = ca_site.run(ca_site.task(fingerprint="ab" * 32), ca_site.task(**CREATION, fingerprint="ab" * 32))
    assert (refusals(missing), refusals(empty)) == (["ca_missing"], ["ca_missing"])
    assert list(ca_site.path.iterdir()) == []
    pin = ca_site.create()["fingerprint"]
    other, unpinned, renamed, wrong, silent, shown = ca_site.run(
        ca_site.task(fingerprint="ab" * 32),
        ca_site.task(),
        ca_site.task(**(CREATION | {"subject": "CN=Another Root"})),
        ca_site.task(fingerprint=pin, crl={"enabled": True}, passphrase="{{ ca_out }}"),
        ca_site.task(fingerprint=pin, crl={"enabled": True}),
        ca_site.show(fingerprint="ab" * 32),
    )
    assert refusals(other) == ["ca_other"]
    assert refusals(unpinned) == ["fingerprint_missing"]
    assert refusals(renamed) == ["ca_other"]
    assert refusals(wrong) == ["wrong_passphrase"]
    assert refusals(silent) == ["passphrase_missing"]
    assert refusals(shown) == ["ca_other"]
    assert ca_site.kinds == ["authority"]


def test_a_key_is_exported_encrypted_and_never_over_another_file(ca_site: CaSite) -> None:
    pin, place = ca_site.create()["fingerprint"], ca_site.files / "out.p8"
    words = {"fingerprint": pin, "root_passphrase": "{{ ca_root_word }}"}
    export = {"kind": "root", "path": str(place), "passphrase": "{{ ca_out }}"}
    (checked,) = ca_site.run(ca_site.task(**words, export=export), check=True)
    assert (codes(checked), place.exists()) == (["key_exported"], False)
    exported, again, open_one = ca_site.run(
        ca_site.task(**words, export=export),
        ca_site.task(**words, export=export),
        ca_site.task(**words, export={**export, "path": str(ca_site.files / "open.p8"), "passphrase": ""}),
    )
    assert (exported["changed"], codes(exported)) == (True, ["key_exported"])
    assert (refusals(again), refusals(open_one)) == (["export_exists"], ["passphrase_missing"])
    assert oct(place.stat().st_mode & 0o777) == "0o600"
    text = place.read_bytes()
    key = load_pem_private_key(text, OUT_WORD.encode())
    ca_site.site.scanner.add_key(key, also=[text])
    (root,) = exported["anchors"]
    assert key.public_key() == x509.load_pem_x509_certificate(root.encode()).public_key()
    assert not (ca_site.files / "open.p8").exists()


def test_passphrases_are_rotated_and_the_root_may_be_offline(ca_site: CaSite) -> None:
    pin = ca_site.create()["fingerprint"]
    before = {path.name for path in (ca_site.path / "keys").iterdir()}
    new = {"fingerprint": pin, "passphrase": "{{ ca_word }}", "new_passphrase": "{{ ca_new_word }}"}
    rotated, again, old, proved = ca_site.run(
        ca_site.task(**new),
        ca_site.task(**new),
        ca_site.task(fingerprint=pin, passphrase="{{ ca_word }}", crl={"enabled": True}),
        ca_site.show(passphrase="{{ ca_new_word }}"),
    )
    assert (codes(rotated), again["changed"], refusals(old)) == (["passphrase_changed"], False, ["wrong_passphrase"])
    assert proved["proved"] is True
    (archived,) = (path.name for path in (ca_site.path / "archive").iterdir())
    assert any(archived.startswith(name) for name in before)
    (root,) = (path for path in (ca_site.path / "keys").iterdir() if path.name in before)
    root.rename(ca_site.files / root.name)
    words = {"fingerprint": pin, "passphrase": "{{ ca_new_word }}", "root_passphrase": "{{ ca_root_word }}"}
    kept, refused = ca_site.run(
        ca_site.task(**words, crl={"enabled": True}),
        ca_site.task(**words, rollover="prepare", rollover_ahead="4000d"),
    )
    assert (codes(kept), kept["ca"]["key"]) == (["crl_rule_changed", "crl_missing"], "offline")
    assert refusals(refused) == ["root_key_offline"]
    assert root.name in refused["msg"]


def test_a_ca_of_openssl_is_imported(ca_site: CaSite) -> None:
    files = ca_site.files
    make_openssl_ca(ca_site)
    words = {
        "certificate_src": "sub.pem",
        "private_key_src": "sub.key",
        "private_key_passphrase": "{{ ca_out }}",
        "chain_src": "top.pem",
        "passphrase": "{{ ca_word }}",
    }
    pin = openssl("x509", "-in", "top.pem", "-noout", "-fingerprint", "-sha256", cwd=files).strip().partition("=")[2]
    refused, keyless, imported, again = ca_site.run(
        ca_site.task(create=True, **(words | {"certificate_src": "leaf.pem", "private_key_src": "leaf.key"})),
        ca_site.task(create=True, **(words | {"private_key_src": None, "private_key_passphrase": None})),
        ca_site.task(create=True, fingerprint=pin, **words),
        ca_site.task(fingerprint=pin, **words),
    )
    assert "ca_not_ca" in refusals(refused)
    assert refusals(keyless) == ["private_key_missing"]
    assert (codes(imported), again["changed"]) == (["ca_imported"], False)
    assert (imported["ca"]["key"], imported["ca"]["issuing"]["key_type"]) == ("elsewhere", "RSA 2048")
    request = {"name": "web", "usage": "server", "names": ["a.example.org"], "csr": ca_site.make_request("a")}
    signed, other = ca_site.run(
        ca_site.sign(pin, request),
        ca_site.task(fingerprint=pin, certificate_src="top.pem", private_key_src="top.key", passphrase="{{ ca_word }}"),
    )
    assert signed["status"] == "ok", signed
    assert refusals(other) == ["ca_in_use"]


def make_openssl_ca(ca_site: CaSite) -> None:
    """`top` signs itself, `sub` is below it and its key encrypted, `leaf` is none."""
    files = ca_site.files
    ca_site.write("ca.cnf", OPENSSL_CONFIGURATION)
    key = ("-newkey", "rsa:2048", "-config", "ca.cnf")
    openssl("req", "-x509", *key, "-nodes", "-subj", "/O=Old/CN=Old Root", "-days", "3000", "-extensions", "root",
            "-keyout", "top.key", "-out", "top.pem", cwd=files)  # fmt: skip
    for name, section, options in (("sub", "sub", ("-passout", f"pass:{OUT_WORD}")), ("leaf", "leaf", ("-nodes",))):
        openssl("req", *key, *options, "-subj", f"/O=Old/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                cwd=files)  # fmt: skip
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "top.pem", "-CAkey", "top.key", "-days", "1500",
                "-extfile", "ca.cnf", "-extensions", section, "-out", f"{name}.pem", cwd=files)  # fmt: skip
    for name in ("top", "leaf", "sub"):
        text = (files / f"{name}.key").read_bytes()
        encrypted = name == "sub"
        private_key = load_pem_private_key(text, OUT_WORD.encode() if encrypted else None)
        ca_site.site.scanner.add_key(private_key, also=[text] if encrypted else [])
        ca_site.site.scanner.add_public(
            x509.load_pem_x509_certificate((files / f"{name}.pem").read_bytes()).public_bytes(Encoding.DER)
        )


def test_a_ca_is_signed_elsewhere_and_its_key_never_leaves(ca_site: CaSite) -> None:
    make_openssl_ca(ca_site)
    words = {"create": True, "request": True, "subject": "/O=Old/CN=Ours", "passphrase": "{{ ca_word }}"}
    requested, again, shown, early = ca_site.run(
        ca_site.task(**words),
        ca_site.task(**words),
        ca_site.show(),
        ca_site.task(create=True, rollover="prepare", passphrase="{{ ca_word }}"),
    )
    assert (codes(requested), again["changed"], early["changed"]) == (["ca_requested"], False, False)
    assert requested["request"] == again["request"] == shown["request"]
    assert (shown["state"], shown["anchors"], shown["issuing_id"]) == ("requested", [], "")
    ca_site.write("ours.csr", requested["request"])
    openssl("x509", "-req", "-in", "ours.csr", "-CA", "top.pem", "-CAkey", "top.key", "-days", "1000",
            "-extfile", "ca.cnf", "-extensions", "sub", "-out", "ours.pem", cwd=ca_site.files)  # fmt: skip
    pin = openssl("x509", "-in", "top.pem", "-noout", "-fingerprint", "-sha256", cwd=ca_site.files)
    pin = pin.strip().partition("=")[2]
    back = {"passphrase": "{{ ca_word }}", "certificate_src": "ours.pem", "chain_src": "top.pem"}
    foreign, wrong, done, same = ca_site.run(
        ca_site.task(fingerprint=pin, **(back | {"certificate_src": "sub.pem"})),
        ca_site.task(fingerprint="ab" * 32, **back),
        ca_site.task(fingerprint=pin, **back),
        ca_site.task(fingerprint=pin, **back),
    )
    assert (refusals(foreign), refusals(wrong)) == (["key_mismatch"], ["fingerprint_differs"])
    assert (codes(done), same["changed"], "request" in done) == (["certificate_imported"], False, False)
    assert (done["ca"]["subject"], done["ca"]["key"]) == ("CN=Old Root,O=Old", "elsewhere")
    request = ca_site.make_request("b")
    (signed,) = ca_site.run(ca_site.sign(pin, {"name": "b", "usage": "client", "names": ["b.lan"], "csr": request}))
    assert signed["status"] == "ok", signed


@pytest.mark.further
def test_a_roll_over_waits_for_hosts_and_certificates(ca_site: CaSite) -> None:
    pin = ca_site.create()["fingerprint"]
    words = {"passphrase": "{{ ca_word }}", "root_passphrase": "{{ ca_root_word }}", "crl": {"enabled": True}}
    request = {"name": "web", "host": "web1", "usage": "server", "names": ["a.example.org"],
               "csr": ca_site.make_request("a")}  # fmt: skip
    ahead = {"rollover_ahead": "4000d"}
    signed, early, idle, prepared, again, refused, trusting, switched, twice = ca_site.run(
        ca_site.sign(pin, request),
        ca_site.task(fingerprint=pin, rollover="switch", **words),
        ca_site.task(fingerprint=pin, rollover="prepare", **words),
        ca_site.task(fingerprint=pin, rollover="prepare", **words, **ahead),
        ca_site.task(fingerprint=pin, rollover="prepare", **words, **ahead),
        ca_site.task(fingerprint=pin, rollover="switch", **words),
        ca_site.task(fingerprint=pin, trusted=["web1"], **words),
        ca_site.task(fingerprint=pin, rollover="switch", **words),
        ca_site.task(fingerprint=pin, rollover="switch", **words),
    )
    assert signed["status"] == "ok", signed
    assert (refusals(early), codes(idle)) == (["rollover_not_prepared"], ["crl_rule_changed", "crl_missing"])
    # The next CA and the next root have their lists before anybody meets their certificates
    assert (codes(prepared), again["changed"]) == (["rollover_prepared", "crl_missing", "crl_missing"], False)
    assert (len(prepared["anchors"]), prepared["rollover"]["phase"]) == (2, "trust")
    assert [item["host"] for item in prepared["rollover"]["left"]] == ["web1"]
    assert (refusals(refused), codes(trusting)) == (["trust_missing"], ["hosts_trust"])
    assert (codes(switched), twice["changed"]) == (["rollover_switched"], False)
    assert (switched["crl"].count("BEGIN"), switched["ca_id"] == pin, switched["fingerprint"] == pin) == (
        # Of both roots and of both issuing CAs
        4,
        True,
        False,
    )
    assert_cross_leads_from_old_root(ca_site, switched, pin)
    new = switched["fingerprint"]
    distrust = {"rollover": "distrust", "min_overlap": "0d", **words}
    outdated, soon, left, reissued, done, gone, last = ca_site.run(
        ca_site.task(fingerprint=pin, **distrust),
        ca_site.task(fingerprint=new, **(distrust | {"min_overlap": "30d"})),
        ca_site.task(fingerprint=new, **distrust),
        ca_site.sign(new, request),
        ca_site.task(fingerprint=new, **distrust),
        ca_site.task(fingerprint=pin, **words),
        ca_site.task(fingerprint=new, **words),
    )
    assert (refusals(outdated), refusals(soon)) == (["fingerprint_outdated"], ["overlap_too_short"])
    assert (refusals(left), reissued["status"]) == (["certificate_left"], "ok")
    assert (codes(done), len(done["anchors"]), done["rollover"]["phase"]) == (["rollover_distrusted"], 1, "")
    assert (refusals(gone), last["changed"]) == (["ca_other"], False)


def assert_cross_leads_from_old_root(ca_site: CaSite, result: dict[str, Any], pin: str) -> None:
    """Whoever trusts only the previous root accepts what the next CA signs."""
    roots = {certificate.fingerprint(SHA256()).hex(): pem for pem in result["anchors"] if (certificate := load(pem))}
    ca_site.write("old.pem", roots[pin])
    ca_site.write("between.pem", "".join(result["cross"]))
    ca_site.write("issuing.pem", result["chain"][0])
    words = ("-x509_strict", "-CAfile", "old.pem", "-untrusted", "between.pem", "issuing.pem")
    assert openssl("verify", *words, cwd=ca_site.files).endswith("OK\n")


def load(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def test_a_waiver_lets_a_roll_over_go_on(ca_site: CaSite) -> None:
    pin = ca_site.create(issuing=False)["fingerprint"]
    words = {"fingerprint": pin, "passphrase": "{{ ca_word }}"}
    request = {"name": "web", "host": "dead", "usage": "server", "names": ["a.example.org"],
               "csr": ca_site.make_request("a")}  # fmt: skip
    waiver = {"host": "dead", "reason": "burnt down", "until": "2099-01-01"}
    _signed, prepared, ended, switched, shown = ca_site.run(
        ca_site.sign(pin, request),
        ca_site.task(**words, rollover="prepare", rollover_ahead="4000d"),
        ca_site.task(**words, rollover="switch", waivers=[{**waiver, "until": "2020-01-01"}]),
        ca_site.task(**words, rollover="switch", waivers=[waiver]),
        ca_site.show(),
    )
    assert (codes(prepared), refusals(ended)) == (["rollover_prepared"], ["trust_missing"])
    assert codes(switched) == ["waivers_changed", "rollover_switched"]
    assert (shown["rollover"]["left"], shown["chain"], len(shown["anchors"])) == ([], [], 2)


def test_a_restored_backup_signs_nothing_until_its_loss_is_accepted(ca_site: CaSite) -> None:
    pin = ca_site.create(backup_to=str(ca_site.backup))["fingerprint"]
    request = {"name": "web", "host": "web1", "usage": "server", "names": ["a.example.org"],
               "csr": ca_site.make_request("a")}  # fmt: skip
    words = {"fingerprint": pin, "passphrase": "{{ ca_word }}"}
    signed, behind, made, complete = ca_site.run(
        ca_site.sign(pin, request),
        ca_site.show(backup_to=str(ca_site.backup), backup_max_age="0d"),
        ca_site.task(fingerprint=pin, backup_to=str(ca_site.backup)),
        ca_site.task(fingerprint=pin, backup_to=str(ca_site.backup)),
    )
    assert signed["status"] == "ok", signed
    assert "backup_behind" in str(behind["warnings"])
    assert (codes(made), made["backup"]["is_complete"], complete["changed"]) == (["backup_made"], True, False)
    (again,) = ca_site.run(ca_site.sign(pin, {**request, "host": "web2", "csr": ca_site.make_request("b")}))
    anchor, lost = (
        {word: result["certificates"][0][word] for word in ("number", "hash", "seal")} for result in (signed, again)
    )
    shutil.rmtree(ca_site.path)
    shutil.copytree(ca_site.backup, ca_site.path)
    (refused,) = ca_site.run(ca_site.task(**words, anchors=[anchor, lost]))
    assert refusals(refused) == ["ca_rolled_back"]
    (digest,) = re.findall(r"accept_restored: (\w+)", refused["msg"])
    other, accepted, after = ca_site.run(
        ca_site.task(**words, anchors=[anchor, lost], accept_restored="0" * 16),
        ca_site.task(**words, anchors=[anchor, lost], accept_restored=digest),
        ca_site.task(**words, anchors=[anchor, lost]),
    )
    assert (refusals(other), codes(accepted), after["changed"]) == (["ca_rolled_back"], ["restored_accepted"], False)


def test_a_list_of_revocations_is_signed_when_it_is_time(ca_site: CaSite) -> None:
    pin = ca_site.create(crl={"enabled": True, "url": "http://pki.example.org/ca.crl"})["fingerprint"]
    request = {"name": "web", "host": "web1", "usage": "server", "names": ["a.example.org"],
               "csr": ca_site.make_request("a")}  # fmt: skip
    words = {"fingerprint": pin, "passphrase": "{{ ca_word }}"}
    revoking = {"path": str(ca_site.path), "revoke": [{"host": "web1", "reason": "key_compromise"}], **words}
    signed, before, revoked, after, again, shown = ca_site.run(
        ca_site.sign(pin, request),
        ca_site.show(),
        {SIGN: revoking},
        ca_site.task(**words),
        ca_site.task(**words),
        ca_site.show(hosts=["web1"]),
    )
    assert (signed["status"], revoked["status"]) == ("ok", "ok")
    assert (codes(after), again["changed"]) == (["certificate_revoked"], False)
    lists = [x509.load_pem_x509_crl(result["crl"].encode()) for result in (before, after)]
    numbers = [crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for crl in lists]
    assert ([len(crl) for crl in lists], numbers[0] < numbers[1]) == ([0, 1], True)
    assert shown["crl"] == after["crl"] == again["crl"]
    (row,) = shown["certificates"]
    assert (row["status"], row["revocation_reason"], row["names"]) == ("revoked", "key_compromise", ["a.example.org"])
    assert (shown["counts"]["revoked"], shown["dates"]["crl_next_update"] > shown["dates"]["crl_due"]) == (1, True)
