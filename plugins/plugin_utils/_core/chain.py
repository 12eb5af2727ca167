# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The path from a leaf towards a root through certificates in any order (RFC 4158)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import (
    Certificate,
    is_same_name,
    is_self_signed,
    is_signed_by,
)

_MAXIMUM_LENGTH = 10
# Cross-signed CAs multiply paths; real ones have two or three.
_MAXIMUM_PATHS = 32


def find_path(leaf: Certificate, pool: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """Leaf first; the last is a root when the pool holds one.

    Of several paths the best: every signature good, a root at its end, valid for the longest time, short.
    """
    return min(islice(_find_paths((leaf,), pool), _MAXIMUM_PATHS), key=_rank)


def find_issuers(certificate: Certificate, pool: Sequence[Certificate]) -> list[Certificate]:
    """Those of the issuer's name that signed it; when none did, all of that name, so that the check can say so.

    Key identifiers only give the order: clients differ in what they make of a wrong one (RFC 4158 3.5.12).
    """
    namesakes = [candidate for candidate in pool if is_same_name(candidate.subject, certificate.issuer)]
    issuers = [candidate for candidate in namesakes if is_signed_by(certificate, candidate)]
    wanted = certificate.extensions.authority_key
    return sorted(issuers or namesakes, key=lambda candidate: candidate.extensions.subject_key != wanted)


def find_trusted_issuer(certificate: Certificate, anchors: Sequence[Certificate]) -> Certificate | None:
    """By name and signature, never by name alone: distrusted CAs come back under their old names."""
    namesakes = (anchor for anchor in anchors if is_same_name(anchor.subject, certificate.issuer))
    return next((anchor for anchor in namesakes if is_signed_by(certificate, anchor)), None)


def _find_paths(path: tuple[Certificate, ...], pool: Sequence[Certificate]) -> Iterator[tuple[Certificate, ...]]:
    last = path[-1]
    is_end = len(path) == _MAXIMUM_LENGTH or is_self_signed(last)
    issuers = [] if is_end else find_issuers(last, [candidate for candidate in pool if candidate not in path])
    if not issuers:
        yield path
    for issuer in issuers:
        yield from _find_paths((*path, issuer), pool)


def _rank(path: tuple[Certificate, ...]) -> tuple[int, bool, float, int]:
    broken = sum(not is_signed_by(certificate, issuer) for certificate, issuer in pairwise(path))
    ends = min(certificate.not_after for certificate in path)
    return broken, not is_self_signed(path[-1]), -ends.timestamp(), len(path)
