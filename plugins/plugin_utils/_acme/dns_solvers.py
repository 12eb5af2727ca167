# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of a dns-01 challenge, and the table of those who carry it out. A new one is a file and a line here."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_dependencies import (
    require_dnspython,
    require_lexicon,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_hook import DnsHook
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lexicon import DnsLexicon
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import Resolver, load_place
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_records import Solver
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_update import ALGORITHMS, DnsUpdate, TsigKey
from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import is_address
from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import (
    find_choice_fault,
    find_unknown_words,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.names import load_name
from ansible_collections.certwright.tls.plugins.plugin_utils._core.pem import UnusableError
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_words import Kind
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import WordError, read_port, read_text

_PROVIDER_NAME = re.compile(r"[a-z0-9_-]{1,60}")
_LONGEST = 3600


@dataclass(frozen=True)
class DnsChallenge:
    """How names are proved by dns-01: who adds the values, who is asked whether they are seen, for how many seconds."""

    solver: Solver
    resolver: Resolver
    propagation_timeout: float


def read_seconds(value: object) -> float:
    text = str(value)
    if re.fullmatch(r"\d{1,5}(\.\d+)?", text) and 0 < float(text) <= _LONGEST:
        return float(text)
    raise WordError(f"must be seconds, from 1 to {_LONGEST}")


def read_ttl(value: object) -> int:
    text = str(value)
    if re.fullmatch(r"\d{1,6}", text) and int(text) <= 86400:
        return int(text)
    raise WordError("must be seconds, from 0 to 86400")


def read_resolver(value: object) -> Resolver:
    """One or a list of IP addresses, each with a port where it is not 53."""
    addresses = [read_text(item) for item in (value if isinstance(value, (list, tuple)) else [value])]
    places = [load_place(address, 53) for address in addresses]
    if places and all(is_address(host) and 0 < port < 65536 for host, port in places):
        return Resolver(tuple(addresses))
    raise WordError("must be IP addresses, each with its port where that is not 53, as in 192.0.2.53 or [::1]:8053")


def read_program(value: object) -> str:
    text = read_text(value)
    if text.startswith("/"):
        return text
    raise WordError("must be the absolute path of a program on the controller")


def read_host(value: object) -> str:
    """A name or an address; here a URL would be a mistake, not another spelling."""
    text = read_text(value)
    try:
        name, stripped = load_name(text)
    except UnusableError:
        raise WordError("must be the name or the IP address of a server") from None
    if stripped or name.startswith("*"):
        raise WordError("must be a name or an IP address alone; the port is `server_port`")
    return name


def read_zone(value: object) -> str:
    """Zones hold names that hosts do not; what is wrong, the server says."""
    text = read_text(value).rstrip(".").lower()
    if text and len(text) <= 253 and not any(character.isspace() for character in text):
        return text
    raise WordError("must be a domain such as example.org")


def read_algorithm(value: object) -> str:
    text = read_text(value).lower().rstrip(".")
    if text in ALGORITHMS:
        return text
    raise WordError(f"must be one of {', '.join(ALGORITHMS)}")


def read_secret(value: object) -> str:
    """Base64; what is wrong with it is never repeated."""
    text = "".join(value.split()) if isinstance(value, str) else ""
    try:
        decoded = b64decode(text, validate=True)
    except ValueError:
        decoded = b""
    if decoded:
        return text
    raise WordError("must be the key's secret alone, in base64, as `tsig-keygen` prints it after `secret`")


def read_provider_name(value: object) -> str:
    text = read_text(value)
    if _PROVIDER_NAME.fullmatch(text):
        return text
    raise WordError("must be the name of a provider as `lexicon --help` lists it")


def read_options(value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return {str(word): item for word, item in value.items()}
    raise WordError("must be a mapping of the provider's options")


@dataclass(frozen=True)
class _Provider:
    kinds: Mapping[str, Kind]
    required: tuple[str, ...]
    make: Callable[[Mapping[str, Any], Resolver], Solver]


def _make_update(words: Mapping[str, Any], _resolver: Resolver) -> Solver:
    key = None
    if "tsig_name" in words:
        key = TsigKey(words["tsig_name"], words["tsig_secret"], words.get("tsig_algorithm", ALGORITHMS[0]))
    return DnsUpdate(words["server"], words.get("server_port", 53), words.get("zone", ""), key, words.get("ttl", 60))


def _make_hook(words: Mapping[str, Any], _resolver: Resolver) -> Solver:
    return DnsHook(words["program"], words.get("hook_timeout", 60.0))


def _make_lexicon(words: Mapping[str, Any], resolver: Resolver) -> Solver:
    require_lexicon()
    solver = DnsLexicon(words["lexicon_provider"], words.get("lexicon_options", {}), words.get("zone", ""), resolver)
    solver.connect("")
    return solver


PROVIDERS: Mapping[str, _Provider] = {
    "rfc2136": _Provider(
        kinds={
            "server": read_host,
            "server_port": read_port,
            "zone": read_zone,
            "tsig_name": read_zone,
            "tsig_secret": read_secret,
            "tsig_algorithm": read_algorithm,
            "ttl": read_ttl,
        },
        required=("server",),
        make=_make_update,
    ),
    "hook": _Provider({"program": read_program, "hook_timeout": read_seconds}, ("program",), _make_hook),
    "lexicon": _Provider(
        {"lexicon_provider": read_provider_name, "lexicon_options": read_options, "zone": read_zone},
        ("lexicon_provider",),
        _make_lexicon,
    ),
}
_SHARED: Mapping[str, Kind] = {
    "type": read_text,
    "provider": read_text,
    "resolver": read_resolver,
    "propagation_timeout": read_seconds,
}
_DEFAULT_TIMEOUT = 120.0


def find_word_problems(words: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the words of a dns-01 challenge, each as a sentence of its own; nothing is looked up."""
    said = _find_said(words)
    name = said.pop("provider", None)
    fault = find_choice_fault(name, tuple(PROVIDERS))
    if name is None or fault:
        yield f"`provider` {fault}" if fault else f"`provider` is missing; it is one of {', '.join(PROVIDERS)}"
        return
    provider = PROVIDERS[str(name)]
    kinds = {**_SHARED, **provider.kinds}
    yield from find_unknown_words(said, kinds)
    yield from (f"`{word}` is missing" for word in provider.required if word not in said)
    yield from _find_key_problems(said)
    for word, value in said.items():
        if word in kinds:
            yield from _find_value_problem(word, kinds[word], value)


def load_challenge(words: Mapping[str, Any]) -> DnsChallenge:
    """From words in which find_word_problems found nothing. Raises AcmeProblem: dns_provider_unknown."""
    read = _read(words)
    resolver = read.get("resolver", Resolver())
    return DnsChallenge(load_solver(words), resolver, read.get("propagation_timeout", _DEFAULT_TIMEOUT))


def load_solver(words: Mapping[str, Any]) -> Solver:
    require_dnspython()
    read = _read(words)
    return PROVIDERS[read["provider"]].make(read, read.get("resolver", Resolver()))


def _read(words: Mapping[str, Any]) -> dict[str, Any]:
    said = _find_said(words)
    kinds = {**_SHARED, **PROVIDERS[str(said["provider"])].kinds}
    return {word: kinds[word](value) for word, value in said.items()}


def _find_said(words: Mapping[str, Any]) -> dict[str, Any]:
    """An option that nobody gave is there as None."""
    return {str(word): value for word, value in words.items() if value not in (None, "")}


def _find_key_problems(said: Mapping[str, Any]) -> Iterator[str]:
    given = [word for word in ("tsig_name", "tsig_secret") if word in said]
    if len(given) == 1:
        missing = "tsig_secret" if given == ["tsig_name"] else "tsig_name"
        yield f"`{missing}` is missing; a TSIG key has a name and a secret"


def _find_value_problem(word: str, kind: Kind, value: object) -> Iterator[str]:
    try:
        kind(value)
    except WordError as error:
        yield f"`{word}` {error}"
