"""The life of a work order: who may take it where, what is refused, and what others are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from alta.accounts.models import User
from alta.audit.models import Entry
from alta.installations import booking, services
from alta.installations.models import Appointment, Slot, WorkOrder, WorkOrderChange
from alta.installations.rules import OPEN, TRANSITIONS, Move, State, moves_from, same_serial
from alta.inventory import services as stock
from alta.inventory.models import Item
from alta.refusal import Refusal
from alta.runner.models import OutsideEvent
from alta.runner.services import Subject, start_job
from alta.services.models import Service
from alta.services.services import terminate
from tests.installations.conftest import MONDAY, service, slot, technician
from tests.installations.test_booking import HERE

pytestmark = pytest.mark.django_db
TABLES = (Appointment, Slot, WorkOrder, WorkOrderChange, Entry, OutsideEvent, Item)


def refused(code: str, use_case: Callable[[], object]) -> None:
    """The use case is refused with this code, and nothing has changed."""

    def everything() -> list[Any]:
        return [list(model.objects.order_by("pk").values()) for model in TABLES]

    before = everything()
    with pytest.raises(Refusal) as refusal:
        use_case()
    assert refusal.value.code == code
    assert str(refusal.value)
    assert everything() == before


def confirmed(now: datetime, where: Slot | None = None) -> Service:
    """A service with a confirmed appointment on Monday."""
    holder, new = uuid4(), service(now)
    booking.hold(holder, (where or slot()).pk, MONDAY, HERE, now=now)
    booking.keep(holder, new.pk, HERE, actor="a", now=now)
    return new


def opened(now: datetime, where: Slot | None = None) -> WorkOrder:
    return services.open_work_order(confirmed(now, where).pk, actor="a", now=now)


def in_state(state: State, now: datetime, where: Slot | None = None) -> WorkOrder:
    """A work order, brought to a state by its use cases."""
    found = opened(now, where)
    who: dict[str, Any] = {"actor": "a", "now": now}
    if state in (State.PLANNED, State.CANCELLED):
        return services.cancel(found.pk, "x", **who) if state == State.CANCELLED else found
    services.assign(found.pk, technician().pk, **who)
    if state in (State.IN_PROGRESS, State.COMPLETED):
        services.start(found.pk, **who)
    if state == State.COMPLETED:
        services.complete(found.pk, "Listo", {}, **who)
    if state == State.HELD:
        services.hold_up(found.pk, "no_show", "", **who)
    found.refresh_from_db()
    assert found.state == state
    return found


def do(move: Move, work_order: WorkOrder, where: Slot, now: datetime) -> WorkOrder:
    who: dict[str, Any] = {"actor": "ana", "now": now}
    pk = work_order.pk
    match move:
        case Move.ASSIGN:
            return services.assign(pk, technician().pk, **who)
        case Move.UNASSIGN:
            return services.assign(pk, None, **who)
        case Move.RESCHEDULE:
            return services.reschedule(pk, where.pk, MONDAY + timedelta(weeks=1), **who)
        case Move.START:
            return services.start(pk, **who)
        case Move.COMPLETE:
            return services.complete(pk, "Listo", {}, **who)
        case Move.HOLD:
            return services.hold_up(pk, "no_show", "", **who)
        case Move.CANCEL:
            return services.cancel(pk, "cliente desiste", **who)
        case Move.REOPEN:
            return services.reopen(pk, **who)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("move", list(Move))
def test_every_move_goes_where_the_table_says_or_is_refused(now: datetime, state: State, move: Move) -> None:
    where = slot()
    work_order = in_state(state, now, where)
    if move in moves_from(state):
        moved = do(move, work_order, where, now)
        assert moved.state in TRANSITIONS[move][state]
        last = moved.changes.last()
        assert last is not None
        assert (last.move, last.from_state, last.to_state, last.actor) == (move, state, moved.state, "ana")
    else:
        refused("installation.wrong_state", lambda: do(move, work_order, where, now))


def test_a_work_order_has_the_day_that_was_agreed_and_a_job_opens_one(now: datetime) -> None:
    new = confirmed(now)
    job = start_job("installation-reminder", {}, _subject(new), actor="a", now=now)
    first = services.open_work_order(new.pk, actor="a", now=now, job_id=job.pk, notes=" Timbre roto ")
    again = services.open_work_order(new.pk, actor="a", now=now, job_id=job.pk)
    assert (first.pk, WorkOrder.objects.count()) == (again.pk, 1)
    assert (first.appointment.day, first.site, first.notes) == (MONDAY, new.site, "Timbre roto")
    with pytest.raises(IntegrityError, match="one_a_job"), transaction.atomic():
        WorkOrder.objects.create(
            service=new,
            job=job,
            opened_at=now,
            appointment=Appointment.objects.create(holder=uuid4(), state="pending"),
        )


def _subject(new: Service) -> Subject:
    return Subject(service=new, customer=new.customer, product=new.product)


def test_without_an_appointment_the_date_is_still_to_be_agreed(now: datetime) -> None:
    work_order = services.open_work_order(service(now).pk, actor="a", now=now)
    assert work_order.appointment.state == "pending"
    services.assign(work_order.pk, technician().pk, actor="a", now=now)
    refused("installation.no_date", lambda: services.start(work_order.pk, actor="a", now=now))


def test_no_work_order_is_opened_for_a_service_that_has_ended(now: datetime) -> None:
    new = service(now)
    terminate(new.pk, actor="a", now=now)
    refused("installation.service_ended", lambda: services.open_work_order(new.pk, actor="a", now=now))


@pytest.mark.parametrize("name", ["agente", "almacen"])
def test_only_technicians_are_given_work(now: datetime, name: str) -> None:
    work_order = opened(now)
    other = User.objects.get(username=name)
    refused("installation.technician", lambda: services.assign(work_order.pk, other.pk, actor="a", now=now))
    refused("installation.technician", lambda: services.assign(work_order.pk, 0, actor="a", now=now))
    User.objects.filter(username="tecnico").update(is_active=False)
    refused(
        "installation.technician",
        lambda: services.assign(work_order.pk, technician().pk, actor="a", now=now),
    )


def test_what_another_technician_has_cant_be_taken(now: datetime) -> None:
    work_order = opened(now)
    services.take(work_order.pk, technician().pk, actor="tecnico", now=now)
    other = User.objects.create_user("tecnica", roles=["technician"])
    refused("installation.taken", lambda: services.take(work_order.pk, other.pk, actor="tecnica", now=now))


def test_completing_asks_what_was_done_and_for_each_serial(now: datetime) -> None:
    work_order = in_state(State.IN_PROGRESS, now)
    modem = Item.objects.filter(template__name="CPE Modem").order_by("identifier").first()
    assert modem is not None
    stock.assign(modem.pk, work_order.service.uuid, now, actor="a")

    def complete(done: str, serial: str) -> WorkOrder:
        return services.complete(work_order.pk, done, {modem.pk: serial}, actor="tecnico", now=now)

    refused("installation.done_missing", lambda: complete("  ", modem.identifier))
    refused("installation.serial_missing", lambda: complete("Listo", " "))
    refused("installation.serial_differs", lambda: complete("Listo", "OTHER-1"))
    read = str(modem.unique_value).lower().replace(":", "-")
    done = complete("Listo", read)
    assert (done.state, done.serials, done.done) == ("completed", {modem.identifier: read}, "Listo")


def test_the_end_is_told_to_whoever_waits_and_only_once(now: datetime) -> None:
    first, second = in_state(State.COMPLETED, now), in_state(State.CANCELLED, now)
    events = {one.event: one.payload["outcome"] for one in OutsideEvent.objects.all()}
    assert events == {
        f"installation.completed:{first.service.uuid}": "completed",
        f"installation.ended:{first.service.uuid}": "completed",
        f"installation.cancelled:{second.service.uuid}": "cancelled",
        f"installation.ended:{second.service.uuid}": "cancelled",
    }


def test_a_visit_that_came_to_nothing_frees_its_place_and_gets_a_new_date(now: datetime) -> None:
    only = slot(capacity=1)
    work_order = in_state(State.HELD, now, only)
    assert (work_order.obstacle, work_order.appointment.day) == ("no_show", None)
    assert booking.hold(uuid4(), only.pk, MONDAY, HERE, now=now).place == 1
    refused(
        "installation.slot_full",
        lambda: services.reschedule(work_order.pk, only.pk, MONDAY, actor="a", now=now),
    )
    moved = services.reschedule(work_order.pk, only.pk, MONDAY + timedelta(weeks=1), actor="a", now=now)
    assert (moved.state, moved.obstacle) == ("assigned", "")
    found = Appointment.objects.get(pk=moved.appointment_id)
    assert (found.state, found.day) == ("confirmed", MONDAY + timedelta(weeks=1))
    refused(
        "installation.reason_missing",
        lambda: services.hold_up(work_order.pk, "rain", "", actor="a", now=now),
    )


def test_cancelling_needs_a_reason_and_frees_the_place(now: datetime) -> None:
    only = slot(capacity=1)
    work_order = opened(now, only)
    refused("installation.reason_missing", lambda: services.cancel(work_order.pk, " ", actor="a", now=now))
    services.cancel(work_order.pk, "cliente desiste", actor="a", now=now)
    assert booking.hold(uuid4(), only.pk, MONDAY, HERE, now=now).place == 1
    again = services.reopen(work_order.pk, actor="a", now=now)
    assert (again.state, again.technician, again.ended_at) == ("planned", None, None)


def test_taking_an_order_back_cancels_what_is_open_and_marks_what_is_installed(now: datetime) -> None:
    for state in State:
        work_order = in_state(state, now)
        job = start_job("installation-reminder", {}, _subject(work_order.service), actor="a", now=now)
        WorkOrder.objects.filter(pk=work_order.pk).update(job=job)
        for _ in range(2):
            services.take_back(job.pk, actor="a", now=now)
        work_order.refresh_from_db()
        expected = State.COMPLETED if state == State.COMPLETED else State.CANCELLED
        assert work_order.state == expected
        assert (work_order.taken_back_at is not None) == (state == State.COMPLETED)
    assert services.take_back(0, actor="a", now=now) is None


def test_the_tables_of_the_life_agree_with_each_other() -> None:
    assert {state for state in State if moves_from(state)} == OPEN | {State.CANCELLED}
    assert set(TRANSITIONS) == set(Move)


def test_a_serial_is_the_same_however_it_is_written() -> None:
    assert same_serial("aa-bb-cc-00-11-22", ["AA:BB:CC:00:11:22"])
    assert not same_serial("", [""])
    assert not same_serial("AA", ["AA:BB"])


@pytest.mark.parametrize("appointment", ["confirmed", "pending"])
def test_an_agreed_day_without_work_order_can_be_given_one_once(now: datetime, appointment: str) -> None:
    new = confirmed(now)
    found = Appointment.objects.get(service=new)
    if appointment == "pending":
        booking.agree_later(found.holder)
    made = services.open_for_appointment(found.pk, actor="a", now=now)
    assert made.appointment == found
    refused(
        "installation.has_work_order", lambda: services.open_for_appointment(found.pk, actor="a", now=now)
    )
    refused("installation.work_order_not_found", lambda: services.open_for_appointment(0, actor="a", now=now))
