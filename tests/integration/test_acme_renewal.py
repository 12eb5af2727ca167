# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When certificates are renewed: by the CA's window, their dates, a lost key, and never because of a reload."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from acme_server import AcmeServer
from cryptography import x509
from fault_proxy import EVER, FaultProxy
from faults import already_replaced, rate_limited

from ansible_collections.certwright.tls.tests.integration.acme_site import (
    AcmeSite,
    fingerprint,
    outcomes,
    problems,
    reasons,
)
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import Site

AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
LIFE = 30


@pytest.mark.further
def test_the_window_of_the_ca_is_asked_for_at_its_pace_and_obeyed(acme: AcmeSite) -> None:
    acme.serve("system")
    front, task = acme.front, acme.certificate()
    front.windows.move(30 * A_DAY, 31 * A_DAY)
    first = acme.order(task)
    assert (outcomes(first), front.counts["renewalInfo"]) == ({"system": "activated"}, 1)
    renew_at = f"{datetime.now(timezone.utc) + 30 * A_DAY - AN_HOUR:%Y-%m-%dT%H:%M:%SZ}"
    assert renew_at < first["renewals"]["system"]["renew_at"] < first["renewals"]["system"]["next_run_needed"]

    # Six hours were asked for. Whatever the window is meanwhile: nobody asks before.
    (old,) = front.windows.certificates
    front.windows.move(-2 * AN_HOUR, -AN_HOUR, certificate=old)
    front.clear()
    acme.let_pass(5 * AN_HOUR)
    kept = acme.order(task)
    assert (outcomes(kept), front.requests) == ({"system": "unchanged"}, [])

    acme.let_pass(2 * AN_HOUR)
    renewed = acme.order(task)
    assert (outcomes(renewed), reasons(renewed)) == ({"system": "activated"}, {"system": ["due_by_window"]})
    assert (front.replaces, len(front.orders)) == ([old], 1)
    assert acme.served() == fingerprint(renewed) != fingerprint(first)

    # The next one was replaced by somebody else: the CA refuses the hint, not the certificate.
    (_old, newer) = front.windows.certificates
    front.clear()
    front.windows.move(-2 * AN_HOUR, -AN_HOUR, certificate=newer)
    front.inject("newOrder", already_replaced())
    acme.let_pass(7 * AN_HOUR)
    ordered = acme.order(task)
    assert (outcomes(ordered), front.replaces) == ({"system": "activated"}, [newer])
    assert [order.get("replaces") for order in front.orders] == [None]
    assert (acme.served(), acme.generations()) == (fingerprint(ordered), [1, 2, 3])

    # Another account is no reason to order. What it orders is no replacement of what the other one had.
    front.clear()
    acme.make_account_key()
    assert (outcomes(acme.order(task)), front.requests) == ({"system": "unchanged"}, [])
    front.windows.move(-2 * AN_HOUR, -AN_HOUR, certificate=front.windows.certificates[-1])
    acme.let_pass(7 * AN_HOUR)
    moved = acme.order(task)
    assert (outcomes(moved), front.replaces, len(front.orders)) == ({"system": "activated"}, [], 1)


def test_a_certificate_near_its_end_is_renewed_and_one_that_ended_is_red_until_it_is(
    site: Site, idle_nginx: Nginx, tmp_path: Path
) -> None:
    with AcmeServer(tmp_path, validity=LIFE) as server, FaultProxy(server, renewal_info=False) as front:
        acme = AcmeSite(site, idle_nginx, front)
        acme.serve("system")
        first = acme.order(acme.certificate())
        assert outcomes(first) == {"system": "activated"}, first
        sleep_until(acme.leaf(), LIFE / 2 + 1)
        renewed = acme.order(acme.certificate())
        assert (outcomes(renewed), reasons(renewed)) == ({"system": "activated"}, {"system": ["due_by_date"]})
        assert acme.served() == fingerprint(renewed) != fingerprint(first)

        front.inject("newOrder", rate_limited(3600), times=EVER)
        sleep_until(acme.leaf(), LIFE + 1)
        expired = acme.order(acme.certificate())
        assert (outcomes(expired), expired["status"]) == ({"system": "expired"}, "failed")
        assert problems(expired) == {"system": "rate_limited"}
        assert acme.served() == fingerprint(renewed)

        front.clear()
        again = acme.order(acme.certificate(ignore_backoff=True))
        assert (outcomes(again), reasons(again)) == ({"system": "activated"}, {"system": ["expired"]})
        assert acme.served() == fingerprint(again)


def sleep_until(leaf: x509.Certificate, seconds: float) -> None:
    """Of its life."""
    instant = leaf.not_valid_before_utc + timedelta(seconds=seconds)
    time.sleep(max(0.0, (instant - datetime.now(timezone.utc)).total_seconds()))


def stubborn_service(acme: AcmeSite) -> dict[str, Any]:
    """The same nginx, whose reload fails until the administrator has mended it."""
    words = " ".join(acme.nginx.command("-s", "reload"))
    reload = acme.site.script(
        "reload", f"[ -e {acme.site.root / 'mended'} ] && exec {words}; echo out of order; exit 3"
    )
    certificate, private_key = acme.files_of("system")
    files = [
        {"name": "fullchain.pem", "parts": ["leaf", "chain"], "path": str(certificate)},
        {"name": "privkey.pem", "parts": ["key"], "path": str(private_key)},
    ]
    check = acme.nginx.command("-t", "-q")
    common = {"files": files, "pid_file": str(acme.nginx.pid_file), "ports": [acme.nginx.port]}
    return {"custom": {**common, "check": check, "reload": [reload]}}


@pytest.mark.further
def test_a_reload_that_fails_for_a_week_of_runs_costs_one_order(acme: AcmeSite) -> None:
    acme.serve("system")
    task = acme.certificate(services=[stubborn_service(acme)])
    for hours in range(3):
        failed = acme.order(task, probe_timeout=1)
        assert (failed["status"], outcomes(failed), failed["pending"]) == ("failed", {"system": "rolled_back"}, True)
        assert acme.served() == acme.by_hand["system"], hours
        acme.let_pass(A_DAY)
    assert len(acme.front.orders) == 1

    (acme.site.root / "mended").touch()
    mended = acme.order(task)
    assert (outcomes(mended), len(acme.front.orders)) == ({"system": "activated"}, 1)
    assert acme.served() == fingerprint(mended) == fingerprint(failed)

    # A lost key is another thing: nobody can bring it back.
    (acme.site.store / "live" / "system" / "privkey.pem").unlink()
    foretold, lost = acme.order(task, check=True), acme.order(task)
    assert (outcomes(lost), reasons(lost)) == ({"system": "activated"}, reasons(foretold))
    assert reasons(lost) == {"system": ["key_lost"]}
    assert acme.served() == fingerprint(lost) != fingerprint(mended)
    assert len(acme.front.orders) == 2
