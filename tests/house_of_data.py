"""The demo's data in a test database, and what tests ask of them."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from alta.catalog.models import Product
from alta.customers.models import Customer
from alta.demo.data import load
from alta.inventory.models import Item
from alta.orders import services as orders
from alta.orders.models import Order


def load_demo(now: datetime | None = None) -> None:
    load(now or timezone.now())


def item(identifier: str) -> Item:
    return Item.objects.get(identifier=identifier)


def draft(
    now: datetime,
    *,
    product: str = "mobile-20gb",
    customer: int = 123,
    sim: str | None = "SIM-00123",
    number: str | None = "+44 7700 900123",
    renew: bool | None = True,
    actor: str = "agente",
) -> Order:
    """A draft order, as far as the given choices go."""
    order = orders.begin(
        actor=actor,
        now=now,
        product_id=Product.objects.get(slug=product).pk,
        customer_id=Customer.objects.get(pk=customer).pk,
    )
    for name, identifier in (("sim", sim), ("number", number)):
        if identifier is not None:
            orders.choose_item(order.uuid, name, item(identifier).pk, actor=actor, now=now)
    if renew is not None:
        orders.answer_renewal(order.uuid, renew)
    order.refresh_from_db()
    return order
