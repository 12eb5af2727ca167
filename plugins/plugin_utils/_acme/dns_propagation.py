# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TXT values are looked up where the CA will look, before it is asked to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.dns_lookup import NameServer, Resolver, ask_txt
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.patience import Patience
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem
from ansible_collections.certwright.tls.plugins.plugin_utils._core.reasons import Notice

_TRIES_OF_SILENCE = 2


@dataclass(frozen=True)
class _Watch:
    name: str
    wanted: frozenset[str]
    patience: Patience

    def await_at(self, servers: Iterable[NameServer]) -> tuple[NameServer | None, tuple[str, ...]]:
        """The first server that still lacks a value at the end, if any, and the names of those that were silent."""
        silent = []
        for server in servers:
            seen = self._await_one(server)
            if seen is None:
                silent.append(server.name)
            elif not seen:
                return server, tuple(silent)
        return None, tuple(silent)

    def _await_one(self, server: NameServer) -> bool | None:
        silences = 0
        for polls in count():
            values = ask_txt(server, self.name)
            silences = silences + 1 if values is None else 0
            if values is not None and self.wanted <= values:
                return True
            if silences == _TRIES_OF_SILENCE or not self.patience.wait_for_poll(polls, None):
                break
        return None if silences else False


def await_values(resolver: Resolver, name: str, values: Iterable[str], patience: Patience) -> Notice | None:
    """Every server that answers has all the values: apex and wildcard share a name, and a CA asks any server.

    1. Asked are the resolvers that were chosen, else the zone's authoritative servers.
    2. One that lacks a value is asked until the patience ends; then AcmeProblem dns_not_propagated (transient).
    3. One that stays silent is passed over with a notice; a chosen resolver's silence is dns_unreachable.
    4. When all authoritative ones are silent (a firewall), the system's resolver is asked instead. What it does not
       see may be its cache, so that is only a notice too.
    """
    seconds = patience.remaining
    watch = _Watch(name, frozenset(values), patience)
    servers = resolver.find_servers(name)  # 1
    lacking, silent = watch.await_at(servers)
    if lacking is not None:
        raise _find_lack(name, lacking, seconds)  # 2
    if len(silent) < len(servers):
        return _tell_silent(name, silent)  # 3
    if resolver.addresses:
        raise _find_silence(name, silent)
    lacking, silent_too = watch.await_at(resolver.find_resolvers())  # 4
    return _tell_unseen(name, silent) if lacking is not None or silent_too else None


def _find_lack(name: str, server: NameServer, seconds: float) -> AcmeProblem:
    way_out = "see that the zone's servers follow its primary, or raise `propagation_timeout`"
    if not server.is_authoritative:
        way_out = "it may remember that the name was not there; name an authoritative server, or leave `resolver` out"
    else:
        way_out = f"{way_out}; where this server has another view than the CA, name a public `resolver`"
    fact = f"{server.name} does not show the TXT values at {name} after {seconds:.0f} s"
    return AcmeProblem("transient", "dns_not_propagated", f"The server {fact}; {way_out}")


def _find_silence(name: str, silent: tuple[str, ...]) -> AcmeProblem:
    fact = f"The resolver {' and '.join(silent)} gives no answer about {name}"
    return AcmeProblem(
        "transient", "dns_unreachable", f"{fact}; see that it can be reached, or name another `resolver`"
    )


def _tell_silent(name: str, silent: tuple[str, ...]) -> Notice | None:
    if not silent:
        return None
    fact = f"{', '.join(silent)} gave no answer about {name}, the zone's other servers show the values"
    return Notice("dns_server_silent", f"{fact}; a CA that asks the silent one may fail")


def _tell_unseen(name: str, silent: tuple[str, ...]) -> Notice:
    asked = (
        f"{', '.join(silent)} cannot be asked from here" if silent else "the zone's servers cannot be found from here"
    )
    fact = f"The TXT values at {name} could not be looked up: {asked}, and the controller's resolver does not show them"
    return Notice(
        "dns_not_checked", f"{fact}; the CA is asked all the same. A `resolver` that sees the zone avoids this"
    )
