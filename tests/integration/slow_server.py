# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A TLS server whose reload takes effect late, as with old worker processes: PORT CERTIFICATE KEY LOG PID_FILE."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import sys
import time
from pathlib import Path

STALE_HANDSHAKES, STALE_SECONDS = 2, 0.3


def load(certificate: str, private_key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private_key)
    return context


def main() -> None:
    port, certificate, private_key, log, pid_file = sys.argv[1:]
    old = fresh = load(certificate, private_key)
    reloaded, shown = 0.0, STALE_HANDSHAKES

    def note(word: str) -> None:
        with open(log, "a", encoding="ascii") as file:
            file.write(word + "\n")

    def reload(_number: int, _frame: object) -> None:
        nonlocal old, fresh, reloaded, shown
        old, fresh = fresh, load(certificate, private_key)
        reloaded, shown = time.monotonic(), 0
        note("reload")

    signal.signal(signal.SIGHUP, reload)
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        Path(pid_file).write_text(str(os.getpid()), encoding="ascii")
        while True:
            connection, _address = listener.accept()
            is_new = shown >= STALE_HANDSHAKES and time.monotonic() - reloaded >= STALE_SECONDS
            shown += 1
            try:
                connection.settimeout(5)
                with (fresh if is_new else old).wrap_socket(connection, server_side=True):
                    note("new" if is_new else "old")
            except OSError:
                connection.close()


if __name__ == "__main__":
    main()
