# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CA in a directory of its own, and the host's real code on it without Ansible between."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.certwright.tls.plugins.module_utils._host.ca_append import Addition, append
from ansible_collections.certwright.tls.plugins.module_utils._host.ca_reading import read_ca
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.authority import encode, make_issuing, make_root
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.constraints import load_constraints
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.keys import Envelope, identify, make_key
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.ledger import GENESIS
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.signing import Signer
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.state import ISSUING, ROOT, CaState, HeldAuthority
from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import load_subject
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_directory import CaDirectory, CaView
from ansible_collections.certwright.tls.plugins.plugin_utils._ca_keys import make_serial, seal_anew
from ansible_collections.certwright.tls.plugins.plugin_utils._core import sealing

PASSPHRASE = "open sesame"
LEDGER_KEY = b"l" * 32
DAY = timedelta(days=1)


STARTED = time.time()


class LocalHost:
    """What a Host does of a CA, with the same plain JSON in between. `between` is called before each append."""

    def __init__(self, run: str = "run-1") -> None:
        self.run = run
        self.asked: list[str] = []
        self.between: Any = None
        self.clock_ahead = 0.0

    def read_ca(self, path: str, ask: dict[str, Any]) -> dict[str, Any]:
        self.asked.append("read")
        answer = read_ca(json.loads(json.dumps({"action": "ca_read", "path": path, "ask": ask})))
        # By the clock that the tests of a module read once: on a slow machine the last of them begin minutes later.
        return {**json.loads(json.dumps(answer)), "time": STARTED + self.clock_ahead}

    def append_ca(self, path: str, words: dict[str, Any]) -> dict[str, Any]:
        self.asked.append("append")
        if self.between:
            between, self.between = self.between, None
            between()
        request = {"action": "ca_append", "path": path, "run": self.run, **words}
        answer: dict[str, Any] = json.loads(json.dumps(append(Addition.from_json(json.loads(json.dumps(request))))))
        return answer


@dataclass(frozen=True)
class MadeCa:
    """`issuing` signs for it. Its passphrase is PASSPHRASE."""

    path: str
    fingerprint: str
    root: x509.Certificate
    issuing: x509.Certificate

    def directory(self, host: LocalHost | None = None) -> CaDirectory:
        return CaDirectory(host or LocalHost(), self.path)  # type: ignore[arg-type]

    def read(self, **ask: Any) -> CaView:
        return self.directory().read(**ask)


def make_ca(path: Path, *, permitted: tuple[str, ...] = ()) -> MadeCa:
    """A root and an issuing CA, of P-256 keys; a copy of one that was made once, since a passphrase takes its time."""
    made = _make_once(permitted, sealing._N)
    shutil.copytree(made.path, path)
    return replace(made, path=str(path))


@lru_cache(maxsize=4)
def _make_once(permitted: tuple[str, ...], _work: int) -> MadeCa:
    now = datetime.now(timezone.utc) - DAY
    path = os.path.join(tempfile.mkdtemp(prefix="certwright-ca-"), "ca")
    atexit.register(shutil.rmtree, os.path.dirname(path), ignore_errors=True)
    rules = {"permitted": list(permitted)} if permitted else None
    constraints = load_constraints(rules or {})
    root_key, key = make_key("ec256"), make_key("ec256")
    root = make_root(
        load_subject("CN=Test Root"),
        root_key,
        life=3650 * DAY,
        path_length=1,
        constraints=constraints,
        serial=make_serial(),
        now=now,
    )
    issuing = make_issuing(
        load_subject("CN=Test Issuing"),
        key,
        life=1825 * DAY,
        constraints=constraints,
        serial=make_serial(),
        now=now,
        signer=Signer(certificate=root, key=root_key, chain=(), root=root),
    )
    held = (
        HeldAuthority(identify(root_key.public_key()), ROOT, encode(root)),
        HeldAuthority(identify(key.public_key()), ISSUING, encode(issuing), key="keys/issuing-1.sealed"),
    )
    fingerprint = root.fingerprint(hashes.SHA256()).hex()
    state = CaState(fingerprint, held, constraints=rules)
    directory = CaDirectory(LocalHost(), path)  # type: ignore[arg-type]
    view = directory.read()
    assert view.head == GENESIS
    directory.append(
        view,
        lambda _view: [{"kind": "authority", "reason": "created", "state": state.to_json()}],
        ledger_key=LEDGER_KEY,
        ask={},
        files={"keys/issuing-1.sealed": seal_anew(Envelope(key, LEDGER_KEY), PASSPHRASE)},
        create=True,
    )
    return MadeCa(path, fingerprint, root, issuing)


def make_csr(key: Any = None) -> str:
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
