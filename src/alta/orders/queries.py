"""Reading orders, and what the catalogue's rules need to know of a customer."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from alta.catalog.models import RequiredItem
from alta.catalog.rules import CustomerFacts, CustomerKind
from alta.customers.models import Customer
from alta.orders.models import Order
from alta.orders.refusals import NOT_FOUND
from alta.services.models import Service
from alta.services.rules import State


def order_by_uuid(uuid: UUID) -> Order:
    """The order with what its pages show. Refuses (`order.not_found`)."""
    shown = ("product", "customer", "service", "job", "site", "billing_contact", "technical_contact")
    order = Order.objects.select_related(*shown).filter(uuid=uuid).first()
    if order is None:
        raise NOT_FOUND()
    return order


def required_items(order: Order) -> QuerySet[RequiredItem]:
    """The stock that the order's product takes."""
    if order.product_id is None:
        return RequiredItem.objects.none()
    return RequiredItem.objects.select_related("template").filter(product_id=order.product_id)


def customer_facts(customer_id: int) -> CustomerFacts:
    """What decides which products a customer may have."""
    customer = Customer.objects.only("kind", "currency").get(pk=customer_id)
    types = (
        Service.objects.filter(customer_id=customer_id, state__in=[State.ACTIVE, State.SUSPENDED])
        .values_list("service_type", flat=True)
        .distinct()
    )
    return CustomerFacts(
        kind=CustomerKind(customer.kind),
        currency=customer.currency,
        service_types=frozenset(types),
    )
