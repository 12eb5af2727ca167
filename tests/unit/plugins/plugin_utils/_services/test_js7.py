# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the words of the three components of JS7 come to: paths, units, aliases, probes, and which files."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.plugin_utils._core.service import Service
from ansible_collections.certwright.tls.plugins.plugin_utils._core.services import load_services
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS

COMMON = {"owner": "js7", "ports": [4443], "passphrase": "an orchard"}
WHERE = "which differs from installation to installation"
KEYSTORE, TRUSTSTORE, CLIENT = "https-keystore.p12", "https-truststore.p12", "https-client-keystore.p12"


def load(name: str, names: tuple[str, ...] = ("a1.example.org",), **words: Any) -> tuple[Service, str]:
    """With the faults, which are empty when it is sound; a word of None is left out."""
    said = {word: value for word, value in {**COMMON, **words}.items() if value is not None}
    services, problems = load_services([{name: said}], certificate="web", names=names, attributes={}, presets=PRESETS)
    return services[0] if services else Service("none", ()), "\n".join(problem.message for problem in problems)


@pytest.mark.parametrize(
    ("name", "words", "unit", "directory"),
    [
        pytest.param(
            "js7_controller",
            {"id": "first"},
            "js7_controller_first.service",
            "/var/sos-berlin.com/js7/controller/config/private",
            id="controller",
        ),
        pytest.param(
            "js7_controller",
            {"unit": "js7.service", "config_directory": "/opt/js7/var/config"},
            "js7.service",
            "/opt/js7/var/config/private",
            id="controller elsewhere",
        ),
        pytest.param(
            "js7_agent", {}, "js7_agent_4445.service", "/var/sos-berlin.com/js7/agent/config/private", id="agent"
        ),
        pytest.param(
            "js7_agent",
            {"http_port": 5445, "config_directory": "/srv/var_5445/config"},
            "js7_agent_5445.service",
            "/srv/var_5445/config/private",
            id="second agent",
        ),
        pytest.param(
            "js7_joc",
            {"restart_window": "03:00-04:00"},
            "js7_joc.service",
            "/var/sos-berlin.com/js7/joc/resources/joc",
            id="joc",
        ),
        pytest.param(
            "js7_joc",
            {"restart": "allowed", "jetty_base": "/srv/joc"},
            "js7_joc.service",
            "/srv/joc/resources/joc",
            id="joc elsewhere",
        ),
    ],
)
def test_where_a_component_is(name: str, words: dict[str, Any], unit: str, directory: str) -> None:
    service, faults = load(name, **words)
    assert faults == ""
    assert unit == service.unit
    assert {f"{directory}/{KEYSTORE}", f"{directory}/{TRUSTSTORE}"} == {file.path for file in service.files}
    assert {("js7", "0600")} == {(file.owner, file.mode) for file in service.files}
    assert all(file.passphrase and file.passphrase.text == "an orchard" for file in service.files)
    assert "passphrase" not in str(service.to_record()["declared"])
    assert "{config_directory}" not in service.hint + str(service.settings)


@pytest.mark.parametrize(
    ("names", "words", "alias"),
    [
        pytest.param(("a1.example.org", "b.example"), {}, "a1", id="the short host name"),
        pytest.param(("a1.example.org",), {"alias": "agent"}, "agent", id="as it was said"),
        pytest.param(("*.example.org",), {"keystore": "server"}, "", id="of a wildcard there is none"),
        pytest.param(("192.0.2.1",), {}, "", id="of an address there is none"),
        pytest.param((), {}, "", id="of no name there is none"),
    ],
)
def test_the_entry_of_a_keystore_is_named_for_its_host(
    names: tuple[str, ...], words: dict[str, Any], alias: str
) -> None:
    service, faults = load("js7_agent", names, **words)
    assert (faults, service.files[0].alias) == ("", alias)


@pytest.mark.parametrize(
    ("words", "files", "client"),
    [
        pytest.param({}, (KEYSTORE, TRUSTSTORE), ["own"], id="both"),
        pytest.param({"keystore": "server"}, (KEYSTORE,), [None], id="server"),
        pytest.param({"keystore": "client", "ports": None}, (CLIENT, TRUSTSTORE), [], id="client"),
    ],
)
def test_which_files_a_certificate_goes_into(
    words: dict[str, Any], files: tuple[str, ...], client: list[str | None]
) -> None:
    service, faults = load("js7_agent", **words)
    assert faults == ""
    assert set(files) == {file.name for file in service.files}
    assert client == [probe.client_certificate for probe in service.probes]
    assert {setting.file for setting in service.settings} == set(files)
    assert service.usage == words.get("keystore", "both")


def test_the_owner_may_be_that_of_the_whole_certificate() -> None:
    words = {word: value for word, value in COMMON.items() if word != "owner"}
    attributes = {"owner": "js7"}
    services, problems = load_services(
        [{"js7_agent": words}], certificate="web", names=("a1.example",), attributes=attributes, presets=PRESETS
    )
    assert problems == ()
    assert {"js7"} == {file.owner for file in services[0].files}


def test_what_watches_its_files_is_not_restarted_and_joc_is_in_its_window() -> None:
    agent, joc = load("js7_agent")[0], load("js7_joc", restart_window="03:00-04:00")[0]
    assert (agent.method, agent.restart_policy) == ("none", "never")
    assert (joc.method, joc.restart_policy) == ("restart", "window")
    assert (agent.patience, joc.patience) == (60, 180)


@pytest.mark.parametrize(
    ("name", "words", "fault"),
    [
        pytest.param("js7_agent", {"owner": None}, f"The service js7_agent: lacks `owner`, {WHERE}", id="no owner"),
        pytest.param(
            "js7_agent", {"ports": None}, f"The service js7_agent: lacks `ports` or `probes`, {WHERE}", id="no port"
        ),
        pytest.param("js7_controller", {}, f"The service js7_controller: lacks `id` or `unit`, {WHERE}", id="no id"),
        pytest.param(
            "js7_agent",
            {"keystore": "client"},
            "The service js7_agent: has `ports` beside `keystore: client`, which no port shows; leave it out",
            id="a port of a client",
        ),
        pytest.param(
            "js7_joc",
            {},
            "The service js7_joc: `restart: window` needs a window; `restart_window` must be like 'Sun 03:00-04:00 "
            "Europe/Paris' (day and time zone may be left out; UTC then)",
            id="no window",
        ),
        pytest.param(
            "js7_agent",
            {"keystore": "server", "trust_src": "ca.pem"},
            "The service js7_agent: has `trust_src`, and no file for it; add one with `parts: [trust]` or "
            "`format: truststore`",
            id="whom a server alone trusts",
        ),
    ],
)
def test_what_has_to_be_said(name: str, words: dict[str, Any], fault: str) -> None:
    assert load(name, **words)[1] == fault
