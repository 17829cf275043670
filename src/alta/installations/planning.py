"""Use cases of the calendar's settings. Each is one transaction, written to the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction

from alta.audit.log import record
from alta.catalog.models import ServiceType
from alta.installations.models import Conditions, Slot, SpecialDay
from alta.installations.refusals import SLOT_INVALID, SLOT_NOT_FOUND, SPECIAL_DAY_PAST
from alta.services.services import operator_zone


@dataclass(frozen=True)
class SlotSpec:
    """A slot as it should be; see `Slot`."""

    weekday: int
    start: time
    end: time
    capacity: int
    service_type: str = ""
    areas: Sequence[str] = field(default_factory=tuple)


@transaction.atomic
def add_slots(weekdays: Sequence[int], spec: SlotSpec, *, actor: str) -> list[Slot]:
    """The same hours on several weekdays."""
    if not weekdays:
        raise SLOT_INVALID(field=Slot._meta.get_field("weekday").verbose_name, reason="—")
    return [_write(Slot(), SlotSpec(**{**asdict(spec), "weekday": day}), actor) for day in weekdays]


@transaction.atomic
def change_slot(slot_id: int, spec: SlotSpec, *, actor: str) -> Slot:
    """What is booked stays booked, at the hours that were agreed."""
    return _write(_slot(slot_id), spec, actor)


@transaction.atomic
def remove_slot(slot_id: int, *, actor: str) -> None:
    """The slot is offered no more. Where something was booked in it, its row stays for that."""
    slot = _slot(slot_id)
    if slot.appointments.exists():
        slot.active = False
        slot.save(update_fields=["active"])
        record(actor, "installation.slot.removed", slot, slot=str(slot))
        return
    record(actor, "installation.slot.removed", slot, slot=str(slot))
    slot.delete()


def _slot(slot_id: int) -> Slot:
    slot = Slot.objects.select_for_update().filter(pk=slot_id, active=True).first()
    if slot is None:
        raise SLOT_NOT_FOUND()
    return slot


def _write(slot: Slot, spec: SlotSpec, actor: str) -> Slot:
    created = slot.pk is None
    for name, value in asdict(spec).items():
        setattr(slot, name, list(value) if name == "areas" else value)
    if spec.service_type and not ServiceType.objects.filter(slug=spec.service_type).exists():
        raise SLOT_INVALID(field=Slot._meta.get_field("service_type").verbose_name, reason=spec.service_type)
    _check(slot)
    slot.save()
    action = "installation.slot.added" if created else "installation.slot.changed"
    record(actor, action, slot, slot=str(slot), weekday=slot.weekday, capacity=slot.capacity)
    return slot


def _check(row: Slot | Conditions | SpecialDay) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        names = {one.name: one for one in row._meta.concrete_fields}
        label = names[name].verbose_name if name in names else ""
        raise SLOT_INVALID(field=label or row._meta.verbose_name, reason=messages[0]) from error


@transaction.atomic
def save_special_day(day: date, like: int | None, reason: str, *, actor: str, now: datetime) -> SpecialDay:
    """A holiday, or a day worked as another weekday. What is booked on it stays: the list shows it. Refuses a day that is
    over (`installation.special_day_past`)."""
    if day < now.astimezone(operator_zone()).date():
        raise SPECIAL_DAY_PAST(day=day)
    row = SpecialDay.objects.select_for_update().filter(date=day).first() or SpecialDay(date=day)
    row.like, row.reason = like, reason.strip()
    _check(row)
    row.save()
    record(actor, "installation.day.set", row, day=str(day), like=like, reason=row.reason)
    return row


@transaction.atomic
def remove_special_day(day: date, *, actor: str) -> bool:
    """The day is as its weekday again. False where it was already."""
    row = SpecialDay.objects.select_for_update().filter(date=day).first()
    if row is None:
        return False
    record(actor, "installation.day.removed", row, day=str(day))
    row.delete()
    return True


@transaction.atomic
def set_conditions(
    lead_days: int,
    cut_off: time,
    horizon_days: int,
    hold_minutes: int,
    remind_from: time,
    *,
    actor: str,
) -> Conditions:
    """How soon a day can be chosen, how far ahead, how long a place is held, and when customers are reminded."""
    row = Conditions.objects.select_for_update().first() or Conditions()
    row.lead_days, row.cut_off, row.horizon_days = lead_days, cut_off, horizon_days
    row.hold_minutes, row.remind_from = hold_minutes, remind_from
    _check(row)
    row.save()
    record(
        actor,
        "installation.conditions.set",
        row,
        lead_days=lead_days,
        horizon_days=horizon_days,
        hold_minutes=hold_minutes,
    )
    return row
