# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wished of one certificate on a host: what to look at, what to decide on it, and how the host is told.

Every kind answers the same three questions; a run holds any number of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from ansible_collections.certwright.tls.plugins.plugin_utils._core.adoption import find_adoptable, plan_adoption
from ansible_collections.certwright.tls.plugins.plugin_utils._core.burial import plan_burial
from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, describe
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import Desired, Observed
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.neighbours import find_renewer_notices
from ansible_collections.certwright.tls.plugins.plugin_utils._core.plan import (
    Plan,
    can_leave,
    plan_deployment,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.plugins.plugin_utils._core.removal import Removal, plan_removal
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_settling import Settled, settle
from ansible_collections.certwright.tls.plugins.plugin_utils._core.staying_removed import judge_supplied
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import (
    Declared,
    complete,
    require_installable,
)


class Wish(Protocol):
    """What every kind can say of itself."""

    @property
    def name(self) -> str:
        """In the store."""

    @property
    def names(self) -> tuple[str, ...]:
        """That clients use; other renewers are looked for with them."""

    @property
    def declared_services(self) -> tuple[Service, ...]:
        """Those that have files of it at stable paths."""

    def look(self, now: datetime, /) -> dict[str, Any]:
        """What the host is asked."""

    def plan(self, observed: Observed, now: datetime) -> Plan:
        """What is to happen, and why."""

    def request(self, plan: Plan, observed: Observed, *, run: str, now: datetime) -> dict[str, Any]:
        """What the host is to do."""

    def describe(self, observed: Observed, /) -> dict[str, Any]:
        """The certificate that is meant; empty when there is none."""


@dataclass(frozen=True)
class Supplied:
    """A certificate whose material is in the controller's memory."""

    desired: Desired
    notices: tuple[Notice, ...] = ()

    @property
    def name(self) -> str:
        return self.desired.name

    @property
    def names(self) -> tuple[str, ...]:
        return self.desired.names

    def look(self, now: datetime) -> dict[str, Any]:
        return {"name": self.name, "services": word_services(self.desired.services, now)}

    def plan(self, observed: Observed, now: datetime) -> Plan:
        desired, settled = settle_desired(self.desired, observed, now)
        return judge_supplied(settled.judge(plan_supplied(desired, self.notices, observed, now)), desired, observed)

    def request(self, plan: Plan, observed: Observed, *, run: str, now: datetime) -> dict[str, Any]:
        desired, _settled = settle_desired(self.desired, observed, now)
        material = desired.to_material() if plan.stage else None
        record = desired.to_record(run=run, now=now)
        return {**self.look(now), **word_plan(plan, observed), "material": material, "record": record}

    def describe(self, _observed: Observed, /) -> dict[str, Any]:
        return describe(self.desired.bundle.leaf)

    @property
    def declared_services(self) -> tuple[Service, ...]:
        return self.desired.services


@dataclass(frozen=True)
class OnHost:
    """A certificate whose material lies on the host: the key is proved there and never leaves it.

    `source` maps certificate, private_key, ca and pkcs12 to paths on the host, and holds passphrases.
    """

    declared: Declared
    source: dict[str, str | None] = field(repr=False)
    anchors: tuple[Certificate, ...] = field(repr=False)

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def names(self) -> tuple[str, ...]:
        return self.declared.names

    def look(self, now: datetime) -> dict[str, Any]:
        services = word_services(self.declared.services, now)
        return {"name": self.name, "services": services, "source": self.source}

    def plan(self, observed: Observed, now: datetime) -> Plan:
        try:
            desired, notices = self._complete(observed, now)
        except RefusedError as error:
            return Plan(self.name, problems=error.problems, recover=bool(observed.interrupted))
        source = str(self.source.get("certificate") or self.source.get("pkcs12") or "")
        desired, settled = settle_desired(desired, observed, now)
        plan = settled.judge(plan_supplied(desired, notices, observed, now, source=source))
        return judge_supplied(plan, desired, observed)

    def request(self, plan: Plan, observed: Observed, *, run: str, now: datetime) -> dict[str, Any]:
        if not plan.stage and plan.remember is None:
            return {**self.look(now), **word_plan(plan, observed)}
        desired, _settled = settle_desired(self._complete(observed, now)[0], observed, now)
        material = desired.to_material() if plan.stage else None
        record = desired.to_record(run=run, now=now)
        words = {**self.look(now), **word_plan(plan, observed), "material": material, "record": record}
        digest = observed.source.key_digest if observed.source else ""
        return {**words, "source": {**self.source, "key_digest": digest}}

    def describe(self, observed: Observed) -> dict[str, Any]:
        """Of what the host found, also when it is refused."""
        try:
            return {} if observed.source is None else describe(observed.source.load_bundle(self.name).leaf)
        except RefusedError:
            return {}

    @property
    def declared_services(self) -> tuple[Service, ...]:
        return self.declared.services

    def _complete(self, observed: Observed, now: datetime) -> tuple[Desired, tuple[Notice, ...]]:
        if observed.source is None:
            raise LookupError(f"The host was not asked for the material of {self.name}")
        return complete(self.declared, observed.source.load_bundle(self.name), now=now, anchors=self.anchors)


@dataclass(frozen=True)
class Adopted:
    """A certificate that is on the host already and stays where it is; `paths` are places that the operator named."""

    declared: Declared
    paths: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def names(self) -> tuple[str, ...]:
        return self.declared.names

    def look(self, now: datetime) -> dict[str, Any]:
        services = word_services(self.declared.services, now)
        return {"name": self.name, "services": services, "candidates": list(self.paths)}

    def plan(self, observed: Observed, now: datetime) -> Plan:
        plan = plan_adoption(self.declared, observed, now)
        return replace(plan, notices=(*self.declared.notices, *plan.notices))

    def request(self, plan: Plan, observed: Observed, *, run: str, now: datetime) -> dict[str, Any]:
        found = find_adoptable(self.declared, observed) if plan.adopt or plan.remember is not None else None
        record = found.to_record(self.declared, run=run, now=now) if found else {}
        return {**self.look(now), "expect": observed.digest, "adopt": record, "activate": False}

    def describe(self, observed: Observed) -> dict[str, Any]:
        found = find_adoptable(self.declared, observed)
        return describe(found.certificate) if found else {}

    @property
    def declared_services(self) -> tuple[Service, ...]:
        """None has files of ours."""
        return ()


@dataclass(frozen=True)
class Gone:
    """A certificate that is to go; its domain falls back to another one's."""

    removal: Removal
    notices: tuple[Notice, ...] = ()

    @property
    def name(self) -> str:
        return self.removal.name

    @property
    def names(self) -> tuple[str, ...]:
        """What is to go is nobody's to renew."""
        return ()

    def look(self, _now: datetime, /) -> dict[str, Any]:
        words = {"name": self.name, "recorded": True, "removing": True, "follows": self.removal.follows}
        return {**words, **({"leaves": True} if self.removal.is_buried else {})}

    def plan(self, observed: Observed, now: datetime) -> Plan:
        burial = self.removal.burial
        plan = plan_burial(self.removal, burial, observed, now) if burial else plan_removal(self.removal, observed, now)
        return replace(plan, notices=(*self.notices, *plan.notices))

    def request(self, plan: Plan, observed: Observed, *, run: str, now: datetime) -> dict[str, Any]:
        return {
            "name": self.name,
            "services": word_services(observed.recorded_services, now),
            **word_plan(plan, observed),
            "record": self.removal.to_record(observed, run=run, now=now),
            "follows": plan.follows,
            "remove": plan.remove,
            "abandoned": "files_abandoned" in self.removal.accepted or self._leaves(observed),
            "idle": not self.removal.follows,
            "purge": plan.purge,
            "bury": plan.bury,
        }

    def _leaves(self, observed: Observed) -> bool:
        """Its services do without its files, and are told to."""
        return bool(self.removal.follows) and can_leave(observed.recorded_services)

    def describe(self, _observed: Observed, /) -> dict[str, Any]:
        return {}

    @property
    def declared_services(self) -> tuple[Service, ...]:
        """Those of the record are used; what is to go needs no declaration."""
        return ()


def settle_desired(desired: Desired, observed: Observed, now: datetime) -> tuple[Desired, Settled]:
    """With what its services are to hold beside it."""
    settled = settle(desired.name, desired.services, observed, now)
    return replace(desired, services=settled.services), settled


def plan_supplied(
    desired: Desired, notices: tuple[Notice, ...], observed: Observed, now: datetime, *, source: str = ""
) -> Plan:
    """The full check of a key's numbers is dear, so only what is about to be stored gets it."""
    plan = plan_deployment(desired, observed, now)
    if plan.stage:
        try:
            require_installable(desired)
        except RefusedError as error:
            plan = replace(plan, problems=(*plan.problems, *error.problems))
    renewers = find_renewer_notices(
        desired.name, desired.names, observed.neighbours, source=source, own=desired.bundle.leaf.fingerprint
    )
    return replace(plan, notices=(*notices, *renewers, *plan.notices))


def word_services(services: tuple[Service, ...], now: datetime) -> list[dict[str, Any]]:
    return [service.to_request(now) for service in services]


def word_plan(plan: Plan, observed: Observed) -> dict[str, Any]:
    return {
        "expect": observed.digest,
        "remember": plan.remember,
        "generation": plan.generation,
        "activate": plan.activate,
        "put_back": plan.put_back,
        "discard": list(plan.discard),
        **({"revive": True} if plan.revive else {}),
    }
