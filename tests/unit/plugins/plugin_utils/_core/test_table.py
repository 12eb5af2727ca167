# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table, letter by letter."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.table import find_lines, render_table


def row(name: str | None = "web", **words: Any) -> dict[str, Any]:
    return {
        "source": "store",
        "name": name,
        "state": "live",
        "path": "/store/fullchain.pem",
        "names": ["a.example", "b.example"],
        "subject": "CN=a.example",
        "issuer": "CN=Test CA,O=Test",
        "not_after": "2027-01-20T22:00:00Z",
        "life_left": 0.667,
        "days_left": 60,
        "key_type": "EC P-256",
        "fingerprint_sha256": "aa",
        "problems": [],
        **words,
    }


def port(number: int = 443, **words: Any) -> dict[str, Any]:
    return {
        "port": number,
        "address": "127.0.0.1",
        "state": "served",
        "fingerprint_sha256": "aa",
        "names": ["a.example"],
        "certificate": "web",
        "is_live": True,
        "problems": [],
        **words,
    }


def result(*rows: dict[str, Any], ports: Any = (), problems: Any = ()) -> dict[str, Any]:
    return {"changed": False, "certificates": list(rows), "ports": list(ports), "problems": list(problems)}


def problem(code: str, **words: str) -> dict[str, str]:
    return {"code": code, "message": "", **words}


GONE: dict[str, Any] = {
    "names": [],
    "subject": None,
    "issuer": None,
    "not_after": None,
    "life_left": None,
    "days_left": None,
}
SILENT: dict[str, Any] = {"state": "silent", "fingerprint_sha256": None, "names": [], "is_live": False}


def test_what_was_ordered_in_vain_has_a_line() -> None:
    never = {"name": "api", "last_failure": {"code": "caa"}, "next_try": ""}
    (line,) = find_lines("h", {"certificates": [], "ports": [], "problems": [], "unissued": [never]})
    assert (line.cells[:2], line.cells[-1], line.is_problem) == (("h", "api"), "caa", True)


def test_one_table_for_many_hosts_the_worst_first() -> None:
    results = {
        "web1": result(row(), row("old", life_left=0.1, days_left=9, fingerprint_sha256="bb"), ports=[port()]),
        "web2": result(row(problems=[problem("weak_key")], life_left=0.9, days_left=80), ports=[port()]),
        "gone": {"unreachable": True, "msg": "no route"},
        "empty": result(),
        "bad": {"failed": True, "msg": "no Python"},
    }
    assert render_table(results) == [
        "HOST   CERTIFICATE    NAMES         ISSUER   ENDS               LEFT  KEY       SERVED  PROBLEMS",
        "bad    -              -             -        -                  -     -         -       failed",
        "gone   -              -             -        -                  -     -         -       unreachable",
        "web2   web            a.example +1  Test CA  2027-01-20 (80 d)  90%   EC P-256  yes     weak_key",
        "web1   old            a.example +1  Test CA  2027-01-20 (9 d)   10%   EC P-256  -       -",
        "web1   web            a.example +1  Test CA  2027-01-20 (60 d)  67%   EC P-256  yes     -",
        "empty  nothing found  -             -        -                  -     -         -       -",
    ]


def test_a_result_alone_has_no_column_of_hosts() -> None:
    assert render_table(result(row(names=["a.example"]), ports=[port()])) == [
        "CERTIFICATE  NAMES      ISSUER   ENDS               LEFT  KEY       SERVED  PROBLEMS",
        "web          a.example  Test CA  2027-01-20 (60 d)  67%   EC P-256  yes     -",
    ]


def test_no_hosts_leave_the_headings() -> None:
    (headings,) = render_table({})
    assert headings.split() == ["HOST", "CERTIFICATE", "NAMES", "ISSUER", "ENDS", "LEFT", "KEY", "SERVED", "PROBLEMS"]


def cells(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Certificate, served and problems of each line."""
    return [(line.cells[1], line.cells[7], line.cells[8]) for line in find_lines("h", found)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(result(row(), ports=[port(), port(8443)]), [("web", "yes", "-")], id="at every port"),
        pytest.param(
            result(row(), ports=[port(), port(25, **SILENT, problems=[problem("silent")])]),
            [("web", "no: silent", "silent")],
            id="a silent port",
        ),
        pytest.param(
            result(
                row(),
                ports=[
                    port(
                        fingerprint_sha256="bb",
                        names=["x.example", "y.example"],
                        is_live=False,
                        problems=[problem("not_served"), problem("not_served")],
                    )
                ],
            ),
            [("web", "no: x.example +1", "not_served")],
            id="something else",
        ),
        pytest.param(
            result(row(), ports=[port(fingerprint_sha256="bb", names=[], is_live=False)]),
            [("web", "no: another", "-")],
            id="something else without names",
        ),
        pytest.param(
            result(row(), ports=[port(certificate="shop", fingerprint_sha256="cc")]), [("web", "-", "-")], id="nowhere"
        ),
        pytest.param(
            result(row(state="pending", fingerprint_sha256="bb"), ports=[port()]),
            [("web (pending)", "-", "-")],
            id="pending",
        ),
        pytest.param(
            result(row(state="disabled", problems=[problem("a"), problem("b"), problem("a")]), ports=[port()]),
            [("web (disabled)", "yes", "a, b")],
            id="disabled",
        ),
        pytest.param(
            result(row(None, source="file", state=None, path="/x.pem"), ports=[port(certificate=None, is_live=None)]),
            [("/x.pem", "yes", "-")],
            id="a file",
        ),
        pytest.param(
            result(row(**GONE, key_type=None, fingerprint_sha256=None, problems=[problem("file_missing")])),
            [("web", "-", "file_missing")],
            id="nothing to read",
        ),
        pytest.param(
            result(ports=[port(**{**SILENT, "certificate": None}), port(25, **{**SILENT, "address": "::1"})]),
            [("127.0.0.1:443", "no: silent", "silent"), ("[::1]:25", "no: silent", "silent")],
            id="silent ports of nobody that is shown",
        ),
        pytest.param(
            result(row(source="file", state=None, path="/x.pem"), ports=[port(**SILENT)]),
            [("/x.pem", "-", "-"), ("127.0.0.1:443", "no: silent", "silent")],
            id="a silent port of a certificate that is not shown as stored",
        ),
        pytest.param(
            result(problems=[problem("file_unreadable", subject="/x")]),
            [("/x", "-", "file_unreadable")],
            id="a problem",
        ),
    ],
)
def test_what_a_line_says(found: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert expected == cells(found)


@pytest.mark.parametrize(
    ("issuer", "short"),
    [
        pytest.param("CN=R3,O=Let's Encrypt,C=US", "R3", id="common name"),
        pytest.param("C=US,CN=A\\, B\\+C", "A, B+C", id="escaped"),
        pytest.param("O=Only\\, Inc,C=US", "Only, Inc", id="organization"),
        pytest.param("OU=a+CN=b", "b", id="several values"),
        pytest.param("C=US", "C=US", id="neither"),
        pytest.param("", "-", id="empty"),
        pytest.param(None, "-", id="unknown"),
    ],
)
def test_the_issuer_is_short(issuer: str | None, short: str) -> None:
    (line,) = find_lines("h", result(row(issuer=issuer)))
    assert short == line.cells[3]


@pytest.mark.parametrize(
    ("subject", "shown"), [("144 CA certificates", "144 CA certificates"), (None, "-")], ids=["a subject", "nothing"]
)
def test_without_names_the_subject_is_shown(subject: str | None, shown: str) -> None:
    (line,) = find_lines("h", result(row(names=[], subject=subject)))
    assert shown == line.cells[2]


LONG = row("n" * 90, names=["m" * 90], issuer=f"CN={'i' * 90}", problems=[problem("p" * 90)])


@pytest.mark.parametrize("width", [160, 100])
def test_no_line_is_wider_than_it_may_be(width: int) -> None:
    lines = render_table({"h" * 90: result(LONG)}, width=width)
    assert max(map(len, lines)) <= width
    assert "nnn…" in lines[1]


def test_what_is_too_narrow_stays_readable() -> None:
    lines = render_table({"h": result(LONG)}, width=10)
    assert "nnnnnnn…  mmmmmmm…  iiiiiii…  2027-01-20 (60 d)" in lines[1]


def test_no_cell_writes_on_the_terminal() -> None:
    text = "\n".join(render_table({"h": result(row(None, source="file", path="/a\x1b[2J\nb"))}))
    assert "\x1b" not in text
    assert text.count("\n") == 1
