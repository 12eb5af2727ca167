# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The presets of JS7, against what is known of how the product lays out and reads its keystores (`js7_site.py`)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.certwright.tls.tests.integration.internal_site import InternalSite, name_of
from ansible_collections.certwright.tls.tests.integration.js7_site import Component, compile_java, declare
from ansible_collections.certwright.tls.tests.integration.servers import Nginx
from ansible_collections.certwright.tls.tests.integration.site import Site

pytestmark = pytest.mark.skipif(
    shutil.which("javac") is None, reason="There is no javac for what stands for JS7; install default-jdk-headless"
)
Make = Callable[[str, str], Component]


def outside_of_it() -> str:
    """A window of a minute that is half a day away."""
    begin = datetime.now(timezone.utc) + timedelta(hours=12)
    end = begin + timedelta(minutes=1)
    return f"{begin:%H:%M}-{end:%H:%M}"


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_java(tmp_path_factory.mktemp("js7"))


@pytest.fixture
def internal(site: Site, nginx: Nginx) -> InternalSite:
    made = InternalSite(site, nginx)
    made.make()
    return made


@pytest.fixture
def make(site: Site, classes: Path) -> Iterator[Make]:
    made: list[Component] = []

    def add(host: str, kind: str) -> Component:
        made.append(Component(site, classes, host, kind))
        return made[-1]

    yield add
    for component in made:
        component.stop()


def ask_by_http(internal: InternalSite, controller: Component) -> None:
    """So the probe notices whether its own certificate is let in."""
    (words,) = internal.declared["host1"]["controller"]["services"][0].values()
    del words["ports"]
    words["probes"] = [{"port": controller.port, "client_certificate": "own", "http_path": "/"}]


def split(internal: InternalSite, agent: Component) -> None:
    """Two certificates: one for its port, one for the ports of others."""
    (service,) = internal.declared["host2"]["agent"]["services"]
    words = service["js7_agent"]
    client = {**words, "name": "js7_agent_client", "keystore": "client"}
    del client["ports"]
    internal.declared["host2"] = {
        "agent": {
            "issuer": "office",
            "names": [name_of("host2")],
            "services": [{"js7_agent": {**words, "keystore": "server"}}],
        },
        "client": {
            "issuer": "office",
            "usage": "client",
            "names": [name_of("host2")],
            "services": [{"js7_agent": client}],
        },
    }


def find_names(internal: InternalSite, service: str) -> list[str]:
    """As a template of an operator's gets them."""
    info = {"certwright.tls.certificate_info": {"store_path": "{{ tls_store_path }}"}, "register": "shown"}
    told = "groups.all | difference(['ca01']) | map('extract', hostvars, 'shown')"
    names = f"{{{{ {told} | certwright.tls.js7_distinguished_names(service='{service}') | to_json }}}}"
    path = internal.site.root / "names.json"
    written = {"content": names, "dest": str(path)}
    internal.run(info, {"ansible.builtin.copy": written, "delegate_to": "localhost", "run_once": True}, hosts="host*")
    listed: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return listed


def test_controller_and_agent_know_each_other_and_show_what_is_renewed(internal: InternalSite, make: Make) -> None:
    controller, agent = make("host1", "js7_controller"), make("host2", "js7_agent")
    declare(internal, controller, agent)
    ask_by_http(internal, controller)
    internal.install()
    for item in (controller, agent):
        listed = item.list_entries("https-keystore.p12")
        assert (f"Alias name: {item.host}" in listed, "Certificate chain length: 3" in listed) == (True, True)
        assert item.list_entries("https-truststore.p12").count("Entry type: trustedCertEntry") == 1
        assert [path.stat().st_mode & 0o777 for path in sorted(item.stores.glob("*.p12"))] == [0o600, 0o600]

    (name,) = find_names(internal, "js7_controller")
    assert name == "DNQ=Office Root Issuing CA, CN=host1.example.org, O=Example"
    agent.configure(name)
    controller.configure(name.replace("host1", "host3"))
    for item in (controller, agent):
        item.start()
    assert [controller.call(agent), agent.call(controller)] == ["204", "401"]

    unchanged = internal.install()
    assert not any(result.get("changed") for result in unchanged.results if result["host"] != "ca01")
    assert [item.logged("restart") for item in (controller, agent)] == [0, 0]

    for entry in (entry for declared in internal.declared.values() for entry in declared.values()):
        entry["names"] = [*entry["names"], "also.example.org"]
    internal.install()
    assert [item.served() for item in (controller, agent)] == [item.stored() for item in (controller, agent)]
    assert [item.logged("restart") for item in (controller, agent)] == [1, 1]
    assert [item.logged("failed") for item in (controller, agent)] == [0, 0]
    assert controller.call(agent) == "204"


def test_a_password_that_its_settings_do_not_have_is_refused_before_the_switch(
    internal: InternalSite, make: Make
) -> None:
    agent = make("host2", "js7_agent")
    declare(internal, agent)
    internal.install()
    agent.start()
    before = agent.served()

    (internal.site.controller.secrets / "js7.pass").write_text("another orchard\n", encoding="ascii")
    refused = internal.install(code=2)
    assert "private.conf has another passphrase for https-keystore.p12" in refused.output
    assert (agent.served(), agent.logged("restart"), agent.logged("failed")) == (before, 0, 0)
    assert (internal.install(code=2).code, agent.logged("restart")) == (2, 0)


def test_joc_shows_the_new_certificate_after_a_restart_in_its_window(internal: InternalSite, make: Make) -> None:
    joc, agent = make("host1", "js7_joc"), make("host2", "js7_agent")
    restart = joc.restart_script()
    declare(internal, joc, agent)
    (words,) = internal.declared["host1"]["joc"]["services"][0].values()
    words |= {"restart_command": restart, "restart_window": outside_of_it()}
    split(internal, agent)
    internal.install()
    joc.start()
    first = joc.served()
    assert {path.name for path in agent.stores.glob("*.p12")} == {
        *("https-keystore.p12", "https-truststore.p12", "https-client-keystore.p12")
    }
    assert agent.call(joc) == "204"

    internal.declared["host1"]["joc"]["names"] += ["also.example.org"]
    pending = internal.install()
    assert "restart_pending" in pending.output
    assert (joc.served(), first) == (first, first)
    assert joc.stored() != first

    words["restart_window"] = "00:00-23:59"
    internal.install()
    assert joc.served() == joc.stored() != first
