# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.issued_chain import find_cut, load_chain
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.tests.unit.authority import Issued, ca

ROOT = ca("Root")
INTERMEDIATE = ROOT.authority("Intermediate")
LEAF = INTERMEDIATE.issue("a.example", "*.a.example")
BY_ROOT = ROOT.issue("a.example")
STRANGER = ca("Test Root").authority("Intermediate")
NAMELESS = INTERMEDIATE.issue("a.example", cn=None)


@pytest.mark.parametrize(
    ("chain", "names"),
    [
        ((LEAF, INTERMEDIATE), ("a.example", "*.a.example")),
        ((LEAF, INTERMEDIATE, ROOT), ("a.example",)),
        ((BY_ROOT,), ("a.example",)),
        ((BY_ROOT, ROOT), ("a.example",)),
        ((NAMELESS, INTERMEDIATE), ("a.example",)),
    ],
    ids=["as usual", "with its root", "of a root that is left out", "of a root", "without a common name"],
)
def test_a_sound_chain_comes_in_one_spelling(chain: tuple[Issued, ...], names: tuple[str, ...]) -> None:
    content = b"text before\r\n" + b"\r\n".join(issued.pem.replace(b"\n", b"\r\n") for issued in chain)

    assert load_chain(content, names=names) == b"".join(issued.pem for issued in chain)


@pytest.mark.parametrize(
    ("chain", "fact"),
    [
        ((LEAF, ROOT), "is followed by a certificate that did not sign it"),
        ((LEAF, STRANGER), "is followed by a certificate that did not sign it"),
        ((INTERMEDIATE, LEAF), "lacks a.example"),
    ],
    ids=["a link is missing", "another CA of the same name", "the wrong way round"],
)
def test_an_unfit_chain_is_refused(chain: tuple[Issued, ...], fact: str) -> None:
    with pytest.raises(AcmeProblem) as failed:
        load_chain(b"".join(issued.pem for issued in chain), names=["a.example"])

    assert (failed.value.kind, failed.value.code) == ("permanent", "certificate_unfit")
    assert failed.value.message == (
        f"The certificate that the CA issued {fact}; nothing was stored; a later run orders anew, "
        "and the CA should know"
    )


@pytest.mark.parametrize(
    ("content", "is_cut"),
    [(LEAF.pem, False), (LEAF.pem + b"\r\n \n", False), (LEAF.pem[:-9], True), (b"", True), (b"<html>", True)],
    ids=["whole", "with blanks", "cut", "nothing", "HTML"],
)
def test_a_file_that_did_not_arrive_whole_is_noticed(content: bytes, is_cut: bool) -> None:
    assert bool(find_cut(content)) == is_cut
