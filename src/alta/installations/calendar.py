"""Which slots there are on a day, and how many places are left in each. Pure: the clock and the zone are handed in.

A slot is said in the operator's wall-clock time and lives on a day of the operator's calendar; as instants it follows the
clock changes of the zone. A slot that a clock change swallows whole isn't offered that day."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

Taken = Mapping[tuple[int, date], int]  # places taken, by slot and day
Moments = tuple[datetime, datetime]


@dataclass(frozen=True)
class Terms:
    """How soon and how far ahead a day can be chosen. `lead_days` 0 is today; from `cut_off` on (the operator's time) it
    is one day later. `horizon_days` counts from today."""

    lead_days: int = 1
    cut_off: time = time(12)
    horizon_days: int = 60


@dataclass(frozen=True)
class SlotFacts:
    """A slot of the week. `weekday` 0 is Monday. `areas` are cities or beginnings of postal codes; none is everywhere."""

    id: int
    weekday: int
    start: time
    end: time
    capacity: int
    service_type: str = ""
    areas: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpecialDay:
    """A day that isn't as its weekday: closed, or worked as another weekday (`like`)."""

    like: int | None
    reason: str = ""


@dataclass(frozen=True)
class Where:
    """What an installation is, and where it goes, as far as slots depend on it."""

    service_type: str = ""
    city: str = ""
    postal_code: str = ""


@dataclass(frozen=True)
class Offer:
    """A slot on a day. `free` is never below zero, also where the capacity was lowered under what was booked."""

    slot: SlotFacts
    day: date
    starts_at: datetime
    ends_at: datetime
    free: int
    bookable: bool


@dataclass(frozen=True)
class Day:
    date: date
    offers: tuple[Offer, ...]
    closed: str | None = None  # the reason why the day isn't worked; "" where nobody gave one

    @property
    def bookable(self) -> bool:
        return any(one.bookable for one in self.offers)


class NoSlot(TextChoices):
    """Why no slot can be chosen, in words for whoever looks for one."""

    NO_CALENDAR = "no_calendar", _("Nobody has set up the calendar of installations yet.")
    SERVICE_TYPE = "service_type", _("The calendar has no slots for this type of service.")
    AREA = "area", _("The technicians don't go to this area.")
    TOO_SOON = "too_soon", _("It is too soon: the technicians need more notice.")
    TOO_FAR = "too_far", _("It is too far ahead: these days can't be chosen yet.")
    CLOSED = "closed", _("The technicians don't work on these days.")
    FULL = "full", _("All places are taken.")


def first_day(now: datetime, terms: Terms, zone: ZoneInfo) -> date:
    """The first day that can be chosen."""
    local = now.astimezone(zone)
    return local.date() + timedelta(days=terms.lead_days + (local.time() >= terms.cut_off))


def last_day(now: datetime, terms: Terms, zone: ZoneInfo) -> date:
    return now.astimezone(zone).date() + timedelta(days=terms.horizon_days)


def moments(day: date, start: time, end: time, zone: ZoneInfo) -> Moments | None:
    """The instants of a slot; None where a clock change leaves nothing of it. A time that the clock skips is the same
    distance after the change."""
    starts_at = datetime.combine(day, start, tzinfo=zone).astimezone(UTC)
    ends_at = datetime.combine(day, end, tzinfo=zone).astimezone(UTC)
    return (starts_at, ends_at) if starts_at < ends_at else None


def worked_as(day: date, special: Mapping[date, SpecialDay]) -> int | None:
    """The weekday whose slots hold on this day; None where it is closed."""
    found = special.get(day)
    return found.like if found else day.weekday()


def serves(slot: SlotFacts, where: Where) -> bool:
    return _of_type(slot, where) and _in_area(slot, where)


def _of_type(slot: SlotFacts, where: Where) -> bool:
    return slot.service_type in ("", where.service_type)


def _in_area(slot: SlotFacts, where: Where) -> bool:
    city, code = _folded(where.city), _folded(where.postal_code)
    return not slot.areas or any(
        wanted == city or code.startswith(wanted) for wanted in map(_folded, slot.areas) if wanted
    )


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in letters if c.isalnum())


def offer(
    slot: SlotFacts, day: date, taken: int, now: datetime, zone: ZoneInfo, terms: Terms | None
) -> Offer | None:
    """A slot on a day that is worked as its weekday. Without `terms` (whoever plans may be quicker) it only has to lie
    ahead."""
    found = moments(day, slot.start, slot.end, zone)
    if found is None:
        return None
    in_time = terms is None or first_day(now, terms, zone) <= day <= last_day(now, terms, zone)
    ahead = found[0] > now if terms else found[1] > now
    free = max(0, slot.capacity - taken)
    return Offer(slot, day, *found, free, bookable=free > 0 and in_time and ahead)


def days(
    dates: Sequence[date],
    slots: Sequence[SlotFacts],
    special: Mapping[date, SpecialDay],
    taken: Taken,
    now: datetime,
    zone: ZoneInfo,
    terms: Terms | None,
) -> list[Day]:
    """What there is on these days, each day's slots by their time."""
    return [
        Day(day, tuple(_offers(day, slots, special, taken, now, zone, terms)), _closed(day, special))
        for day in dates
    ]


def _offers(
    day: date,
    slots: Sequence[SlotFacts],
    special: Mapping[date, SpecialDay],
    taken: Taken,
    now: datetime,
    zone: ZoneInfo,
    terms: Terms | None,
) -> Iterator[Offer]:
    weekday = worked_as(day, special)
    for slot in sorted(slots, key=lambda one: (one.start, one.end, one.id)):
        if slot.weekday == weekday:
            found = offer(slot, day, taken.get((slot.id, day), 0), now, zone, terms)
            if found:
                yield found


def _closed(day: date, special: Mapping[date, SpecialDay]) -> str | None:
    found = special.get(day)
    return found.reason if found and found.like is None else None


def why_none(
    shown: Sequence[Day],
    slots: Sequence[SlotFacts],
    where: Where,
    now: datetime,
    zone: ZoneInfo,
    terms: Terms,
) -> NoSlot | None:
    """Why none of the days shown can be chosen; None where one can. `slots` are all of the calendar."""
    if any(day.bookable for day in shown):
        return None
    if not slots:
        return NoSlot.NO_CALENDAR
    if not any(_of_type(slot, where) for slot in slots):
        return NoSlot.SERVICE_TYPE
    if not any(serves(slot, where) for slot in slots):
        return NoSlot.AREA
    if all(day.date < first_day(now, terms, zone) for day in shown):
        return NoSlot.TOO_SOON
    if all(day.date > last_day(now, terms, zone) for day in shown):
        return NoSlot.TOO_FAR
    offered = [one for day in shown for one in day.offers]
    if not offered:
        return NoSlot.CLOSED
    return NoSlot.FULL if all(one.free == 0 for one in offered) else NoSlot.TOO_SOON
