"""Holding a place in a slot, keeping it, giving it up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from alta.audit.models import Entry
from alta.installations import booking, queries
from alta.installations.calendar import NoSlot, Where
from alta.installations.models import Appointment, Conditions, Slot, SpecialDay
from alta.refusal import Refusal
from tests.installations.conftest import MONDAY, service, slot

pytestmark = pytest.mark.django_db
HERE = Where("internet", "London", "EC1A 1BB")


def refused(code: str, use_case: Callable[[], object]) -> None:
    """The use case is refused with this code, and nothing has changed."""

    def everything() -> list[Any]:
        return [list(model.objects.order_by("pk").values()) for model in (Appointment, Slot, Entry)]

    before = everything()
    with pytest.raises(Refusal) as refusal:
        use_case()
    assert refusal.value.code == code
    assert str(refusal.value)
    assert everything() == before


def hold(holder: UUID, where: Slot, now: datetime, weeks: int = 0) -> Appointment:
    return booking.hold(holder, where.pk, MONDAY + timedelta(weeks=weeks), HERE, now=now)


def test_a_held_place_is_taken_for_fifteen_minutes_and_then_anybodys(now: datetime) -> None:
    only = slot(capacity=1)
    first, second = uuid4(), uuid4()
    held = hold(first, only, now)
    assert (held.state, held.place, held.held_until) == ("initialized", 1, now + timedelta(minutes=15))
    refused("installation.slot_full", lambda: hold(second, only, now + timedelta(minutes=14)))
    assert hold(second, only, now + timedelta(minutes=15)).place == 1
    lost = Appointment.objects.get(holder=first)
    assert (lost.state, lost.place, lost.day) == ("initialized", None, MONDAY)


def test_the_chore_frees_what_has_lapsed_and_the_choice_is_remembered(now: datetime) -> None:
    only = slot(capacity=1)
    holder = uuid4()
    hold(holder, only, now)
    assert booking.expire_holds(now + timedelta(minutes=14)) == 0
    assert booking.expire_holds(now + timedelta(minutes=15)) == 1
    assert booking.expire_holds(now + timedelta(minutes=15)) == 0
    kept = booking.keep(holder, service(now).pk, HERE, actor="a", now=now + timedelta(hours=1))
    assert kept is not None
    assert (kept.state, kept.place, kept.held_until) == ("confirmed", 1, None)


def test_a_lapsed_hold_that_somebody_else_has_by_now_is_not_kept(now: datetime) -> None:
    only, later, delivered = slot(capacity=1), now + timedelta(minutes=20), service(now)
    first = uuid4()
    hold(first, only, now)
    hold(uuid4(), only, later)
    refused("installation.slot_full", lambda: booking.keep(first, delivered.pk, HERE, actor="a", now=later))


def test_choosing_another_slot_frees_the_first_and_choosing_the_same_extends(now: datetime) -> None:
    morning, afternoon = slot(capacity=1), slot(start=14, end=17, capacity=1)
    holder = uuid4()
    hold(holder, morning, now)
    again = hold(holder, morning, now + timedelta(minutes=5))
    assert again.held_until == now + timedelta(minutes=20)
    hold(holder, afternoon, now)
    assert Appointment.objects.count() == 1
    assert hold(uuid4(), morning, now).place == 1
    refused("installation.slot_full", lambda: hold(holder, morning, now))
    assert Appointment.objects.get(holder=holder).slot == afternoon


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"weekday": 1}, "installation.slot_not_offered"),
        ({"areas": ["Leeds"]}, "installation.slot_not_offered"),
        ({"service_type": "iptv"}, "installation.slot_not_offered"),
        ({"active": False}, "installation.slot_not_found"),
    ],
)
def test_what_the_calendar_does_not_offer_is_refused(
    now: datetime, change: dict[str, Any], code: str
) -> None:
    other = slot(**({"weekday": 0} | change))
    refused(code, lambda: hold(uuid4(), other, now))


def test_closed_days_days_too_soon_and_days_too_far_are_refused(now: datetime) -> None:
    any_day = slot()
    SpecialDay.objects.create(date=MONDAY, reason="Feriado")
    refused("installation.slot_not_offered", lambda: hold(uuid4(), any_day, now))
    refused("installation.slot_not_offered", lambda: hold(uuid4(), any_day, now, weeks=9))
    refused("installation.slot_not_offered", lambda: hold(uuid4(), any_day, now, weeks=-1))
    Conditions.objects.create(lead_days=14)
    refused("installation.slot_not_offered", lambda: hold(uuid4(), any_day, now, weeks=1))
    assert hold(uuid4(), any_day, now, weeks=2).place == 1
    soon = booking.hold(uuid4(), any_day.pk, MONDAY + timedelta(weeks=1), HERE, now=now, plans=True)
    assert soon.place == 1


def test_giving_up_frees_the_place_and_a_kept_one_is_cancelled(now: datetime) -> None:
    only = slot(capacity=1)
    draft, order = uuid4(), uuid4()
    hold(draft, only, now)
    assert booking.release(draft, actor="a")
    assert not booking.release(draft, actor="a")
    hold(order, only, now)
    booking.keep(order, service(now).pk, HERE, actor="a", now=now)
    assert booking.release(order, actor="a")
    assert not booking.release(order, actor="a")
    assert Appointment.objects.get(holder=order).state == "cancelled"
    assert hold(uuid4(), only, now).place == 1


def test_a_lowered_capacity_takes_nobodys_place_and_gives_no_new_one(now: datetime) -> None:
    wide = slot(capacity=3)
    holders = [uuid4() for _ in range(3)]
    for holder in holders:
        hold(holder, wide, now)
    booking.release(holders[0], actor="a")
    Slot.objects.filter(pk=wide.pk).update(capacity=2)
    refused("installation.slot_full", lambda: hold(uuid4(), wide, now))
    booking.release(holders[1], actor="a")
    assert hold(uuid4(), wide, now).place == 1


def test_the_database_refuses_a_second_appointment_in_one_place(now: datetime) -> None:
    held = hold(uuid4(), slot(capacity=1), now)
    twin = Appointment.objects.get(pk=held.pk)
    twin.pk, twin.holder = None, uuid4()
    with pytest.raises(IntegrityError, match="one_a_place"), transaction.atomic():
        twin.save(force_insert=True)


def test_the_week_shows_what_is_free_and_ones_own_place_as_free(now: datetime) -> None:
    morning = slot(capacity=2)
    holder = uuid4()
    hold(holder, morning, now)
    hold(uuid4(), morning, now)
    [other] = [one for day in queries.week(None, HERE, now, holder=None).days for one in day.offers]
    assert (other.free, other.day) == (2, MONDAY + timedelta(weeks=1))  # the first week with room
    shown = queries.week(MONDAY, HERE, now, holder=None)
    assert [(one.free, one.bookable) for day in shown.days for one in day.offers] == [(0, False)]
    assert (shown.why, shown.next_free) == (NoSlot.FULL, MONDAY + timedelta(weeks=1))
    own = queries.week(MONDAY, HERE, now, holder=holder)
    assert [(one.free, one.bookable) for day in own.days for one in day.offers] == [(1, True)]


def test_weeks_can_be_leafed_through_from_this_one_to_the_horizon(now: datetime) -> None:
    slot()
    Conditions.objects.create(horizon_days=14, cut_off=time(12))
    this = queries.week(MONDAY - timedelta(days=365), HERE, now, holder=None)
    assert (this.first, this.previous) == (MONDAY - timedelta(days=7), None)
    last = queries.week(MONDAY + timedelta(days=365), HERE, now, holder=None)
    assert (last.first, last.following) == (MONDAY + timedelta(days=7), None)
    assert len(last.days) == 7
