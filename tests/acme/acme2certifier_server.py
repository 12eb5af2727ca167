# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second ACME server, of pure Python: acme2certifier, with renewal information, profiles and account key change.

It validates nothing here: its http-01 knows no port but 80. Its windows do not move after a revocation, and it ignores
`replaces`. It wants an environment of its own, whose Python CERTWRIGHT_ACME2CERTIFIER names, unless this one has it.
"""

from __future__ import annotations

import configparser
import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from acme_server import AcmeServer, Options, RunningServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from listener import encode_key, make_certificate
from processes import Process, ProgramMissing, StartFailed, find_program

PYTHON = "CERTWRIGHT_ACME2CERTIFIER"
PROFILES = {"classic": "https://ca.example/profiles#classic", "shortlived": "https://ca.example/profiles#shortlived"}
_PACKAGE = "acme2certifier==0.46.3"
_PROCESS = Path(__file__).parent / "acme2certifier_process.py"


def find_acme2certifier() -> str:
    """The Python that can run it, or an empty text."""
    if os.environ.get(PYTHON):
        return os.environ[PYTHON]
    return sys.executable if importlib.util.find_spec("acme2certifier") else ""


def any_server(run: Path, **options: Any) -> RunningServer:
    """Pebble where it is installed, else acme2certifier; which one, says `name`. Not started yet."""
    if find_program("pebble") and find_program("pebble-challtestsrv"):
        return AcmeServer(run, **options)
    if find_acme2certifier():
        return Acme2certifier(run, **options)
    raise ProgramMissing(
        "No ACME server is here; install one with: apt-get install pebble "
        f"(or set {PYTHON} to the Python of an environment with {_PACKAGE} in it)"
    )


class Acme2certifier(RunningServer):
    """Of the options it obeys `validity` (in whole days) and `external_accounts`."""

    name = "acme2certifier"
    has_renewal_info = True
    validates = False

    def __init__(self, run: Path, *, profiles: Mapping[str, str] | None = None, **options: Any) -> None:
        self._python = find_acme2certifier()
        if not self._python:
            raise ProgramMissing(f"{_PACKAGE} is missing; pip install it and set {PYTHON} to the Python that has it")
        super().__init__(run, Options(**options))
        self.profiles = PROFILES if profiles is None else dict(profiles)
        self.directory = f"{self.base}/directory"
        self._root = b""

    def start(self) -> None:
        self._make_ca()
        self._write_configuration()
        words = (str(self.port), str(self.listener.certificate), str(self.listener.private_key))
        environment = {"ACME_SRV_CONFIGFILE": str(self.run / "acme_srv.cfg"), "ACME2CERTIFIER_I_KNOW_THE_RISK": "1"}
        process = Process([self._python, str(_PROCESS), *words], self.log, environment=environment)
        self._processes.append(process)
        try:
            process.await_ready(self.is_up, seconds=30)
        except StartFailed:
            self.stop()
            raise

    @property
    def root(self) -> bytes:
        return self._root

    def _make_ca(self) -> None:
        """Its handler wants a CRL, even an empty one."""
        key = ec.generate_private_key(ec.SECP256R1())
        ca = make_certificate("certwright test CA", key, key, is_ca=True)
        now = datetime.now(timezone.utc)
        crl = x509.CertificateRevocationListBuilder(ca.subject, now, now + timedelta(days=30)).sign(
            key, hashes.SHA256()
        )
        self._root = ca.public_bytes(Encoding.PEM)
        (self.run / "ca.pem").write_bytes(self._root)
        (self.run / "ca.crl").write_bytes(crl.public_bytes(Encoding.PEM))
        (self.run / "ca.key").touch(0o600)
        (self.run / "ca.key").write_bytes(encode_key(key))
        (self.run / "issued").mkdir(exist_ok=True)

    def _write_configuration(self) -> None:
        configuration = configparser.ConfigParser(interpolation=None)
        configuration.read_dict(self._sections())
        with (self.run / "acme_srv.cfg").open("w", encoding="utf-8") as file:
            configuration.write(file)

    def _sections(self) -> dict[str, dict[str, str]]:
        return {
            "CAhandler": {
                "handler_module": "acme2certifier.cahandlers.openssl_ca_handler",
                "issuing_ca_key": str(self.run / "ca.key"),
                "issuing_ca_cert": str(self.run / "ca.pem"),
                "issuing_ca_crl": str(self.run / "ca.crl"),
                "ca_cert_chain_list": "[]",
                "cert_save_path": str(self.run / "issued"),
                "cert_validity_days": str(max(1, self.options.validity // 86400)),
            },
            "DBhandler": {"handler": "wsgi", "dbfile": str(self.run / "acme_srv.db")},
            "Account": {"contact_check_disable": "True"},
            "Challenge": {"challenge_validation_disable": "True"},
            "Order": {"profiles": json.dumps(self.profiles)} if self.profiles else {},
            "Directory": {"tos_url": "https://ca.example/terms"},
            **self._external_accounts(),
        }

    def _external_accounts(self) -> dict[str, dict[str, str]]:
        if not self.options.external_accounts:
            return {}
        path = self.run / "external-accounts.json"
        path.write_text(json.dumps(dict(self.options.external_accounts)), encoding="utf-8")
        handler = "acme2certifier.eabhandlers.json_handler"
        return {"EABhandler": {"eab_handler_module": handler, "key_file": str(path)}}
