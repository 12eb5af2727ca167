# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is made of the files of a host."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.finding import MANY_CAS
from ansible_collections.certwright.tls.plugins.plugin_utils._core.found_files import find_in_files
from ansible_collections.certwright.tls.tests.unit.authority import ca
from ansible_collections.certwright.tls.tests.unit.survey_answers import file, known, load

CA = ca()
INTERMEDIATE = CA.authority()
LEAF, OTHER = INTERMEDIATE.issue("a.example"), INTERMEDIATE.issue("b.example")
ROOTS = [ca(f"Root {number}") for number in range(MANY_CAS + 1)]
KNOWN = known(CA, INTERMEDIATE, LEAF, OTHER, *ROOTS)
KEY = "private key"


def look(*files: dict[str, Any]) -> tuple[list[tuple[str, int, bool]], list[str]]:
    """Path, number of certificates and whether it is of CAs, of each finding; codes of what could not be read."""
    findings, problems = find_in_files(files, KNOWN, names=("a.example",))
    return (
        [(item.path or "", len(item.certificates), item.is_ca) for item in findings],
        [item.code for item in problems],
    )


@pytest.mark.parametrize(
    ("files", "findings", "codes"),
    [
        pytest.param([file("/d/a.pem", LEAF, INTERMEDIATE)], [("/d/a.pem", 2, False)], [], id="a leaf with its chain"),
        pytest.param(
            [file("/d/a.pem", LEAF), file("/d/chain.pem", INTERMEDIATE), file("/e/root.pem", CA)],
            [("/d/a.pem", 2, False), ("/d/chain.pem", 1, True), ("/e/root.pem", 1, True)],
            [],
            id="a chain that lies beside",
        ),
        pytest.param(
            [file("/d/both.pem", LEAF, OTHER, INTERMEDIATE)],
            [("/d/both.pem", 2, False), ("/d/both.pem", 2, False)],
            [],
            id="two leaves in one file",
        ),
        pytest.param(
            [file("/d/roots.pem", *ROOTS)], [("/d/roots.pem", len(ROOTS), True)], [], id="a trust store in one file"
        ),
        pytest.param(
            [*(file(f"/d/{number}.pem", root) for number, root in enumerate(ROOTS)), file("/d/all.pem", *ROOTS)],
            [("/d", len(ROOTS), True)],
            [],
            id="a trust store of many files",
        ),
        pytest.param(
            [
                *(file(f"/d/{number}.pem", root) for number, root in enumerate(ROOTS)),
                file("/d/a.pem", LEAF),
                file("/d/own.pem", CA, holds=[KEY]),
            ],
            [("/d/a.pem", len(ROOTS) + 2, False), ("/d/own.pem", 1, True), ("/d", len(ROOTS), True)],
            [],
            id="a leaf and a CA with its key in a trust store",
        ),
        pytest.param([file("/x", fact="does not exist")], [], ["file_unreadable"], id="no file"),
        pytest.param([file("/x.p12", holds=["PKCS#12"], unread="is shut")], [], ["keystore_unread"], id="a keystore"),
        pytest.param([file("/x", holds=["BCFKS"], unread="is shut")], [], ["keystore_unread"], id="of Bouncy Castle"),
        pytest.param([file("/x.p12", holds=["PKCS#12"])], [], ["no_certificate"], id="one that opens and has none"),
        pytest.param([file("/x", ended="has more than 5000 files")], [], ["search_ended"], id="too many files"),
        pytest.param([file("/x.key", holds=[KEY])], [], ["no_certificate"], id="a key"),
        pytest.param([file("/x.key", holds=[KEY], mode=0o644)], [], ["key_exposed"], id="an open key"),
        pytest.param([file("/empty")], [], ["no_certificate"], id="nothing"),
    ],
)
def test_files_are_told_as_findings_and_problems(
    files: list[dict[str, Any]], findings: list[Any], codes: list[str]
) -> None:
    assert (findings, codes) == look(*files)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(
            file("/x", fact="cannot be opened: Permission denied"),
            "/x cannot be opened: Permission denied; correct the path, or run with `become`",
            id="unreadable",
        ),
        pytest.param(
            file("/x", holds=["private key", "CRL"]),
            "/x holds no certificate, only private key, CRL; name another path",
            id="something else",
        ),
        pytest.param(file("/x"), "/x holds no certificate; name another path", id="nothing"),
        pytest.param(
            file("/x", holds=["PKCS#12"], unread="opens with nothing"),
            "/x, a PKCS#12 file, opens with nothing; "
            "pass keystore_passphrase, or look at it by `keytool -list -v -keystore FILE`",
            id="keystore",
        ),
        pytest.param(
            file("/x", holds=["BCFKS"], unread="is read by Bouncy Castle alone"),
            "/x, a BCFKS file, is read by Bouncy Castle alone; look at it by `keytool` with that provider",
            id="keystore of Bouncy Castle",
        ),
    ],
)
def test_why_a_file_shows_nothing(answer: dict[str, Any], message: str) -> None:
    (problem,) = find_in_files([answer], KNOWN, names=())[1]
    assert ("/x", message) == (problem.certificate, problem.message)


@pytest.mark.parametrize(
    ("holds", "mode", "held", "codes"),
    [
        pytest.param([], 0o644, False, [], id="no key"),
        pytest.param([KEY], 0o640, True, [], id="a key for a group"),
        pytest.param([KEY], 0o644, True, ["key_exposed"], id="a key for everybody"),
        pytest.param([KEY], 0o602, True, ["key_exposed"], id="a key that everybody may replace"),
        pytest.param(["encrypted private key"], 0o644, True, [], id="an encrypted key"),
    ],
)
@pytest.mark.parametrize("issued", [LEAF, CA], ids=["leaf", "CA"])
def test_a_key_that_lies_open_is_told(issued: Any, holds: list[str], mode: int, held: bool, codes: list[str]) -> None:
    ((finding,), problems) = find_in_files([file("/x.pem", issued, holds=holds, mode=mode)], KNOWN, names=())
    assert (held, codes, []) == (finding.holds_private_key, [item.code for item in finding.faults], problems)


def test_an_open_key_is_told_with_its_mode() -> None:
    ((finding,), _problems) = find_in_files([file("/x.pem", LEAF, holds=[KEY], mode=0o644)], KNOWN, names=())
    assert [item.message for item in finding.faults] == [
        (
            "/x.pem holds a private key and has mode 0644: everybody on the host may use it; "
            "run `chmod o-rwx` and have the certificate issued for a new key"
        )
    ]


def test_names_are_asked_of_leaves_and_what_was_unreadable_is_left_out() -> None:
    unreadable = {**file("/d/a.pem", LEAF), "certificates": ["00" * 32, *file("", LEAF)["certificates"]]}
    ((leaf, root), _problems) = find_in_files([unreadable, file("/e", CA)], KNOWN, names=("a.example",))
    assert ((load(LEAF),), ("a.example",), ()) == (leaf.certificates, leaf.names, root.names)
