# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026 the certwright.tls authors

"""tls_server.py CONFIGURATION serve|check|reload: a TLS server for machines without nginx.

Its lines: `port NUMBER`, `pid FILE`, `http PORT` and `root DIRECTORY` (shown there without TLS), and
`serve NAME CERTIFICATE KEY` for each name, the default first. `clients FILE` has the CAs of whom the default answers;
everybody else is told 400, as nginx does.
"""

from __future__ import annotations

import functools
import http.server
import os
import signal
import socket
import ssl
import sys
import threading
from pathlib import Path


def load(configuration: str) -> tuple[dict[str, str], ssl.SSLContext]:
    """The words, and the default context, which knows those of all other names."""
    lines = [line.split() for line in Path(configuration).read_text(encoding="utf-8").splitlines()]
    contexts = {words[1]: load_context(words[2], words[3]) for words in lines if words[:1] == ["serve"]}
    default = next(iter(contexts.values()))
    for words in lines:
        if words[:1] == ["clients"]:
            Path(words[1]).read_bytes()
            default.load_verify_locations(words[1])
            default.verify_mode = ssl.CERT_OPTIONAL

    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = contexts.get(name or "", default)

    default.sni_callback = choose
    return {words[0]: words[1] for words in lines if words}, default


def load_context(certificate: str, key: str) -> ssl.SSLContext:
    for path in (certificate, key):
        Path(path).read_bytes()  # ssl does not say which file it misses
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class Webroot(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        """The demo's output is the demo's."""


def show_webroot(port: int, directory: str) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), functools.partial(Webroot, directory=directory))
    threading.Thread(target=server.serve_forever, daemon=True).start()


def serve(configuration: str) -> None:
    words, context = load(configuration)
    state = {"context": context}
    show_webroot(int(words["http"]), words["root"])

    def reload(_number: int, _frame: object) -> None:
        state["context"] = load(configuration)[1]

    signal.signal(signal.SIGHUP, reload)
    with socket.create_server(("127.0.0.1", int(words["port"]))) as listener:
        Path(words["pid"]).write_text(str(os.getpid()), encoding="ascii")
        while True:
            connection, _address = listener.accept()
            try:
                connection.settimeout(5)
                answer(state["context"].wrap_socket(connection, server_side=True))
            except OSError:
                connection.close()


def answer(connection: ssl.SSLSocket) -> None:
    """Who only looks at the certificate asks nothing."""
    with connection:
        if connection.recv(4096):
            is_known = connection.context.verify_mode == ssl.CERT_NONE or connection.getpeercert()
            status = "200 OK" if is_known else "400 Bad Request"
            connection.sendall(f"HTTP/1.0 {status}\r\nContent-Length: 0\r\n\r\n".encode("ascii"))


def main() -> int:
    configuration, verb = sys.argv[1:]
    try:
        words = load(configuration)[0] if verb != "serve" else {}
    except OSError as error:
        print(f"{configuration}: {error}")
        return 1
    if verb == "serve":
        serve(configuration)
    elif verb == "reload":
        os.kill(int(Path(words["pid"]).read_text(encoding="ascii")), signal.SIGHUP)
    return 0


if __name__ == "__main__":
    sys.exit(main())
