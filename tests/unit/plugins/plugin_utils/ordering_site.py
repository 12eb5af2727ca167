# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host and a CA that orders can be placed between: the host is a dictionary, the CA a scripted one of today."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ansible_collections.certwright.tls.plugins.module_utils._host.observation import digest_of_services
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.key_request import make_key_request
from ansible_collections.certwright.tls.plugins.plugin_utils._conversations import Conversations
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import (
    HTTP_01,
    Issuer,
    OrderWords,
    Validation,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import Declared
from ansible_collections.certwright.tls.plugins.plugin_utils._enrolment import Enrolled, Enrolment, Limits
from ansible_collections.certwright.tls.plugins.plugin_utils._remote import Host
from ansible_collections.certwright.tls.tests.unit.authority import build, ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._acme.scripted_ca import (
    ACCOUNT_KEY,
    Reply,
    Request,
    ScriptedCa,
)

# What a CA dates and judges is of today, whatever the other tests take for now; tasks take their beginning for now.
TODAY = datetime.now(timezone.utc).replace(microsecond=0)
DAY = timedelta(days=1)
ROOT = ca("Root of Today", not_before=TODAY - DAY, not_after=TODAY + 3650 * DAY)
INTERMEDIATE = ROOT.authority("Intermediate of Today", not_before=TODAY - DAY, not_after=TODAY + 365 * DAY)
UNCHECKED = Validation(HTTP_01, webroot="/var/www/acme", is_checked=False)


class _PublicOnly:
    """What a CA knows of the key that it certifies."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def public_key(self) -> Any:
        return self._key


class ClockOfToday:
    """It goes on while tests run, as the client's does; `apart` is how wrong it is."""

    apart = timedelta(0)

    @property
    def now(self) -> datetime:
        return datetime.now(timezone.utc).replace(microsecond=0) + self.apart


class CaOfToday(ScriptedCa):
    """Certificates hold 90 days from `begins` on; `surplus` are names on them that nobody asked for."""

    def __init__(self, **meta: Any) -> None:
        super().__init__(**meta)
        self.time: Any = ClockOfToday()
        self.surplus: tuple[str, ...] = ()
        self.begins = self.time.now - timedelta(hours=1)

    def _reply_certificate(self, request: Request) -> Reply:
        order = self.orders[request.path.rpartition("/")[2]]
        csr = x509.load_der_x509_csr(base64.urlsafe_b64decode(order["csr"] + "=="))
        names = (*(each["value"] for each in order["identifiers"]), *self.surplus)
        leaf = build(
            _PublicOnly(csr.public_key()),
            names=names,
            issuer=INTERMEDIATE,
            not_before=self.begins,
            not_after=self.begins + 90 * DAY,
        )
        return Reply(200, leaf.public_bytes(Encoding.PEM) + INTERMEDIATE.pem)

    def _reply_renewal_info(self, _request: Request) -> Reply:
        return Reply(200, {"suggestedWindow": window_in(60, 62)})


def window_in(start: int, end: int) -> dict[str, str]:
    """The CA's word for so many days from today."""
    return {"start": f"{TODAY + start * DAY:%Y-%m-%dT%H:%M:%SZ}", "end": f"{TODAY + end * DAY:%Y-%m-%dT%H:%M:%SZ}"}


class OrderingHost:
    """Ansible's border: keeps generations, memory and orders by certificate, and remembers what it was asked.

    `refused` maps certificates to the code with which their orders are refused.
    """

    def __init__(self, **answer: Any) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, str] = {}
        self.keys: dict[str, Any] = {}
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    def _execute_module(self, *, module_args: dict[str, str], **_rest: Any) -> dict[str, str]:
        request = json.loads(module_args["request"])
        self.asked.append(request)
        return {"answer": json.dumps(getattr(self, f"_{request['action']}")(request["certificates"]))}

    @property
    def actions(self) -> list[str]:
        return [request["action"] for request in self.asked]

    def told(self, name: str, action: str) -> dict[str, Any]:
        """What it was told of a certificate, at last."""
        asked = [request for request in self.asked if request["action"] == action]
        return next(item for item in asked[-1]["certificates"] if item["name"] == name)

    def issuance(self, name: str) -> dict[str, Any]:
        return self.held.setdefault(name, {}).setdefault(
            "issuance", {"memory": {}, "order": None, "openssl": True, "request": ""}
        )

    def hold(self, name: str, record: dict[str, Any]) -> None:
        services = digest_of_services(record["services"])
        live = {"generation": 1, "record": record, "activation": {}, "drift": [], "services_digest": services}
        self.held.setdefault(name, {})["live"] = live

    def _observe(self, certificates: list[dict[str, Any]]) -> dict[str, Any]:
        empty = {"digest": "d", "live": None, "pending": None, "stored": [], "paths": []}
        for item in certificates:
            self.issuance(item["name"])
        return {
            "journal": None,
            "certificates": {item["name"]: {**empty, **self.held[item["name"]]} for item in certificates},
            "services": {},
            "stored": sorted(self.held),
            "store": "/store",
            "time": TODAY.timestamp(),
            **self.answer,
        }

    def _prepare(self, certificates: list[dict[str, Any]]) -> dict[str, Any]:
        return {"certificates": {item["name"]: self._prepare_one(item) for item in certificates}}

    def _prepare_one(self, item: dict[str, Any]) -> dict[str, Any]:
        name = item["name"]
        if name in self.refused:
            return {"refused": {"code": self.refused[name], "message": "as the test says"}}
        if item["key"] and not (item["reuse"] and name in self.keys):
            self.keys[name] = make_key_request(item["key"]["type"], tuple(item["key"]["names"]))
        request = self.keys[name].request if item["key"] else ""
        digest = hashlib.sha256(self.keys[name].private_key.encode()).hexdigest() if item["key"] else ""
        order = {"run": self.asked[-1]["run"], "claimed_until": item["claimed_until"], "order": item["order"]}
        self.issuance(name).update(order=order, request=request)
        return {"request": request, "key_digest": digest, "refused": None}

    def _apply(self, certificates: list[dict[str, Any]]) -> dict[str, Any]:
        return {"changed_underneath": False, "outcomes": [self._keep(item) for item in certificates]}

    def _keep(self, item: dict[str, Any]) -> dict[str, Any]:
        name, issuance = item["name"], self.issuance(item["name"])
        if item.get("material"):
            self.hold(name, item["record"])
        if item["memory"] is not None:
            issuance["memory"] = item["memory"]
        if item["end_order"] == "finish":
            issuance.update(order=None, request="")
        elif item["end_order"] == "release":
            issuance["order"] = {**issuance["order"], "claimed_until": ""}
        word = "activated" if item["activate"] else "staged" if item.get("material") else "remembered"
        outcome = {"certificate": name, "outcome": word, "generation": 1, "previous": None, "message": ""}
        return {**outcome, "step": "", "services": [], "notices": []}


def wish_for(server: ScriptedCa, name: str = "web", *names: str, **words: Any) -> Ordered:
    """Of a certificate whose name is that of the store and `.example`, unless more is said."""
    issuer = Issuer(f"{server.url}/directory", "pki@example.org", "yes", ACCOUNT_KEY)
    issuer = replace(issuer, **words.pop("issuer", {}))
    sharing, accepted = words.pop("sharing", None), frozenset(words.pop("accept", ()))
    declared = Declared(name, names or (f"{name}.example",), (), accepted, stage_only=False, notices=())
    said = OrderWords(issuer, words.pop("validation", UNCHECKED), **words)
    return Ordered(declared, said, sharing=sharing)


class Site:
    """A controller with one host: `run` is one task there; `said` is what people were told meanwhile."""

    def __init__(self, directory: Path, machine: OrderingHost | None = None) -> None:
        self.machine = machine or OrderingHost()
        self.host = Host(self.machine, {}, None, run="job 7", limits={})  # type: ignore[arg-type]
        self.directory = directory
        self.said: list[tuple[str, str]] = []
        self.begun = 0

    def at(self, now: datetime) -> datetime:
        """The host's clock goes on, too."""
        self.machine.answer["time"] = now.timestamp()
        return now

    def talk(self, now: datetime = TODAY) -> Conversations:
        self.begun += 1

        def say(name: str, text: str) -> None:
            self.said.append((name, text))

        return Conversations(self.host, directory=str(self.directory), say=say, now=now)

    def run(
        self, *wishes: Ordered, check_mode: bool = False, now: datetime = TODAY, limits: Limits | None = None
    ) -> Enrolled:
        enrolment = Enrolment(self.host, name="mail1", limits=limits or Limits(), begin=lambda: self.talk(now), now=now)
        return enrolment.run(wishes, check_mode=check_mode)


def ends_of(enrolled: Enrolled) -> dict[str, str]:
    """By certificate: issued, kept, or the verdict and code of how its order ended."""
    told = {}
    for name, wish in enrolled.wishes.items():
        told[name] = f"{wish.ending.verdict} {wish.ending.code}" if wish.ending else "issued" if wish.issued else "kept"
    return told
