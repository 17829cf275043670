"""The arithmetic of slots: days, notice, areas, and what clock changes do to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alta.installations.calendar import (
    NoSlot,
    SlotFacts,
    SpecialDay,
    Terms,
    Where,
    days,
    first_day,
    last_day,
    moments,
    serves,
    why_none,
)

LONDON, LA_PAZ = ZoneInfo("Europe/London"), ZoneInfo("America/La_Paz")
ZONES = [
    ZoneInfo(name) for name in ("Europe/London", "America/La_Paz", "America/Santiago", "Pacific/Apia", "UTC")
]
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MORNING = SlotFacts(1, 0, time(9), time(12), 2)
MONDAY = date(2026, 11, 23)
times = st.times().map(lambda one: one.replace(second=0, microsecond=0, tzinfo=None))


@st.composite
def hours(draw: st.DrawFn) -> tuple[time, time]:
    start, end = draw(times), draw(times)
    return (start, end) if start < end else (end, start)


@given(
    day=st.dates(date(2020, 1, 1), date(2040, 12, 31)),
    span=hours().filter(lambda one: one[0] < one[1]),
    zone=st.sampled_from(ZONES),
)
@settings(max_examples=400, deadline=None)
def test_a_slot_begins_before_it_ends_and_on_its_own_day_whatever_the_clocks_do(
    day: date, span: tuple[time, time], zone: ZoneInfo
) -> None:
    found = moments(day, *span, zone)
    if found is None:
        return
    starts_at, ends_at = found
    assert starts_at < ends_at
    assert starts_at.tzinfo is UTC
    skipped = datetime.combine(day, span[0], tzinfo=zone).astimezone(UTC).astimezone(zone).time() != span[0]
    if not skipped:
        assert starts_at.astimezone(zone).date() == day
        assert starts_at.astimezone(zone).time() == span[0]


@pytest.mark.parametrize(
    ("day", "start", "end", "expected"),
    [
        # The clocks skip from 01:00 to 02:00 on 29 March 2026, and go from 02:00 back to 01:00 on 25 October.
        (date(2026, 3, 29), time(9), time(12), ("08:00", "11:00")),
        (date(2026, 3, 28), time(9), time(12), ("09:00", "12:00")),
        (date(2026, 3, 29), time(0, 30), time(3), ("00:30", "02:00")),
        (date(2026, 3, 29), time(1, 30), time(2, 30), None),
        (date(2026, 10, 25), time(0, 30), time(2, 30), ("23:30", "02:30")),
        (date(2026, 10, 25), time(9), time(12), ("09:00", "12:00")),
    ],
)
def test_slots_follow_the_clock_changes(
    day: date, start: time, end: time, expected: tuple[str, str] | None
) -> None:
    found = moments(day, start, end, LONDON)
    assert (found and tuple(f"{one:%H:%M}" for one in found)) == expected


@given(
    now=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    lead=st.integers(0, 30),
    cut_off=times,
    horizon=st.integers(1, 120),
    zone=st.sampled_from(ZONES),
    capacity=st.integers(1, 5),
    taken=st.integers(0, 8),
)
@settings(max_examples=300, deadline=None)
def test_what_can_be_chosen_lies_ahead_within_the_notice_and_has_room(
    now: datetime, lead: int, cut_off: time, horizon: int, zone: ZoneInfo, capacity: int, taken: int
) -> None:
    terms = Terms(lead, cut_off, horizon)
    today = now.astimezone(zone).date()
    slots = [SlotFacts(n, n % 7, time(8 + n), time(10 + n), capacity) for n in range(9)]
    dates = [today + timedelta(days=n) for n in range(-1, horizon + 3)]
    booked = {(slot.id, day): taken for slot in slots for day in dates}
    for day in days(dates, slots, {}, booked, now, zone, terms):
        for one in day.offers:
            assert one.free == max(0, capacity - taken)
            assert one.slot.weekday == day.date.weekday()
            if one.bookable:
                assert one.free > 0
                assert one.starts_at > now
                assert first_day(now, terms, zone) <= day.date <= last_day(now, terms, zone)


def test_today_can_be_chosen_until_the_cut_off_and_only_what_has_not_begun() -> None:
    terms = Terms(lead_days=0, cut_off=time(12), horizon_days=7)
    slots = [SlotFacts(1, 4, time(8), time(10), 1), SlotFacts(2, 4, time(14), time(16), 1)]
    friday = date(2026, 11, 20)

    def bookable(now: datetime) -> list[int]:
        [day] = days([friday], slots, {}, {}, now, LA_PAZ, terms)
        return [one.slot.id for one in day.offers if one.bookable]

    assert bookable(datetime(2026, 11, 20, 13, 0, tzinfo=UTC)) == [2]  # 09:00 in La Paz
    assert bookable(datetime(2026, 11, 20, 11, 0, tzinfo=UTC)) == [1, 2]  # 07:00
    assert bookable(datetime(2026, 11, 20, 16, 0, tzinfo=UTC)) == []  # noon


def test_a_special_day_is_closed_or_worked_as_another_weekday() -> None:
    special = {MONDAY: SpecialDay(None, "Feriado"), MONDAY + timedelta(days=5): SpecialDay(0, "")}
    dates = [MONDAY, MONDAY + timedelta(days=5), MONDAY + timedelta(days=7)]
    monday, saturday, next_monday = days(dates, [MORNING], special, {}, NOW, LONDON, Terms())
    assert (monday.offers, monday.closed) == ((), "Feriado")
    assert [one.slot.id for one in saturday.offers] == [1]
    assert (saturday.closed, next_monday.closed) == (None, None)
    assert next_monday.bookable


@pytest.mark.parametrize(
    ("areas", "city", "code", "expected"),
    [
        ((), "", "", True),
        (("London",), "", "", False),
        (("london",), "LONDON", "", True),
        (("Córdoba",), "Cordoba", "", True),
        (("EC1",), "London", "ec1a 1bb", True),
        (("EC1A1",), "London", "EC1A 1BB", True),
        (("LS", "EC"), "Leeds", "LS1 4AP", True),
        (("LS",), "London", "EC1A 1BB", False),
        (("Lon",), "London", "", False),
        ((" ",), "", "", False),
    ],
)
def test_an_area_is_a_city_or_the_beginning_of_a_postal_code(
    areas: tuple[str, ...], city: str, code: str, expected: bool
) -> None:
    slot = SlotFacts(1, 0, time(9), time(12), 2, areas=areas)
    assert serves(slot, Where("internet", city, code)) is expected


def test_a_slot_may_be_for_one_type_of_service() -> None:
    slot = SlotFacts(1, 0, time(9), time(12), 2, service_type="internet")
    assert serves(slot, Where("internet"))
    assert not serves(slot, Where("iptv"))


LEEDS = SlotFacts(1, 0, time(9), time(12), 1, areas=("Leeds",))
IPTV = SlotFacts(1, 0, time(9), time(12), 1, service_type="iptv")


@pytest.mark.parametrize(
    ("slots", "first", "taken", "special", "expected"),
    [
        ([MORNING], MONDAY, 0, {}, None),
        ([], MONDAY, 0, {}, NoSlot.NO_CALENDAR),
        ([IPTV], MONDAY, 0, {}, NoSlot.SERVICE_TYPE),
        ([LEEDS], MONDAY, 0, {}, NoSlot.AREA),
        ([MORNING], MONDAY, 2, {}, NoSlot.FULL),
        ([MORNING], MONDAY, 0, {MONDAY: SpecialDay(None)}, NoSlot.CLOSED),
        ([MORNING], MONDAY - timedelta(days=14), 0, {}, NoSlot.TOO_SOON),
        ([MORNING], MONDAY + timedelta(days=70), 0, {}, NoSlot.TOO_FAR),
    ],
)
def test_where_nothing_can_be_chosen_there_is_a_reason(
    slots: list[SlotFacts],
    first: date,
    taken: int,
    special: dict[date, SpecialDay],
    expected: NoSlot | None,
) -> None:
    here = Where("internet", "London", "EC1A 1BB")
    dates = [first + timedelta(days=n) for n in range(7)]
    serving = [slot for slot in slots if serves(slot, here)]
    shown = days(dates, serving, special, {(1, day): taken for day in dates}, NOW, LONDON, Terms())
    assert why_none(shown, slots, here, NOW, LONDON, Terms()) == expected
