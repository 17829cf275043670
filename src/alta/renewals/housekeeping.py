"""What every worker does about renewals once a minute."""

from __future__ import annotations

from datetime import datetime

from alta.housekeeping import every
from alta.playbooks.queries import current_version
from alta.renewals import services

MOST_BATCHES = 50


@every(60)
def renew(now: datetime) -> None:
    """Gives notice, renews, asks again, and ends: batch by batch, until nothing is due or the turn is over."""
    if current_version(services.RENEW) is None or current_version(services.NOTICE) is None:
        return
    for work in (services.give_notice, services.renew_due, services.retry_due, services.end_due):
        for _ in range(MOST_BATCHES):
            if not work(now):
                break
