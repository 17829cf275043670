"""Use cases of work orders. Each is one transaction: it locks the work order, decides, writes, and notes who did it.

What ends a work order is told to the playbooks that wait for it: `installation.completed` or `installation.cancelled`, and
`installation.ended` in either case, with the service's uuid as key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from alta.accounts.models import User
from alta.audit.log import record
from alta.installations import booking
from alta.installations.equipment import confirmed_serials
from alta.installations.models import Appointment, WorkOrder, WorkOrderChange
from alta.installations.queries import where
from alta.installations.refusals import (
    DONE_MISSING,
    HAS_WORK_ORDER,
    NO_DATE_YET,
    NOT_FOUND,
    REASON_MISSING,
    SERVICE_ENDED,
    TAKEN,
    TECHNICIAN,
    WRONG_STATE,
)
from alta.installations.rules import OPEN, AppointmentState, Move, Obstacle, State, allowed, moves_from
from alta.runner.services import announce_event
from alta.services.models import Service
from alta.services.rules import State as ServiceState

TAKEN_BACK = "order taken back"  # a reason in words of ours; people's own stand as they wrote them
LONGEST = 2000  # characters of notes and of what was done


@transaction.atomic
def open_work_order(
    service_id: int, *, actor: str, now: datetime, job_id: int | None = None, notes: str = ""
) -> WorkOrder:
    """The work order of a service's newest appointment; without one, the date is still to be agreed. A job opens one:
    asking again gives that.

    Refuses a service that has ended (`installation.service_ended`)."""
    service = Service.objects.select_for_update(no_key=True).get(pk=service_id)
    if job_id is not None:
        known = WorkOrder.objects.filter(job_id=job_id).first()
        if known is not None:
            return known
    if service.state in (ServiceState.TERMINATED, ServiceState.INACTIVE):
        raise SERVICE_ENDED()
    work_order = WorkOrder.objects.create(
        service=service,
        site_id=service.site_id,
        contact_id=service.technical_contact_id,
        appointment=_appointment_without_work_order(service),
        job_id=job_id,
        notes=notes.strip()[:LONGEST],
        opened_at=now,
    )
    _note(work_order, "open", "", actor, now)
    return work_order


def _appointment_without_work_order(service: Service) -> Appointment:
    free = Appointment.objects.select_for_update(of=("self",)).filter(
        service=service, work_order__isnull=True
    )
    found = free.exclude(state=AppointmentState.CANCELLED).order_by("-id").first()
    if found is not None:
        return found
    return Appointment.objects.create(holder=uuid4(), state=AppointmentState.PENDING, service=service)


@transaction.atomic
def open_for_appointment(appointment_id: int, *, actor: str, now: datetime) -> WorkOrder:
    """The work order of a confirmed appointment that no playbook opened one for."""
    found = Appointment.objects.filter(pk=appointment_id, service__isnull=False).first()
    if found is None or found.service_id is None:
        raise NOT_FOUND()
    if WorkOrder.objects.filter(appointment=found).exists():
        raise HAS_WORK_ORDER()
    return open_work_order(found.service_id, actor=actor, now=now)


@transaction.atomic
def assign(work_order_id: int, user_id: int | None, *, actor: str, now: datetime) -> WorkOrder:
    """Gives the work order to a technician, or takes it off (None)."""
    work_order = _locked(work_order_id)
    if user_id is None:
        work_order.technician = None
        return _move(work_order, Move.UNASSIGN, State.PLANNED, actor, now)
    technician = User.objects.filter(pk=user_id).first()
    if technician is None or not technician.is_active or "installations.work" not in technician.rights:
        raise TECHNICIAN(name=technician.username if technician else "—")
    work_order.technician = technician
    target = State.HELD if work_order.state == State.HELD else State.ASSIGNED
    return _move(work_order, Move.ASSIGN, target, actor, now, technician=technician.username)


@transaction.atomic
def take(work_order_id: int, user_id: int, *, actor: str, now: datetime) -> WorkOrder:
    """A technician takes a work order that nobody has. Refuses one that is somebody's (`installation.taken`)."""
    work_order = _locked(work_order_id)
    if work_order.technician is not None and work_order.technician_id != user_id:
        raise TAKEN(name=work_order.technician.username)
    return assign(work_order_id, user_id, actor=actor, now=now)


@transaction.atomic
def reschedule(
    work_order_id: int, slot_id: int, day: date, *, actor: str, now: datetime, reason: str = ""
) -> WorkOrder:
    """Moves the work order to a place in another slot. Whoever does this has spoken with the customer: the notice that
    the calendar asks for doesn't hold. Refuses a slot that is full or over, and then leaves the date as it was."""
    work_order = _locked(work_order_id)
    _refuse_unless(work_order, Move.RESCHEDULE)
    appointment = work_order.appointment
    before = str(appointment.day or "")
    here = where(work_order.service.service_type, work_order.site)
    booking.hold(appointment.holder, slot_id, day, here, now=now, plans=True)
    kept = booking.keep(appointment.holder, work_order.service_id, here, actor=actor, now=now, plans=True)
    assert kept is not None
    work_order.obstacle = work_order.reason = ""
    target = State.ASSIGNED if work_order.technician_id else State.PLANNED
    details = {"before": before, "day": str(kept.day), "slot": str(kept.slot), "reason": reason.strip()[:300]}
    return _move(work_order, Move.RESCHEDULE, target, actor, now, **details)


@transaction.atomic
def start(work_order_id: int, *, actor: str, now: datetime) -> WorkOrder:
    """The technician is there and begins. Refuses a work order without a date (`installation.no_date`)."""
    work_order = _locked(work_order_id)
    _refuse_unless(work_order, Move.START)
    if work_order.appointment.day is None:
        raise NO_DATE_YET()
    work_order.started_at = now
    return _move(work_order, Move.START, State.IN_PROGRESS, actor, now)


@transaction.atomic
def complete(
    work_order_id: int, done: str, serials: Mapping[int, str], *, actor: str, now: datetime
) -> WorkOrder:
    """It is installed. `serials` says, by item, what the technician read on each piece of equipment.

    Refuses without words about what was done, and where a serial is missing or is another's
    (`installation.serial_missing`, `installation.serial_differs`)."""
    work_order = _locked(work_order_id)
    _refuse_unless(work_order, Move.COMPLETE)
    if not done.strip():
        raise DONE_MISSING()
    work_order.serials = confirmed_serials(work_order, serials)
    work_order.done = done.strip()[:LONGEST]
    work_order.ended_at = now
    moved = _move(work_order, Move.COMPLETE, State.COMPLETED, actor, now, done=work_order.done[:300])
    _announce(moved, "completed", {"done": moved.done, "serials": moved.serials}, actor, now)
    return moved


@transaction.atomic
def hold_up(work_order_id: int, obstacle: str, reason: str, *, actor: str, now: datetime) -> WorkOrder:
    """The visit did not come about: nobody there, no access. The place is free again and a new date has to be agreed.
    Refuses without one of the known obstacles (`installation.reason_missing`)."""
    work_order = _locked(work_order_id)
    _refuse_unless(work_order, Move.HOLD)
    if obstacle not in Obstacle.values:
        raise REASON_MISSING()
    before = str(work_order.appointment.day or "")
    booking.agree_later(work_order.appointment.holder)
    work_order.obstacle, work_order.reason = obstacle, reason.strip()[:300]
    work_order.started_at = None
    details = {"before": before, "obstacle": obstacle, "reason": work_order.reason}
    return _move(work_order, Move.HOLD, State.HELD, actor, now, **details)


@transaction.atomic
def cancel(work_order_id: int, reason: str, *, actor: str, now: datetime) -> WorkOrder:
    """Nobody goes there. The place is free again. Refuses without a reason (`installation.reason_missing`)."""
    work_order = _locked(work_order_id)
    _refuse_unless(work_order, Move.CANCEL)
    if not reason.strip():
        raise REASON_MISSING()
    booking.release(work_order.appointment.holder, actor=actor)
    work_order.reason, work_order.ended_at = reason.strip()[:300], now
    moved = _move(work_order, Move.CANCEL, State.CANCELLED, actor, now, reason=work_order.reason)
    _announce(moved, "cancelled", {"reason": moved.reason}, actor, now)
    return moved


@transaction.atomic
def reopen(work_order_id: int, *, actor: str, now: datetime) -> WorkOrder:
    """A cancelled work order is to be done after all; its date has to be agreed anew. Refuses where the service has ended
    (`installation.service_ended`)."""
    work_order = _locked(work_order_id)
    _refuse_unless(work_order, Move.REOPEN)
    if work_order.service.state in (ServiceState.TERMINATED, ServiceState.INACTIVE):
        raise SERVICE_ENDED()
    booking.agree_later(work_order.appointment.holder)
    work_order.ended_at = work_order.started_at = None
    work_order.technician = None
    work_order.reason = ""
    return _move(work_order, Move.REOPEN, State.PLANNED, actor, now)


@transaction.atomic
def take_back(job_id: int, *, actor: str, now: datetime) -> WorkOrder | None:
    """What a job opened is wanted no more: its work order is cancelled. One that is completed stays so, and says that
    somebody has to fetch the equipment. Repeating it changes nothing."""
    known = WorkOrder.objects.filter(job_id=job_id).values_list("pk", flat=True).first()
    if known is None:
        return None
    work_order = _locked(known)
    if work_order.state in OPEN:
        return cancel(work_order.pk, TAKEN_BACK, actor=actor, now=now)
    if work_order.state == State.COMPLETED and work_order.taken_back_at is None:
        work_order.taken_back_at = now
        work_order.save(update_fields=["taken_back_at"])
        _note(work_order, "take_back", work_order.state, actor, now)
    return work_order


def _locked(work_order_id: int) -> WorkOrder:
    found = (
        WorkOrder.objects.select_for_update(of=("self",))
        .select_related("service", "site", "appointment", "technician")
        .filter(pk=work_order_id)
        .first()
    )
    if found is None:
        raise NOT_FOUND()
    return found


def _refuse_unless(work_order: WorkOrder, move: Move) -> None:
    """Before anything is written: the state must allow it at all."""
    if move not in moves_from(work_order.state):
        raise WRONG_STATE(state=State(work_order.state).label)


def _move(
    work_order: WorkOrder, move: Move, target: State, actor: str, now: datetime, **detail: Any
) -> WorkOrder:
    source = work_order.state
    if not allowed(move, source, target):
        raise WRONG_STATE(state=State(source).label)
    work_order.state = target
    work_order.save()
    _note(work_order, move.value, source, actor, now, **detail)
    return work_order


def _note(work_order: WorkOrder, move: str, source: str, actor: str, now: datetime, **detail: Any) -> None:
    WorkOrderChange.objects.create(
        work_order=work_order,
        at=now,
        actor=actor,
        move=move,
        from_state=source,
        to_state=work_order.state,
        detail=detail,
    )
    record(actor, f"work_order.{move}", work_order.service, work_order=work_order.pk, **detail)


def _announce(
    work_order: WorkOrder, outcome: str, more: Mapping[str, Any], actor: str, now: datetime
) -> None:
    payload = {
        "work_order": work_order.pk,
        "outcome": outcome,
        "technician": work_order.technician.username if work_order.technician else None,
        "at": now.isoformat(),
        **more,
    }
    for event in (f"installation.{outcome}", "installation.ended"):
        announce_event(event, str(work_order.service.uuid), payload, actor=actor, now=now)
