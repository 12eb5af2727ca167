# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a product on the host knows of itself, in the place of words that an operator left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.certwright.tls.plugins.plugin_utils._core.inventory_words import MATERIAL, is_list
from ansible_collections.certwright.tls.plugins.plugin_utils._core.order_words import HTTP_01
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Preset
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_entries import split_entry
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service_scopes import GLOBAL, SYSTEM
from ansible_collections.certwright.tls.plugins.plugin_utils._core.word_kinds import WordError

Presets = Mapping[str, Preset]
_AUTO, _FILES, _CLI = "auto", "files", "bm_cli"


def find_question(name: str, words: Mapping[str, Any], presets: Presets, *, is_order: bool) -> dict[str, str] | None:
    """What the host is to be asked before these words say everything; None for most certificates."""
    for preset, said in _find_products(words, presets):
        if said.get("via", _AUTO) == _AUTO or lacks_url(name, words, presets, is_order=is_order):
            given = {**dict(preset.defaults), **said}
            return {"product": preset.product, "root": str(given["root"]), "cli": str(given.get(_CLI, "bm-cli"))}
    return None


def lacks_url(name: str, words: Mapping[str, Any], presets: Presets, *, is_order: bool) -> bool:
    """Whether the product is to say for which names the certificate is. A domain without one uses the system's."""
    if words.get("external_url") is not None or words.get("other_urls") or words.get("state") == "absent":
        return False
    is_meant = is_order or name == SYSTEM or any(words.get(word) is not None for word in MATERIAL)
    return is_meant and has_product(words, presets)


def has_product(words: Mapping[str, Any], presets: Presets) -> bool:
    return next(_find_products(words, presets), None) is not None


def complete(
    name: str, words: Mapping[str, Any], answer: Mapping[str, Any], presets: Presets, *, is_order: bool
) -> dict[str, Any]:
    """The same words with what the host answered. A URL that it does not know is empty, which is refused."""
    completed = dict(words)
    if lacks_url(name, words, presets, is_order=is_order):
        urls = _find_urls(name, words, answer, presets)
        completed["external_url"] = str(urls.get("external_url", ""))
        completed["other_urls"] = [str(url) for url in urls.get("other_urls", ())]
    way = _CLI if answer.get("cli") else _FILES
    completed["services"] = [_with_way(entry, way, presets) for entry in words["services"]]
    return completed


def with_webroot(words: Mapping[str, Any], presets: Presets) -> Mapping[str, Any]:
    """Where the product shows what a CA asks for, when nobody says another place."""
    given = words.get("challenge") or {}
    if given.get("type") not in (None, HTTP_01) or given.get("webroot") or given.get("port") is not None:
        return words
    for preset, said in _find_products(words, presets):
        root = {**dict(preset.defaults), **said}["root"]
        return {**words, "challenge": {**given, "type": HTTP_01, "webroot": f"{root}{preset.webroot}"}}
    return words


def with_domain_uid(services: object, domain_uid: object, presets: Presets) -> object:
    """A domain's own identifier, handed to the product that names its files by it."""
    if not domain_uid or not is_list(services):
        return services
    return [_with_word(entry, "domain_uid", domain_uid, presets) for entry in services]


def _find_products(words: Mapping[str, Any], presets: Presets) -> Iterator[tuple[Preset, Mapping[str, Any]]]:
    """What has another form than a declaration is told by whoever reads it."""
    services = words.get("services")
    for entry in services if is_list(services) else ():
        preset, said = _split(entry, presets)
        if preset is not None and preset.product:
            yield preset, said


def _split(entry: object, presets: Presets) -> tuple[Preset | None, Mapping[str, Any]]:
    try:
        name, said = split_entry(entry)
    except WordError:
        return None, {}
    return presets.get(name), said


def _find_urls(name: str, words: Mapping[str, Any], answer: Mapping[str, Any], presets: Presets) -> Mapping[str, Any]:
    said = next((said.get("domain_uid") for _preset, said in _find_products(words, presets)), None)
    uid = str(said or (GLOBAL if name == SYSTEM else name))
    found = answer if uid == GLOBAL else answer.get("domains", {}).get(uid, {})
    return dict(found)


def _with_way(entry: object, way: str, presets: Presets) -> object:
    _preset, said = _split(entry, presets)
    return entry if said.get("via", _AUTO) != _AUTO else _with_word(entry, "via", way, presets)


def _with_word(entry: object, word: str, value: object, presets: Presets) -> object:
    preset, said = _split(entry, presets)
    if preset is None or not preset.product:
        return entry
    own = {} if said.get(word) in (None, _AUTO) else {word: said[word]}
    return {preset.name: {**said, word: value, **own}}
