# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of an inventory, and what is said of others. Their values are never repeated: they may be keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeGuard

from ansible_collections.certwright.tls.plugins.plugin_utils._core.extensions import printable

# The later one counts.
LEVELS = ("tls_certificates", "tls_group_certificates", "tls_host_certificates")
MATERIAL = (
    *("certificate_src", "certificate_content", "private_key_src", "private_key_content"),
    *("private_key_passphrase", "private_key_passphrase_src", "ca_src", "ca_content"),
    *("pkcs12_src", "pkcs12_content", "pkcs12_passphrase", "pkcs12_passphrase_src"),
    "private_key_requested",
)
ATTRIBUTES = ("owner", "group", "mode", "seuser", "serole", "setype", "selevel")
# What a certificate may say of its order, and an issuer for all of its certificates.
ORDER_WORDS = ("staging", "terms_agreed", "email", "challenge", "key_type", "key_origin", "profile")
ISSUER_WORDS = (
    *("acme_directory", "account_key_src", "account_key_content", "account_key_create", "acme_ca_certificates"),
    *("eab_kid", "eab_hmac_key", "eab_hmac_key_src", "shared_passphrase", "shared_passphrase_src"),
    *ORDER_WORDS,
)
# What a certificate may say of itself to an internal CA.
SIGNING_WORDS = ("usage", "emails", "subject", "days", "not_after")
SHARED_WORDS = (*MATERIAL, "remote_src", *ATTRIBUTES, "services", "accept")
SYSTEM_WORDS = ("external_url", "other_urls", "engine", "issuer", "state", *ORDER_WORDS, *SIGNING_WORDS, *SHARED_WORDS)
DOMAIN_WORDS = ("domain", "domain_uid", *SYSTEM_WORDS)
NAMED_WORDS = ("names", "issuer", "state", "shared", "override", *ORDER_WORDS, *SIGNING_WORDS, *SHARED_WORDS)

# What the same thing is called elsewhere: too far from our word to be found by its letters.
_ELSEWHERE = {
    "cert": "certificate_src",
    "external_url": "names",
    "fullchain": "certificate_src",
    "key": "private_key_src",
    "lets_encrypt": "letsencrypt",
    "letsencrypt": "acme",
    "name": "names",
    "names": "external_url",
    "other_urls": "names",
    "p12": "pkcs12_src",
    "privatekey_content": "private_key_content",
    "privatekey_passphrase": "private_key_passphrase",
    "privatekey_path": "private_key_src",
}
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,40}\Z")


def list_said(variables: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The words of each entry by its name, whatever is wrong with them, of an inventory that others judge."""
    merged: dict[str, Any] = {"system": variables.get("tls_system")}
    for level in LEVELS:
        said = variables.get(level)
        merged.update({str(name): words for name, words in said.items()} if isinstance(said, Mapping) else {})
    domains = variables.get("tls_domains")
    domains = domains if is_list(domains) else ()
    merged.update({str(words.get("domain")): words for words in domains if isinstance(words, Mapping)})
    yield from ((name, words) for name, words in merged.items() if isinstance(words, Mapping))


def find_unknown_words(words: Mapping[Any, Any], known: Iterable[str]) -> Iterator[str]:
    known = tuple(known)
    for word in words:
        if word not in known:
            yield f"{show_word(word)} is unknown; {say_known(word, known)}"


def say_known(word: object, known: Iterable[str]) -> str:
    """The end of a sentence: what was probably meant, and all that could have been."""
    known = sorted(known)
    meant = _find_meant(word, known)
    listed = ", ".join(known) or "none"
    return f"did you mean `{meant}`? Known are {listed}" if meant else f"known are {listed}"


def show_word(word: object) -> str:
    """A word as it was written; what is no word stays unsaid, for it may be a key that went astray."""
    return f"`{word}`" if _is_word(word) else "something that is no word"


def _is_word(word: object) -> bool:
    return isinstance(word, (str, int)) and bool(_WORD.match(str(word)))


def _find_meant(word: object, known: Iterable[str]) -> str | None:
    """Nothing for a long text: the search takes quadratic time."""
    if not _is_word(word):
        return None
    said, known = str(word).lower(), list(known)
    near = [_ELSEWHERE.get(said, ""), *get_close_matches(said, known, n=1)]
    return next((candidate for candidate in near if candidate in known), None)


def locate(variable: str, name: str) -> str:
    return f"{variable}.{printable(name[:80])}"


def find_mapping_fault(value: object, wanted: str) -> str | None:
    """What is wrong with the shape; ready for the message, empty-handed when it is a mapping or nothing at all."""
    return None if value is None or isinstance(value, Mapping) else _say_shape(value, wanted)


def find_list_fault(value: object, wanted: str) -> str | None:
    return None if value is None or is_list(value) else _say_shape(value, wanted)


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Lazy and tagged lists of Ansible are lists; its vaulted texts are sequences, but none of these."""
    return isinstance(value, (list, tuple))


def find_choice_fault(value: object, choices: tuple[str, ...]) -> str | None:
    if value is None or value in choices:
        return None
    meant = _find_meant(value, choices)
    fault = f"must be one of {', '.join(choices)}; {show_word(value)} is not"
    return f"{fault}; did you mean `{meant}`?" if meant else fault


def find_text_fault(value: object) -> str | None:
    """Numbers and dates are texts that YAML took for something else; true and false may be anything (`no`, `on`)."""
    if value is None or is_text(value):
        return None
    return "must be a text; quote it when YAML takes it for something else"


def is_text(value: object) -> bool:
    return not (value is None or is_list(value) or isinstance(value, (bool, bytes, Mapping)))


def _say_shape(value: object, wanted: str) -> str:
    if not isinstance(value, str):
        return f"must be {wanted}"
    text = value.strip()
    if text.startswith(("[", "{")):
        return f"is text and must be {wanted}; add `| from_json`"
    if text.startswith("- ") or "\n" in text:
        return f"is text and must be {wanted}; add `| from_yaml`"
    return f"is text and must be {wanted}"
