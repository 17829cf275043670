"""Reading orders, and what the catalogue's rules need to know of a customer."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

from alta.catalog.coverage import types_at
from alta.catalog.models import Product, RequiredItem
from alta.catalog.queries import bundle_members
from alta.catalog.rules import CustomerFacts, CustomerKind, Place
from alta.customers.models import Customer, PaymentMethod, Site
from alta.orders.models import Order
from alta.orders.refusals import NOT_FOUND
from alta.orders.rules import Action
from alta.orders.rules import State as OrderState
from alta.services.models import Addon, Service
from alta.services.rules import AddonState, State

OF_MEMBER = "."
IN_USE = (State.ACTIVE, State.SUSPENDED)
TAKEN = (OrderState.PENDING, OrderState.IN_PROGRESS, OrderState.HELD, OrderState.COMPLETED)


def order_by_uuid(uuid: UUID) -> Order:
    """The order with what its pages show. Refuses (`order.not_found`)."""
    shown = (
        *("product", "customer", "service__product", "job", "parent"),
        *("site", "billing_contact", "technical_contact"),
    )
    order = Order.objects.select_related(*shown).filter(uuid=uuid).first()
    if order is None:
        raise NOT_FOUND()
    return order


def sold_products(order: Order) -> list[Product]:
    """What the order is about: its product, or the members of the bundle, in their order."""
    if order.product is None:
        return []
    return [one.product for one in bundle_members(order.product)] if order.bundle else [order.product]


def required_items(order: Order) -> list[RequiredItem]:
    """The stock that the order takes. Of a bundle each input is `<member's slug>.<input>`, so that two members' SIM cards
    are not mixed up, and its label says whose it is."""
    products = {one.pk: one for one in sold_products(order)}
    found = list(RequiredItem.objects.select_related("template").filter(product__in=products))
    found.sort(key=lambda one: list(products).index(one.product_id))
    return [_of_member(one, products[one.product_id]) for one in found] if order.bundle else found


def _of_member(item: RequiredItem, product: Product) -> RequiredItem:
    item.label_es = f"{product.name_es}: {item.label_es or item.template.label_es}"
    item.label_en = f"{product.name_en}: {item.label_en or item.template.label_en}"
    item.name = f"{product.slug}{OF_MEMBER}{item.name}"
    return item


def required_item(order: Order, name: str) -> RequiredItem | None:
    """One piece of stock that the order takes, by its input."""
    return next((one for one in required_items(order) if one.name == name), None)


def members_of(order: Order) -> list[Order]:
    """The members of a bundle in the order in which they are done, each with what its progress shows."""
    return list(order.members.select_related("product", "service", "job").order_by("pk"))


def customer_facts(
    customer_id: int,
    site_id: int | None = None,
    now: datetime | None = None,
    *,
    without_service: int | None = None,
) -> CustomerFacts:
    """What decides which products a customer may have. With `site_id`, coverage is that of this site, else of any of the
    customer's; with `now`, a card that has expired by then counts for nothing. The product of
    `without_service` is not counted: its plan is being changed."""
    customer = Customer.objects.only("kind", "currency").get(pk=customer_id)
    services = Service.objects.filter(customer_id=customer_id).exclude(state=State.TERMINATED)
    had = list(services.values_list("service_type", "product__slug", "state", "pk"))
    sites = Site.objects.filter(customer_id=customer_id, active=True)
    addresses = [
        Place(site.country, site.city, site.postal_code)
        for site in (sites.filter(pk=site_id) if site_id is not None else sites)
    ]
    return CustomerFacts(
        kind=CustomerKind(customer.kind),
        currency=customer.currency,
        service_types=frozenset(kind for kind, _product, state, _pk in had if state in IN_USE),
        products=Counter(product for _kind, product, _state, pk in had if pk != without_service)
        + _addons(customer_id),
        has_payment_method=_has_payment_method(customer_id, now),
        has_address=bool(addresses),
        covered_types=types_at(addresses),
    )


def _addons(customer_id: int) -> Counter[str]:
    """How often the customer has each add-on, on services that still are."""
    ended = Addon.objects.exclude(state=AddonState.ACTIVE).values("key")
    orders = Order.objects.filter(customer_id=customer_id, action=Action.ADDON, state__in=TAKEN)
    there = orders.exclude(service__state=State.TERMINATED).exclude(holder__in=ended)
    return Counter(there.values_list("product__slug", flat=True))


def _has_payment_method(customer_id: int, now: datetime | None) -> bool:
    found = PaymentMethod.objects.filter(customer_id=customer_id, is_default=True).first()
    if found is None:
        return False
    if now is None or found.exp_year is None or found.exp_month is None:
        return True
    return (found.exp_year, found.exp_month) >= (now.year, now.month)
