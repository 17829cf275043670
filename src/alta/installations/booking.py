"""Choosing a slot, keeping it, giving it up. Each is one transaction. The slot's row is locked first, so whoever takes its
last place is alone with it; the constraint on numbered places stands behind that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.formats import date_format

from alta.audit.log import record
from alta.installations import calendar, queries
from alta.installations.calendar import Offer, Where
from alta.installations.models import Appointment, Slot
from alta.installations.refusals import SLOT_FULL, SLOT_NOT_FOUND, SLOT_NOT_OFFERED
from alta.installations.rules import AppointmentState
from alta.services.services import operator_zone


@transaction.atomic
def hold(
    holder: UUID, slot_id: int, day: date, where: Where, *, now: datetime, plans: bool = False
) -> Appointment:
    """Holds a place for `holder` for a while; the one held before is free again. The same again, longer.

    Refuses a slot that is full (`installation.slot_full`) or isn't offered on that day for what is installed there
    (`installation.slot_not_offered`), and leaves the earlier choice as it was. Who `plans` needs no notice and may send
    a technician anywhere."""
    slot = Slot.objects.select_for_update(no_key=True).filter(pk=slot_id, active=True).first()
    if slot is None:
        raise SLOT_NOT_FOUND()
    appointment = _locked(holder) or Appointment(holder=holder)
    found = _offer(slot, day, where, now, plans)
    _free(Appointment.objects.filter(slot=slot, day=day, held_until__lte=now))
    others = Appointment.objects.filter(slot=slot, day=day, place__isnull=False).exclude(holder=holder)
    places = set(others.values_list("place", flat=True))
    if len(places) >= slot.capacity:
        raise SLOT_FULL(slot=slot, day=_words(day))
    appointment.slot, appointment.day = slot, day
    appointment.place = min(set(range(1, slot.capacity + 1)) - places)
    appointment.starts_at, appointment.ends_at = found.starts_at, found.ends_at
    appointment.state = AppointmentState.INITIALIZED
    appointment.held_until = now + timedelta(minutes=queries.conditions().hold_minutes)
    appointment.reminded_at = None
    appointment.save()
    return appointment


def _offer(slot: Slot, day: date, where: Where, now: datetime, plans: bool) -> Offer:
    facts = queries.facts_of(slot)
    zone, terms = operator_zone(), queries.terms_of(queries.conditions())
    worked_as = calendar.worked_as(day, queries.special_days(day, day))
    found = calendar.offer(facts, day, 0, now, zone, None if plans else terms)
    served = plans or calendar.serves(facts, where)
    if found is None or not found.bookable or worked_as != slot.weekday or not served:
        raise SLOT_NOT_OFFERED(slot=slot, day=_words(day))
    return found


def _words(day: date) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")


def _locked(holder: UUID) -> Appointment | None:
    return Appointment.objects.select_for_update(of=("self",)).filter(holder=holder).first()


@transaction.atomic
def agree_later(holder: UUID) -> Appointment:
    """No day yet: it will be agreed with the customer. A place held before is free again."""
    appointment = _locked(holder) or Appointment(holder=holder)
    _empty(appointment, AppointmentState.PENDING)
    appointment.save()
    return appointment


def _empty(appointment: Appointment, state: AppointmentState) -> None:
    appointment.state, appointment.slot, appointment.day, appointment.place = state, None, None, None
    appointment.starts_at = appointment.ends_at = appointment.held_until = appointment.reminded_at = None


@transaction.atomic
def keep(
    holder: UUID, service_id: int, where: Where, *, actor: str, now: datetime, plans: bool = False
) -> Appointment | None:
    """The order is confirmed: the place is the service's. One whose hold has lapsed is taken again where there is still
    room, otherwise refused (`installation.slot_full`). None where nothing was chosen."""
    chosen = Appointment.objects.filter(holder=holder).first()
    if chosen is None or chosen.state == AppointmentState.CANCELLED:
        return None
    if chosen.state == AppointmentState.INITIALIZED:
        assert chosen.slot_id and chosen.day
        chosen = hold(holder, chosen.slot_id, chosen.day, where, now=now, plans=plans)
        chosen.state, chosen.held_until = AppointmentState.CONFIRMED, None
    chosen.service_id = service_id
    chosen.save()
    record(actor, f"installation.{chosen.state}", chosen, service=service_id, **variables(chosen))
    return chosen


def hand_over(holder: UUID, to: UUID) -> None:
    """What `holder` has is the other's from now on."""
    Appointment.objects.filter(holder=holder).update(holder=to)


@transaction.atomic
def release(holder: UUID, *, actor: str) -> bool:
    """Gives up what `holder` has: its place is free at once. False where it had nothing to give up."""
    appointment = _locked(holder)
    if appointment is None or appointment.state == AppointmentState.CANCELLED:
        return False
    if appointment.service_id is None:
        appointment.delete()
        return True
    appointment.state = AppointmentState.CANCELLED
    appointment.place = appointment.held_until = None
    appointment.save()
    record(actor, "installation.released", appointment, service=appointment.service_id)
    return True


@transaction.atomic
def expire_holds(now: datetime) -> int:
    """Frees every place whose hold has lapsed. What was chosen is remembered, and can be held again if there is room."""
    return _free(Appointment.objects.filter(held_until__lte=now))


def _free(rows: QuerySet[Appointment]) -> int:
    """Takes the place of lapsed holds among these, passing over what somebody is working on: its holder is taking it again,
    or another place."""
    lapsed = rows.select_for_update(skip_locked=True).filter(
        state=AppointmentState.INITIALIZED, place__isnull=False
    )
    return Appointment.objects.filter(pk__in=[one.pk for one in lapsed]).update(place=None)


def variables(appointment: Appointment | None) -> Mapping[str, Any]:
    """The appointment as playbooks read it: `installation.date` and so on, each none where no day was agreed."""
    if appointment is None or appointment.day is None or appointment.starts_at is None:
        return {"date": None, "slot": None, "starts_at": None, "ends_at": None}
    zone = operator_zone()
    assert appointment.ends_at is not None
    return {
        "date": appointment.day.isoformat(),
        "slot": str(appointment.slot),
        "starts_at": appointment.starts_at.astimezone(zone).isoformat(),
        "ends_at": appointment.ends_at.astimezone(zone).isoformat(),
    }
