"""What becomes of a mobile service at the end of its term, seen in the network: the charging system and the HLR."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction

from alta.billing.models import Charge, Payment
from alta.catalog.models import Product
from alta.customers.models import PaymentMethod
from alta.orders import services as orders
from alta.orders.models import Order
from alta.orders.rules import Action
from alta.renewals import services as renewals
from alta.renewals.measures import take_measures
from alta.renewals.models import Renewal
from alta.renewals.rules import MEASURE_PAUSE
from alta.runner.models import Job
from alta.runner.services import cancel_job, retry_job
from alta.services.models import Addon, Service
from tests.conftest import RunJobs
from tests.house_of_data import draft, item
from tests.orders.conftest import NOW, Outside, outside
from tests.renewals.conftest import DAY, clock, keep_house, mails, services

__all__ = ["outside"]
GIB = 1024**3
CARD = "pm_demo_123"
MONTH = 30 * DAY  # from 20 November to 20 December


@pytest.fixture
def sold(outside: Outside, run_jobs: RunJobs) -> Service:
    """A mobile service that renews itself, with 5 GB more every month."""
    Product.objects.filter(slug="data-boost-5gb").update(recurring_price=400)
    job = orders.confirm(draft(NOW).uuid, actor="agente", now=NOW)
    run_jobs(job, now=lambda: NOW)
    service = Service.objects.get()
    boost = Product.objects.get(slug="data-boost-5gb")
    order = orders.begin(actor="agente", now=NOW, service_id=service.pk, product_id=boost.pk)
    run_jobs(orders.confirm(order.uuid, actor="agente", now=NOW), now=lambda: NOW)
    return service


def account(outside: Outside, service: Service) -> Any:
    return outside.ocs.engine.accounts.get(f"cgrates.org:{service.uuid}")


def data(outside: Outside, service: Service) -> dict[str, float]:
    """The balances of a service's account, in GiB."""
    return {one["ID"]: one["Value"] / GIB for one in account(outside, service)["BalanceMap"]["*data"]}


def seen(outside: Outside, service: Service) -> tuple[str, list[bool], bool | None]:
    """The service's state, whether its subscriber may use the network, whether its account is blocked."""
    service.refresh_from_db()
    found = account(outside, service)
    return (
        service.state,
        [one.cs for one in outside.hlr.subscribers.values()],
        found["Disabled"] if found else None,
    )


ON, OFF, GONE = ("active", [True], False), ("suspended", [False], True), ("terminated", [], None)


def test_a_renewal_refills_plan_and_addon_for_one_payment(
    outside: Outside, sold: Service, run_jobs: RunJobs
) -> None:
    boost = f"ADDON_{Addon.objects.get().order_id}"
    for balance in account(outside, sold)["BalanceMap"]["*data"]:
        balance["Value"] = 1 * GIB
    keep_house(run_jobs, NOW + MONTH)
    assert Renewal.objects.get().state == "paid"
    assert data(outside, sold) == {"PLAN_DATA": 20, boost: 5}
    period = Charge.objects.filter(period_start=NOW + MONTH).order_by("pk")
    assert list(period.values_list("kind", "amount")) == [("recurring", 1500), ("addon", 400)]
    assert Payment.objects.order_by("-pk")[0].amount == 1900


def test_an_unpaid_service_is_asked_again_then_off_the_network_then_ended(
    outside: Outside, sold: Service, run_jobs: RunJobs
) -> None:
    renewals.set_schedule([2, 4], 20, 7, actor="admin")
    outside.bank.declining.add(CARD)
    story = []
    for day in range(-1, 22):
        keep_house(run_jobs, NOW + MONTH + day * DAY)
        if not story or story[-1][1] != seen(outside, sold):
            story.append((day, seen(outside, sold)))
    assert story == [(-1, ON), (4, OFF), (20, GONE)]
    assert Renewal.objects.get().declines == 3
    assert (item("SIM-00123").state, item("+44 7700 900123").state) == ("in_stock", "quarantined")
    told = [one for one in mails(sold) if one.startswith("renewal")]
    assert told == ["renewal-declined", "renewal-declined", "renewal-suspended"]
    made = Order.objects.filter(created_by="renewals").order_by("pk")
    assert list(made.values_list("action", "state", "reason")) == [
        ("suspend", "completed", "La renovación no se pagó"),
        ("terminate", "completed", "El período terminó y no se renovó"),
    ]


def test_a_service_that_is_paid_after_all_works_again(
    outside: Outside, sold: Service, run_jobs: RunJobs
) -> None:
    outside.bank.declining.add(CARD)
    for day in (0, 1, 3, 5):
        keep_house(run_jobs, NOW + MONTH + day * DAY)
    assert seen(outside, sold) == OFF
    PaymentMethod.objects.filter(customer=sold.customer_id).update(token="pm_new")
    renewals.retry_now(Renewal.objects.get().pk, actor="agente", now=NOW + MONTH + 9 * DAY)
    keep_house(run_jobs, NOW + MONTH + 9 * DAY)
    assert seen(outside, sold) == ON
    assert (Renewal.objects.get().state, data(outside, sold)["PLAN_DATA"]) == ("paid", 20)
    assert sold.term_ends_at is not None and sold.term_ends_at > NOW + MONTH + 29 * DAY


def test_no_means_notice_a_week_before_and_off_the_network_at_the_end(
    outside: Outside, sold: Service, run_jobs: RunJobs
) -> None:
    Service.objects.update(auto_renew=False)
    assert sold.term_ends_at is not None
    story: list[Any] = []
    for day in range(-9, 2):
        keep_house(run_jobs, sold.term_ends_at + day * DAY)
        now = (seen(outside, sold), mails(sold)[-1:] == ["renewal-ending"])
        if not story or story[-1][1] != now:
            story.append((day, now))
    assert [entry for entry in story if entry[0] < 0] == [(-9, (ON, False)), (-7, (ON, True))]
    assert (story[-1][0], story[-1][1][0]) == (0, GONE)
    assert Renewal.objects.get().state == "ended"
    assert Charge.objects.filter(kind="recurring").count() == 1


def unpaid(service: Service) -> Renewal:
    """A renewal that has just been given up."""
    renewals.renew_due(NOW + MONTH)
    Renewal.objects.update(declines=3)
    return renewals.record_failure(
        Renewal.objects.get(service=service).pk, "payments.declined", "no", actor="renewals", now=NOW + MONTH
    )


def test_a_change_under_way_is_waited_for(outside: Outside, sold: Service, run_jobs: RunJobs) -> None:
    now = NOW + MONTH
    other = orders.begin_change(sold.pk, Action.SUSPEND, actor="agente", now=now)
    job = orders.confirm(other.uuid, actor="agente", now=now, reason="lost")
    unpaid(sold)
    take_measures(now)
    assert Order.objects.filter(created_by="renewals").count() == 0
    assert Renewal.objects.get().measure_at == now + MEASURE_PAUSE
    cancel_job(job.pk, actor="agente", now=now)
    run_jobs(job, now=clock(now))
    assert seen(outside, sold) == ON
    keep_house(run_jobs, now + MEASURE_PAUSE)
    assert seen(outside, sold) == OFF


def test_a_suspension_that_fails_is_seen_and_goes_on_where_it_failed(
    outside: Outside, sold: Service, run_jobs: RunJobs
) -> None:
    outside.hlr.down()
    now = NOW + MONTH
    unpaid(sold)
    take_measures(now)
    order = Order.objects.get(created_by="renewals")
    assert order.job is not None
    run_jobs(order.job, now=clock(now))
    order.refresh_from_db()
    assert (order.state, Job.objects.get(pk=order.job_id).state, Renewal.objects.get().state) == (
        "held",
        "failed",
        "unpaid",
    )
    outside.hlr.up()
    retry_job(order.job.pk, actor="ingeniera", now=now)
    run_jobs(order.job, now=clock(now))
    assert seen(outside, sold) == OFF


def test_a_measure_begins_once_though_several_workers_try_and_one_dies(
    outside: Outside, sold: Service
) -> None:
    now = NOW + MONTH
    unpaid(sold)
    with transaction.atomic():
        take_measures(now)
        transaction.set_rollback(True)  # killed before it was committed
    assert Order.objects.filter(created_by="renewals").count() == 0

    def work() -> None:
        try:
            take_measures(now)
        finally:
            connection.close()

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    close_old_connections()
    assert Order.objects.filter(created_by="renewals").count() == 1
    assert take_measures(now + DAY) == 0


def test_a_service_paid_before_its_suspension_began_is_left_alone(
    outside: Outside, sold: Service, run_jobs: RunJobs
) -> None:
    renewal = unpaid(sold)
    renewals.retry_now(renewal.pk, actor="agente", now=NOW + MONTH)
    assert renewal.job is not None
    run_jobs(Renewal.objects.get().job_id or 0, now=clock(NOW + MONTH))
    keep_house(run_jobs, NOW + MONTH + timedelta(minutes=1))
    assert seen(outside, sold) == ON
    assert Order.objects.filter(created_by="renewals").count() == 0


def test_many_are_suspended_in_few_statements_and_one_that_cannot_be_keeps_no_other_from_it(
    outside: Outside, django_assert_max_num_queries: Any
) -> None:
    due = services(40, ends=NOW)
    Product.objects.filter(slug="line").update(verb_playbooks={"suspend": "mobile-suspend"})
    for service, sim in zip(due, [item("SIM-00123").pk] * 39 + [None], strict=True):
        Service.objects.filter(pk=service.pk).update(items={"sim": sim} if sim else {})
    renewals.renew_due(NOW)
    measures = Renewal.objects.all()
    measures.update(state="unpaid", next_at=NOW + 30 * DAY, measure="suspend", measure_at=NOW)
    able = measures.exclude(service=due[-1].pk)
    measures.filter(service=due[-1].pk).update(measure_at=NOW + DAY)
    # Two of them a job: its SIM card is read.
    with django_assert_max_num_queries(40 + 2 * 39):
        take_measures(NOW)
    assert able.filter(order__state="inProgress", measure_at=None).count() == 39
    measures.update(order=None, measure_at=NOW)
    Order.objects.filter(created_by="renewals").update(state="cancelled")
    take_measures(NOW)
    assert able.filter(order__state="inProgress", measure_at=None).count() == 39
    left = measures.get(service=due[-1].pk)
    assert (left.order, left.measure_at) == (None, NOW + MEASURE_PAUSE)
