"""The life of a service, as data. State names are TM Forum's (TMF638, with `suspended` from version 5)."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from alta.catalog.rules import Period, Verb


class State(TextChoices):
    RESERVED = "reserved", _("In preparation")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    INACTIVE = "inactive", _("Inactive")
    TERMINATED = "terminated", _("Terminated")


class AddonState(TextChoices):
    ACTIVE = "active", _("Active")
    ENDED = "ended", _("Terminated")


TRANSITIONS: dict[State, frozenset[State]] = {
    State.RESERVED: frozenset({State.ACTIVE, State.INACTIVE, State.TERMINATED}),
    State.ACTIVE: frozenset({State.SUSPENDED, State.INACTIVE, State.TERMINATED}),
    State.SUSPENDED: frozenset({State.ACTIVE, State.INACTIVE, State.TERMINATED}),
    State.INACTIVE: frozenset({State.ACTIVE, State.TERMINATED}),
    State.TERMINATED: frozenset(),
}


# What people may ask to be done with a service, by its state; its product must have a playbook for it.
CHANGES: dict[State, tuple[Verb, ...]] = {
    State.RESERVED: (),
    State.ACTIVE: (Verb.MODIFY, Verb.SWAP, Verb.MOVE, Verb.SUSPEND, Verb.TERMINATE),
    State.SUSPENDED: (Verb.RESUME, Verb.TERMINATE),
    State.INACTIVE: (Verb.TERMINATE,),
    State.TERMINATED: (),
}


def takes_addons(state: str) -> bool:
    """Whether something can be added to a service in this state."""
    return State(state) == State.ACTIVE


def prorated(price: int, now: datetime, start: datetime, end: datetime) -> int:
    """The part of a period's price (minor units) that the rest of the period is worth, halves rounded up. The whole price
    before the period, nothing after it."""
    whole = (end - start).total_seconds()
    rest = min(max((end - now).total_seconds(), 0), whole)
    return int(Decimal(price) * Decimal(rest) / Decimal(whole) + Decimal("0.5")) if whole > 0 else 0


def may_become(before: str, after: str) -> bool:
    return State(after) in TRANSITIONS[State(before)]


def term_end(start: datetime, period: Period, zone: ZoneInfo, first_day: int | None = None) -> datetime:
    """The end of a term that begins at `start`: one period later, at the same time of day, on the operator's calendar.

    A month after 31 January is the last of February. `first_day` is the day on which the service began: a term that a
    short month cut to its last day goes back to that day in the next."""
    local = start.astimezone(zone)
    day = local.date()
    if period == Period.DAY:
        day += timedelta(days=1)
    elif period == Period.WEEK:
        day += timedelta(weeks=1)
    else:
        was_cut = (
            first_day is not None and first_day > day.day and day.day == monthrange(day.year, day.month)[1]
        )
        day = _months_later(day, 12 if period == Period.YEAR else 1, first_day if was_cut else None)
    return datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)


def contract_end(start: datetime, months: int, zone: ZoneInfo) -> datetime:
    """When a contract of so many months ends that began with the service."""
    local = start.astimezone(zone)
    day = _months_later(local.date(), months, None)
    return datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)


def _months_later(day: date, months: int, wanted_day: int | None) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(wanted_day or day.day, monthrange(year, month)[1]))
