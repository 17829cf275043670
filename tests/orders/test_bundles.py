"""Selling a bundle: every member is provisioned in turn, and taken back in turn; the bundle is what its members are."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import IntegrityError

from alta.billing.models import Charge, Payment
from alta.catalog.models import Product
from alta.catalog.services import MemberSpec, ProductSpec, save_product
from alta.orders import services as orders
from alta.orders.bundles import resume_bundles
from alta.orders.models import Order
from alta.orders.queries import members_of, required_items
from alta.orders.undo_preview import undo_preview
from alta.playbooks.models import PlaybookVersion
from alta.refusal import Refusal
from alta.runner.models import Job
from alta.runner.services import cancel_job, retry_job
from alta.services.models import Addon, Service
from tests.conftest import RunJobs
from tests.house_of_data import item
from tests.orders.conftest import NOW, Outside
from tests.renewals.conftest import clock

ITEMS = {
    "mobile-20gb.sim": "SIM-00123",
    "mobile-20gb.number": "+44 7700 900123",
    "mobile-5gb.sim": "SIM-00124",
    "mobile-5gb.number": "+44 7700 900124",
}


def family(now: datetime = NOW) -> Product:
    """Two lines, and 5 GB more for the second."""
    members = (
        MemberSpec("mobile-20gb", 100, 1200),
        MemberSpec("mobile-5gb", 0, 500),
        MemberSpec("data-boost-5gb", 300, 0),
    )
    spec = ProductSpec(
        "family",
        "Familia",
        "Family",
        "bundle",
        "mobile",
        ["individual"],
        members=members,
        auto_renew="always",
    )
    return save_product(spec, actor="admin", now=now)


def draft() -> Order:
    order = orders.begin(actor="agente", now=NOW, product_id=family().pk, customer_id=123)
    for name, identifier in ITEMS.items():
        orders.choose_item(order.uuid, name, item(identifier).pk, actor="agente", now=NOW)
    orders.answer_renewal(order.uuid, True)
    return order


def run_all(run_jobs: RunJobs) -> None:
    """Runs jobs until none is left that a worker would take: one's end begins the next."""
    for _round in range(12):
        ready = Job.objects.filter(state__in=["queued", "cancelling", "undoing"])
        if not (numbers := list(ready.values_list("pk", flat=True))):
            return
        run_jobs(*numbers, now=clock(NOW))
    raise AssertionError("jobs go on for ever")


def sold(run_jobs: RunJobs) -> Order:
    order = draft()
    orders.confirm(order.uuid, actor="agente", now=NOW)
    run_all(run_jobs)
    order.refresh_from_db()
    return order


def states(order: Order) -> list[str]:
    order.refresh_from_db()
    return [order.state, *(one.state for one in members_of(order))]


def stock() -> list[str]:
    return [item(identifier).state for identifier in ITEMS.values()]


def network(outside: Outside) -> tuple[list[str], int]:
    return sorted(one.msisdn for one in outside.hlr.subscribers.values()), len(outside.ocs.engine.accounts)


def test_each_input_says_whose_it_is_and_none_takes_anothers(outside: Outside) -> None:
    order = orders.begin(actor="agente", now=NOW, product_id=family().pk, customer_id=123)
    labels = {one.name: one.label for one in required_items(order)}
    assert list(labels) == list(ITEMS)
    assert labels["mobile-5gb.sim"].startswith(Product.objects.get(slug="mobile-5gb").name_es)
    orders.choose_item(order.uuid, "mobile-20gb.sim", item("SIM-00123").pk, actor="agente", now=NOW)
    with pytest.raises(Refusal) as refused:
        orders.confirm(order.uuid, actor="agente", now=NOW)
    assert refused.value.code == "order.incomplete"
    with pytest.raises(Refusal) as unknown:
        orders.choose_item(order.uuid, "sim", item("SIM-00124").pk, actor="agente", now=NOW)
    assert unknown.value.code == "order.input_unknown"


def test_confirming_makes_an_order_and_a_service_for_each_member_at_its_price(outside: Outside) -> None:
    order = draft()
    job = orders.confirm(order.uuid, actor="agente", now=NOW)
    assert orders.confirm(order.uuid, actor="agente", now=NOW) == job
    assert states(order) == ["inProgress", "inProgress", "pending", "pending"]
    assert (order.job, order.service, order.due) == (None, None, 100 + 1200 + 500 + 300)
    one, two, boost = members_of(order)
    assert one.service is not None and two.service is not None
    assert [(one.service.setup_price, one.service.recurring_price), two.service.recurring_price] == [
        (100, 1200),
        500,
    ]
    assert boost.service == two.service
    assert [item(identifier).holder for identifier in ITEMS.values()] == [
        one.holder, one.holder, two.holder, two.holder
    ]  # fmt: skip
    assert Job.objects.count() == 1


def test_members_are_done_one_after_the_other_and_each_is_paid(outside: Outside, run_jobs: RunJobs) -> None:
    order = sold(run_jobs)
    assert states(order) == ["completed"] * 4
    assert order.ended_at is not None
    assert network(outside) == (["447700900123", "447700900124"], 2)
    one, two, boost = members_of(order)
    begun = [member.job_id or 0 for member in (one, two, boost)]
    assert begun == sorted(begun)
    addon = Addon.objects.get()
    assert (addon.service, addon.recurring_price, addon.order_id) == (two.service, 0, boost.pk)
    assert sorted(Payment.objects.filter(state="captured").values_list("amount", flat=True)) == [
        300,
        500,
        1300,
    ]
    assert sum(Charge.objects.values_list("amount", flat=True)) == order.due == 2100


def test_a_member_that_fails_holds_the_bundle_and_the_rest_until_it_is_retried(
    outside: Outside, run_jobs: RunJobs
) -> None:
    order = draft()
    first = orders.confirm(order.uuid, actor="agente", now=NOW)
    run_jobs(first, now=clock(NOW))
    outside.hlr.down()
    run_all(run_jobs)
    assert states(order) == ["held", "completed", "held", "pending"]
    outside.hlr.up()
    failed = members_of(order)[1].job
    assert failed is not None
    retry_job(failed.pk, actor="ingeniera", now=NOW)
    run_all(run_jobs)
    assert states(order) == ["completed"] * 4


def test_undoing_takes_all_back_last_first(outside: Outside, run_jobs: RunJobs) -> None:
    order = sold(run_jobs)
    first, *others = members_of(order)
    assert first.job is not None
    seen = undo_preview(first.job)
    assert [one.order.pk for one in seen.later] == [one.pk for one in reversed(others)]
    with pytest.raises(Refusal) as refused:
        orders.undo(first.job.pk, actor="agente", now=NOW)
    assert refused.value.code == "order.later_orders"
    orders.undo(first.job.pk, with_later=[one.pk for one in others], actor="agente", now=NOW)
    assert states(order) == ["inProgress", "completed", "completed", "inProgress"]
    run_all(run_jobs)
    assert states(order) == ["cancelled"] * 4
    assert network(outside) == ([], 0)
    assert sorted(one["amount"] for one in outside.bank.refunds.values()) == [300, 500, 1300]
    assert set(Service.objects.values_list("state", flat=True)) == {"terminated"}
    assert not {"assigned", "reserved"} & set(stock())
    again = orders.assign_same(order.uuid, actor="agente", now=NOW)
    assert (again.gone, set(again.order.selection)) == ((), set(ITEMS))


def test_cancelling_the_member_that_failed_takes_the_bundle_back(outside: Outside, run_jobs: RunJobs) -> None:
    order = draft()
    run_jobs(orders.confirm(order.uuid, actor="agente", now=NOW), now=clock(NOW))
    outside.hlr.down()
    run_all(run_jobs)
    outside.hlr.up()
    failed = members_of(order)[1].job
    assert failed is not None
    cancel_job(failed.pk, actor="agente", now=NOW)
    run_all(run_jobs)
    assert states(order) == ["cancelled"] * 4
    assert network(outside) == ([], 0)
    assert not {"assigned", "reserved"} & set(stock())


def test_what_cannot_begin_is_said_and_begins_by_itself_once_it_can(
    outside: Outside, run_jobs: RunJobs
) -> None:
    order = draft()
    first = orders.confirm(order.uuid, actor="agente", now=NOW)
    versions = PlaybookVersion.objects.filter(name="mobile-addon")
    versions.update(name="mobile-addon-away")
    run_jobs(first, now=clock(NOW))
    run_all(run_jobs)
    assert states(order) == ["held", "completed", "completed", "pending"]
    assert "mobile-addon" in order.reason
    PlaybookVersion.objects.filter(name="mobile-addon-away").update(name="mobile-addon")
    resume_bundles(NOW)
    run_all(run_jobs)
    assert (states(order), order.reason) == (["completed"] * 4, "")


def test_the_database_keeps_bundles_and_members_apart(outside: Outside) -> None:
    order = draft()
    orders.confirm(order.uuid, actor="agente", now=NOW)
    waiting = members_of(order)[2]
    for row, change in (
        (order, {"service_id": waiting.service_id}),
        (waiting, {"parent": None}),
        (waiting, {"state": "inProgress"}),
    ):
        with pytest.raises(IntegrityError, match="orders_order_"):
            Order.objects.filter(pk=row.pk).update(**change)
