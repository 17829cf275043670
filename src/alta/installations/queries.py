"""Reading the calendar: what can be chosen, and what is booked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from alta.customers.models import Site
from alta.installations import calendar
from alta.installations.calendar import Day, NoSlot, SlotFacts, Terms, Where
from alta.installations.models import Appointment, Conditions, Slot, SpecialDay
from alta.services.services import operator_zone


def conditions() -> Conditions:
    """The operator's, or the defaults."""
    return Conditions.objects.first() or Conditions()


def terms_of(found: Conditions) -> Terms:
    return Terms(found.lead_days, found.cut_off, found.horizon_days)


def where(service_type: str, site: Site | None) -> Where:
    return Where(service_type, site.city if site else "", site.postal_code if site else "")


def facts_of(slot: Slot) -> SlotFacts:
    return SlotFacts(
        slot.pk, slot.weekday, slot.start, slot.end, slot.capacity, slot.service_type, tuple(slot.areas)
    )


def special_days(first: date, last: date) -> dict[date, calendar.SpecialDay]:
    rows = SpecialDay.objects.filter(date__range=(first, last))
    return {row.date: calendar.SpecialDay(row.like, row.reason) for row in rows}


def taken(first: date, last: date, now: datetime, but: UUID | None = None) -> dict[tuple[int, date], int]:
    """Places taken by slot and day. Holds that have lapsed take none; nor does the holder `but`."""
    occupied = Appointment.objects.filter(day__range=(first, last), place__isnull=False).exclude(
        Q(state="initialized", held_until__lte=now) | Q(holder=but)
    )
    rows = occupied.values_list("slot_id", "day").annotate(n=Count("id"))
    return {(slot, day): n for slot, day, n in rows if slot is not None and day is not None}


@dataclass(frozen=True)
class Week:
    """Seven days to choose from. `next_free` is the first day of all that can be chosen; `why` says why none here can."""

    days: list[Day]
    previous: date | None
    following: date | None
    next_free: date | None
    why: NoSlot | None

    @property
    def first(self) -> date:
        return self.days[0].date


def week(
    wanted: date | None, where: Where, now: datetime, *, holder: UUID | None, plans: bool = False
) -> Week:
    """The week of a day, Monday to Sunday; without one, the first week in which something can be chosen. The places of
    `holder` itself count as free. Who `plans` needs no notice.

    Four statements, however much is booked."""
    zone, found = operator_zone(), conditions()
    terms = terms_of(found)
    today = now.astimezone(zone).date()
    begin = monday(today)
    until = monday(calendar.last_day(now, terms, zone)) + timedelta(days=6)
    every = [facts_of(slot) for slot in Slot.objects.filter(active=True)]
    serving = [slot for slot in every if plans or calendar.serves(slot, where)]
    dates = [begin + timedelta(days=n) for n in range((until - begin).days + 1)]
    all_days = calendar.days(
        dates,
        serving,
        special_days(begin, until),
        taken(begin, until, now, but=holder),
        now,
        zone,
        None if plans else terms,
    )
    next_free = next((day.date for day in all_days if day.bookable), None)
    start = min(max(monday(wanted or next_free or today), begin), until - timedelta(days=6))
    shown = [day for day in all_days if start <= day.date < start + timedelta(days=7)]
    return Week(
        days=shown,
        previous=start - timedelta(days=7) if start > begin else None,
        following=start + timedelta(days=7) if start + timedelta(days=7) <= until else None,
        next_free=next_free,
        why=calendar.why_none(shown, every, where, now, zone, terms),
    )


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def appointment_of(holder: UUID) -> Appointment | None:
    return Appointment.objects.select_related("slot").filter(holder=holder).first()


def load_of(dates: Sequence[date], now: datetime) -> list[Day]:
    """How full these days are, for whoever plans: every slot in use, with its places left."""
    zone = operator_zone()
    slots = [facts_of(slot) for slot in Slot.objects.filter(active=True)]
    first, last = dates[0], dates[-1]
    return calendar.days(dates, slots, special_days(first, last), taken(first, last, now), now, zone, None)
