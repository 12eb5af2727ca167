# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one certificate is asked for as: the words of a request become a value, all of their faults together."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.certwright.tls.plugins.plugin_utils._ca.subjects import (
    complete_js7_subject,
    describe_subject,
    load_subject,
    make_js7_subject,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import load_time
from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address, printable
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Problem

if TYPE_CHECKING:
    from cryptography import x509

# The one form of subjects that is not as somebody said.
JS7 = "js7"
DEFAULT_DAYS = 397
# A hundred years; dates of certificates end in the year 9999.
_LONGEST_DAYS = 36525
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+\Z")


@dataclass(frozen=True)
class Asked:
    """`names` are DNS names and addresses in one spelling. `not_after` counts when it is said, else `days`.

    Nobody said `days` when it is None. With the form `js7` the CA completes the subject.
    """

    name: str
    host: str
    usage: str
    names: tuple[str, ...]
    emails: tuple[str, ...]
    subject: x509.Name
    days: int | None
    not_after: datetime | None
    subject_form: str = ""

    @property
    def title(self) -> str:
        """As problems and reasons name it."""
        return title_of(self.host, self.name)

    def digest(self, key: str) -> str:
        """What makes two requests the same one, as hex; `key` is the SHA-256 of the public key.

        How long it is to live is not part of it: a default that changed asks for nothing new.
        """
        wanted = [self.usage, sorted(self.names), sorted(self.emails), describe_subject(self.subject)]
        said = [key, self.host, self.name, *wanted, *([self.subject_form] if self.subject_form else [])]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def find_subject(self, authority: x509.Name) -> x509.Name:
        """Of the certificate that a CA of this name signs."""
        return make_js7_subject(self.subject, authority) if self.subject_form == JS7 else self.subject

    def find_end(self, now: datetime, *, limit: datetime, whole: timedelta) -> datetime:
        """As asked for. `limit` is where the CA itself ends, `whole` how long it lives.

        A number of days is a rule, and is cut at the limit; an instant is a demand that the CA meets or refuses, and so
        is a number that somebody said and that no CA of this life could ever keep.
        """
        life = timedelta(days=DEFAULT_DAYS if self.days is None else self.days)
        is_demand = self.not_after is not None or (self.days is not None and life > whole)
        return (self.not_after or now + life) if is_demand else min(now + life, limit)


def title_of(host: str, name: str) -> str:
    return f"{host} {name}" if host else name


def load_asked(words: Mapping[str, Any]) -> Asked:
    """Raises RefusedError with everything that is wrong with the words."""
    title = title_of(str(words.get("host") or ""), str(words["name"]))
    problems: list[Problem] = []
    addresses = [str(item) for item in words.get("ips") or ()]
    sound = [item for item in addresses if is_address(item)]
    names = tuple(_load_names(title, [*(words.get("names") or ()), *sound], problems))
    problems.extend(_find_address_problems(title, addresses))
    problems.extend(_find_email_problems(title, words.get("emails") or ()))
    problems.extend(_find_life_problems(title, words))
    form = str(words.get("subject_form") or "")
    subject = _load_subject(title, str(words.get("subject") or ""), problems, first=_find_first(names, form))
    if problems or subject is None:
        raise RefusedError.from_problems(problems)
    return Asked(
        name=str(words["name"]),
        host=str(words.get("host") or ""),
        usage=str(words.get("usage") or "server"),
        names=tuple(dict.fromkeys(names)),
        emails=tuple(dict.fromkeys(str(email) for email in words.get("emails") or ())),
        subject=subject,
        days=None if words.get("days") is None else int(words["days"]),
        not_after=load_time(str(words.get("not_after") or "")),
        subject_form=form,
    )


def _load_names(title: str, given: Iterable[object], problems: list[Problem]) -> Iterator[str]:
    for item in given:
        try:
            yield load_name(str(item))[0]
        except UnusableError as error:
            problems.append(Problem(title, error.code, error.message))


def _find_address_problems(title: str, given: Iterable[object]) -> Iterator[Problem]:
    for item in given:
        if not is_address(str(item)):
            fact = f"`ips` has {printable(str(item)[:100])}, which is no address"
            yield Problem(title, "address_invalid", f"{fact}; DNS names go into `names`")


def _find_email_problems(title: str, given: Iterable[object]) -> Iterator[Problem]:
    """Only what an rfc822Name can hold (RFC 5280 4.2.1.6): ASCII."""
    for item in given:
        if not _EMAIL.match(str(item)):
            fact = f"`emails` has {printable(str(item)[:100])}, which is no mail address in ASCII"
            yield Problem(title, "email_invalid", f"{fact}; correct it")


def _find_life_problems(title: str, words: Mapping[str, Any]) -> Iterator[Problem]:
    if words.get("days") is not None and words.get("not_after"):
        yield Problem(title, "date_invalid", "`days` and `not_after` are both said; say one of them")
    if words.get("days") is not None and not 1 <= int(words["days"]) <= _LONGEST_DAYS:
        yield Problem(title, "date_invalid", f"`days` is {int(words['days'])}; it must be 1 to {_LONGEST_DAYS}")
    if words.get("not_after") and load_time(str(words["not_after"])) is None:
        yield Problem(title, "date_invalid", "`not_after` must be an instant in UTC, as in 2027-12-31T23:59:59Z")


def _find_first(names: tuple[str, ...], form: str) -> str | None:
    """What JS7 knows a server by where nobody said it, and empty without one; None where no such name is wanted."""
    return next((name for name in names if not is_address(name)), "") if form == JS7 else None


def _load_subject(title: str, text: str, problems: list[Problem], *, first: str | None) -> x509.Name | None:
    try:
        subject = load_subject(text)
        return complete_js7_subject(subject, first) if first is not None else subject
    except UnusableError as error:
        problems.append(Problem(title, error.code, error.message))
        return None
