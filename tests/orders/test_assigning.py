"""Choosing step by step, confirming, giving up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from alta.audit.models import Entry
from alta.catalog.models import Product
from alta.customers.models import Customer
from alta.inventory.models import Item
from alta.orders import services as orders
from alta.orders.models import Order
from alta.orders.rules import TRANSITIONS, Facts, State, Step, next_step, steps
from alta.refusal import Refusal
from alta.runner.hooks import job_ended
from alta.runner.models import Job
from alta.services.models import Service
from tests.house_of_data import draft, item

pytestmark = pytest.mark.django_db


def snapshot() -> dict[str, Any]:
    """Everything that an order can change."""
    return {
        "orders": list(Order.objects.order_by("pk").values()),
        "items": list(Item.objects.exclude(state__in=["new", "in_stock"]).order_by("pk").values()),
        "services": list(Service.objects.order_by("pk").values()),
        "jobs": list(Job.objects.order_by("pk").values()),
        "audit": Entry.objects.count(),
    }


def refused(code: str, use_case: Any, *args: Any, **kwargs: Any) -> Refusal:
    """The refusal of a use case that changed nothing."""
    before = snapshot()
    with pytest.raises(Refusal) as caught:
        use_case(*args, **kwargs)
    assert caught.value.code == code
    assert snapshot() == before
    assert str(caught.value)
    return caught.value


def test_confirming_creates_the_service_in_preparation_and_starts_its_job(now: datetime) -> None:
    order = draft(now)
    job = orders.confirm(order.uuid, actor="agente", now=now)
    order.refresh_from_db()
    service = order.service
    assert service is not None
    assert (order.state, order.job_id, order.confirmed_at) == (State.IN_PROGRESS, job.pk, now)
    assert (service.uuid, service.state, service.name) == (
        order.holder,
        "reserved",
        "Móvil - Plan de 20GB",
    )
    assert (service.setup_price, service.recurring_price, service.currency) == (0, 1500, "GBP")
    assert service.auto_renew is True
    assert job.inputs == {
        "sim": {"item": item("SIM-00123").pk, "identifier": "SIM-00123", "source": "order"},
        "number": {
            "item": item("+44 7700 900123").pk,
            "identifier": "+44 7700 900123",
            "source": "order",
        },
        "data_gb": {"value": 20, "source": "product"},
    }
    assert [task.title["es"] for task in job.tasks.all()] == [
        "Validando cuenta del cliente",
        "Asignando Tarjeta SIM (ICCID: 8944...0001)",
        "Asignando Número Móvil (+44 7700 900123)",
        "Configurando cuenta OCS",
        "Creando registro de servicio",
        "Enviando correo electrónico de bienvenida",
    ]
    held = Item.objects.filter(holder=order.holder)
    assert {(one.identifier, one.state) for one in held} == {
        ("SIM-00123", "reserved"),
        ("+44 7700 900123", "reserved"),
    }


def test_confirming_twice_gives_the_same_job(now: datetime) -> None:
    order = draft(now)
    first = orders.confirm(order.uuid, actor="agente", now=now)
    assert orders.confirm(order.uuid, actor="otra", now=now) == first
    assert Job.objects.count() == Service.objects.count() == 1


def test_no_secret_of_the_sim_is_in_the_job(now: datetime) -> None:
    order = draft(now)
    job = orders.confirm(order.uuid, actor="agente", now=now)
    from alta.demo.stock import sim

    secret = sim(1).values["k"]
    stored = f"{Job.objects.filter(pk=job.pk).values().get()} {list(job.tasks.values())} {list(Entry.objects.values())}"
    assert "8944" in str(stored)
    assert secret not in stored


@pytest.mark.parametrize(
    ("missing", "step"),
    [({"sim": None}, "inventory"), ({"number": None}, "inventory"), ({"renew": None}, "renewal")],
)
def test_an_incomplete_draft_is_not_confirmed(now: datetime, missing: dict[str, Any], step: str) -> None:
    order = draft(now, **missing)
    refusal = refused("order.incomplete", orders.confirm, order.uuid, actor="agente", now=now)
    assert refusal.params["step"] == Step(step).label


def test_a_confirmed_order_cannot_be_changed_or_given_up(now: datetime) -> None:
    order = draft(now)
    orders.confirm(order.uuid, actor="agente", now=now)
    product = Product.objects.get(slug="mobile-20gb").pk
    refused("order.not_a_draft", orders.choose_product, order.uuid, product, actor="agente", now=now)
    refused("order.not_a_draft", orders.choose_customer, order.uuid, 456)
    refused("order.not_a_draft", orders.answer_renewal, order.uuid, False)
    refused("order.not_a_draft", orders.give_up, order.uuid, actor="agente", now=now)
    sim = item("SIM-00124").pk
    refused("order.not_a_draft", orders.choose_item, order.uuid, "sim", sim, actor="agente", now=now)


def test_what_does_not_exist_is_refused(now: datetime) -> None:
    order = draft(now)
    refused("order.not_found", orders.confirm, uuid4(), actor="agente", now=now)
    refused("order.not_found", orders.give_up, uuid4(), actor="agente", now=now)
    refused("order.not_found", orders.choose_customer, uuid4(), 123)
    refused("order.customer_not_found", orders.choose_customer, order.uuid, 99_999)
    refused("order.product_not_found", orders.choose_product, order.uuid, 99_999, actor="agente", now=now)
    sim, modem = item("SIM-00124").pk, Item.objects.filter(template__name="CPE Modem").first()
    assert modem is not None
    refused("order.input_unknown", orders.choose_item, order.uuid, "modem", sim, actor="agente", now=now)
    refused(
        "order.item_of_another_kind", orders.choose_item, order.uuid, "sim", modem.pk, actor="agente", now=now
    )


def test_a_product_for_others_or_without_a_playbook_is_refused(now: datetime) -> None:
    order = draft(now)
    fibre = Product.objects.filter(playbook="").first()
    assert fibre is not None
    refused(
        "catalog.product.no_playbook", orders.choose_product, order.uuid, fibre.pk, actor="agente", now=now
    )
    business = orders.begin(actor="agente", now=now, customer_id=789)
    mobile = Product.objects.get(slug="mobile-20gb")
    Product.objects.filter(pk=mobile.pk).update(customer_kinds=["individual"])
    refused(
        "catalog.product.customer_kind",
        orders.choose_product,
        business.uuid,
        mobile.pk,
        actor="agente",
        now=now,
    )


def test_a_product_disabled_after_it_was_chosen_is_refused_at_the_confirmation(now: datetime) -> None:
    order = draft(now)
    Product.objects.filter(slug="mobile-20gb").update(enabled=False)
    refused("catalog.product.disabled", orders.confirm, order.uuid, actor="agente", now=now)


def test_a_variable_that_the_playbook_reads_and_the_product_lacks_is_refused_before_anything_begins(
    now: datetime,
) -> None:
    order = draft(now)
    Product.objects.filter(slug="mobile-20gb").update(features={})
    refused("job.input.missing", orders.confirm, order.uuid, actor="agente", now=now)


def test_choosing_another_item_frees_the_first(now: datetime) -> None:
    order = draft(now)
    orders.choose_item(order.uuid, "sim", item("SIM-00125").pk, actor="agente", now=now)
    assert (item("SIM-00123").state, item("SIM-00125").state) == ("new", "reserved")


def test_an_item_that_somebody_else_holds_is_refused_and_the_own_choice_stays(now: datetime) -> None:
    mine, other = draft(now), draft(now, customer=456, sim="SIM-00124", number="+44 7700 900124")
    refused(
        "inventory.item.held",
        orders.choose_item,
        other.uuid,
        "sim",
        item("SIM-00123").pk,
        actor="otra",
        now=now + timedelta(minutes=14),
    )
    assert item("SIM-00123").holder == mine.holder
    other.refresh_from_db()
    assert other.selection["sim"] == item("SIM-00124").pk


def test_a_reservation_that_ran_out_and_went_to_somebody_else_stops_the_confirmation(now: datetime) -> None:
    order = draft(now)
    later = now + timedelta(minutes=16)
    draft(later, customer=456, sim="SIM-00123", number="+44 7700 900124")
    refused("inventory.item.held", orders.confirm, order.uuid, actor="agente", now=later)


def test_a_reservation_that_ran_out_but_nobody_took_is_renewed_by_the_confirmation(now: datetime) -> None:
    order = draft(now)
    later = now + timedelta(hours=3)
    orders.confirm(order.uuid, actor="agente", now=later)
    assert item("SIM-00123").held_until == later + timedelta(minutes=15)


def test_another_product_frees_what_was_chosen_for_the_first(now: datetime) -> None:
    order = draft(now)
    other = Product.objects.get(slug="mobile-50gb").pk
    orders.choose_product(order.uuid, other, actor="agente", now=now)
    order.refresh_from_db()
    assert (order.selection, order.auto_renew) == ({}, None)
    assert item("SIM-00123").state == "new"


def test_giving_up_frees_the_stock_and_twice_is_once(now: datetime) -> None:
    order = draft(now)
    orders.give_up(order.uuid, actor="agente", now=now)
    orders.give_up(order.uuid, actor="agente", now=now)
    order.refresh_from_db()
    assert (order.state, order.ended_at) == (State.CANCELLED, now)
    assert (item("SIM-00123").state, item("+44 7700 900123").state) == ("new", "in_stock")


@pytest.mark.parametrize(
    ("ends", "order_state", "service_state", "sim_state"),
    [
        ("done", "completed", "reserved", "reserved"),
        ("failed", "held", "reserved", "reserved"),
        ("cancelled", "cancelled", "terminated", "new"),
        ("undone", "cancelled", "terminated", "new"),
    ],
)
def test_an_order_ends_as_its_job_does(
    now: datetime, ends: str, order_state: str, service_state: str, sim_state: str
) -> None:
    order = draft(now)
    job = orders.confirm(order.uuid, actor="agente", now=now)
    if ends == "undone":
        job_ended(job.pk, order.pk, "done", "agente", now)
    job_ended(job.pk, order.pk, ends, "agente", now)
    job_ended(job.pk, order.pk, ends, "agente", now)
    order.refresh_from_db()
    assert order.service is not None
    assert (order.state, order.service.state) == (order_state, service_state)
    assert item("SIM-00123").state == sim_state


def test_every_step_comes_in_its_turn() -> None:
    def facts(**known: Any) -> Facts:
        nothing: dict[str, Any] = {
            "has_product": False,
            "has_customer": False,
            "needs": ["sim"],
            "wants": ["sim", "extra"],
            "chosen": {},
            "asks_renewal": True,
            "renewal_answered": False,
        }
        return Facts(**(nothing | known))

    product = {"has_product": True}
    customer = product | {"has_customer": True}
    items = customer | {"chosen": {"sim": 1}}
    assert next_step(facts()) == Step.PRODUCT
    assert next_step(facts(**product)) == Step.CUSTOMER
    assert next_step(facts(**customer)) == Step.INVENTORY
    assert next_step(facts(**items)) == Step.RENEWAL
    assert next_step(facts(**items, renewal_answered=True)) == Step.REVIEW
    assert next_step(facts(**items, asks_renewal=False)) == Step.REVIEW
    assert steps(facts(**customer, needs=[], wants=[], asks_renewal=False)) == [
        Step.PRODUCT,
        Step.CUSTOMER,
        Step.REVIEW,
    ]


def test_a_cancelled_order_goes_nowhere_and_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(State)
    assert TRANSITIONS[State.CANCELLED] == frozenset()


def test_the_database_forbids_an_order_under_way_without_its_job(now: datetime) -> None:
    from django.db import IntegrityError, transaction

    order = draft(now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(state=State.IN_PROGRESS)


def test_customers_who_are_gone_are_refused_and_the_draft_stays(now: datetime) -> None:
    Customer.objects.filter(pk=123).update(status="closed")
    order = draft(now)
    with pytest.raises(Refusal) as refusal:
        orders.confirm(order.uuid, actor="agente", now=now)
    order.refresh_from_db()
    assert (refusal.value.code, order.state) == ("customer.not_open", "draft")
