# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real nginx in its own directory, and certificates made by the openssl program: what transactions are tried on."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ansible_collections.certwright.tls.plugins.module_utils._host.request import Material

BINARY = next((path for path in ("/usr/sbin/nginx", "/usr/local/sbin/nginx") if os.path.exists(path)), "nginx")

CONFIGURATION = """
worker_processes 1;
worker_shutdown_timeout 1s;
pid {directory}/{name}.pid;
error_log {directory}/{name}.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {directory}/{name}-body;
    proxy_temp_path {directory}/{name}-proxy;
    fastcgi_temp_path {directory}/{name}-fastcgi;
    uwsgi_temp_path {directory}/{name}-uwsgi;
    scgi_temp_path {directory}/{name}-scgi;
{servers}
}}
"""
SERVER = """    server {{
        listen 127.0.0.1:{port} ssl;
        server_name {name};
        ssl_certificate {certificate};
        ssl_certificate_key {private_key};
        return 204;
    }}"""


@dataclass(frozen=True)
class Supply:
    """Material as a controller sends it, and the SHA-256 of its leaf."""

    material: Material
    fingerprint: str


@cache
def supply(name: str, number: int = 1) -> Supply:
    """A self-signed pair; another number is another pair for the same name."""
    with tempfile.TemporaryDirectory() as directory:
        certificate, key = Path(directory, "cert.pem"), Path(directory, "key.pem")
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        command += ["-days", "2", "-subj", f"/CN={name}/serialNumber={number}"]
        command += ["-keyout", str(key), "-out", str(certificate)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        leaf, private_key = certificate.read_text(encoding="ascii"), key.read_text(encoding="ascii")
    return Supply(Material(leaf, "", "", private_key), fingerprint_of(leaf))


def fingerprint_of(leaf: str) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf)).hexdigest()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass(frozen=True)
class Site:
    """One server block."""

    name: str
    port: int
    certificate: str
    private_key: str


class Nginx:
    """One instance, in the foreground of a process of ours, so that it can be ended and waited for."""

    def __init__(self, directory: Path, name: str = "nginx") -> None:
        self.directory, self.name = directory, name
        self.config = directory / f"{name}.conf"
        self.pid_file = directory / f"{name}.pid"
        self.process: subprocess.Popen[bytes] | None = None

    def configure(self, *sites: Site) -> None:
        servers = "\n".join(
            SERVER.format(port=site.port, name=site.name, certificate=site.certificate, private_key=site.private_key)
            for site in sites
        )
        text = CONFIGURATION.format(directory=self.directory, name=self.name, servers=servers)
        self.config.write_text(text, encoding="ascii")

    def command(self, *words: str) -> tuple[str, ...]:
        return (BINARY, "-p", str(self.directory), "-c", str(self.config), *words)

    @property
    def check(self) -> tuple[str, ...]:
        return self.command("-t", "-q")

    @property
    def reload(self) -> tuple[str, ...]:
        return self.command("-s", "reload")

    def test(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.check, check=False, capture_output=True, text=True, timeout=30)

    def start(self) -> None:
        command = self.command("-g", "daemon off;")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not (self.pid_file.exists() and self.pid_file.read_text(encoding="ascii").strip()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"nginx does not start: {self.test().stderr}")
            time.sleep(0.005)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None

    def __enter__(self) -> Nginx:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def served(port: int, name: str | None = None) -> str:
    """The SHA-256 of the leaf that one whole handshake shows; "" when there is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        with connection, context.wrap_socket(connection, server_hostname=name) as tls:
            return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()
    except OSError:
        return ""


def await_served(port: int, expected: str, *, name: str | None = None, seconds: float = 5) -> str:
    """What the port shows: the expected leaf as soon as it does so three times in a row, else the last one."""
    deadline, in_a_row, found = time.monotonic() + seconds, 0, ""
    while in_a_row < 3 and time.monotonic() < deadline:
        found = served(port, name)
        in_a_row = in_a_row + 1 if found == expected else 0
        if found != expected:
            time.sleep(0.02)
    return found
