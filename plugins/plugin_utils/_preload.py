# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters of this collection, loaded before Ansible forks a worker for each host."""

from __future__ import annotations

from ansible.plugins.loader import filter_loader

_ANY_FILTER = "certwright.tls.inventory"


def preload_filters() -> None:
    """For where an action is loaded, which Ansible's main process does once, before its workers.

    Whoever needs one filter of a collection has the files of all of them loaded. A worker that does so for itself takes
    as long for it as for all else, and there is one for each host.
    """
    try:
        filter_loader.get(_ANY_FILTER)
    except KeyError:
        # Outside of Ansible, as in a test of one file, nobody finds collections, and nobody is forked.
        return
