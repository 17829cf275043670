"""What playbooks can do about installations. These run inside the transaction of their task."""

from __future__ import annotations

from alta.connectors.contract import Done, Output, Params
from alta.connectors.registry import Effect, effect
from alta.installations import services
from alta.installations.models import WorkOrder
from alta.installations.refusals import NOT_COMPLETED
from alta.installations.rules import State


class Opening(Params):
    service: int
    notes: str = ""


class Opened(Output):
    work_order: int
    state: str
    date: str | None


class OfService(Params):
    service: int


class Completed(Output):
    work_order: int
    technician: str | None
    done: str
    serials: dict[str, str]


@effect("installation.open_work_order")
def open_work_order(params: Opening, effect: Effect) -> Opened:
    """Opens the technician's work order for a service, with the day that was agreed in the assignment. A job opens one:
    the second time it gives the same. Refuses (`installation.service_ended`) a service that has ended."""
    opened = services.open_work_order(
        params.service, actor=effect.actor, now=effect.now, job_id=effect.job_id, notes=params.notes
    )
    day = opened.appointment.day
    return Opened(work_order=opened.pk, state=opened.state, date=day.isoformat() if day else None)


@effect("installation.cancel_work_order")
def cancel_work_order(params: OfService, effect: Effect) -> Done:
    """Takes back the work order that this job opened: it is cancelled and its place in the calendar is free. One that is
    completed stays, marked for fetching the equipment. Does nothing where there is none."""
    services.take_back(effect.job_id, actor=effect.actor, now=effect.now)
    return Done()


@effect("installation.check_completed")
def check_completed(params: OfService, effect: Effect) -> Completed:
    """What the technician wrote. Refuses (`installation.not_completed`) where the work order of this job is not completed,
    for instance because it was cancelled: a person then decides."""
    found = WorkOrder.objects.select_related("technician").filter(job_id=effect.job_id).first()
    if found is None or found.state != State.COMPLETED:
        raise NOT_COMPLETED(state=State(found.state).label if found else "—")
    technician = found.technician.username if found.technician else None
    return Completed(work_order=found.pk, technician=technician, done=found.done, serials=found.serials)
