"""What the catalogue asks of customers, asked when an order begins and once more when it is confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from alta.catalog.models import Product
from alta.catalog.services import save_product
from alta.catalog.specification import spec_of
from alta.customers.models import PaymentMethod, Site
from alta.orders import services as orders
from alta.orders.models import Order
from alta.orders.queries import customer_facts
from alta.orders.rules import Action
from alta.refusal import Refusal
from alta.services.models import Addon, Service
from tests.house_of_data import draft, load_demo

pytestmark = pytest.mark.django_db
JOHN, ACME = 123, 812


@pytest.fixture
def now(db: None) -> datetime:
    instant = timezone.now()
    load_demo(instant)
    return instant


def change(slug: str, now: datetime, valid_from: datetime | None = None, **values: Any) -> Product:
    product = Product.objects.get(slug=slug)
    return save_product(
        replace(spec_of(product), **values), actor="ingeniera", now=now, valid_from=valid_from
    )


def refused(order: Order, now: datetime, **more: Any) -> str:
    """The code with which confirming is refused; the draft stays one and nothing has begun."""
    with pytest.raises(Refusal) as refusal:
        orders.confirm(order.uuid, actor="agente", now=now, **more)
    order.refresh_from_db()
    assert (order.state, order.job_id) == ("draft", None)
    return refusal.value.code


def test_nobody_is_sold_yesterday_s_price(now: datetime) -> None:
    change("mobile-20gb", now, valid_from=now + timedelta(minutes=5), recurring_price=1900)
    order, later = draft(now), now + timedelta(minutes=6)
    assert order.product is not None and order.product.recurring_price == 1500
    assert refused(order, later, seen_version=order.product.version) == "order.product.changed"
    orders.confirm(order.uuid, actor="agente", now=later, seen_version=2)
    assert Service.objects.get().recurring_price == 1900
    change("mobile-20gb", later, recurring_price=2000)
    assert Service.objects.get().recurring_price == 1900


def test_a_rule_made_after_the_choice_counts_when_confirming(now: datetime) -> None:
    order = draft(now)
    change("mobile-20gb", now, needs_services=("internet",))
    assert refused(order, now) == "catalog.product.needs_other_service"


def test_a_customer_has_no_more_than_the_product_allows(now: datetime) -> None:
    change("mobile-20gb", now, most_per_customer=1)
    second = draft(now, sim="SIM-00124", number="+44 7700 900124")
    orders.confirm(draft(now).uuid, actor="agente", now=now)
    assert refused(second, now) == "catalog.product.too_many"


def test_an_expired_card_is_no_payment_method(now: datetime) -> None:
    change("mobile-20gb", now, needs_payment_method=True)
    order = draft(now)
    PaymentMethod.objects.filter(customer_id=JOHN).update(exp_year=now.year - 1, exp_month=12)
    assert refused(order, now) == "catalog.product.needs_payment"


def test_coverage_is_that_of_the_chosen_site(now: datetime) -> None:
    first = Site.objects.filter(customer_id=ACME).first()
    assert first is not None
    Site.objects.filter(pk=first.pk).update(country="GB", city="London", postal_code="EC1A 1BB")
    other = Site.objects.create(
        customer_id=ACME, name="Leeds", line1="1 Road", country="GB", city="Leeds", postal_code="LS1 1AA"
    )
    assert customer_facts(ACME).covered_types == {"internet"}
    assert customer_facts(ACME, first.pk).covered_types == {"internet"}
    assert customer_facts(ACME, other.pk).covered_types == frozenset()


def service_of_john(now: datetime) -> Service:
    return Service.objects.create(
        customer_id=JOHN,
        product=Product.objects.get(slug="mobile-20gb"),
        service_type="mobile",
        name="Mobile",
        state="active",
        currency="GBP",
        created_at=now,
        activated_at=now,
    )


def test_the_plan_that_is_being_changed_does_not_stand_in_its_own_way(now: datetime) -> None:
    service = service_of_john(now)
    change("mobile-50gb", now, excludes=("mobile-20gb",), most_per_customer=1)
    large = Product.objects.get(slug="mobile-50gb")
    with pytest.raises(Refusal) as refusal:
        orders.begin(actor="agente", now=now, customer_id=JOHN, product_id=large.pk)
    assert refusal.value.code == "catalog.product.excluded"
    order = orders.begin_change(service.pk, Action.MODIFY, actor="agente", now=now)
    assert orders.choose_product(order.uuid, large.pk, actor="agente", now=now).product == large


def test_add_ons_count_while_they_last(now: datetime) -> None:
    service, boost = service_of_john(now), Product.objects.get(slug="data-boost-5gb")
    order = orders.begin(actor="agente", now=now, service_id=service.pk, product_id=boost.pk)
    assert customer_facts(JOHN).products == {"mobile-20gb": 1}
    orders.confirm(order.uuid, actor="agente", now=now)
    assert customer_facts(JOHN).products == {"mobile-20gb": 1, "data-boost-5gb": 1}
    Addon.objects.create(
        key=order.holder,
        service=service,
        product=boost,
        name="5GB",
        state="ended",
        added_at=now,
        ended_at=now,
    )
    assert customer_facts(JOHN).products == {"mobile-20gb": 1}
