# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
import time
from datetime import timedelta

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.certificate import Certificate, load_certificates
from ansible_collections.certwright.tls.plugins.plugin_utils._core.chain import find_path, find_trusted_issuer
from ansible_collections.certwright.tls.tests.unit.authority import NOW, Authority, Issued, ca, make_key

SOON, LATE = NOW + timedelta(days=10), NOW + timedelta(days=1000)


def load(issued: Issued) -> Certificate:
    return load_certificates(issued.pem, "certificate")[0]


def path(leaf: Issued, *pool: Issued) -> list[Certificate]:
    return list(find_path(load(leaf), [load(issued) for issued in pool]))


def expected(*issued: Issued) -> list[Certificate]:
    return [load(one) for one in issued]


ROOT = ca("Root")
UPPER = ROOT.authority("Upper")
LOWER = UPPER.authority("Lower")
LEAF = LOWER.issue("a.example")
STRANGER = ca("Stranger")


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_pool_does_not_matter(seed: int) -> None:
    pool = [ROOT, UPPER, LOWER, STRANGER]
    random.Random(seed).shuffle(pool)
    assert path(LEAF, *pool) == expected(LEAF, LOWER, UPPER, ROOT)


def test_the_path_ends_where_the_pool_does() -> None:
    assert path(LEAF, LOWER, ROOT) == expected(LEAF, LOWER)
    assert path(LEAF, ROOT) == expected(LEAF)
    assert path(LEAF) == expected(LEAF)


def test_a_self_signed_certificate_is_its_own_path() -> None:
    assert path(ROOT, UPPER, STRANGER) == expected(ROOT)


def cross_signed() -> tuple[Authority, Authority, Authority, Issued]:
    """An old root, a new root, the new root's key signed by the old one, and a leaf below the key."""
    old, key = ca("Old", not_after=SOON), make_key()
    new = ca("New", key=key, not_after=LATE)
    return old, new, old.authority("New", key=key, not_after=LATE), new.issue("a.example", not_after=LATE)


def test_of_two_paths_the_one_with_a_supplied_root_wins() -> None:
    old, new, cross, leaf = cross_signed()
    assert path(leaf, cross, old) == expected(leaf, cross, old)
    assert path(leaf, cross, new) == expected(leaf, new)
    assert path(leaf, cross) == expected(leaf, cross)


def test_of_two_roots_the_one_that_ends_later_wins() -> None:
    old, new, cross, leaf = cross_signed()
    assert path(leaf, cross, old, new) == path(leaf, new, old, cross) == expected(leaf, new)


def test_of_two_equal_paths_the_shorter_wins() -> None:
    old, key = ca("Old", not_after=LATE), make_key()
    new, cross = ca("New", key=key, not_after=LATE), old.authority("New", key=key, not_after=LATE)
    leaf = new.issue("a.example")
    assert path(leaf, cross, old, new) == expected(leaf, new)


def test_of_two_cas_of_one_name_the_one_that_signed_is_taken() -> None:
    other, root = ca("Root"), ca("Root")
    leaf = root.issue("a.example", key_ids=False)
    assert path(leaf, other, root) == expected(leaf, root)


def test_a_ca_that_did_not_sign_is_taken_when_none_else_has_the_name() -> None:
    other = ca("Root")
    leaf = ca("Root").issue("a.example")
    assert path(leaf, other) == expected(leaf, other)


def test_good_signatures_come_before_a_root() -> None:
    """The upper CA was made anew under its name and key by another root; its old certificate's root is missing."""
    key = make_key()
    upper = ca("Gone").authority("Upper", key=key)
    false_root = ca("Gone")
    leaf = upper.issue("a.example")
    other = ca("Kept").authority("Upper", key=key)
    assert path(leaf, upper, false_root, other) == expected(leaf, other)


def test_key_identifiers_only_give_the_order() -> None:
    root = ca("Root", key_ids=False)
    leaf = root.issue("a.example")
    assert path(leaf, root) == expected(leaf, root)


def test_a_key_roll_over_is_followed() -> None:
    """The new key's certificate under the same name, signed by the old key, is no root."""
    old = ca("Root")
    new = old.authority("Root")
    leaf = new.issue("a.example")
    assert path(leaf, old, new) == expected(leaf, new, old)


def test_a_trusted_issuer_is_one_by_name_and_signature() -> None:
    namesake = ca("Root")
    anchors = tuple(expected(STRANGER, namesake, ROOT))
    assert find_trusted_issuer(load(UPPER), anchors) == load(ROOT)
    assert find_trusted_issuer(load(UPPER), anchors[:2]) is None


def test_a_hostile_pool_costs_bounded_time() -> None:
    """Ten keys that all sign each other under one name have millions of paths."""
    keys = [make_key() for _number in range(10)]
    cas = [ca("Loop", key=key) for key in keys]
    pool = [issuer.authority("Loop", key=key) for issuer in cas for key in keys if key is not issuer.key]
    leaf = load(cas[0].issue("a.example"))
    loaded = [load(issued) for issued in pool]
    began = time.process_time()
    assert len(find_path(leaf, loaded)) == 10
    assert time.process_time() - began < 5
