# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate in an operator's words, and what they come to: supplied, on the host, requested, adopted, gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.errors import RefusedError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.removal import Removal
from ansible_collections.certwright.tls.plugins.plugin_utils._core.supplied import (
    Declaration,
    load_attributes,
    require_name,
)

SYSTEM = "system"
SUPPLIED, ON_HOST, REQUESTED, ADOPTED, GONE = "supplied", "on_host", "requested", "adopted", "gone"
_URL_MISSING = "external_url is missing; nothing can be installed before the host name that clients use is known"
_PATHS = ("certificate_src", "private_key_src", "ca_src", "pkcs12_src")
_TEXTS = ("certificate_content", "private_key_content", "ca_content", "pkcs12_content")
# A key that was made on the host together with its request is in no file, and no passphrase is asked for.
_KEY_WORDS = tuple(f"{part}_{form}" for part in ("private_key", "pkcs12") for form in ("src", "content"))
_PASSPHRASES = tuple(f"{part}_passphrase{form}" for part in ("private_key", "pkcs12") for form in ("", "_src"))


@dataclass(frozen=True)
class Entry:
    """The words that decide what is to become of a certificate; `given` names the material words that were said."""

    name: str
    state: str
    external_url: str
    other_urls: tuple[str, ...]
    services: tuple[object, ...]
    attributes: Mapping[str, str]
    accepted: frozenset[str]
    stage_only: bool
    remote: bool
    given: frozenset[str]
    is_url_empty: bool = False
    requested: bool = False
    passphrases: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        if self.state == "absent" or (self.state == "present" and not self.external_url):
            return GONE
        if self.state == "adopted":
            return ADOPTED
        if self.requested:
            return REQUESTED
        return ON_HOST if self.remote else SUPPLIED

    def to_declaration(self) -> Declaration:
        return Declaration(
            name=self.name,
            names=(self.external_url, *self.other_urls),
            services=self.services,
            attributes=self.attributes,
            accepted=self.accepted,
            stage_only=self.stage_only,
        )

    def to_removal(self, bringing: frozenset[str]) -> Removal:
        """Its name leads to directories that are deleted, and nothing else reads it. Raises RefusedError."""
        return Removal(require_name(self.name), SYSTEM, self.accepted, self.stage_only, bringing)


def load_entry(arguments: Mapping[str, Any], *, name: str, stage_only: bool) -> Entry:
    """Raises RefusedError with everything that these words cannot mean together."""
    entry = Entry(
        name=spell_store_name(name),
        state=str(arguments["state"]),
        external_url=str(arguments.get("external_url") or "").strip(),
        other_urls=tuple(str(url) for url in arguments.get("other_urls") or ()),
        services=tuple(arguments.get("services") or ()),
        attributes=load_attributes(arguments),
        accepted=frozenset(str(code) for code in arguments.get("accept") or ()),
        stage_only=stage_only,
        remote=bool(arguments.get("remote_src")),
        given=frozenset(word for word in (*_PATHS, *_TEXTS) if arguments.get(word) is not None),
        is_url_empty=arguments.get("external_url") is not None and not str(arguments["external_url"]).strip(),
        requested=bool(arguments.get("private_key_requested")),
        passphrases=frozenset(word for word in _PASSPHRASES if arguments.get(word)),
    )
    problems = tuple(_find_problems(entry))
    if problems:
        raise RefusedError.from_problems(problems)
    return entry


def find_notices(entry: Entry) -> tuple[Notice, ...]:
    """A domain that nobody gave an external URL has none of its own to answer for."""
    if entry.state != "present" or entry.external_url:
        return ()
    fact = f"{entry.name} has no external_url, so it has no certificate of its own and uses that of {SYSTEM}"
    return (Notice("uses_system", fact),)


def refuse_absent(name: str) -> Problem:
    fact = "the system certificate can be replaced, never removed: every service without its own falls back to it"
    return Problem(
        name, "absent_refused", f"{fact}; supply another one with `state: present`, or remove a domain's certificate"
    )


def spell_store_name(text: str) -> str:
    """A domain may be written in its own script; its directory is named by its A-labels."""
    if text.isascii():
        return text.lower().removesuffix(".")
    try:
        return load_name(text)[0]
    except UnusableError as error:
        raise RefusedError.from_problems([Problem(text, error.code, error.message)]) from None


def _find_problems(entry: Entry) -> Iterator[Problem]:
    if entry.name == SYSTEM and entry.state == "absent":
        yield refuse_absent(entry.name)
    if not entry.external_url and entry.state != "absent":
        yield from _find_missing_url(entry)
    if entry.requested and entry.state != "absent":
        yield from _find_requested_misfits(entry)
    elif entry.remote and entry.given & set(_TEXTS):
        words = ", ".join(sorted(entry.given & set(_TEXTS)))
        fact = f"{words} holds text, and remote_src says that the material lies on the host"
        yield Problem(entry.name, "material_ambiguous", f"{fact}; name its paths there, or leave out remote_src")
    elif entry.kind == ON_HOST:
        yield from _find_misfits(entry)
    elif entry.kind == ADOPTED and entry.given - {"certificate_src"}:
        words = ", ".join(sorted(entry.given - {"certificate_src"}))
        fact = f"{words} has no meaning for a certificate that is adopted, which stays where it is"
        yield Problem(entry.name, "material_ambiguous", f"{fact}; name its path on the host as certificate_src")


def _find_misfits(entry: Entry) -> Iterator[Problem]:
    """The host is asked for what was named, and cannot tell a key that nobody named from a wrong one."""
    pair = {"certificate_src", "private_key_src"}
    way_out = "name certificate_src and private_key_src on the host, or pkcs12_src alone"
    if "pkcs12_src" in entry.given and entry.given & pair:
        fact = f"pkcs12_src was passed together with {' and '.join(sorted(entry.given & pair))}, which it holds already"
        yield Problem(entry.name, "material_ambiguous", f"{fact}; {way_out}")
    elif "pkcs12_src" not in entry.given and not pair <= entry.given:
        fact = f"remote_src is given without {' and '.join(sorted(pair - entry.given))}"
        yield Problem(entry.name, "material_missing", f"{fact}; {way_out}")


def _find_requested_misfits(entry: Entry) -> Iterator[Problem]:
    """The key is where it was made: whoever names another one means something else."""
    if entry.state == "adopted":
        fact = "private_key_requested has no meaning for a certificate that is adopted, which stays where it is"
        yield Problem(entry.name, "material_ambiguous", f"{fact}; leave it out")
        return
    others = [*sorted(entry.given & set(_KEY_WORDS)), *sorted(entry.passphrases), *(["remote_src"] * entry.remote)]
    if others:
        fact = f"{', '.join(others)} was passed, and private_key_requested says that the host made the key"
        way_out = "pass the certificate and the CA alone, or leave out private_key_requested"
        yield Problem(entry.name, "material_ambiguous", f"{fact}; {way_out}")
    elif not entry.given & {"certificate_src", "certificate_content"}:
        fact = "private_key_requested is given without the certificate that was signed for the request"
        yield Problem(entry.name, "material_missing", f"{fact}; pass certificate_src or certificate_content")


def refuse_missing_url(name: str) -> Problem:
    """As BlueMind has it: nothing before the external URL."""
    return Problem(name, "external_url_missing", _URL_MISSING)


def _find_missing_url(entry: Entry) -> Iterator[Problem]:
    if entry.is_url_empty:
        way_out = f"say it, or leave the word out, and the domain uses the certificate of {SYSTEM}"
        yield Problem(entry.name, "external_url_missing", f"external_url is empty; {way_out}")
    elif entry.name == SYSTEM or entry.state == "adopted":
        yield refuse_missing_url(entry.name)
    elif entry.given or entry.other_urls or entry.requested:
        way_out = f"or leave out the rest too, and the domain uses the certificate of {SYSTEM}"
        yield Problem(entry.name, "external_url_missing", f"{_URL_MISSING}: say it, {way_out}")
