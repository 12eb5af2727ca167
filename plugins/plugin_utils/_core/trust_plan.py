# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a place of trust has, what it is to have, and why it is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inspection import format_instant
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Reason

SYSTEM = "system"


@dataclass(frozen=True)
class Place:
    """The system's trust or a JDK's. `placed` is the text of what this collection placed there, by its name; `held` are
    fingerprints among those asked for. `bundle` is the file that programs read."""

    name: str
    kind: str
    bundle: str
    placed: Mapping[str, str]
    held: frozenset[str]
    is_unfinished: bool

    @classmethod
    def from_answer(cls, words: Mapping[str, Any]) -> Place:
        return cls(
            name=str(words["place"]),
            kind=str(words["kind"]),
            bundle=str(words["bundle"]),
            placed={str(stem): str(text) for stem, text in words["placed"].items()},
            held=frozenset(words["held"]),
            is_unfinished=bool(words["is_unfinished"]),
        )

    def describe(self) -> dict[str, str]:
        return {"place": self.name, "kind": self.kind, "bundle": self.bundle}


@dataclass(frozen=True)
class PlacePlan:
    """Of one place what is written and removed; it is changed when there is a reason, if only by the update program."""

    place: Place
    write: tuple[Certificate, ...]
    remove: tuple[str, ...]
    expected: tuple[Certificate, ...]
    reasons: tuple[Reason, ...]

    def to_change(self) -> dict[str, Any]:
        return {
            "write": {name_stem(certificate): certificate.pem for certificate in self.write},
            "remove": list(self.remove),
            "expected": [certificate.fingerprint for certificate in self.expected],
        }

    @property
    def leaving(self) -> tuple[Certificate, ...]:
        return tuple(found for stem in self.remove if (found := _load_placed(self.place.placed[stem])))

    def describe_diff(self) -> dict[str, str]:
        """Names, dates and fingerprints."""
        before = dict(_list_placed(self.place))
        after = {stem: line for stem, line in before.items() if stem not in self.remove}
        after.update({name_stem(certificate): _spell(certificate) for certificate in self.write})
        return {
            "before_header": self.place.name,
            "after_header": self.place.name,
            "before": "".join(f"{line}\n" for line in sorted(before.values())),
            "after": "".join(f"{line}\n" for line in sorted(after.values())),
        }


def name_stem(certificate: Certificate) -> str:
    """The name of a file or an entry of ours, whatever the certificate is called."""
    return f"certwright-{certificate.fingerprint[:16]}"


def plan_place(place: Place, wanted: Iterable[Certificate], *, purge: bool) -> PlacePlan:
    """By fingerprint; what is placed and not wanted goes when `purge` says so."""
    by_stem = {name_stem(certificate): certificate for certificate in wanted}
    write = {stem: item for stem, item in by_stem.items() if place.placed.get(stem) != item.pem}
    remove = tuple(sorted(stem for stem in place.placed if stem not in by_stem)) if purge else ()
    reasons = (
        *_find_unfinished(place),
        *(_explain_write(place, stem, item) for stem, item in write.items()),
        *_find_without_effect(place, (item for stem, item in by_stem.items() if stem not in write)),
        *(Reason("trust_removed", f"{_title_placed(place, stem)} is not listed any more") for stem in remove),
    )
    return PlacePlan(place, tuple(write.values()), remove, tuple(by_stem.values()), reasons)


def find_kept_notices(plans: Iterable[PlacePlan], after: Mapping[str, Place]) -> Iterator[Notice]:
    """Of what was removed and is trusted all the same: the distribution or an administrator has it too."""
    for plan in plans:
        held = after[plan.place.name].held if plan.place.name in after else ()
        for certificate in plan.leaving:
            if certificate.fingerprint in held:
                fact = f"{certificate.title} was removed and is still trusted by {plan.place.bundle}"
                yield Notice("still_trusted", f"{fact}: somebody else has placed it there too")


def describe_trusted(certificate: Certificate) -> dict[str, str]:
    return {
        "subject": certificate.subject,
        "fingerprint": certificate.fingerprint,
        "not_after": f"{certificate.not_after:%Y-%m-%dT%H:%M:%SZ}",
    }


def _find_unfinished(place: Place) -> Iterator[Reason]:
    if place.is_unfinished:
        yield Reason("trust_unfinished", f"A run that changed {place.name} was interrupted; it is finished first")


def _explain_write(place: Place, stem: str, certificate: Certificate) -> Reason:
    if stem in place.placed:
        return Reason("trust_differs", f"{stem} in {place.name} was changed by somebody else")
    return Reason("trust_added", f"{_spell(certificate)} is not placed in {place.name} yet")


def _find_without_effect(place: Place, certificates: Iterable[Certificate]) -> Iterator[Reason]:
    for certificate in certificates:
        if certificate.fingerprint not in place.held:
            fact = f"{certificate.title} is placed in {place.name}, and {place.bundle} does not hold it"
            yield Reason("trust_without_effect", fact)


def _list_placed(place: Place) -> Iterator[tuple[str, str]]:
    for stem, text in place.placed.items():
        certificate = _load_placed(text)
        yield stem, _spell(certificate) if certificate else f"{stem} (no certificate)"


def _title_placed(place: Place, stem: str) -> str:
    return dict(_list_placed(place))[stem]


def _load_placed(text: str) -> Certificate | None:
    """What lies under a name of ours may have been damaged by others."""
    try:
        return load_certificates(text.encode(), "ca")[0]
    except UnusableError:
        return None


def _spell(certificate: Certificate) -> str:
    fingerprint = f"sha256 {certificate.fingerprint}"
    return f"{certificate.title}, until {format_instant(certificate.not_after)}, {fingerprint}"
