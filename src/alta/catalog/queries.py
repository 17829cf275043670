"""The catalogue as people see it, and why they don't see the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from alta.catalog.models import Product, ServiceType
from alta.catalog.refusals import DISABLED, NO_PLAYBOOK
from alta.catalog.rules import CustomerFacts, CustomerKind, Kind, Shelf, eligibility, hidden_from
from alta.refusal import Refusal


@dataclass(frozen=True)
class Hidden:
    """A product that isn't shown. `reason` is the first to clear; it has a code, parameters and a message."""

    product: Product
    reasons: tuple[Refusal, ...]

    @property
    def reason(self) -> Refusal:
        return self.reasons[0]

    @property
    def nearest(self) -> Refusal:
        """The reason that lies in the filters rather than in the product, where there is one."""
        own = {NO_PLAYBOOK.code, DISABLED.code}
        return next((reason for reason in self.reasons if reason.code not in own), self.reasons[0])

    def only(self, code: str) -> bool:
        """Whether this is all that keeps the product from being shown."""
        return {reason.code for reason in self.reasons} == {code}

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def params(self) -> dict[str, Any]:
        return self.reason.params


def service_types() -> list[ServiceType]:
    """Every service type, in the order of the catalogue."""
    return list(ServiceType.objects.all())


def service_types_in_use() -> list[ServiceType]:
    """Every service type, each with how many products are of it (`product_count`)."""
    return list(ServiceType.objects.annotate(product_count=Count("products")))


def _all() -> QuerySet[Product]:
    return (
        Product.objects.select_related("type")
        .order_by("position", "id")
        .prefetch_related("required_items__template")
    )


def _shelf(customer_kind: str | None, kind: str | None, service_type: str | None, search: str) -> Shelf:
    """Raises ValueError for a kind that doesn't exist."""
    return Shelf(
        CustomerKind(customer_kind) if customer_kind else None,
        Kind(kind) if kind else None,
        service_type or None,
        search,
    )


def list_products(
    customer_kind: str | None = None,
    kind: str | None = None,
    service_type: str | None = None,
    search: str = "",
    *,
    customer: CustomerFacts | None = None,
) -> list[Product]:
    """Products on sale in this part of the catalogue, with their required items: three statements, however
    many.

    With `customer`, only those that this customer may have."""
    shelf = _shelf(customer_kind, kind, service_type, search)
    products = _all().filter(enabled=True).exclude(playbook="")
    if shelf.customer_kind:
        products = products.filter(customer_kinds__contains=[shelf.customer_kind])
    if shelf.kind:
        products = products.filter(kind=shelf.kind)
    if shelf.service_type:
        products = products.filter(service_type=shelf.service_type)
    return [product for product in products if not _reasons(product, shelf, customer)]


def explain_hidden(
    customer_kind: str | None = None,
    kind: str | None = None,
    service_type: str | None = None,
    search: str = "",
    *,
    customer: CustomerFacts | None = None,
) -> list[Hidden]:
    """Every product that `list_products` leaves out, each with the reason: the answer to an empty
    catalogue."""
    shelf = _shelf(customer_kind, kind, service_type, search)
    return [
        Hidden(product, tuple(reasons))
        for product in _all()
        if (reasons := _reasons(product, shelf, customer))
    ]


def _reasons(product: Product, shelf: Shelf, customer: CustomerFacts | None) -> list[Refusal]:
    facts = product.facts
    return hidden_from(facts, shelf) + (eligibility(facts, customer) if customer else [])
