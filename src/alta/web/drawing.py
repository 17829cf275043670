"""Where things lie in the drawings that pages show: points on a line of days, columns of a chart. Pure; units are those of
the drawing's viewBox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from alta.renewals.rules import Plan

WIDTH, MARGIN = 640, 40


@dataclass(frozen=True)
class Mark:
    """A day of the renewal schedule: `kind` is notice, term, retry, suspension or end. `low` ones are labelled below the
    line, so that neighbours don't cover each other."""

    day: int
    kind: str
    x: int
    low: bool = False


def timeline(plan: Plan) -> list[Mark]:
    """What happens when, from the notice before the term's end to the end of the service."""
    retries = sorted(plan.retry_days)
    suspended = retries[-1] if retries else 0
    days = [
        (-plan.notice_days, "notice"),
        (0, "term" if retries else "suspension"),
        *((day, "suspension" if day == suspended else "retry") for day in retries),
        (plan.end_day, "end"),
    ]
    span = plan.end_day + plan.notice_days or 1
    marks: list[Mark] = []
    for day, kind in days:
        x = round(MARGIN + (day + plan.notice_days) / span * (WIDTH - 2 * MARGIN))
        marks.append(Mark(day, kind, x, low=bool(marks) and not marks[-1].low))
    return marks


CHART_WIDTH, CHART_HEIGHT, FOOT = 640, 120, 22


@dataclass(frozen=True)
class Column:
    """One day of a chart: how many ended well and how many did not, as two blocks on top of each other."""

    day: date
    good: int
    bad: int
    x: float
    width: float
    good_y: float
    good_height: float
    bad_y: float
    bad_height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


def columns(days: Sequence[tuple[date, int, int]]) -> list[Column]:
    """A column for each day, as high as the day with most needs."""
    most = max((good + bad for _day, good, bad in days), default=0) or 1
    slot = CHART_WIDTH / max(len(days), 1)
    found = []
    for place, (day, good, bad) in enumerate(days):
        good_height, bad_height = (round(n / most * (CHART_HEIGHT - FOOT - 4), 1) for n in (good, bad))
        good_y = CHART_HEIGHT - FOOT - good_height
        found.append(
            Column(
                day,
                good,
                bad,
                x=round(place * slot + slot * 0.15, 1),
                width=round(slot * 0.7, 1),
                good_y=round(good_y, 1),
                good_height=good_height,
                bad_y=round(good_y - bad_height, 1),
                bad_height=bad_height,
            )
        )
    return found
