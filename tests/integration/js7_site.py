# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JS7 as far as its layout and its reading of keystores go: a controller and an agent, and JOC Cockpit, each a JVM.

`js7/Js7.java` reads settings and stores, watches or does not, demands client certificates and knows peers by name.
"""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256

from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget, handshake
from ansible_collections.certwright.tls.plugins.module_utils._host.store import Store
from ansible_collections.certwright.tls.tests.integration.internal_site import InternalSite, load, name_of
from ansible_collections.certwright.tls.tests.integration.servers import free_port, is_running, stop_process, wait_until
from ansible_collections.certwright.tls.tests.integration.site import Site

SOURCE = Path(__file__).parent / "js7" / "Js7.java"
PASSWORD = "an orchard of its own"
_CONF = """\
js7.web.https.keystore {{ file=${{js7.config-directory}}"/private/https-keystore.p12"
  store-password="{password}", key-password="{password}", alias="{alias}" }}
js7.web.https.truststores=[ {{ file="{directory}/https-truststore.p12", store-password="{password}" }} ]
js7.auth.users.PEER.distinguished-names=[{names}]
"""


def compile_java(directory: Path) -> Path:
    subprocess.run(["javac", "-d", str(directory), str(SOURCE)], check=True, capture_output=True, timeout=120)
    return directory


class Component:
    """A controller or an agent (`engine`), or JOC (`joc`), on one host, and the process that stands for it."""

    def __init__(self, site: Site, classes: Path, host: str, kind: str) -> None:
        self.site, self.classes, self.host, self.kind = site, classes, host, kind
        self.base, self.port = site.tls / f"{kind}-{host}", free_port()
        self.role = "joc" if kind == "js7_joc" else "engine"
        self.stores = self.base / ("resources/joc" if self.role == "joc" else "private")
        self.stores.mkdir(parents=True)
        self.pid_file, self.log = site.root / f"{kind}-{host}.pid", site.root / f"{kind}-{host}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.configure()

    def configure(self, *names: str, password: str = PASSWORD) -> None:
        """Its administrator's settings; `names` are whom it lets in."""
        if self.role == "joc":
            (self.base / "start.d").mkdir(exist_ok=True)
            words = {"keyStorePassword": password, "keyManagerPassword": password, "trustStorePassword": password}
            lines = "".join(f"jetty.sslContext.{word}={value}\n" for word, value in words.items())
            (self.base / "start.d/ssl.ini").write_text(lines, encoding="ascii")
            return
        listed = ", ".join(f'"{name}"' for name in names)
        text = _CONF.format(password=password, alias=self.host, directory=self.stores, names=listed)
        (self.stores / "private.conf").write_text(text, encoding="ascii")

    def service(self, **words: Any) -> dict[str, Any]:
        """As the inventory declares it."""
        place = {"jetty_base" if self.role == "joc" else "config_directory": str(self.base)}
        named = {"js7_controller": {"id": "test"}, "js7_agent": {"http_port": 4445}, "js7_joc": {}}[self.kind]
        common = {"owner": getpass.getuser(), "unit": "", "pid_file": str(self.pid_file), "ports": [self.port]}
        secret = {"passphrase_src": str(self.site.controller.secrets / "js7.pass")}
        return {self.kind: {**named, **place, **common, **secret, **words}}

    @property
    def command(self) -> list[str]:
        return ["java", "-XX:TieredStopAtLevel=1", "-cp", str(self.classes), "Js7"]

    @property
    def start_command(self) -> list[str]:
        return [*self.command, self.role, str(self.base), str(self.port), str(self.pid_file)]

    def start(self) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.start_command, stdout=log, stderr=log)
        wait_until(self.is_up, f"a {self.kind} that is up", seconds=30)

    def restart_script(self) -> str:
        """What systemd would do."""
        start = " ".join(f"'{word}'" for word in self.start_command)
        text = (
            f"pid=$(cat {self.pid_file}); rm {self.pid_file}; kill $pid\n"
            f"{start} >>{self.log} 2>&1 </dev/null &\n"
            f"while ! [ -s {self.pid_file} ]; do sleep 0.1; done"
        )
        return self.site.script(f"restart-{self.kind}-{self.host}", text)

    def is_up(self) -> bool:
        return self.pid_file.exists() and is_running(self.pid)

    @property
    def pid(self) -> int:
        return int(self.pid_file.read_text(encoding="ascii").strip() or 0)

    def stop(self) -> None:
        """The one that was started here, and the one that a restart made of it."""
        if self.is_up() and (self.process is None or self.pid != self.process.pid):
            stop_process(self.pid)
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def served(self) -> str:
        """SHA-256 of the leaf that its port shows, although it lets no client in without a certificate."""
        return handshake(ProbeTarget(self.port, server_name=name_of(self.host)), "127.0.0.1", timeout=5).fingerprint

    def stored(self) -> str:
        store = Store(str(self.site.store / self.host))
        live = Path(store.live(self.kind.removeprefix("js7_"))) / "cert.pem"
        return load(live.read_text(encoding="ascii")).fingerprint(SHA256()).hex()

    def logged(self, word: str) -> int:
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return sum(line.startswith(word) for line in lines)

    def list_entries(self, name: str) -> str:
        command = ["keytool", "-J-Duser.language=en", "-list", "-v", "-keystore", str(self.stores / name)]
        listed = subprocess.run(
            [*command, "-storepass", PASSWORD], capture_output=True, check=False, text=True, timeout=60
        )
        assert listed.returncode == 0, listed.stdout
        return listed.stdout

    def call(self, other: Component) -> str:
        """The status with which a peer answers to this one's own certificate."""
        done = subprocess.run(
            [*self.command, "call", str(self.base), name_of(other.host), str(other.port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout.strip() or done.stderr


def declare(site: InternalSite, *components: Component, **words: Any) -> None:
    """Each is a certificate of its host, for both sides of a connection."""
    (site.site.controller.secrets / "js7.pass").write_text(f"{PASSWORD}\n", encoding="ascii")
    site.site.scanner.add_word(PASSWORD)
    site.declared = {}
    for item in components:
        entry = {
            "issuer": "office",
            "usage": "both",
            "names": [name_of(item.host)],
            "services": [item.service(**words)],
        }
        site.declared.setdefault(item.host, {})[item.kind.removeprefix("js7_")] = entry
