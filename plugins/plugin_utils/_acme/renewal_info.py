# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the CA wants a certificate renewed (ARI, RFC 9773)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from ansible_collections.certwright.tls.plugins.plugin_utils._acme.directory import Directory
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.instants import load_instant, load_retry_after
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.network import Network, read_json
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.problems import AcmeProblem, bounded
from ansible_collections.certwright.tls.plugins.plugin_utils._acme.transport import Answer, find_host
from ansible_collections.certwright.tls.plugins.plugin_utils._core.issuance import RenewalWindow

# What RFC 9773 4.3.2 and 4.3.3 propose as limits, and when to ask again where the CA does not say.
_SHORTEST, _USUAL, _LONGEST = timedelta(minutes=1), timedelta(hours=6), timedelta(days=1)


def fetch_renewal_info(network: Network, directory: Directory, cert_id: str) -> tuple[RenewalWindow, datetime]:
    """The window and when to ask again; raises AcmeProblem: renewal_info_unusable and what the network raises."""
    url = f"{directory.require('renewalInfo').rstrip('/')}/{cert_id}"
    answer = network.get(url, doing="the renewal information")
    document = read_json(answer)
    window = _load_window(document)
    if window is None or not window.is_sound:
        fact = f"{find_host(url)} gives a renewal window that cannot be used; the dates of the certificate decide"
        again = _find_next(answer, network.patience.clock())
        raise AcmeProblem("transient", "renewal_info_unusable", fact, again)
    return window, _find_next(answer, network.patience.clock())


def _load_window(document: Mapping[str, object]) -> RenewalWindow | None:
    found = document.get("suggestedWindow")
    words = found if isinstance(found, Mapping) else {}
    start, end = load_instant(words.get("start")), load_instant(words.get("end"))
    explanation = document.get("explanationURL")
    if start is None or end is None:
        return None
    return RenewalWindow(start, end, bounded(explanation) if isinstance(explanation, str) else "")


def _find_next(answer: Answer, now: datetime) -> datetime:
    wished = load_retry_after(answer.headers, now) or now + _USUAL
    return min(max(wished, now + _SHORTEST), now + _LONGEST)
