"""A plan assigned to the wrong customer: all of it is taken back in network, charging, bank, books, stock and mail, with
what came after it; and the same is assigned to the right customer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from itertools import count

import pytest
from django.db import IntegrityError, transaction

from alta.billing.models import Charge, Payment
from alta.orders import services as orders
from alta.orders.chores import resume_undoing
from alta.orders.models import Order
from alta.orders.rules import Action
from alta.orders.undo_preview import undo_preview
from alta.refusal import Refusal
from alta.runner import hooks
from alta.runner.models import Job
from alta.runner.services import cancel_job, retry_job
from alta.services.models import Addon, Service
from tests.conftest import RunJobs
from tests.house_of_data import draft, item
from tests.orders.conftest import NOW, Outside
from tests.orders.test_changes import (
    CARD,
    books_balance,
    boost,
    change,
    change_plan,
    data,
    finish,
    owed,
    product,
    sold,
)

SIM, NUMBER = "SIM-00123", "+44 7700 900123"
RIGHT_CUSTOMER = 456


def sale_of(service: Service) -> Order:
    return Order.objects.get(service=service, action=Action.CREATE)


def mails(outside: Outside) -> list[Message]:
    """What arrived, in order."""
    return [message_from_bytes(file.read_bytes()) for file in sorted(outside.mail.folder.iterdir())]


def later(job: Job) -> list[int]:
    return [one.order.pk for one in undo_preview(job).later]


def ask_undo(order: Order) -> Job:
    assert order.job is not None
    return orders.undo(order.job.pk, with_later=later(order.job), actor="agente", now=NOW)


def hurrying() -> Callable[[], datetime]:
    """A clock that makes a pause between two tries short."""
    ticks = count()
    return lambda: NOW + timedelta(seconds=2 * next(ticks))


def run_all(run_jobs: RunJobs) -> None:
    """Runs whatever goes backward, until nothing does."""
    for _ in range(10):
        moving = list(Job.objects.filter(state__in=["undoing", "cancelling"]).values_list("pk", flat=True))
        if not moving:
            return
        run_jobs(*moving, now=hurrying())


def taken_back(run_jobs: RunJobs) -> Order:
    """A cancelled order whose assignment was undone."""
    order = sale_of(sold(run_jobs))
    ask_undo(order)
    run_all(run_jobs)
    order.refresh_from_db()
    return order


# --- everything goes ---


def test_nothing_is_left_anywhere_of_an_assignment_that_was_undone(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    ask_undo(sale_of(service))
    run_all(run_jobs)
    service.refresh_from_db()
    assert (sale_of(service).state, service.state) == ("cancelled", "terminated")
    assert (outside.hlr.subscribers, outside.ocs.engine.accounts) == ({}, {})
    assert [one["amount"] for one in outside.bank.refunds.values()] == [1500]
    assert (Payment.objects.get().state, owed(service), books_balance()) == ("refunded", 0, True)
    assert [(item(one).state, item(one).holder) for one in (SIM, NUMBER)] == [
        ("new", None),
        ("in_stock", None),
    ]
    assert [mail["To"] for mail in mails(outside)] == ["john.smith@example.com"] * 2


def test_what_came_after_the_sale_goes_first_the_newest_at_the_head(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    boost(run_jobs, service)
    change_plan(run_jobs, service, "mobile-50gb", NOW)
    change(run_jobs, service, Action.SUSPEND)
    ask_undo(sale_of(service))
    run_all(run_jobs)
    assert list(Order.objects.order_by("pk").values_list("state", flat=True)) == ["cancelled"] * 4
    ends = list(Job.objects.order_by("ended_at", "-pk").values_list("order__action", "state"))
    assert ends == [(action, "undone") for action in ("suspend", "modify", "addon", "create")]
    assert (outside.hlr.subscribers, outside.ocs.engine.accounts) == ({}, {})
    assert (Addon.objects.get().state, owed(service), books_balance()) == ("ended", 0, True)
    assert sum(one["amount"] for one in outside.bank.refunds.values()) == 1500 + 500 + 1000
    assert not Charge.objects.filter(amount__gt=0, reversed_by__isnull=True).exists()


def test_a_change_that_waits_for_its_day_is_cancelled_first(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    waiting = change_plan(run_jobs, service, "mobile-50gb", NOW, at_term_end=True)
    assert waiting.state == "waiting"
    ask_undo(sale_of(service))
    run_all(run_jobs)
    waiting.refresh_from_db()
    assert (waiting.state, sale_of(service).state) == ("cancelled", "cancelled")


def test_where_a_system_fails_the_rest_waits_and_retry_goes_on_to_the_end(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    addon = boost(run_jobs, service)
    outside.ocs.rude = "error"
    ask_undo(sale_of(service))
    run_all(run_jobs)
    addon.refresh_from_db()
    assert (addon.state, sale_of(service).state) == ("failed", "completed")
    outside.ocs.rude = None
    retry_job(addon.pk, actor="agente", now=NOW)
    run_all(run_jobs)
    assert (sale_of(service).state, outside.ocs.engine.accounts) == ("cancelled", {})


def test_a_process_that_died_between_two_orders_leaves_nothing_half_undone(
    outside: Outside, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = sold(run_jobs)
    addon = boost(run_jobs, service)
    ask_undo(sale_of(service))
    with monkeypatch.context() as dying:
        dying.setattr(hooks, "_hooks", hooks._hooks[:1])
        finish(run_jobs, addon)
    assert (Order.objects.get(job=addon).state, sale_of(service).state) == ("cancelled", "completed")
    resume_undoing(NOW)
    run_all(run_jobs)
    assert sale_of(service).state == "cancelled"


def test_an_addon_goes_alone_and_the_change_of_plan_after_it_stays(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    addon = boost(run_jobs, service)
    change_plan(run_jobs, service, "mobile-50gb", NOW)
    assert later(addon) == []
    ask_undo(Order.objects.get(job=addon))
    run_all(run_jobs)
    assert data(outside, service) == {"PLAN_DATA": 50}
    service.refresh_from_db()
    assert (service.state, service.product.slug) == ("active", "mobile-50gb")


# --- what is refused ---


def test_later_orders_that_nobody_confirmed_stand_in_the_way(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    addon = boost(run_jobs, service)
    sale = sale_of(service)
    assert sale.job is not None
    with pytest.raises(Refusal) as refusal:
        orders.undo(sale.job.pk, actor="agente", now=NOW)
    assert refusal.value.code == "order.later_orders"
    assert str(addon.order_id) in str(refusal.value)
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert not Order.objects.exclude(undo_asked_by="").exists()


def test_a_service_that_was_ended_says_who_decides(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    change(run_jobs, service, Action.TERMINATE)
    sale = sale_of(service)
    assert sale.job is not None
    assert undo_preview(sale.job).final is not None
    with pytest.raises(Refusal) as refusal:
        orders.undo(sale.job.pk, with_later=later(sale.job), actor="agente", now=NOW)
    assert refusal.value.code == "order.later_is_final"
    assert "supervisor" in str(refusal.value)
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


def test_nothing_new_begins_while_a_service_is_being_undone(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    order = orders.begin(
        actor="agente", now=NOW, service_id=service.pk, product_id=product("data-boost-5gb").pk
    )
    ask_undo(sale_of(service))
    with pytest.raises(Refusal) as refusal:
        orders.confirm(order.uuid, actor="agente", now=NOW)
    order.refresh_from_db()
    assert (refusal.value.code, order.state, order.job) == ("order.being_undone", "draft", None)


def test_asking_twice_undoes_once_and_a_job_that_is_not_done_is_refused(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    sale = sale_of(service)
    assert ask_undo(sale) == ask_undo(sale)
    run_all(run_jobs)
    with pytest.raises(Refusal) as refusal:
        ask_undo(sale)
    assert refusal.value.code == "job.wrong_state"
    assert len(outside.bank.refunds) == 1


# --- what the page says before ---


def test_the_preview_says_what_goes_in_each_place(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    sale = sale_of(service)
    assert sale.job is not None
    [one] = undo_preview(sale.job).orders
    assert [(task.key, task.system) for task in one.tasks.taken_back] == [
        ("welcome_mail", "e-mail"),
        ("service_record", "payments"),
        ("ocs_account", "OCS"),
        ("assign_number", "HLR"),
        ("assign_sim", "HLR"),
        ("check_customer", "payments"),
    ]
    assert one.tasks.stays == ()
    assert {str(item) for item in one.freed} == {SIM, NUMBER}
    assert (one.money.refunded, one.money.held, one.money.owed) == (1500, 0, 0)
    assert one.mail == "john.smith@example.com"


def test_the_preview_of_a_swap_gives_the_old_card_back(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    job = change(run_jobs, service, Action.SWAP, sim="SIM-00124")
    [one] = undo_preview(job).orders
    assert ([str(a) for a in one.freed], [str(a) for a in one.returned]) == (["SIM-00124"], [SIM])
    assert one.money.is_nothing


# --- the same, to the right customer ---


def test_the_same_card_and_number_go_to_the_right_customer(outside: Outside, run_jobs: RunJobs) -> None:
    old = taken_back(run_jobs)
    made = orders.assign_same(old.uuid, actor="agente", now=NOW)
    assert made.gone == ()
    new = made.order
    assert (new.product, new.customer, new.auto_renew, new.replaces) == (old.product, None, True, old)
    assert new.selection == {"sim": item(SIM).pk, "number": item(NUMBER).pk}
    assert {item(one).holder for one in (SIM, NUMBER)} == {new.holder}
    orders.choose_customer(new.uuid, RIGHT_CUSTOMER)
    job = finish(run_jobs, orders.confirm(new.uuid, actor="agente", now=NOW))
    assert job.state == "done", job.error
    service = Service.objects.get(customer_id=RIGHT_CUSTOMER)
    assert {item(one).holder for one in (SIM, NUMBER)} == {service.uuid}
    assert [s.msisdn for s in outside.hlr.subscribers.values()] == ["447700900123"]


def test_pressing_twice_makes_one_draft(outside: Outside, run_jobs: RunJobs) -> None:
    old = taken_back(run_jobs)
    first = orders.assign_same(old.uuid, actor="agente", now=NOW).order
    assert orders.assign_same(old.uuid, actor="agente", now=NOW).order == first
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.create(replaces=old, created_by="agente", created_at=NOW)
    orders.give_up(first.uuid, actor="agente", now=NOW)
    assert orders.assign_same(old.uuid, actor="agente", now=NOW).order != first


def test_what_somebody_else_has_by_now_is_left_to_choose_and_said(
    outside: Outside, run_jobs: RunJobs
) -> None:
    old = taken_back(run_jobs)
    draft(NOW, number=None)  # somebody takes the SIM
    made = orders.assign_same(old.uuid, actor="agente", now=NOW)
    assert made.gone == (str(item(SIM).template.label),)
    assert made.order.selection == {"number": item(NUMBER).pk}


def test_only_a_sale_that_was_taken_back_is_assigned_again(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    suspension = change(run_jobs, service, Action.SUSPEND)
    codes = []
    for order in (sale_of(service), Order.objects.get(job=suspension)):
        with pytest.raises(Refusal) as refusal:
            orders.assign_same(order.uuid, actor="agente", now=NOW)
        codes.append(refusal.value.code)
    assert codes == ["order.not_taken_back", "order.not_a_sale"]
    assert Order.objects.count() == 2


def test_a_failed_assignment_that_was_cancelled_can_be_assigned_again(
    outside: Outside, run_jobs: RunJobs
) -> None:
    outside.bank.declining.add(CARD)
    job = finish(run_jobs, orders.confirm(draft(NOW).uuid, actor="agente", now=NOW))
    assert job.state == "failed"
    cancel_job(job.pk, actor="agente", now=NOW)
    run_all(run_jobs)
    made = orders.assign_same(Order.objects.get().uuid, actor="agente", now=NOW)
    assert made.order.selection == {"sim": item(SIM).pk, "number": item(NUMBER).pk}
