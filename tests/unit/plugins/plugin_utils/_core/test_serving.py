# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.deployment import (
    Observed,
    ObservedGeneration,
    ObservedPath,
    ObservedService,
)
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice, Problem, Reason
from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.serving import (
    find_broken,
    find_lacking,
    find_not_served,
    find_restart_notices,
    find_unnamed_notices,
)
from ansible_collections.certwright.tls.tests.unit.authority import NOW
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.test_deployment import (
    OTHER,
    found,
    port,
    services_of,
    stored,
    up,
    wanted,
)

LIVE = stored(wanted(), 3)
OURS, THEIRS = port(LIVE.fingerprint), port(OTHER)
IN_VAIN = replace(LIVE, reloaded_in_vain={"nginx": "42:100"})
BEFORE_ITS_RESTART = replace(LIVE, reloaded_in_vain={"nginx": "7:50"})
FAILED = replace(LIVE, failure="nginx could not reload")
FILES = [{"name": "all.pem", "parts": ["leaf", "key"]}]
NGINX = services_of("nginx")
FAILED_IN_VAIN = replace(IN_VAIN, failure="nginx was reloaded in vain")
SHOWS = f"serves sha256 abababababababab… instead of generation 3 (sha256 {LIVE.fingerprint[:16]}…)"
LOOK = "look at what its configuration names, and restart it"


def custom(**words: object) -> tuple[Service, ...]:
    return services_of({"custom": {"name": "nginx", "files": FILES, **words}})


RESTARTS = custom(restart_command="x", restart="allowed")
WATCHES = custom(watches_files=True)
# NOW is a Saturday, 22:00 UTC.
NEVER_RESTARTS = custom(restart_command="x")
RESTARTS_NOW = custom(restart_command="x", restart="window", restart_window="Sat 22:00-23:00")
RESTARTS_LATER = custom(restart_command="x", restart="window", restart_window="Sun 03:00-04:00")


@pytest.mark.parametrize(
    ("services", "live", "seen", "reasons", "problems"),
    [
        pytest.param(NGINX, LIVE, up(OURS), [], [], id="served"),
        pytest.param(NGINX, LIVE, up(THEIRS), ["not_served"], [], id="another leaf"),
        pytest.param(NGINX, LIVE, up(OURS, THEIRS), ["not_served"], [], id="another leaf on one of two ports"),
        pytest.param(NGINX, LIVE, up(THEIRS, THEIRS), ["not_served"], [], id="on both, said once"),
        pytest.param(NGINX, LIVE, up(THEIRS, running=False), [], [], id="a stopped service is left in peace"),
        pytest.param(NGINX, LIVE, up(port("", state="silent")), [], [], id="a silent port tells nothing"),
        pytest.param(NGINX, LIVE, up(), [], [], id="no port at all"),
        pytest.param(NGINX, LIVE, None, [], [], id="the service was not looked at"),
        pytest.param(NGINX, IN_VAIN, up(THEIRS), [], ["not_served"], id="reloaded in vain since this start"),
        pytest.param(NGINX, IN_VAIN, up(OURS), [], [], id="in vain then, served now"),
        pytest.param(NGINX, BEFORE_ITS_RESTART, up(THEIRS), ["not_served"], [], id="in vain, but before a restart"),
        pytest.param(RESTARTS, LIVE, up(THEIRS), ["not_served"], [], id="may restart always"),
        pytest.param(RESTARTS_NOW, LIVE, up(THEIRS), ["not_served"], [], id="may restart now"),
        pytest.param(RESTARTS_LATER, LIVE, up(THEIRS), [], [], id="may restart later"),
        pytest.param(NEVER_RESTARTS, LIVE, up(THEIRS), [], [], id="may never restart"),
        pytest.param(RESTARTS, IN_VAIN, up(THEIRS), [], ["not_served"], id="restarted in vain"),
        pytest.param(WATCHES, LIVE, up(THEIRS), [], ["not_served"], id="watches its files, and did not see them"),
        pytest.param(WATCHES, LIVE, up(OURS), [], [], id="watches its files, and saw them"),
        pytest.param(NGINX, FAILED, up(OURS), ["activation_pending"], [], id="served, but its activation failed"),
        pytest.param(NGINX, FAILED, up(), ["activation_pending"], [], id="failed, and no port to see it"),
        pytest.param(NGINX, FAILED, None, ["activation_pending"], [], id="failed, and not looked at"),
        pytest.param(
            NGINX, FAILED, up(THEIRS), ["activation_pending", "not_served"], [], id="failed, and another leaf"
        ),
        pytest.param(NGINX, FAILED_IN_VAIN, up(OURS), [], [], id="failed by a reload in vain, served now"),
        pytest.param(NGINX, FAILED_IN_VAIN, up(), [], [], id="failed by a reload in vain: not tried again"),
        pytest.param(NGINX, FAILED_IN_VAIN, up(THEIRS), [], ["not_served"], id="failed by a reload in vain, still so"),
    ],
)
def test_what_a_port_shows(
    services: tuple[Service, ...],
    live: ObservedGeneration,
    seen: ObservedService | None,
    reasons: list[str],
    problems: list[str],
) -> None:
    observed = found(live=live, services={"nginx": seen} if seen else {})

    assert reasons == [reason.code for reason in find_lacking(services, observed, live, NOW)]
    assert problems == [problem.code for problem in find_not_served("web", services, observed, live, NOW)]


def test_a_port_that_shows_another_leaf_is_named() -> None:
    observed = found(live=LIVE, services={"nginx": up(THEIRS)})

    expected = [Reason("not_served", f"nginx on port 443 of 127.0.0.1 {SHOWS}")]
    assert expected == list(find_lacking(NGINX, observed, LIVE, NOW))


def test_an_activation_that_failed_is_told_with_its_reason() -> None:
    observed = found(live=FAILED, paths=(ObservedPath("/opt/tls.pem", "missing", None),))

    expected = [
        Reason("link_missing", "/opt/tls.pem does not lead to the live certificate"),
        Reason("activation_pending", "Generation 3 is live, but its activation failed: nginx could not reload"),
    ]
    assert expected == list(find_lacking(NGINX, observed, FAILED, NOW))


@pytest.mark.parametrize(
    ("services", "fact"),
    [
        pytest.param(NGINX, "it was reloaded for it once, in vain", id="reloads"),
        pytest.param(WATCHES, "it watches its files and did not take them", id="watches"),
    ],
)
def test_a_failure_says_why_no_reload_is_tried(services: tuple[Service, ...], fact: str) -> None:
    observed = found(live=IN_VAIN, services={"nginx": up(THEIRS)})

    expected = [Problem("web", "not_served", f"nginx on port 443 of 127.0.0.1 {SHOWS}; {fact}; {LOOK}")]
    assert expected == list(find_not_served("web", services, observed, IN_VAIN, NOW))


@pytest.mark.parametrize(
    ("state", "codes"),
    [
        pytest.param("ours", [], id="ours"),
        pytest.param("missing", ["link_missing"], id="missing"),
        pytest.param("file", ["link_missing"], id="a file again"),
        pytest.param("link", ["link_missing"], id="a link to elsewhere"),
    ],
)
def test_a_path_leads_to_the_live_certificate(state: str, codes: list[str]) -> None:
    observed = found(live=LIVE, paths=(ObservedPath("/opt/tls.pem", state, None),))

    reasons = list(find_lacking(NGINX, observed, LIVE, NOW))
    assert codes == [reason.code for reason in reasons]
    assert all(reason.message == "/opt/tls.pem does not lead to the live certificate" for reason in reasons)


PENDING = Notice("restart_pending", "nginx has the files and takes them at its next restart")


@pytest.mark.parametrize(
    ("services", "observed", "notices"),
    [
        pytest.param(RESTARTS_LATER, found(live=LIVE, services={"nginx": up(THEIRS)}), [PENDING], id="later"),
        pytest.param(NEVER_RESTARTS, found(live=LIVE, services={"nginx": up(THEIRS)}), [PENDING], id="never by itself"),
        pytest.param(RESTARTS_LATER, found(live=LIVE, services={"nginx": up(OURS)}), [], id="took them already"),
        pytest.param(
            RESTARTS_LATER, found(live=LIVE, services={"nginx": up(port("", state="silent"))}), [], id="silent port"
        ),
        pytest.param(RESTARTS_NOW, found(live=LIVE, services={"nginx": up(THEIRS)}), [], id="now"),
        pytest.param(NGINX, found(live=LIVE, services={"nginx": up(THEIRS)}), [], id="reloads"),
        pytest.param(RESTARTS_LATER, found(live=LIVE), [], id="not looked at"),
        pytest.param(RESTARTS_LATER, found(services={"nginx": up(THEIRS)}), [], id="nothing live"),
    ],
)
def test_who_waits_for_a_restart(services: tuple[Service, ...], observed: Observed, notices: list[Notice]) -> None:
    assert notices == list(find_restart_notices(services, observed, NOW))


@pytest.mark.parametrize(
    ("seen", "notices"),
    [
        pytest.param(None, [], id="not looked at"),
        pytest.param(up(), [], id="all named"),
        pytest.param(
            up(unreferenced=("/a", "/b")),
            [
                Notice("not_referenced", "No configuration of nginx names /a"),
                Notice("not_referenced", "No configuration of nginx names /b"),
            ],
            id="two are not",
        ),
    ],
)
def test_files_that_no_configuration_names(seen: ObservedService | None, notices: list[Notice]) -> None:
    observed = found(services={"nginx": seen} if seen else {})

    assert notices == list(find_unnamed_notices(NGINX, observed))


@pytest.mark.parametrize(
    ("seen", "problems"),
    [
        pytest.param(None, [], id="not looked at"),
        pytest.param(up(), [], id="sound"),
        pytest.param(
            up(broken="nginx: [emerg] unknown directive"),
            [
                Problem(
                    "web",
                    "service_config_broken_before",
                    "The configuration of nginx is broken now, so nothing of it would be touched; mend it first. "
                    "nginx: [emerg] unknown directive",
                )
            ],
            id="broken",
        ),
    ],
)
def test_a_configuration_that_is_broken_already(seen: ObservedService | None, problems: list[Problem]) -> None:
    observed = found(services={"nginx": seen} if seen else {})

    assert problems == list(find_broken("web", NGINX, observed))
