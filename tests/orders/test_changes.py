"""What happens to a service after the sale: add-ons, another plan, another SIM, a rest, and the end. Each through its
playbook, against doubles of HLR, OCS, bank and mail; and each taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db.models import Sum

from alta.billing.models import Charge, Payment, Posting
from alta.billing.queries import balances
from alta.catalog.models import Product
from alta.customers.models import PaymentMethod
from alta.orders import services as orders
from alta.orders.models import Order
from alta.orders.rules import Action
from alta.refusal import Refusal
from alta.runner.models import Job
from alta.runner.services import cancel_job, undo_job
from alta.services.models import Addon, Service
from tests.conftest import RunJobs
from tests.house_of_data import draft, item, load_demo
from tests.orders.conftest import NOW, Outside

GIB = 1024**3
CARD = "pm_demo_123"
OTHER_SIM, OTHER_NUMBER = "SIM-00124", "+44 7700 900124"


def product(slug: str) -> Product:
    return Product.objects.get(slug=slug)


def sold(run_jobs: RunJobs) -> Service:
    """A mobile service that works since NOW, paid until a month later."""
    job = orders.confirm(draft(NOW).uuid, actor="agente", now=NOW)
    run_jobs(job, now=lambda: NOW)
    return Service.objects.get()


def finish(run_jobs: RunJobs, job: Job, now: datetime = NOW) -> Job:
    run_jobs(job, now=lambda: now)
    job.refresh_from_db()
    return job


def change(
    run_jobs: RunJobs, service: Service, action: Action, now: datetime = NOW, **choices: object
) -> Job:
    order = orders.begin_change(service.pk, action, actor="agente", now=now)
    for name, identifier in choices.items():
        orders.choose_item(order.uuid, name, item(str(identifier)).pk, actor="agente", now=now)
    job = orders.confirm(order.uuid, actor="agente", now=now, reason="the customer asked for it")
    return finish(run_jobs, job, now)


def change_plan(
    run_jobs: RunJobs, service: Service, slug: str, now: datetime, *, at_term_end: bool = False
) -> Job:
    order = orders.begin_change(service.pk, Action.MODIFY, actor="agente", now=now)
    orders.choose_product(order.uuid, product(slug).pk, actor="agente", now=now)
    orders.choose_when(order.uuid, at_term_end)
    return finish(run_jobs, orders.confirm(order.uuid, actor="agente", now=now), now)


def undo(run_jobs: RunJobs, job: Job, now: datetime = NOW) -> Job:
    undo_job(job.pk, actor="agente", now=now)
    return finish(run_jobs, job, now)


def boost(run_jobs: RunJobs, service: Service, slug: str = "data-boost-5gb", now: datetime = NOW) -> Job:
    order = orders.begin(actor="agente", now=now, service_id=service.pk, product_id=product(slug).pk)
    return finish(run_jobs, orders.confirm(order.uuid, actor="agente", now=now), now)


def data(outside: Outside, service: Service) -> dict[str, float]:
    """The balances of a service's account, in GiB."""
    account = outside.ocs.engine.accounts[f"cgrates.org:{service.uuid}"]
    return {one["ID"]: one["Value"] / GIB for one in account["BalanceMap"]["*data"]}


def owed(service: Service) -> int:
    return sum(one.amount for one in balances(service.customer_id))


def books_balance() -> bool:
    return Posting.objects.aggregate(total=Sum("amount"))["total"] in (0, None)


# --- add-ons ---


def test_an_addon_goes_to_the_service_and_its_account_and_is_paid(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    job = boost(run_jobs, service)
    assert job.state == "done", job.error
    assert data(outside, service) == {"PLAN_DATA": 20, f"ADDON_{job.order_id}": 5}
    assert Service.objects.count() == 1
    addon = Addon.objects.get()
    assert (addon.service, addon.product.slug, addon.state) == (service, "data-boost-5gb", "active")
    order = Order.objects.get(pk=job.order_id)
    assert (order.action, order.state, order.due, order.service) == ("addon", "completed", 500, service)
    assert (Payment.objects.get(key=str(order.holder)).state, owed(service)) == ("captured", 0)
    assert list(Charge.objects.filter(order_id=order.pk).values_list("kind", "amount")) == [("addon", 500)]


def test_a_declined_card_stops_the_addon_before_anything_is_given(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    outside.bank.declining.add(CARD)
    job = boost(run_jobs, service)
    assert job.error is not None
    assert (job.state, job.error["code"]) == ("failed", "payments.declined")
    assert data(outside, service) == {"PLAN_DATA": 20}
    assert Addon.objects.count() == 0


def test_an_undone_addon_leaves_account_and_money_as_before(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    job = undo(run_jobs, boost(run_jobs, service))
    assert job.state == "undone"
    assert data(outside, service) == {"PLAN_DATA": 20}
    assert Addon.objects.get().state == "ended"
    assert (owed(service), books_balance()) == (0, True)
    assert [one["amount"] for one in outside.bank.refunds.values()] == [500]
    service.refresh_from_db()
    assert service.state == "active"


def test_from_the_catalogue_the_only_service_of_the_type_is_chosen(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    order = orders.begin(actor="agente", now=NOW, product_id=product("data-boost-5gb").pk, customer_id=123)
    assert (order.action, order.service) == ("addon", service)


def test_an_addon_of_another_type_is_refused_and_nothing_changes(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    before = Order.objects.count()
    Product.objects.filter(slug="iptv-sports").update(playbook="mobile-addon")
    with pytest.raises(Refusal) as refusal:
        orders.begin(actor="agente", now=NOW, product_id=product("iptv-sports").pk, service_id=service.pk)
    assert refusal.value.code == "catalog.product.needs_service"
    assert Order.objects.count() == before


# --- another plan ---


def test_a_better_plan_costs_the_difference_for_the_rest_of_the_period(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)  # 15.00 from 20 November to 20 December
    half = NOW + timedelta(days=15)
    job = change_plan(run_jobs, service, "mobile-50gb", half)
    assert job.state == "done", job.error
    service.refresh_from_db()
    assert (service.product.slug, service.recurring_price) == ("mobile-50gb", 2500)
    assert data(outside, service) == {"PLAN_DATA": 50}
    order = Order.objects.get(pk=job.order_id)
    assert (order.due, order.credit) == (500, 0)
    assert (owed(service), books_balance()) == (0, True)


def test_a_smaller_plan_gives_the_difference_back_as_credit(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    change_plan(run_jobs, service, "mobile-5gb", NOW + timedelta(days=15))
    service.refresh_from_db()
    assert (service.recurring_price, owed(service), data(outside, service)) == (800, -350, {"PLAN_DATA": 5})


@pytest.mark.parametrize("slug", ["mobile-50gb", "mobile-5gb"])
def test_an_undone_change_of_plan_leaves_everything_as_before(
    slug: str, outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    half = NOW + timedelta(days=15)
    job = undo(run_jobs, change_plan(run_jobs, service, slug, half), half)
    assert job.state == "undone"
    service.refresh_from_db()
    assert (service.product.slug, service.recurring_price) == ("mobile-20gb", 1500)
    assert data(outside, service) == {"PLAN_DATA": 20}
    assert (owed(service), books_balance()) == (0, True)


def test_a_plan_for_the_next_period_waits_for_it_and_costs_nothing_now(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    assert service.term_ends_at is not None
    job = change_plan(run_jobs, service, "mobile-50gb", NOW, at_term_end=True)
    assert (job.state, data(outside, service)) == ("waiting", {"PLAN_DATA": 20})
    job = finish(run_jobs, job, service.term_ends_at - timedelta(minutes=14))
    assert (job.state, data(outside, service)) == ("done", {"PLAN_DATA": 50})
    service.refresh_from_db()
    assert (service.recurring_price, owed(service)) == (2500, 0)


# --- another SIM or number ---


def test_a_new_sim_takes_over_number_and_account(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    old, new = item("SIM-00123"), item(OTHER_SIM)
    job = change(run_jobs, service, Action.SWAP, sim=OTHER_SIM)
    assert job.state == "done", job.error
    assert {s.imsi: (s.msisdn, s.cs) for s in outside.hlr.subscribers.values()} == {
        new.values["imsi"]: ("447700900123", True)
    }
    assert set(outside.ocs.engine.attributes) == {f"cgrates.org:ATTR_{new.values['imsi']}"}
    service.refresh_from_db()
    old.refresh_from_db()
    new.refresh_from_db()
    assert (service.items["sim"], service.name) == (new.pk, "Móvil - +44 7700 900123")
    assert (old.state, new.state, new.holder) == ("in_stock", "assigned", service.uuid)


def test_a_new_number_stays_on_the_same_sim_and_the_old_one_rests(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    change(run_jobs, service, Action.SWAP, number=OTHER_NUMBER)
    assert [s.msisdn for s in outside.hlr.subscribers.values()] == ["447700900124"]
    assert (item("+44 7700 900123").state, item(OTHER_NUMBER).state) == ("quarantined", "assigned")
    service.refresh_from_db()
    assert service.name == f"Móvil - {OTHER_NUMBER}"


def test_an_undone_swap_gives_back_the_old_sim_and_number(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    job = undo(run_jobs, change(run_jobs, service, Action.SWAP, sim=OTHER_SIM, number=OTHER_NUMBER))
    assert job.state == "undone", job.error
    old = item("SIM-00123")
    assert {s.imsi: (s.msisdn, s.cs) for s in outside.hlr.subscribers.values()} == {
        old.values["imsi"]: ("447700900123", True)
    }
    service.refresh_from_db()
    assert service.items == {"sim": old.pk, "number": item("+44 7700 900123").pk}
    assert service.name == "Móvil - +44 7700 900123"
    assert [item(name).state for name in ("SIM-00123", "+44 7700 900123", OTHER_SIM, OTHER_NUMBER)] == [
        "assigned",
        "assigned",
        "new",
        "in_stock",
    ]


# --- rest and end ---


def test_a_suspended_service_is_barred_everywhere_and_resumed_everywhere(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    account = outside.ocs.engine.accounts[f"cgrates.org:{service.uuid}"]

    def seen() -> tuple[str, bool, bool]:
        service.refresh_from_db()
        (subscriber,) = outside.hlr.subscribers.values()
        return service.state, subscriber.cs, account["Disabled"]

    job = change(run_jobs, service, Action.SUSPEND)
    assert seen() == ("suspended", False, True), job.error
    change(run_jobs, service, Action.RESUME)
    assert seen() == ("active", True, False)
    undo(run_jobs, change(run_jobs, service, Action.SUSPEND))
    assert seen() == ("active", True, False)


def test_a_terminated_service_leaves_nothing_in_the_network(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    boost(run_jobs, service)
    job = change(run_jobs, service, Action.TERMINATE)
    assert job.state == "done", job.error
    assert (outside.hlr.subscribers, outside.ocs.engine.accounts) == ({}, {})
    service.refresh_from_db()
    assert (service.state, Addon.objects.get().state) == ("terminated", "ended")
    assert (item("SIM-00123").state, item("+44 7700 900123").state) == ("in_stock", "quarantined")


def test_a_termination_says_why_it_cannot_be_undone(outside: Outside, run_jobs: RunJobs) -> None:
    job = change(run_jobs, sold(run_jobs), Action.TERMINATE)
    with pytest.raises(Refusal) as refusal:
        undo_job(job.pk, actor="agente", now=NOW)
    assert refusal.value.code == "job.final"
    assert "supervisor" in str(refusal.value)
    job.refresh_from_db()
    assert job.state == "done"


# --- what is refused ---


def test_a_second_change_waits_until_the_first_is_over(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    waiting = change_plan(run_jobs, service, "mobile-50gb", NOW, at_term_end=True)
    with pytest.raises(Refusal) as refusal:
        orders.begin_change(service.pk, Action.SUSPEND, actor="agente", now=NOW)
    assert refusal.value.code == "order.change_under_way"
    cancel_job(waiting.pk, actor="agente", now=NOW)
    finish(run_jobs, waiting)
    assert orders.begin_change(service.pk, Action.SUSPEND, actor="agente", now=NOW).action == "suspend"


def test_changes_that_state_or_product_forbid_are_refused(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    refused = {}
    for action in (Action.RESUME, Action.MOVE):
        with pytest.raises(Refusal) as refusal:
            orders.begin_change(service.pk, action, actor="agente", now=NOW)
        refused[action] = refusal.value.code
    assert refused == {Action.RESUME: "order.cant_be_changed", Action.MOVE: "order.no_playbook_for"}
    assert Order.objects.exclude(action="create").count() == 0


def test_a_suspension_without_reason_is_refused(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    order = orders.begin_change(service.pk, Action.SUSPEND, actor="agente", now=NOW)
    with pytest.raises(Refusal) as refusal:
        orders.confirm(order.uuid, actor="agente", now=NOW, reason="  ")
    order.refresh_from_db()
    assert (refusal.value.code, order.state, order.job) == ("order.reason_missing", "draft", None)


def test_the_plan_the_service_has_is_no_change(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    order = orders.begin_change(service.pk, Action.MODIFY, actor="agente", now=NOW)
    codes = []
    for slug in ("mobile-20gb", "data-boost-5gb"):
        with pytest.raises(Refusal) as refusal:
            orders.choose_product(order.uuid, product(slug).pk, actor="agente", now=NOW)
        codes.append(refusal.value.code)
    assert codes == ["order.same_plan", "order.wrong_kind"]


def test_a_change_never_leaves_for_another_customer(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    order = orders.begin_change(service.pk, Action.SUSPEND, actor="agente", now=NOW)
    with pytest.raises(Refusal) as refusal:
        orders.choose_customer(order.uuid, 456)
    assert refusal.value.code == "order.other_action"
    fresh = orders.begin(actor="agente", now=NOW, customer_id=456)
    with pytest.raises(Refusal) as other:
        orders.choose_service(fresh.uuid, service.pk)
    assert other.value.code == "order.service_of_another"


def test_a_stale_draft_is_refused_when_the_service_has_changed_meanwhile(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    stale = orders.begin_change(service.pk, Action.SUSPEND, actor="agente", now=NOW)
    change(run_jobs, service, Action.TERMINATE)
    with pytest.raises(Refusal) as refusal:
        orders.confirm(stale.uuid, actor="agente", now=NOW, reason="late")
    assert refusal.value.code == "order.cant_be_changed"


def test_what_costs_something_without_payment_method_is_refused_before_the_change(
    outside: Outside, run_jobs: RunJobs
) -> None:
    service = sold(run_jobs)
    PaymentMethod.objects.all().delete()
    with pytest.raises(Refusal) as refusal:
        boost(run_jobs, service)
    assert (refusal.value.code, data(outside, service)) == (
        "customer.payment_method.missing",
        {"PLAN_DATA": 20},
    )
    assert Order.objects.get(action="addon").state == "draft"


def test_loading_the_demo_again_keeps_what_was_changed(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    change_plan(run_jobs, service, "mobile-50gb", NOW)
    load_demo(NOW)
    service.refresh_from_db()
    assert service.product.slug == "mobile-50gb"


# --- one change at a time, also on the way back ---


def test_a_change_is_not_undone_while_another_is_under_way(outside: Outside, run_jobs: RunJobs) -> None:
    service = sold(run_jobs)
    suspended = change(run_jobs, service, Action.SUSPEND)
    order = orders.begin_change(service.pk, Action.RESUME, actor="agente", now=NOW)
    resumed = orders.confirm(order.uuid, actor="agente", now=NOW)
    with pytest.raises(Refusal) as refused:
        undo_job(suspended.pk, actor="agente", now=NOW)
    assert refused.value.code == "order.change_under_way"
    suspended.refresh_from_db()
    assert (suspended.state, Order.objects.get(job=suspended).state) == ("done", "completed")
    assert finish(run_jobs, resumed).state == "done"
    undo_job(suspended.pk, actor="agente", now=NOW)
    assert Order.objects.get(job=suspended).state == "inProgress"
    with pytest.raises(Refusal) as second:
        orders.begin_change(service.pk, Action.SUSPEND, actor="agente", now=NOW)
    assert second.value.code == "order.change_under_way"
