# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Internal CAs in an inventory: what may be said of them, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.certwright.tls.plugins.modules.internal_ca import ARGUMENT_SPEC as OPTIONS
from ansible_collections.certwright.tls.tests.unit.plugins.plugin_utils._core.declared_inventory import (
    load,
    require_told,
)

PLACE = {"type": "internal_ca", "host": "ca01", "path": "/srv/ca"}
# Of a task, or of files that are taken in, and nothing that an inventory keeps.
ONCE = {
    *("create", "request", "export", "rollover", "trusted", "anchors", "accept_restored", "reason"),
    *("trusting", "in_use"),
    *(word for word in OPTIONS if word.startswith(("new_", "certificate_", "private_", "chain_", "root_certificate_"))),
    *(word for word in OPTIONS if word.startswith("root_private_")),
}
IN_OFFICE = "tls_issuers.office"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param({"host": None, "path": ""}, ["lacks `host` and `path`; say on which host"], id="nowhere"),
        pytest.param({"hots": "ca02"}, ["`hots` is unknown; did you mean `host`?"], id="a slip of the pen"),
        pytest.param({"acme_directory": "x"}, ["`acme_directory` is unknown"], id="a word of another kind"),
        pytest.param({"path": "ca"}, ["`path` must be an absolute path on that host"], id="a path from nowhere"),
        pytest.param({"path": ["/ca"]}, ["`path` must be a text"], id="a list of paths"),
        pytest.param({"host": True, "email": {}}, ["`host` must be a text", "`email` must be a text"], id="no texts"),
        pytest.param({"usage": "sever"}, ["`usage` must be one of server, client, both"], id="a usage that is none"),
        pytest.param({"key_type": "rsa1024"}, ["`key_type` must be one of ec256"], id="a key type that is none"),
        pytest.param({"days": 0}, ["`days` must be a number of days, 1 or more"], id="no day at all"),
        pytest.param({"days": "90d"}, ["`days` must be a number of days"], id="days with a unit"),
        pytest.param({"days": True}, ["`days` must be a number of days"], id="days as a word"),
    ],
)
def test_what_is_wrong_with_a_ca_is_told_where_it_is_declared(words: dict[str, Any], expected: list[str]) -> None:
    told = [(IN_OFFICE, "inventory_invalid", fact) for fact in expected]
    require_told(told, {"tls_issuers": {"office": {**PLACE, **words}}})


def test_what_a_ca_may_say() -> None:
    """The options of internal_ca that stay, beside what is said of all of its certificates."""
    own = {word for word in OPTIONS if word not in ONCE}
    issuer = dict.fromkeys(own - {"key_type"} | {"ca_key_type", "usage", "days", "key_type", "email"})
    assert load(tls_issuers={"office": {**issuer, **PLACE, "days": "90", "usage": "both"}}).signed == ()
