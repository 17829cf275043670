"""An assignment with its money: held, provisioned, taken; let go when cancelled, given back when undone."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from alta.billing.models import Charge, Payment, Posting
from alta.billing.queries import balances
from alta.customers.models import Customer, PaymentMethod
from alta.customers.services import add_payment_method
from alta.orders import services as orders
from alta.refusal import Refusal
from alta.runner.models import Job
from alta.runner.services import cancel_job, retry_job, undo_job
from alta.services.models import Service
from tests.conftest import RunJobs
from tests.house_of_data import draft
from tests.orders.conftest import NOW, Outside

CARD = "pm_demo_123"


def assign(run_jobs: RunJobs, setup: int = 500) -> Job:
    order = draft(NOW)
    assert order.product is not None
    order.product.setup_price = setup
    order.product.save()
    job = orders.confirm(order.uuid, actor="agente", now=NOW)
    run_jobs(job)
    job.refresh_from_db()
    return job


def money(outside: Outside, job: Job) -> list[str]:
    """What the bank thinks of the assignment's payments."""
    return [one["status"] for one in outside.bank.of_reference(str(job.variables["service"]["uuid"]))]


def states(job: Job) -> list[str]:
    return list(job.tasks.order_by("position").values_list("state", flat=True))


def test_the_money_is_taken_when_the_service_works(outside: Outside, run_jobs: RunJobs) -> None:
    job = assign(run_jobs)
    assert (job.state, states(job)) == ("done", ["done"] * 6)
    assert money(outside, job) == ["succeeded"]
    service = Service.objects.get()
    assert service.activated_at is not None
    assert (service.state, service.name) == ("active", "Móvil - +44 7700 900123")
    payment = Payment.objects.get()
    assert (payment.state, payment.amount, payment.currency, payment.key) == (
        "captured",
        2000,
        "GBP",
        str(service.uuid),
    )
    assert payment.method == PaymentMethod.objects.get(token=CARD)
    charges = Charge.objects.order_by("pk").values_list("kind", "amount", "period_start", "period_end")
    assert list(charges) == [
        ("setup", 500, None, None),
        ("recurring", 1500, service.activated_at, service.term_ends_at),
    ]
    assert [(b.amount, b.currency) for b in balances(123)] == [(0, "GBP")]
    job.order.refresh_from_db()
    assert job.order.state == "completed"


def test_a_declined_card_stops_before_anything_is_provisioned_and_says_so(
    outside: Outside, run_jobs: RunJobs
) -> None:
    outside.bank.declining.add(CARD)
    job = assign(run_jobs)
    assert (job.state, states(job)) == ("failed", ["failed", *["pending"] * 5])
    assert job.error is not None
    assert (job.error["code"], job.error["params"]["reason"]) == (
        "payments.declined",
        "el banco rechazó la tarjeta.",
    )
    assert outside.hlr.subscribers == {} and outside.ocs.engine.accounts == {}
    assert Posting.objects.count() == 0
    cancel_job(job.pk, actor="agente", now=NOW)
    run_jobs(job)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert set(money(outside, job)) == {"canceled"}


def test_after_a_decline_the_retry_asks_the_card_that_the_customer_has_now(
    outside: Outside, run_jobs: RunJobs
) -> None:
    outside.bank.declining.add(CARD)
    job = assign(run_jobs)
    add_payment_method(123, provider="stripe", token="pm_new", make_default=True, actor="agente")
    retry_job(job.pk, actor="agente", now=NOW)
    run_jobs(job)
    job.refresh_from_db()
    assert job.state == "done"
    assert sorted(money(outside, job)) == ["requires_payment_method", "succeeded"]
    assert CARD not in str(job.variables)


def test_what_is_held_is_let_go_when_the_assignment_is_cancelled(outside: Outside, run_jobs: RunJobs) -> None:
    outside.ocs.down()
    job = assign(run_jobs)
    assert job.state == "failed"
    assert money(outside, job) == ["requires_capture"]
    assert Payment.objects.get().state == "authorised"
    outside.ocs.up()
    cancel_job(job.pk, actor="agente", now=NOW)
    run_jobs(job)
    job.refresh_from_db()
    assert (job.state, money(outside, job)) == ("cancelled", ["canceled"])
    assert (Payment.objects.get().state, Posting.objects.count()) == ("voided", 0)
    assert outside.hlr.subscribers == {}


def test_undoing_gives_the_money_back_and_leaves_nothing_owed(outside: Outside, run_jobs: RunJobs) -> None:
    job = assign(run_jobs)
    undo_job(job.pk, actor="agente", now=NOW)
    run_jobs(job)
    job.refresh_from_db()
    assert job.state == "undone"
    assert [one["amount"] for one in outside.bank.refunds.values()] == [2000]
    assert (Payment.objects.get().state, Service.objects.get().state) == ("refunded", "terminated")
    per_account = Posting.objects.values("account").annotate(total=Sum("amount"))
    assert {row["total"] for row in per_account} == {0}
    assert outside.hlr.subscribers == {} and outside.ocs.engine.accounts == {}


def test_a_closed_customer_is_not_served_and_keeps_the_money(outside: Outside, run_jobs: RunJobs) -> None:
    job = orders.confirm(draft(NOW).uuid, actor="agente", now=NOW)
    Customer.objects.filter(pk=123).update(status="closed")
    run_jobs(job)
    job.refresh_from_db()
    assert job.error is not None
    assert (job.state, job.error["code"]) == ("failed", "customer.not_open")
    cancel_job(job.pk, actor="agente", now=NOW)
    run_jobs(job)
    assert money(outside, job) == ["canceled"]


def test_what_costs_nothing_needs_no_payment_method(outside: Outside, run_jobs: RunJobs) -> None:
    PaymentMethod.objects.all().delete()
    order = draft(NOW)
    assert order.product is not None
    order.product.setup_price = order.product.recurring_price = 0
    order.product.save()
    job = orders.confirm(order.uuid, actor="agente", now=NOW)
    run_jobs(job)
    job.refresh_from_db()
    assert job.state == "done"
    assert (Payment.objects.count(), Charge.objects.count(), outside.bank.requests) == (0, 0, [])


def test_a_customer_without_payment_method_is_told_what_to_do(outside: Outside, run_jobs: RunJobs) -> None:
    PaymentMethod.objects.all().delete()
    with pytest.raises(Refusal) as refusal:
        assign(run_jobs)
    assert refusal.value.code == "customer.payment_method.missing"
