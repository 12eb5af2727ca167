# Copyright (c) 2026 the certwright.tls authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long one task may wait, and how it waits: early and often at first, with dice, never beyond its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

_FIRST_POLL = 0.05
_LONGEST_POLL = 5.0
_POLL_GROWTH = 1.4
_FIRST_BACK_OFF = 0.5
_LONGEST_BACK_OFF = 16.0


@dataclass(frozen=True)
class Patience:
    """`clock` gives aware UTC, `sleep` takes seconds, `dice` gives 0.0 up to 1.0; at `end` everything gives up."""

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    dice: Callable[[], float]
    end: datetime

    @property
    def remaining(self) -> float:
        """Seconds, negative after the end."""
        return (self.end - self.clock()).total_seconds()

    def wait(self, seconds: float) -> bool:
        """False, without waiting, when the end comes first."""
        if seconds >= self.remaining:
            return False
        self.sleep(seconds)
        return True

    def renewed(self, seconds: float) -> Patience:
        """The same clock and dice with an end that many seconds from now."""
        return Patience(self.clock, self.sleep, self.dice, self.clock() + timedelta(seconds=seconds))

    def wait_for_poll(self, polls: int, retry_after: datetime | None) -> bool:
        """The server's wish counts, a wish to come at once does not: our own pace is the floor."""
        own = min(_FIRST_POLL * _POLL_GROWTH ** float(min(polls, 40)), _LONGEST_POLL)
        wished = (retry_after - self.clock()).total_seconds() if retry_after else 0.0
        return self.wait(max(own, wished))

    def find_back_off(self, tries: int) -> float:
        """Doubling seconds, the half of them by dice: hundreds of clients must not come back together."""
        longest = min(_FIRST_BACK_OFF * 2.0 ** min(tries, 10), _LONGEST_BACK_OFF)
        return longest * (0.5 + self.dice() / 2)
