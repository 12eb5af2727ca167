# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wish for a certificate of an internal CA, from an operator's words, with everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.entry import refuse_missing_url, spell_store_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.internal_signing import (
    SERVER,
    Signing,
    SigningCa,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import (
    ON_CONTROLLER,
    Issuer,
    OrderWords,
    Validation,
    find_contact,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.ordered import Ordered
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.renewal import FORCE_AGE
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_sources import with_cas
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_usage import (
    find_needed_usage,
    find_usage_problems,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import (
    Declaration,
    Declared,
    load_attributes,
    load_declared,
)

# Nothing has to be shown to a CA of our own.
UNPROVED = Validation("")


@dataclass(frozen=True)
class SigningTask:
    """What is the same for all certificates of a task. `cas` are by their names; the one without is for the rest.

    `faults` are of those that answered with a failure.
    """

    presets: Mapping[str, Preset]
    cas: Mapping[str, SigningCa | None]
    stage_only: bool = False
    is_scheduled: bool = False
    force_age: timedelta = FORCE_AGE
    default_domain: str = ""
    faults: Mapping[str, Reason] = field(default_factory=dict)

    def load(self, arguments: Mapping[str, Any]) -> Ordered:
        """One certificate as it is wished for. Raises RefusedError with everything that is wrong with its words."""
        name = spell_store_name(str(arguments["name"]))
        problems = list(_find_problems(name, arguments))
        declared = self._load_declared(name, arguments, problems)
        if problems or declared is None:
            raise RefusedError.from_problems(problems)
        form = next((service.subject_form for service in declared.services if service.subject_form), "")
        needed = find_needed_usage(declared.services)
        signing = replace(self._load_signing(arguments, needed), subject_form=form)
        problems.extend(find_usage_problems(name, declared.services, signing.usage))
        if problems:
            raise RefusedError.from_problems(problems)
        words = OrderWords(
            Issuer(signing.directory, contact=find_contact({**arguments, "default_domain": self.default_domain})),
            UNPROVED,
            key_type=str(arguments.get("key_type") or ""),
            force=bool(arguments.get("force")),
            force_age=self.force_age,
            is_scheduled=self.is_scheduled,
            signing=signing,
        )
        return Ordered(self._with_cas(declared, signing), words)

    def _load_declared(self, name: str, arguments: Mapping[str, Any], problems: list[Problem]) -> Declared | None:
        external_url = str(arguments.get("external_url") or "").strip()
        if not external_url:
            problems.append(refuse_missing_url(name))
            return None
        declaration = Declaration(
            name=name,
            names=(external_url, *(str(url) for url in arguments.get("other_urls") or ())),
            services=tuple(arguments.get("services") or ()),
            attributes=load_attributes(arguments),
            accepted=frozenset(str(code) for code in arguments.get("accept") or ()),
            stage_only=self.stage_only,
        )
        try:
            return load_declared(declaration, presets=self.presets)
        except RefusedError as error:
            problems.extend(error.problems)
            return None

    def _with_cas(self, declared: Declared, signing: Signing) -> Declared:
        """Whom its services trust, where nobody said it."""
        services = (with_cas(item, self.cas, signing.ca, issuer=signing.issuer) for item in declared.services)
        return replace(declared, services=tuple(services))

    def _load_signing(self, arguments: Mapping[str, Any], needed: str) -> Signing:
        issuer, days = str(arguments.get("issuer") or ""), arguments.get("days")
        return Signing(
            ca=self.cas.get(issuer, self.cas.get("")),
            issuer=issuer,
            usage=str(arguments.get("usage") or needed or SERVER),
            emails=tuple(dict.fromkeys(str(email).strip() for email in arguments.get("emails") or ())),
            subject=str(arguments.get("subject") or "").strip(),
            days=None if days is None else int(days),
            not_after=_load_end(arguments),
            fault=self.faults.get(issuer if issuer in self.cas else ""),
        )


def _load_end(arguments: Mapping[str, Any]) -> datetime | None:
    return load_time(str(arguments.get("not_after") or ""))


def _find_problems(name: str, arguments: Mapping[str, Any]) -> Iterator[Problem]:
    days, said = arguments.get("days"), arguments.get("not_after")
    if days is not None and said:
        yield Problem(name, "date_invalid", "`days` and `not_after` are both said; say one of them")
    elif days is not None and int(days) < 1:
        yield Problem(name, "date_invalid", f"`days` is {int(days)}; it must be 1 or more")
    elif said and _load_end(arguments) is None:
        yield Problem(name, "date_invalid", "`not_after` must be an instant in UTC, as in 2027-12-31T23:59:59Z")
    if arguments.get("key_origin") == ON_CONTROLLER:
        fact = "`key_origin: controller` has no meaning here: the key of this certificate is made on its host"
        way_out = "leave it out; for a host without openssl let internal_ca_cert make a PKCS#12 file, and supply that"
        yield Problem(name, "key_origin_refused", f"{fact}; {way_out}")
