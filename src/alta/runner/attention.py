"""What about jobs needs a person now, and how the last days went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from alta.runner.models import ConnectorState, Event, Job
from alta.runner.rules import JobState

STUCK_AFTER = timedelta(minutes=5)
MOVING = (JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING, JobState.UNDOING)
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Some:
    """A few of several jobs, the newest first, and how many there are, counted no further than MOST_COUNTED."""

    jobs: Sequence[Job]
    count: int

    @property
    def words(self) -> str:
        return f"{MOST_COUNTED}+" if self.count > MOST_COUNTED else str(self.count)


def failed(limit: int) -> Some:
    """Jobs that wait for somebody to retry, edit, skip or cancel."""
    return _some(Job.objects.filter(state=JobState.FAILED), limit)


def stuck(now: datetime, limit: int) -> Some:
    """Jobs that should move and have not for a while: no worker, or an outside system that takes its time."""
    since = now - STUCK_AFTER
    news = Event.objects.filter(job=OuterRef("pk"), at__gt=since)
    return _some(Job.objects.filter(~Exists(news), state__in=MOVING, created_at__lt=since), limit)


def _some(found: QuerySet[Job], limit: int) -> Some:
    jobs = list(found.select_related("customer", "order").order_by("-id")[:limit])
    count = len(jobs) if len(jobs) < limit else found.order_by()[: MOST_COUNTED + 1].count()
    return Some(jobs, count)


def silent_systems(now: datetime) -> list[ConnectorState]:
    """Outside systems that nothing is sent to at the moment, because they failed again and again or somebody paused them."""
    return list(ConnectorState.objects.filter(Q(open_until__gt=now) | Q(paused=True)).order_by("name"))


def by_day(first: date, last: date, zone: ZoneInfo) -> list[tuple[date, int, int]]:
    """How many jobs ended well and how many failed on each day, by the operator's calendar. Reads one index."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BY_DAY,
            {
                "zone": zone.key,
                "begin": datetime.combine(first, datetime.min.time(), zone),
                "end": datetime.combine(last + timedelta(days=1), datetime.min.time(), zone),
            },
        )
        counted = {day: (good, bad) for day, good, bad in cursor.fetchall()}
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [(day, *counted.get(day, (0, 0))) for day in days]


_BY_DAY = """
SELECT (ended_at AT TIME ZONE %(zone)s)::date, count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'failed')
FROM runner_job
WHERE ended_at >= %(begin)s AND ended_at < %(end)s AND state IN ('done', 'failed')
GROUP BY 1
"""
