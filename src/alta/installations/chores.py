"""What installations need to have done from time to time."""

from __future__ import annotations

from datetime import datetime

from alta.housekeeping import every
from alta.installations.booking import expire_holds
from alta.installations.reminders import remind

MOST_BATCHES = 50

every(seconds=5)(expire_holds)


@every(seconds=60)
def remind_customers(now: datetime) -> None:
    """Batch by batch, until nobody is left or the turn is over."""
    for _ in range(MOST_BATCHES):
        if not remind(now):
            break
