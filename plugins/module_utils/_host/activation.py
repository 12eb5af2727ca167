# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps 3 to 9 of the transaction: from the journal to committed or put back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from ansible_collections.certwright.tls.plugins.module_utils._host.culprits import find_culprits
from ansible_collections.certwright.tls.plugins.module_utils._host.files import HostError, Labeller
from ansible_collections.certwright.tls.plugins.module_utils._host.followers import with_followers
from ansible_collections.certwright.tls.plugins.module_utils._host.generation import load_manifest
from ansible_collections.certwright.tls.plugins.module_utils._host.journal import Attempt, Journal, write_journal
from ansible_collections.certwright.tls.plugins.module_utils._host.memory import (
    remember_commit,
    remember_failure,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.outcome import Failure, Outcome, find_waiting_notices
from ansible_collections.certwright.tls.plugins.module_utils._host.product_command import (
    hand_back,
    hand_over,
    prepare_back,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.proving import (
    Proving,
    describe_hint,
    describe_old,
    find_unnamed,
    find_unnamed_notices,
    prove_services,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.removal import finish_leaving
from ansible_collections.certwright.tls.plugins.module_utils._host.request import Limits, Service
from ansible_collections.certwright.tls.plugins.module_utils._host.services import (
    ServiceState,
    check_switched,
    is_restart_pending,
    observe_state,
)
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store, prune
from ansible_collections.certwright.tls.plugins.module_utils._host.switching import (
    signals_ignored,
    switch,
    switch_back,
)

# Failures for which back is always right: the check has not passed, or it is a put-back that was begun before.
_UNSEEN = ("switch", "check", "recover")
_KEPT = "Kept: what was there before is expired, revoked or absent, so the new files stay"


class Activation:
    """The attempts of one journal that are still on their way; what ends leaves it as an outcome."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        states: dict[tuple[object, ...], ServiceState],
        limits: Limits,
        label: Labeller,
    ) -> None:
        self.store, self.journal, self.states = store, journal, states
        self.limits, self.label = limits, label
        self.outcomes: list[Outcome] = []
        self.proving: dict[str, Proving] = {}
        self.unnamed: dict[tuple[str, str], tuple[str, ...]] = {}

    def run(self) -> tuple[Outcome, ...]:
        """Every attempt ends committed or put back, whatever happens to the connection.

        3. write the journal, synced
        4. switch: one rename of the live link, then the foreign paths
        5. the service's own check
        6. reload, or restart where it is allowed
        7. probe until the deadline; the service is still up
        8. commit: an empty journal; prune older generations
        9. a failure from 4 on puts *that certificate* back, and says what failed and how the host is now
        """
        with signals_ignored():
            self._finish_put_backs()  # 9, of an interrupted run
            write_journal(self.store, self.journal)  # 3
            self._settle(self._switch_all())  # 4, 9
            self._settle(self._check_all())  # 5, 9
            self._settle(self._reload_all())  # 6, 9
            self._settle(self._probe_all())  # 7, 9
            return self._commit()  # 8

    def _finish_put_backs(self) -> None:
        self._settle(
            {item.certificate: Failure("recover", "", item.failure) for item in self.journal.attempts if item.failure}
        )

    def _switch_all(self) -> dict[str, Failure]:
        failures = {}
        for attempt in self._going:
            try:
                switch(self.store, attempt, self.label)
            except (OSError, HostError) as error:
                failures[attempt.certificate] = Failure("switch", "", f"The files could not be switched: {error}")
        return failures

    def _check_all(self) -> dict[str, Failure]:
        failures: dict[str, Failure] = {}
        for service, attempts in self._by_service(include_stopped=True):
            result = check_switched(service, self.limits)
            if not result.ok:
                message = f"{service.name} refuses its configuration with the new files: {result.summary}"
                for attempt in self._find_culprits(service, attempts):
                    failures[attempt.certificate] = Failure("check", service.name, message)
        return failures

    def _find_culprits(self, service: Service, attempts: list[Attempt]) -> list[Attempt]:
        try:
            return find_culprits(self.store, service, attempts, limits=self.limits, label=self.label)
        except (OSError, HostError):
            return attempts

    def _reload_all(self) -> dict[str, Failure]:
        """Once for a generation, whatever the configuration names; not again where it names none of the files."""
        self.unnamed = find_unnamed(self.store, self._going, self.limits)
        failures = {}
        for service, attempts in self._by_service():
            if all(item.previous == item.generation and self._is_unread(item, service) for item in attempts):
                continue
            result = hand_over(self.store, service, attempts, limits=self.limits, label=self.label)
            if not result.ok:
                message = f"{service.name} could not take the new files: {result.summary}"
                failures.update({item.certificate: Failure("reload", service.name, message) for item in attempts})
        return failures

    def _is_unread(self, attempt: Attempt, service: Service) -> bool:
        referenced = [spec for spec in service.files if spec.referenced]
        return 0 < len(referenced) == len(self.unnamed.get((attempt.certificate, service.name), ()))

    def _probe_all(self) -> dict[str, Failure]:
        """Only what answered before can cause a rollback; and a service that was up must still be."""
        attempts = self._going
        expected = {item.certificate: self._fingerprint(item) for item in attempts}
        up = {item.certificate: self._up(item) for item in attempts}
        self.proving = prove_services(attempts, expected=expected, services=up, limits=self.limits)
        failures = {item.certificate: self._worst(item) for item in attempts if self.proving[item.certificate].failures}
        for service, of_service in self._by_service():
            if not observe_state(service, self.limits).running:
                message = f"{service.name} went down after it had the new files"
                failures.update({item.certificate: Failure("unit", service.name, message) for item in of_service})
        return failures

    def _worst(self, attempt: Attempt) -> Failure:
        """A service that reads the files and does not show them weighs more than one that does not read them."""
        unread = {service.name for service in attempt.services if self._is_unread(attempt, service)}
        failures = self.proving[attempt.certificate].failures
        service, message = next((item for item in failures if item[0] not in unread), failures[0])
        return Failure("probe", service, message)

    def _fingerprint(self, attempt: Attempt) -> str:
        manifest = load_manifest(self.store, attempt.certificate, attempt.generation)
        return "" if manifest is None else manifest.fingerprint

    def _settle(self, failures: dict[str, Failure]) -> None:
        """9. Marked in the journal first: a killed put-back is finished by the next run, not carried forward."""
        failures = with_followers(failures, self._going, goes_back=self._goes_back)
        guilty = [item for item in self.journal.attempts if item.certificate in failures]
        if not guilty:
            return
        back = [
            item.failed(failures[item.certificate].message)
            for item in guilty
            if self._goes_back(item, failures[item.certificate])
        ]
        self.journal = self.journal.with_attempts(tuple(back))
        with contextlib.suppress(OSError):  # a full disk must not keep us from putting back
            write_journal(self.store, self.journal)
        stuck = self._try_switch_back(back)
        stranded = self._reload_after_put_back([item for item in back if item.certificate not in stuck], failures)
        for attempt in guilty:
            failure = failures[attempt.certificate]
            with contextlib.suppress(OSError):
                remember_failure(self.store, attempt, failure, starts=self._starts(attempt, failure))
            if attempt.certificate in stuck:
                self.outcomes.append(self._ended(attempt, "stranded", failure, stuck[attempt.certificate]))
                continue
            goes_back = self._goes_back(attempt, failure)
            self.outcomes.append((self._rolled_back if goes_back else self._kept)(attempt, failure, stranded))
        self.journal = self.journal.without({item.certificate for item in guilty} - set(stuck))
        write_journal(self.store, self.journal)

    def _try_switch_back(self, attempts: Iterable[Attempt]) -> dict[str, str]:
        """By certificate, what the host refused. Such a put-back stays in the journal, for the next run to finish."""
        stuck = {}
        for attempt in sorted(attempts, key=lambda item: not item.follows):  # what follows leaves first
            try:
                switch_back(self.store, attempt, self.label)
            except (OSError, HostError) as error:
                fact = f"the previous files could not be put back ({error})"
                stuck[attempt.certificate] = f"Stranded: {fact}; mend that and run again"
        return stuck

    @property
    def _going(self) -> tuple[Attempt, ...]:
        """Without those whose put-back is left to the next run."""
        return tuple(item for item in self.journal.attempts if not item.failure)

    def _goes_back(self, attempt: Attempt, failure: Failure) -> bool:
        """Never put back what is expired, revoked or absent when the new one passes every check."""
        if failure.step in _UNSEEN:
            return True
        return attempt.put_back and attempt.previous != attempt.generation and not self._failed_unread(attempt, failure)

    def _failed_unread(self, attempt: Attempt, failure: Failure) -> bool:
        """No configuration names the files: to put them back could not change what is served."""
        return failure.step == "probe" and any(
            service.name == failure.service and self._is_unread(attempt, service) for service in attempt.services
        )

    def _starts(self, attempt: Attempt, failure: Failure) -> dict[str, str]:
        """The service starts that were reloaded for this generation in vain: once is enough (no reload storms)."""
        if failure.step != "probe" or self._failed_unread(attempt, failure):
            return {}
        return {item.name: observe_state(item, self.limits).start for item in self._up(attempt)}

    def _reload_after_put_back(self, back: list[Attempt], failures: dict[str, Failure]) -> dict[str, str]:
        """By service name, why it could not go back. A service that never saw the new files has nothing to do."""
        seen = [item for item in back if failures[item.certificate].step not in ("switch", "check")]
        prepared = [prepare_back(item, self.limits) for item, _of in self._by_service(back, include_stopped=True)]
        reloaded = [hand_back(self.store, item, of, self.limits) for item, of in self._by_service(seen)]
        return {name: result.summary for name, result in (*prepared, *reloaded) if not result.ok}

    def _rolled_back(self, attempt: Attempt, failure: Failure, stranded: dict[str, str]) -> Outcome:
        state = "Put back: the previous files are in place again"
        if attempt.previous is None and not any(item.before == "kept" for item in attempt.placements):
            state = "Put back: there were no files of ours before, and there are none again"
        failed = [stranded[service.name] for service in attempt.services if service.name in stranded]
        if failed:
            state += f", but the service could not take them: {failed[0]}"
        elif failure.step not in _UNSEEN:
            state += describe_old(attempt, services=self._up(attempt), limits=self.limits)
        return self._ended(attempt, "rolled_back", failure, state)

    def _kept(self, attempt: Attempt, failure: Failure, _stranded: dict[str, str]) -> Outcome:
        if self._failed_unread(attempt, failure):
            hints = " ".join(
                describe_hint(self.store, attempt, item) for item in attempt.services if item.name == failure.service
            )
            return self._ended(
                attempt, "not_served", failure, f"The files are in place, but nothing names them. {hints}"
            )
        if attempt.previous == attempt.generation:
            return self._ended(attempt, "not_served", failure, "The files are as they were; it was reloaded in vain")
        return self._ended(attempt, "kept_new_unproved", failure, _KEPT)

    def _ended(self, attempt: Attempt, outcome: str, failure: Failure, state: str) -> Outcome:
        message = f"{failure.message}\n{state}"
        notices = find_unnamed_notices(self.store, attempt, self.unnamed) + self._down_notices(attempt)
        return Outcome(
            attempt.certificate, outcome, attempt.generation, attempt.previous, message, failure.step, notices=notices
        )

    def _commit(self) -> tuple[Outcome, ...]:
        """8. An empty journal is the commit: a kill after it leaves nothing but generations to prune."""
        attempts = self._going
        for attempt in attempts:
            owed = {
                item.name: self.states[item.identity].start for item in attempt.services if self._owes_restart(item)
            }
            remember_commit(self.store, attempt, owed)
        self.journal = self.journal.without({attempt.certificate for attempt in attempts})
        write_journal(self.store, self.journal)
        self.outcomes.extend(self._committed(attempt) for attempt in attempts if not attempt.leaves)
        self.outcomes.extend(finish_leaving(self.store, attempt) for attempt in attempts if attempt.leaves)
        stuck = {attempt.certificate for attempt in self.journal.attempts}
        for certificate in {outcome.certificate for outcome in self.outcomes} - stuck:
            prune(self.store, certificate, keep=self.limits.keep_generations)
        return tuple(self.outcomes)

    def _owes_restart(self, service: Service) -> bool:
        return self.states[service.identity].running and is_restart_pending(service)

    def _committed(self, attempt: Attempt) -> Outcome:
        proving = self.proving.get(attempt.certificate, Proving())
        services = tuple({"name": item.name, "state": self._service_state(item, proving)} for item in attempt.services)
        found = {item["state"] for item in services}
        outcome = next((name for name in ("restart_pending", "placed_not_served") if name in found), "activated")
        notices = (
            proving.notices + find_unnamed_notices(self.store, attempt, self.unnamed) + self._down_notices(attempt)
        )
        notices += find_waiting_notices(services)
        return Outcome(
            attempt.certificate, outcome, attempt.generation, attempt.previous, services=services, notices=notices
        )

    def _down_notices(self, attempt: Attempt) -> tuple[dict[str, str], ...]:
        """After an interrupted run a stopped service may be our doing; whether it is to run is not ours to know."""
        return tuple(
            {"code": "service_down", "message": f"{service.name} was up before the interrupted run and is down now"}
            for service in attempt.services
            if service.name in attempt.up and not self.states[service.identity].running
        )

    def _service_state(self, service: Service, proving: Proving) -> str:
        if not self.states[service.identity].running:
            return "placed_not_served"
        if is_restart_pending(service):
            return "restart_pending"
        return "served" if service.name in proving.served else "reloaded"

    def _up(self, attempt: Attempt) -> tuple[Service, ...]:
        """The services of an attempt that take the files now: a stopped one is never started."""
        return tuple(
            service
            for service in attempt.services
            if self.states[service.identity].running and not is_restart_pending(service)
        )

    def _by_service(
        self, attempts: Iterable[Attempt] | None = None, *, include_stopped: bool = False
    ) -> list[tuple[Service, list[Attempt]]]:
        """Each distinct service once, with the attempts that use it."""
        found: dict[tuple[object, ...], tuple[Service, list[Attempt]]] = {}
        for attempt in self._going if attempts is None else attempts:
            for service in attempt.services if include_stopped else self._up(attempt):
                found.setdefault(service.identity, (service, []))[1].append(attempt)
        return list(found.values())
