# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""authorities.py FILE: two public CAs on a fleet's controller until it is ended; FILE says where they are, as JSON.

`long` signs for 90 days, `brief` for so short that what it signed is due while one looks. Both ask port 80 of hosts.
"""

from __future__ import annotations

import json
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests/acme"))
from acme_server import AcmeServer

LIVES = {"long": 90 * 86400, "brief": 60}


def main() -> None:
    told = Path(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    with ExitStack() as stack:
        said = {}
        for name, life in LIVES.items():
            server = AcmeServer(told.parent / name, validity=life, http_port=80, dns="10.77.0.1:53")
            stack.enter_context(server)
            said[name] = {"directory": server.directory, "ca": server.ca}
        young = told.with_suffix(".young")
        young.write_text(json.dumps(said), encoding="utf-8")
        young.rename(told)
        signal.pause()


main()
