# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One test of an internal CA: two hosts whose names one nginx shows, the CA's host, and their inventory."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ansible_collections.certwright.tls.tests.integration.playbook_run import Finished, PlaybookRun
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import Site

HOSTS, CA_HOST, ISSUER = ("host1", "host2"), "ca01", "office"
WORD, ROOT_WORD = "every day: an apple", "once in ten years: a pear"
ANSWERED, REFUSED, UNTRUSTED = "answered", "refused", "untrusted"
CONSTRAINTS = {"permitted_names": ["example.org"]}
_PINNED = re.compile(r"tls_issuers\.office\.fingerprint: (\w+)")


class Ca:
    """A CA's directory on a host, and what an inventory says of it. Its passphrases are files of the operator's."""

    def __init__(self, site: Site) -> None:
        self.site, self.files, self.path = site, site.controller.secrets, site.host / "ca"
        self.pin = self.root = self.chain = ""
        for option, word in (("passphrase_src", WORD), ("root_passphrase_src", ROOT_WORD)):
            (self.files / option).write_text(f"{word}\n", encoding="ascii")
            site.scanner.add_word(word)

    @property
    def place(self) -> dict[str, str]:
        """Of the tasks that use it."""
        return {"path": str(self.path), "fingerprint": self.pin}

    @property
    def secret(self) -> dict[str, str]:
        return {"passphrase_src": str(self.files / "passphrase_src")}

    @property
    def root_secret(self) -> dict[str, str]:
        return {"root_passphrase_src": str(self.files / "root_passphrase_src")}

    @property
    def entries(self) -> list[dict[str, Any]]:
        lines = (self.path / "ledger.jsonl").read_text(encoding="ascii").splitlines()
        return [json.loads(line) for line in lines]

    @property
    def issued(self) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["kind"] == "issued"]

    def hash_of(self, index: int) -> str:
        """What hosts remember of an entry."""
        return hashlib.sha256((self.path / "ledger.jsonl").read_bytes().splitlines()[index]).hexdigest()

    def create(self) -> None:
        """On the only host. It may sign for example.org."""
        words = {"create": True, "subject": "CN=Office Root,O=Example", "name_constraints": CONSTRAINTS}
        task = {"path": str(self.path), **self.secret, **self.root_secret, **words}
        made = self.site.run({"certwright.tls.internal_ca": task}).result
        assert made["status"] == "ok", made
        self.know(made)

    def know(self, told: dict[str, Any]) -> None:
        """Pin it. What it publishes is no secret."""
        self.pin, self.root, self.chain = told["fingerprint"], told["anchors"][0], told["chain"][0]
        for pem in (*told["anchors"], *told["chain"], *told.get("cross", ())):
            self.site.scanner.add_public(load(pem).public_bytes(Encoding.DER))

    def copy_of(self, other: Ca) -> None:
        """Making one takes longer than most of what is done with it."""
        shutil.copytree(other.path, self.path)
        self.know({"fingerprint": other.pin, "anchors": [other.root], "chain": [other.chain]})

    def sign(self, *requests: dict[str, Any], **words: Any) -> dict[str, Any]:
        """A task."""
        return {"certwright.tls.internal_ca_cert": {**self.place, **self.secret, "requests": list(requests), **words}}

    def show(self, **words: Any) -> dict[str, Any]:
        """A task."""
        return {"certwright.tls.internal_ca_info": {**self.place, **words}}


class InternalSite:
    """Each host has a store of its own and the certificate `web`, whose names begin with the host's."""

    def __init__(self, site: Site, nginx: Nginx) -> None:
        self.site, self.nginx, self.ca = site, nginx, Ca(site)
        self.words: dict[str, Any] = {"subject": "CN=Office Root,O=Example", "name_constraints": CONSTRAINTS}
        self.words |= self.ca.secret | self.ca.root_secret
        self.declared = {host: {"web": self.certificate(host)} for host in HOSTS}
        self.by_hand: dict[str, str] = {}
        site.store.mkdir()

    # The administrator's work

    def serve(self) -> None:
        """For each name what its administrator once put at `tls`."""
        for host in HOSTS:
            issued = self.site.make(name_of(host))
            self.by_hand[host] = hashlib.sha256(issued.der).hexdigest()
            for path, content in zip(self.files_of(host), (issued.pem, issued.key_pem), strict=True):
                path.write_bytes(content)
        self.configure()
        self.nginx.start()

    def serve_by_hand(self, key: ec.EllipticCurvePrivateKey, answer: dict[str, Any]) -> None:
        """One certificate of the CA for all names, and clients are to show one of it too."""
        self.site.scanner.add_key(key)
        for host in HOSTS:
            certificate, private_key = self.files_of(host)
            certificate.write_text(answer["certificate"] + answer["chain"], encoding="ascii")
            private_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        root = self.site.host / "clients.pem"
        root.write_text(self.ca.root, encoding="ascii")
        self.configure(f"ssl_client_certificate {root}; ssl_verify_client on; ssl_verify_depth 2;")
        self.nginx.start()

    def configure(self, more: str = "") -> None:
        """Nobody reloads. `more` is for both."""
        first, second = HOSTS
        block = self.nginx.block(*self.files_of(second), names=[name_of(second)])
        self.nginx.configure(*self.files_of(first), names=[name_of(first)], more=f"{more}\n{block}")

    def files_of(self, host: str) -> tuple[Path, Path]:
        return self.site.tls / f"{host}.pem", self.site.tls / f"{host}.key"

    def certificate(self, host: str, **words: Any) -> dict[str, Any]:
        """As the inventory declares it."""
        fullchain, private_key = map(str, self.files_of(host))
        paths = {"fullchain.pem": fullchain, "privkey.pem": private_key}
        service = {"nginx": {**self.nginx.words, "paths": paths, "probe_names": [name_of(host)]}}
        return {"issuer": ISSUER, "names": [name_of(host)], "services": [service], **words}

    @property
    def inventory(self) -> dict[str, Any]:
        pinned = {"fingerprint": self.ca.pin} if self.ca.pin else {}
        issuer = {"type": "internal_ca", "host": CA_HOST, "path": str(self.ca.path), **self.words, **pinned}
        return {
            "tls_store_path": f"{self.site.store}/{{{{ inventory_hostname }}}}",
            "tls_issuers": {ISSUER: issuer},
            "tls_host_certificates": "{{ declared[inventory_hostname] | default({}) }}",
            "declared": self.declared,
            "tls_rollout": "100%",
        }

    # Runs

    def start(self, playbook: str | list[dict[str, Any]], *options: str, **variables: Any) -> PlaybookRun:
        """A playbook of the collection by its name, or the plays themselves, over all hosts."""
        name = f"certwright.tls.{playbook}" if isinstance(playbook, str) else playbook
        where = ("-i", f"{HOSTS[1]},{CA_HOST},")
        return self.site.controller.start(name, *where, *options, variables={**self.inventory, **variables})

    def play(self, playbook: str | list[dict[str, Any]], *options: str, **variables: Any) -> Finished:
        finished = self.start(playbook, *options, **variables).finish()
        self.learn_secrets()
        return finished

    def run(self, *tasks: dict[str, Any], hosts: str = CA_HOST, **variables: Any) -> tuple[dict[str, Any], ...]:
        finished = self.play([{"hosts": hosts, "gather_facts": False, "tasks": list(tasks)}], **variables)
        assert finished.results, finished.output
        return finished.results

    def make(self) -> Finished:
        """The CA, pinned as the playbook says."""
        made = self.play("internal_ca_init")
        assert made.code == 0, made.output
        self.ca.pin = _PINNED.findall(made.output)[0]
        root, issuing = (held["certificate"] for held in self.ca.entries[0]["state"]["authorities"])
        self.ca.know({"fingerprint": self.ca.pin, "anchors": [root], "chain": [issuing]})
        return made

    def install(self, *options: str, code: int = 0, **variables: Any) -> Finished:
        """On the hosts alone, without the CA's own."""
        finished = self.play("install", *options, **{"tls_hosts": "host*", **variables})
        assert finished.code == code, finished.output
        return finished

    def renew(self, *options: str, **variables: Any) -> tuple[Finished, dict[str, Any]]:
        """With its report."""
        finished = self.play("renew", *options, **variables)
        events = max(self.site.controller.root.glob("events-*"), key=lambda path: int(path.name.rpartition("-")[2]))
        told = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
        (report,) = (event["result"] for event in told if event["action"] == "ansible.builtin.set_stats")
        return finished, report["ansible_stats"]["data"]["tls_report"]

    def told(self, finished: Finished) -> dict[str, Any]:
        """What the CA's keeper said, with the codes of its reasons and problems."""
        (kept,) = (result for result in finished.results if result["host"] == CA_HOST and result.get("results"))
        (item,) = kept["results"]
        words = {word: [found["code"] for found in item.get(word, ())] for word in ("reasons", "problems")}
        return {**item, **words}

    def hold(self, holding: Path, held: Path, *, before: bool = False, after: bool = False) -> None:
        """While `holding` is there, an execution stops before or after its work once the ledger has certificates."""
        ledger, path = self.ca.path / "ledger.jsonl", self.site.root / "python"
        stop = f'[ -e {holding} ] && grep -q \'"kind":"issued"\' {ledger} && touch {held} && exec sleep 60'
        work = f'{sys.executable} "$@"\nstatus=$?'
        lines = ("#!/bin/sh", *((stop,) * before), work, *((stop,) * after), "exit $status")
        path.write_text("\n".join(lines), encoding="utf-8")

    def learn_secrets(self) -> None:
        """Keys that were born on the hosts."""
        for path in self.site.store.glob("*/certificates/**/privkey.pem"):
            key = load_pem_private_key(path.read_bytes(), None)
            self.site.scanner.add_key(key, also=[path.read_bytes()])
            self.site.scanner.add_public(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    # What is where afterwards

    def served(self, host: str) -> str:
        return self.nginx.served(name_of(host))

    def leaf(self, host: str) -> x509.Certificate:
        return load((self.site.store / host / "live" / "web" / "cert.pem").read_text(encoding="ascii"))

    def stored(self, host: str) -> str:
        """Its fingerprint, as `served` tells it; empty when there is none."""
        path = self.site.store / host / "live" / "web" / "cert.pem"
        return self.leaf(host).fingerprint(SHA256()).hex() if path.exists() else ""

    def visit(self, host: str, roots: str, client: tuple[Path, Path] | None = None) -> str:
        """How a strict client that trusts these roots alone fares, with its own certificate or without."""
        context = strict_context(ssl.PROTOCOL_TLS_CLIENT, roots)
        if client:
            context.load_cert_chain(*client)
        try:
            with (
                socket.create_connection(("127.0.0.1", self.nginx.port), timeout=5) as connection,
                context.wrap_socket(connection, server_hostname=name_of(host)) as channel,
            ):
                channel.sendall(f"GET / HTTP/1.0\r\nHost: {name_of(host)}\r\n\r\n".encode())
                return REFUSED if b" 400 " in channel.recv(100) else ANSWERED
        except ssl.SSLCertVerificationError as error:
            return f"{UNTRUSTED}: {error.verify_message}"


def name_of(host: str) -> str:
    return f"{host}.example.org"


def strict_context(protocol: Any, roots: str) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.load_verify_locations(cadata=roots)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def load(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def make_request() -> tuple[ec.EllipticCurvePrivateKey, str]:
    """A key of somebody else's, and a request for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    return key, request.public_bytes(Encoding.PEM).decode("ascii")


def verify(directory: Path, *, leaf: str, chain: str, root: str, options: Iterable[str] = ()) -> str:
    """What openssl says of it, strictly: nothing but OK."""
    texts = {"leaf.pem": leaf, "chain.pem": chain, "root.pem": root}
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="ascii")
    untrusted = ("-untrusted", "chain.pem") if chain else ()
    words = ("-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", "root.pem", *untrusted, *options, "leaf.pem")
    done = subprocess.run(
        ["openssl", "verify", *words], cwd=directory, capture_output=True, text=True, check=False, timeout=20
    )
    return (done.stdout + done.stderr).replace("leaf.pem: ", "").strip()
