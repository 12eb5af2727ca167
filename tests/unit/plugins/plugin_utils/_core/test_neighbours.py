# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.neighbours import (
    Neighbour,
    find_neighbours,
    find_renewer_notices,
    load_neighbours,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice
from ansible_collections.certwright.tls.tests.unit.authority import ca
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import load

ISSUED = ca().issue("a.example", "*.b.example")
ANSWER = {
    "kind": "certbot",
    "certificate_path": "/etc/letsencrypt/live/a/fullchain.pem",
    "private_key_path": "/etc/letsencrypt/live/a/privkey.pem",
    "configuration": "/etc/letsencrypt/renewal/a.conf",
    "scheduled": "certbot.timer",
    "certificate": ISSUED.pem.decode(),
}
CERTBOT = Neighbour(
    kind="certbot",
    certificate_path="/etc/letsencrypt/live/a/fullchain.pem",
    private_key_path="/etc/letsencrypt/live/a/privkey.pem",
    configuration="/etc/letsencrypt/renewal/a.conf",
    scheduled="certbot.timer",
    certificate=load(ISSUED),
)
BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param([], (), id="none"),
        pytest.param([ANSWER], (CERTBOT,), id="one"),
        pytest.param(
            [{**ANSWER, "scheduled": ""}], (replace(CERTBOT, scheduled=""),), id="one that nothing was found to run"
        ),
        pytest.param([{**ANSWER, "certificate": BROKEN}], (), id="a certificate that cannot be read is nobody's"),
        pytest.param([{**ANSWER, "certificate": ""}], (), id="so is none"),
        pytest.param([{**ANSWER, "certificate": BROKEN}, ANSWER], (CERTBOT,), id="which hides no other"),
        pytest.param(
            [{**ANSWER, "certificate": ISSUED.pem.decode() + ISSUED.ca_pem.decode()}],
            (CERTBOT,),
            id="of a chain the first",
        ),
    ],
)
def test_neighbours_are_read_from_the_hosts_answer(
    answer: list[dict[str, Any]], expected: tuple[Neighbour, ...]
) -> None:
    assert expected == load_neighbours(answer)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param([], [], id="no name"),
        pytest.param(["c.example"], [], id="none of them"),
        pytest.param(["a.example"], [(CERTBOT, ["a.example"])], id="one"),
        pytest.param(["c.example", "x.b.example", "a.example"], [(CERTBOT, ["x.b.example", "a.example"])], id="some"),
        pytest.param(["b.example"], [], id="a wildcard is not for its parent"),
        pytest.param(["*.b.example"], [(CERTBOT, ["*.b.example"])], id="a wildcard itself"),
    ],
)
def test_whose_certificate_is_for_our_names(names: list[str], expected: list[tuple[Neighbour, list[str]]]) -> None:
    assert expected == list(find_neighbours(names, [CERTBOT]))


def test_names_are_asked_for_with_every_neighbour() -> None:
    other = replace(CERTBOT, kind="lego")

    found = find_neighbours(iter(["a.example"]), [CERTBOT, other])
    assert [(CERTBOT, ["a.example"]), (other, ["a.example"])] == list(found)


@pytest.mark.parametrize(
    ("neighbour", "title"),
    [
        pytest.param(
            CERTBOT, "certbot (/etc/letsencrypt/renewal/a.conf, run by certbot.timer)", id="with what runs it"
        ),
        pytest.param(replace(CERTBOT, scheduled=""), "certbot (/etc/letsencrypt/renewal/a.conf)", id="without"),
    ],
)
def test_another_renewer_is_named_with_the_way_out(neighbour: Neighbour, title: str) -> None:
    expected = (
        f"{title} looks after a.example too, at /etc/letsencrypt/live/a/fullchain.pem; "
        "stop it there once web is served from the store, or adopt its certificate instead"
    )

    notices = find_renewer_notices("web", ("a.example", "c.example"), [neighbour])
    assert [Notice("other_renewer", expected)] == list(notices)


def test_the_renewer_whose_files_are_the_source_is_not_to_be_stopped() -> None:
    (notice,) = find_renewer_notices("web", ("a.example",), [CERTBOT], source="/etc/letsencrypt/live/a/cert.pem")
    assert notice.message.endswith("web is taken from there, so run this again after each of its renewals")


def test_bluemind_is_kept_away_by_its_engine() -> None:
    bluemind = replace(CERTBOT, kind="bluemind", certificate_path="/etc/ssl/certs/bm_cert.pem", scheduled="its job")
    (notice,) = find_renewer_notices("system", ("a.example",), [bluemind])
    assert notice.code == "other_renewer"
    assert "looks after a.example too, at /etc/ssl/certs/bm_cert.pem" in notice.message
    assert "(at 07:00 UTC) writes a certificate of its own over system in the last 29 days" in notice.message
    assert "set the engine to Files once" in notice.message
    assert "bm-cli certificate file-cert" in notice.message


def test_bluemind_that_has_our_certificate_is_no_other_renewer() -> None:
    own = CERTBOT.certificate.fingerprint
    bluemind = replace(CERTBOT, kind="bluemind")
    assert list(find_renewer_notices("system", ("a.example",), [bluemind], own=own)) == []
    assert [item.code for item in find_renewer_notices("system", ("a.example",), [CERTBOT], own=own)] == [
        "other_renewer"
    ]
