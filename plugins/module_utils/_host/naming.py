# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files a configuration names, in whatever spelling: relative, by a link, up to a variable. In doubt it does."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store

_WORD = re.compile(r"[^\s;\"'{}()=,<>|&]+")
# `nginx -T` says where each part of a configuration stands; relative paths are taken from there.
_PLACE = re.compile(r"^# configuration file (/.*):$", re.MULTILINE)
# A variable, or a pattern of a shell.
_OPEN = re.compile(r"[$*?\[]")
_MAXIMUM_LINKS = 40
_LONGEST = 4096


@dataclass(frozen=True)
class Configuration:
    """The words of one dump that may be paths.

    `paths` maps every spelling of an absolute path, each link on its way followed, to the word as it was written, and
    `stored` the certificates of the store that these lead to; `relative` are words that do not begin at the root;
    `beginnings` are those that go on with a variable or a pattern, up to there.
    """

    paths: dict[str, str]
    stored: dict[str, tuple[str, ...]]
    relative: frozenset[str]
    beginnings: frozenset[str]

    @classmethod
    def from_dump(cls, dump: str, store: Store) -> Configuration:
        lines = (line for line in dump.splitlines() if not line.lstrip().startswith("#"))
        words = dict.fromkeys(word for line in lines for word in _WORD.findall(line) if len(word) < _LONGEST)
        fixed = [word for word in words if not _OPEN.search(word)]
        bases = dict.fromkeys(os.path.dirname(place) for place in _PLACE.findall(dump))
        absolute = {word: word for word in fixed if word.startswith("/")}
        relative = [word for word in fixed if not word.startswith(("/", "-")) and "." in word]
        absolute.update({os.path.join(base, word): word for base in bases for word in relative})
        paths = {spelling: word for path, word in absolute.items() for spelling in _find_spellings(path)}
        return cls(
            paths=paths,
            stored=_find_stored(paths, store),
            relative=frozenset(os.path.normpath(word).lstrip("./") for word in relative),
            beginnings=frozenset(_OPEN.split(word)[0] for word in words if _OPEN.search(word) and word[0] == "/"),
        )

    def find_named(self, store: Store, certificate: str, foreign: Iterable[str]) -> Iterator[str]:
        """The words that lead to files of this certificate: below its link or its home, or at a foreign path of it.

        A folder that is named as a whole names what is in it.
        """
        yield from self.stored.get(certificate, ())
        yield from self.stored.get("", ())
        # What is open after a few letters, as a rewritten address is, says nothing of a file
        places = [(store.path, f"{place}/") for place in (store.live(certificate), store.home(certificate))]
        for path in foreign:
            places.append((os.path.dirname(path), path))
            yield from (self.paths[found] for found in (path, os.path.dirname(path)) if found in self.paths)
            yield from (word for word in _list_endings(path) if word in self.relative)
        for word in self.beginnings:
            if any(_may_become(word, path, within=folder) for folder, path in places):
                yield f"{word}…"


def _may_become(beginning: str, path: str, *, within: str) -> bool:
    return beginning.startswith(f"{within}/") and (path.startswith(beginning) or beginning.startswith(path))


def _find_stored(paths: dict[str, str], store: Store) -> dict[str, tuple[str, ...]]:
    """By certificate the words that lead there; those that name the store as a whole are under the empty name."""
    found: dict[str, dict[str, None]] = {}
    roots = {store.path, os.path.realpath(store.path)}
    for spelling, word in paths.items():
        for root in roots:
            if spelling in (root, f"{root}/live", f"{root}/certificates"):
                found.setdefault("", {})[word] = None
            elif spelling.startswith((f"{root}/live/", f"{root}/certificates/")):
                found.setdefault(spelling[len(root) + 1 :].split("/")[1], {})[word] = None
    return {name: tuple(words) for name, words in found.items()}


def _list_endings(path: str) -> list[str]:
    """What a relative path to it may be: its last name, the last two, and so on."""
    parts = path.lstrip("/").split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _find_spellings(path: str) -> Iterator[str]:
    """The path, and what it becomes with each link that is followed: a link may lead to another link."""
    for _count in range(_MAXIMUM_LINKS):
        path = os.path.normpath(path)
        yield path
        step = _follow_first_link(path)
        if step is None:
            return
        path = step


def _follow_first_link(path: str) -> str | None:
    parts = path.split("/")
    for end in range(2, len(parts) + 1):
        head = "/".join(parts[:end])
        try:
            target = os.readlink(head)
        except OSError:
            continue
        return os.path.join(os.path.dirname(head), target, *parts[end:])
    return None
