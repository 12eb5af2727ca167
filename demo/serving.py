# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""What a port shows to whom."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path

HOST = "www.example.test"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def describe_served(port: int, name: str = HOST) -> str:
    """What a client gets: the end of the leaf's validity and its fingerprint."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=name) as connection,
        ):
            der = connection.getpeercert(binary_form=True) or b""
    except OSError:
        return ""
    return describe(ssl.DER_cert_to_PEM_cert(der))


def describe_file(path: Path) -> str:
    return describe(path.read_text(encoding="utf-8"))


def describe(pem: str) -> str:
    command = ["openssl", "x509", "-noout", "-enddate", "-fingerprint", "-sha256"]
    shown = subprocess.run(command, input=pem, text=True, capture_output=True, check=True).stdout.splitlines()
    end, fingerprint = shown[0].partition("=")[2], shown[1].partition("=")[2]
    return f"sha256 {fingerprint.replace(':', '').lower()[:16]}… until {end}"
