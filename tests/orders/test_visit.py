"""The day of the installation in an order: held, kept, given up, and asked for again when it no longer fits."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from alta.catalog.models import Product
from alta.customers.belongings import save_site
from alta.installations import booking
from alta.installations.calendar import Where
from alta.installations.models import Appointment, Slot, WorkOrder
from alta.installations.queries import week
from alta.orders import services as orders
from alta.orders.details import Answers
from alta.orders.models import Order
from alta.orders.rules import Action, Step, next_step
from alta.runner.models import Job
from alta.runner.services import cancel_job
from alta.services.models import Service
from tests.conftest import RunJobs
from tests.house_of_data import draft, draft_of_fibre, first_slot, load_demo
from tests.orders.conftest import NOW
from tests.orders.test_assigning import refused

pytestmark = pytest.mark.django_db


def step_of(order: Order) -> Step:
    order.refresh_from_db()
    return next_step(orders.facts(order))


def test_the_step_is_there_only_where_the_product_asks_for_it(now: datetime) -> None:
    assert not orders.facts(draft(now)).asks_installation
    order = draft_of_fibre(now, 1)
    assert step_of(order) == Step.INSTALLATION
    orders.choose_slot(order.uuid, *first_slot(now), now=now)
    assert step_of(order) == Step.REVIEW


def test_confirming_keeps_the_place_and_the_playbook_can_read_the_day(now: datetime) -> None:
    order = draft_of_fibre(now, 1)
    slot, day = first_slot(now)
    orders.choose_slot(order.uuid, slot, day, now=now)
    job = orders.confirm(order.uuid, actor="agente", now=now)
    kept = Appointment.objects.get(holder=order.uuid)
    assert (kept.state, kept.day, kept.service) == ("confirmed", day, job.service)
    assert job.variables["installation"]["date"] == day.isoformat()
    assert job.variables["installation"]["slot"] == str(Slot.objects.get(pk=slot))


def test_a_hold_that_ran_out_is_taken_again_when_confirming_or_refused_and_nothing_is_half_done(
    now: datetime,
) -> None:
    Slot.objects.update(capacity=1)
    first, second = draft_of_fibre(now, 1), draft_of_fibre(now, 2)
    slot, day = first_slot(now)
    later = now + timedelta(minutes=16)
    orders.choose_slot(first.uuid, slot, day, now=now)
    booking.expire_holds(later)
    assert step_of(first) == Step.REVIEW
    orders.choose_slot(second.uuid, slot, day, now=later)
    refused("installation.slot_full", orders.confirm, first.uuid, actor="agente", now=later)
    assert (Service.objects.count(), Job.objects.count()) == (0, 0)
    orders.give_up(second.uuid, actor="agente", now=later)
    orders.confirm(first.uuid, actor="agente", now=later)
    assert Appointment.objects.get(holder=first.uuid).place == 1


def test_another_product_or_customer_and_giving_up_free_the_place(now: datetime) -> None:
    slot, day = first_slot(now)
    product, customer, given_up = (draft_of_fibre(now, number) for number in (1, 2, 3))
    for order in (product, customer, given_up):
        orders.choose_slot(order.uuid, slot, day, now=now)
    other = Product.objects.get(slug="mobile-20gb")
    orders.choose_product(product.uuid, other.pk, actor="agente", now=now)
    orders.choose_customer(customer.uuid, 456)
    orders.give_up(given_up.uuid, actor="agente", now=now)
    assert not Appointment.objects.exists()


def test_a_site_where_the_chosen_technician_does_not_go_asks_for_the_day_again(now: datetime) -> None:
    Slot.objects.update(areas=["Leeds"])
    leeds = save_site(123, name="L", line1="1 A St", city="Leeds", actor="a")
    london = save_site(123, name="C", line1="2 B St", city="London", actor="a")
    order = draft_of_fibre(now, 1)
    orders.answer_details(order.uuid, Answers(site_id=leeds.pk))
    slot, day = first_slot_in(now, "Leeds")
    orders.choose_slot(order.uuid, slot, day, now=now)
    assert step_of(order) == Step.REVIEW
    orders.answer_details(order.uuid, Answers(site_id=london.pk))
    assert step_of(order) == Step.INSTALLATION
    refused("installation.slot_not_offered", orders.choose_slot, order.uuid, slot, day, now=now)


def first_slot_in(now: datetime, city: str) -> tuple[int, date]:
    shown = week(None, Where("internet", city), now, holder=None)
    return next((one.slot.id, one.day) for day in shown.days for one in day.offers if one.bookable)


def test_the_date_can_be_left_for_later_only_where_the_product_lets_it(now: datetime) -> None:
    order = draft_of_fibre(now, 1)
    orders.leave_slot_for_later(order.uuid)
    assert step_of(order) == Step.REVIEW
    Product.objects.filter(slug="fibre-100").update(installation="needed")
    assert step_of(order) == Step.INSTALLATION
    refused("installation.date_needed", orders.leave_slot_for_later, order.uuid)
    refused("order.incomplete", orders.confirm, order.uuid, actor="agente", now=now)


def test_a_confirmed_order_is_no_draft_any_more(now: datetime) -> None:
    order = draft_of_fibre(now, 1)
    orders.leave_slot_for_later(order.uuid)
    orders.confirm(order.uuid, actor="agente", now=now)
    refused("order.not_a_draft", orders.choose_slot, order.uuid, *first_slot(now), now=now)


@pytest.mark.django_db(transaction=True)
def test_cancelling_the_job_frees_the_place(run_jobs: RunJobs) -> None:
    load_demo(NOW)
    order = draft_of_fibre(NOW, 1)
    orders.choose_slot(order.uuid, *first_slot(NOW), now=NOW)
    job = orders.confirm(order.uuid, actor="agente", now=NOW)
    cancel_job(job.pk, actor="agente", now=NOW)
    run_jobs(job, now=lambda: NOW)
    found = Appointment.objects.get(holder=order.uuid)
    assert (found.state, found.place) == ("cancelled", None)
    assert not WorkOrder.objects.exists()


def test_a_move_asks_for_a_day_at_the_new_site(now: datetime) -> None:
    order = draft_of_fibre(now, 1)
    orders.leave_slot_for_later(order.uuid)
    job = orders.confirm(order.uuid, actor="agente", now=now)
    Service.objects.update(state="active", activated_at=now)
    Order.objects.update(state="completed")
    assert job.service_id is not None
    move = orders.begin_change(job.service_id, Action.MOVE, actor="agente", now=now)
    site = save_site(123, name="Nueva", line1="9 New St", actor="a")
    orders.answer_details(move.uuid, Answers(site_id=site.pk))
    assert step_of(move) == Step.INSTALLATION
