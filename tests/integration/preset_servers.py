# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real servers, one for each preset: `configure` writes what their administrator would, naming files by preset name."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.module_utils._host.listeners import observe_listeners
from ansible_collections.certwright.tls.plugins.module_utils._host.probe import ProbeTarget, handshake
from ansible_collections.certwright.tls.plugins.plugin_utils._services.presets import PRESETS
from ansible_collections.certwright.tls.tests.integration.servers import (
    find_program,
    free_port,
    is_running,
    stop_process,
    wait_until,
)

NAME = "www.example.org"
Files = Mapping[str, Path]


class Server(ABC):
    """`home` and `tls` are the operator's, everything that the server writes itself is in `run`."""

    preset: str
    program: str
    package: str

    def __init__(self, home: Path, run: Path) -> None:
        if find_program(self.program) is None:
            pytest.fail(f"{self.program} is needed: apt-get install --no-install-recommends {self.package}")
        self.home, self.run, self.ports = home, run, self.choose_ports()
        self.tls = home.parent / "tls" / home.name
        for directory in (home, run):
            directory.mkdir(parents=True)

    def choose_ports(self) -> dict[int, str | None]:
        """With what is spoken on each before TLS."""
        return {free_port(): PRESETS[self.preset].starttls}

    @property
    @abstractmethod
    def pid_file(self) -> Path:
        """Where the server writes its first process."""

    @property
    @abstractmethod
    def words(self) -> dict[str, Any]:
        """Of the preset, for this instance."""

    @abstractmethod
    def configure(self, files: Files) -> None:
        """Write a configuration that names them."""

    @abstractmethod
    def start(self) -> None:
        """Start it, and return once it listens."""

    def service(self, **words: Any) -> dict[str, Any]:
        probes = [{"port": port, "starttls": spoken} for port, spoken in self.ports.items() if spoken]
        probes += [{"port": port} for port, spoken in self.ports.items() if not spoken]
        return {self.preset: {**self.words, "probes": probes, **words}}

    def execute(self, *command: str, **options: Any) -> None:
        """Its output goes to a file: a daemon would hold a pipe open for ever."""
        with tempfile.TemporaryFile() as output:
            code = subprocess.run(command, stdout=output, stderr=output, timeout=60, check=False, **options).returncode
            output.seek(0)
            assert code == 0, (command, output.read())

    def is_up(self) -> bool:
        return self.pid != 0 and is_running(self.pid)

    @property
    def pid(self) -> int:
        try:
            return int(self.pid_file.read_text(encoding="ascii").split()[0])
        except (FileNotFoundError, IndexError):
            return 0

    def served(self) -> set[str]:
        """By every port, once all of them are listened on; what shows nothing says why."""
        return {self.served_on(port, spoken) for port, spoken in self.ports.items()}

    def served_on(self, port: int, spoken: str | None) -> str:
        target = ProbeTarget(port, server_name=NAME, starttls=spoken)
        answer = handshake(target, "127.0.0.1", timeout=10)
        return answer.fingerprint or answer.detail

    def await_ports(self) -> None:
        wait_until(lambda: set(self.ports) <= {item.port for item in observe_listeners()}, f"{self.preset} that is up")

    def stop(self) -> None:
        if self.is_up():
            stop_process(self.pid)


class Apache(Server):
    preset, program, package = "apache", "apache2ctl", "apache2"

    @property
    def pid_file(self) -> Path:
        return self.run / "apache.pid"

    @property
    def words(self) -> dict[str, Any]:
        return {"config": str(self.home / "apache2.conf"), "pid_file": str(self.pid_file)}

    def configure(self, files: Files) -> None:
        """The virtual host is in a file of its own, as in sites-enabled."""
        modules = "".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
            for name in ("mpm_event", "authz_core", "ssl", "socache_shmcb")
        )
        (self.home / "sites").mkdir(exist_ok=True)
        (self.home / "apache2.conf").write_text(
            f"ServerRoot {self.home}\nPidFile {self.pid_file}\nErrorLog {self.run}/error.log\nServerName {NAME}\n"
            f"User www-data\nGroup www-data\nMutex posixsem\n{modules}IncludeOptional sites/*.conf\n",
            encoding="utf-8",
        )
        (self.home / "sites/tls.conf").write_text(
            "".join(
                f"Listen 127.0.0.1:{port}\n<VirtualHost *:{port}>\nSSLEngine on\n"
                f'SSLCertificateFile "{files["fullchain.pem"]}"\nSSLCertificateKeyFile {files["privkey.pem"]}\n'
                f"SSLCACertificatePath {self.tls}\n  sslproxycacertificatepath {self.tls}\n"
                "</VirtualHost>\n"
                for port in self.ports
            ),
            encoding="utf-8",
        )

    def start(self) -> None:
        self.execute("apache2ctl", "-f", str(self.home / "apache2.conf"), "-k", "start")
        self.await_ports()


class Haproxy(Server):
    preset, program, package = "haproxy", "haproxy", "haproxy"

    @property
    def config(self) -> Path:
        return self.home / "haproxy.cfg"

    @property
    def pid_file(self) -> Path:
        return self.run / "haproxy.pid"

    @property
    def words(self) -> dict[str, Any]:
        return {"config": str(self.config), "pid_file": str(self.pid_file)}

    def configure(self, files: Files, *, crt: str = "crt {combined.pem}") -> None:
        """What lies in the folder `tls` is named from there."""
        path = files["combined.pem"]
        named = crt.replace("{combined.pem}", path.name if path.parent == self.tls else str(path))
        binds = "".join(f"  bind 127.0.0.1:{port} ssl {named}\n" for port in self.ports)
        times = "timeout client 5s\n  timeout server 5s\n  timeout connect 5s"
        self.config.write_text(
            f"global\n  maxconn 100\n  crt-base {self.tls}\ndefaults\n  mode http\n  {times}\n"
            f"frontend tls\n{binds}  http-request return status 200\n",
            encoding="utf-8",
        )

    def start(self) -> None:
        self.execute("haproxy", "-W", "-D", "-f", str(self.config), "-p", str(self.pid_file))
        self.await_ports()


class Postfix(Server):
    """smtp, submission, smtps, and a postscreen that makes everybody wait for its greeting."""

    preset, program, package = "postfix", "postfix", "postfix"

    def choose_ports(self) -> dict[int, str | None]:
        self.smtp, self.smtps, self.screened = free_port(), free_port(), free_port()
        return {self.smtp: "smtp", self.smtps: None}

    @property
    def pid_file(self) -> Path:
        return self.run / "spool/pid/master.pid"

    @property
    def words(self) -> dict[str, Any]:
        return {"config": str(self.home)}

    def configure(self, files: Files) -> None:
        """One of the two services says it in master.cf."""
        if "combined.pem" in files:
            named = f"smtpd_tls_chain_files={files['combined.pem']}"
        else:
            named = f"smtpd_tls_cert_file={files['fullchain.pem']},smtpd_tls_key_file={files['privkey.pem']}"
        (self.run / "spool").mkdir(exist_ok=True)
        (self.run / "data").mkdir(exist_ok=True)
        shutil.chown(self.run / "data", "postfix")
        main = {
            "compatibility_level": "3.6",
            "queue_directory": self.run / "spool",
            "data_directory": self.run / "data",
            "maillog_file": self.run / "data/log",
            "maillog_file_prefixes": self.run,
            "myhostname": NAME,
            "mydestination": "",
            "inet_interfaces": "127.0.0.1",
            "alias_maps": "",
            "smtpd_tls_security_level": "may",
            "smtp_tls_CApath": self.tls,
            "postscreen_access_list": "",
            "postscreen_greet_wait": "6s",
            **dict(word.split("=") for word in named.split(",")),
        }
        (self.home / "main.cf").write_text("".join(f"{word} = {value}\n" for word, value in main.items()))
        over = "".join(f"  -o {word}\n" for word in named.split(","))
        (self.home / "master.cf").write_text(
            f"127.0.0.1:{self.smtp} inet n - n - - smtpd\n"
            f"127.0.0.1:{self.smtps} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n{over}"
            f"127.0.0.1:{self.screened} inet n - n - 1 postscreen\n"
            "smtpd pass - - n - - smtpd\npickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\n"
            "qmgr unix n - n 300 1 qmgr\ntlsmgr unix - - n 1000? 1 tlsmgr\nrewrite unix - - n - - trivial-rewrite\n"
            "anvil unix - - n - 1 anvil\npostlog unix-dgram n - n - 1 postlogd\nproxymap unix - - n - - proxymap\n"
            "dnsblog unix - - n - 0 dnsblog\ntlsproxy unix - - n - 0 tlsproxy\n",
            encoding="utf-8",
        )

    def start(self) -> None:
        self.execute("postfix", "-c", str(self.home), "start")
        self.await_ports()

    def stop(self) -> None:
        if self.is_up():
            self.execute("postfix", "-c", str(self.home), "stop")


class Dovecot(Server):
    """Every protocol that has STARTTLS, and imaps."""

    preset, program, package = "dovecot", "dovecot", "dovecot-imapd"

    def choose_ports(self) -> dict[int, str | None]:
        self.by_name = {name: free_port() for name in ("imap", "imaps", "pop3", "sieve", "lmtp")}
        return {port: None if name == "imaps" else name for name, port in self.by_name.items()}

    @property
    def pid_file(self) -> Path:
        return self.run / "base/master.pid"

    @property
    def words(self) -> dict[str, Any]:
        return {"config": str(self.home / "dovecot.conf"), "pid_file": str(self.pid_file)}

    def configure(self, files: Files) -> None:
        listeners = {
            "imap-login": ("imap", "imaps"),
            "pop3-login": ("pop3",),
            "managesieve-login": ("sieve",),
            "lmtp": ("lmtp",),
        }
        services = "".join(
            f"service {service} {{\n  chroot =\n{''.join(self._listen(name) for name in names)}}}\n"
            for service, names in listeners.items()
        )
        (self.home / "dovecot.conf").write_text(
            f"base_dir = {self.run}/base\nstate_dir = {self.run}/state\nlog_path = {self.run}/log\n"
            f"instance_name = {self.home}\nprotocols = imap pop3 sieve lmtp\nlisten = 127.0.0.1\n"
            "default_login_user = nobody\ndefault_internal_user = nobody\ndefault_internal_group = nogroup\n"
            f"ssl_client_ca_dir = {self.tls}\nssl = required\n"
            f"ssl_cert = <{files['fullchain.pem']}\nssl_key = <{files['privkey.pem']}\n"
            f"{services}service anvil {{\n  chroot =\n}}\n"
            "passdb {\n  driver = static\n}\nuserdb {\n  driver = static\n}\n",
            encoding="utf-8",
        )

    def _listen(self, name: str) -> str:
        tls = "    ssl = yes\n" if name == "imaps" else ""
        return f"  inet_listener {name} {{\n    port = {self.by_name[name]}\n{tls}  }}\n"

    def start(self) -> None:
        self.execute("dovecot", "-c", str(self.home / "dovecot.conf"))
        self.await_ports()


class Postgresql(Server):
    """Runs as its own user, who must be able to pass every directory down to the files."""

    preset, program, package = "postgresql", "pg_ctlcluster", "postgresql"

    @property
    def data(self) -> Path:
        return self.run / "data"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def words(self) -> dict[str, Any]:
        return {"config": str(self.data)}

    def as_user(self, program: str, *words: str) -> None:
        (path,) = list(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))[-1:]
        user = pwd.getpwnam("postgres")
        options = {"user": user.pw_uid, "group": user.pw_gid} if os.getuid() == 0 else {}
        self.execute(str(path), *words, **options, extra_groups=[], cwd="/")

    def configure(self, files: Files) -> None:
        if not self.data.exists():
            self.data.mkdir(mode=0o700)
            shutil.chown(self.data, "postgres", "postgres")
            self.as_user("initdb", "-D", str(self.data), "-A", "peer", "--no-sync")
            (self.data / "conf.d").mkdir()
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"listen_addresses = '127.0.0.1'\nport = {next(iter(self.ports))}\nfsync = off\n")
            file.write(f"unix_socket_directories = '{self.data}'\ninclude_dir = 'conf.d'\n")
            file.write(f"ssl_crl_dir = '{self.tls}'\n")
        (self.data / "conf.d/tls.conf").write_text(
            f"ssl = on\nssl_cert_file = '{files['fullchain.pem']}'\nssl_key_file = '{files['privkey.pem']}'\n",
            encoding="utf-8",
        )

    def start(self) -> None:
        self.as_user("pg_ctl", "start", "-w", "-D", str(self.data), "-l", str(self.data / "log"))
        self.await_ports()

    def stop(self) -> None:
        if self.is_up():
            self.as_user("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.data))


SERVERS: tuple[type[Server], ...] = (Apache, Haproxy, Postfix, Dovecot, Postgresql)
