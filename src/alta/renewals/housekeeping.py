"""What every worker does about renewals: by the minute, and within seconds where a service waits to work again."""

from __future__ import annotations

from datetime import datetime

from alta.housekeeping import every
from alta.playbooks.queries import current_version
from alta.renewals import services
from alta.renewals.measures import take_measures
from alta.renewals.queries import BATCH, MEASURES


@every(60)
def renew(now: datetime) -> bool:
    """Gives notice, renews, asks again, and ends: a batch of each. True where there may be more."""
    if current_version(services.RENEW) is None or current_version(services.NOTICE) is None:
        return False
    todo = (services.give_notice, services.renew_due, services.retry_due, services.end_due)
    done = [work(now) for work in todo]
    return BATCH in done


@every(5)
def measure(now: datetime) -> bool:
    """Suspends, resumes and ends what renewals want. True where there may be more."""
    return take_measures(now) == MEASURES
