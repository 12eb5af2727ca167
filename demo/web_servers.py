# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""The server whose certificates the demo installs: nginx, or a small one where there is none."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from serving import HOST, describe_served, free_port

HERE = Path(__file__).resolve().parent
# Whose certificates the server takes from its clients, in a file of its own.
_CLIENTS = "name: clients, files: [{name: clients.pem, parts: [trust]}]"


class Server:
    """What both servers of the demo share: files, a webroot, a stopgap to begin with, and a way to end."""

    title = ""
    words = ""
    client_words = ""

    def __init__(self, work: Path) -> None:
        self.work, self.webroot = work, work / "webroot"
        self.port, self.http_port = free_port(), free_port()
        self.webroot.mkdir()

    def command(self) -> list[str]:
        raise NotImplementedError

    def write_configuration(self, sites: Mapping[str, tuple[Path, Path]], *, clients: Path | None = None) -> None:
        """A certificate and a key for each name, that of the default first.

        The default alone asks its clients for a certificate of the CAs in `clients`.
        """
        raise NotImplementedError

    def find_files(self, certificate: str) -> tuple[Path, Path]:
        """The stable paths."""
        directory = self.work / "store" / "live" / certificate / "web"
        return directory / "fullchain.pem", directory / "privkey.pem"

    def name_stable_paths(self, names: Mapping[str, str], *, clients: Path | None = None) -> None:
        """From the next reload on; nobody reloads here."""
        sites = {name: self.find_files(certificate) for name, certificate in names.items()}
        self.write_configuration(sites, clients=clients)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.stop()

    def start_with_a_stopgap(self, names: Mapping[str, str]) -> None:
        """It runs with a certificate of one day; its configuration on disk names the stable paths already."""
        self.write_configuration({HOST: (self.work / "stopgap.pem", self.work / "stopgap.key")})
        self.process = subprocess.Popen(self.command(), cwd=self.work)
        self.await_start()
        self.name_stable_paths(names)

    def reload(self) -> None:
        """By the operator's own hand; what is asked right afterwards may be answered as before."""
        self.process.send_signal(signal.SIGHUP)

    def await_start(self) -> None:
        deadline = time.monotonic() + 10
        while not describe_served(self.port):
            if time.monotonic() > deadline:
                raise SystemExit("The server did not start within 10 s")
            time.sleep(0.05)

    def break_configuration(self, names: Mapping[str, str]) -> None:
        """The mistake that everybody makes once: a copy of the key, which fits today and not after the renewal."""
        copy = self.work / "old-copy.key"
        sites = {name: self.find_files(certificate) for name, certificate in names.items()}
        certificate, key = sites[HOST]
        shutil.copy(key, copy)
        self.write_configuration({**sites, HOST: (certificate, copy)})

    def stop(self) -> None:
        process = getattr(self, "process", None)
        if process is not None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


class Nginx(Server):
    """The machine's own nginx, unprivileged, in a directory of the demo's."""

    def __init__(self, work: Path, binary: str) -> None:
        super().__init__(work)
        self.binary = binary
        self.title = f"{binary}, unprivileged, in {work}"
        self.words = (
            f"nginx: {{name: web, binary: {binary}, config: {work}/nginx.conf, prefix: {work}/, "
            f"pid_file: {work}/nginx.pid, ports: [{self.port}]}}"
        )
        program = f"[{binary}, -c, {work}/nginx.conf, -p, {work}/"
        self.client_words = (
            f"custom: {{{_CLIENTS}, trust_src: {work}/roots.pem, pid_file: {work}/nginx.pid, "
            f"check: {program}, -t], reload: {program}, -s, reload], references: {program}, -T]}}"
        )

    def command(self) -> list[str]:
        return [self.binary, "-c", str(self.work / "nginx.conf"), "-p", f"{self.work}/", "-g", "daemon off;"]

    def write_configuration(self, sites: Mapping[str, tuple[Path, Path]], *, clients: Path | None = None) -> None:
        template = (HERE / "nginx.conf").read_text(encoding="utf-8")
        asks = f"ssl_client_certificate {clients}; ssl_verify_client on;" if clients else ""
        sections = (self._describe(name, files, asks if name == HOST else "") for name, files in sites.items())
        values = {
            "WORK": str(self.work),
            "SERVERS": "\n".join(sections),
            "WEBROOT": f"listen 127.0.0.1:{self.http_port}; root {self.webroot};",
            # Root's workers would be somebody who may not look into the directory.
            "USER": f"user {getpass.getuser()};" if os.getuid() == 0 else "",
        }
        for word, value in values.items():
            template = template.replace(f"@{word}@", value)
        (self.work / "nginx.conf").write_text(template, encoding="utf-8")

    def _describe(self, name: str, files: tuple[Path, Path], further: str) -> str:
        certificate, key = files
        return (
            f"    server {{\n        listen 127.0.0.1:{self.port} ssl;\n        server_name {name};\n"
            f"        ssl_certificate {certificate};\n        ssl_certificate_key {key};\n"
            f"        {further}\n        return 200;\n    }}"
        )


class SmallServer(Server):
    """For machines without nginx: some Python that checks, reloads and serves like a grown-up server."""

    title = "a small server of the demo's own, since there is no nginx here"

    def __init__(self, work: Path) -> None:
        super().__init__(work)
        program = f"[{sys.executable}, {HERE / 'tls_server.py'}, {work / 'server.conf'}"
        self.words = (
            "custom: {name: web, files: [{name: fullchain.pem, parts: [leaf, chain]}, "
            "{name: privkey.pem, parts: [key]}], "
            f"pid_file: {work}/server.pid, check: {program}, check], reload: {program}, reload], "
            f"references: [cat, {work / 'server.conf'}], ports: [{self.port}]}}"
        )
        self.client_words = (
            f"custom: {{{_CLIENTS}, trust_src: {work}/roots.pem, pid_file: {work}/server.pid, "
            f"check: {program}, check], reload: {program}, reload], references: [cat, {work / 'server.conf'}]}}"
        )

    def command(self) -> list[str]:
        return [sys.executable, str(HERE / "tls_server.py"), str(self.work / "server.conf"), "serve"]

    def write_configuration(self, sites: Mapping[str, tuple[Path, Path]], *, clients: Path | None = None) -> None:
        lines = [f"port {self.port}", f"pid {self.work}/server.pid", f"http {self.http_port}", f"root {self.webroot}"]
        lines += [f"serve {name} {certificate} {key}" for name, (certificate, key) in sites.items()]
        lines += [f"clients {clients}"] if clients else []
        (self.work / "server.conf").write_text("\n".join([*lines, ""]), encoding="utf-8")


def find_server(work: Path) -> Server:
    binary = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    return Nginx(work, binary) if binary and not os.environ.get("DEMO_SMALL_SERVER") else SmallServer(work)
