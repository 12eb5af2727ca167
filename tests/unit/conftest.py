# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every unit test may ask for; the CA builder is in authority.py."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

# Not imported from authority.py: tests of host code run where there is no `cryptography`.
_NOW = datetime(2026, 11, 21, 22, 0, tzinfo=timezone.utc)


@pytest.fixture
def now() -> datetime:
    """The instant at which the certificates of authority.py are in the middle of their lives."""
    return _NOW
