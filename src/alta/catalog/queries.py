"""The catalogue as people see it, and why they don't see the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, QuerySet

from alta.catalog.checking import Reasons, shortcomings_of_product
from alta.catalog.models import BundleMember, CoverageArea, Product, ProductVersion, ServiceType
from alta.catalog.refusals import DISABLED, NO_PLAYBOOK, NOT_READY, PRODUCT_NOT_FOUND
from alta.catalog.rules import (
    CustomerFacts,
    CustomerKind,
    Kind,
    OnSale,
    Shelf,
    eligibility,
    for_sale,
    hidden_from,
)
from alta.playbooks.queries import definitions
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
        own = {NO_PLAYBOOK.code, DISABLED.code, NOT_READY.code}
        return next((reason for reason in self.reasons if reason.code not in own), self.reasons[0])

    @property
    def unready(self) -> bool:
        """Whether provisioning is all that keeps the product from being shown."""
        return {reason.code for reason in self.reasons} <= {NO_PLAYBOOK.code, NOT_READY.code}

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
    return list(ServiceType.objects.annotate(product_count=Count("products")).order_by("position", "slug"))


def coverage_areas() -> list[CoverageArea]:
    """Every coverage area, by type and place."""
    return list(CoverageArea.objects.select_related("service_type"))


def _all() -> QuerySet[Product]:
    members = BundleMember.objects.select_related("product__type").prefetch_related(
        "product__needed_types", "product__excludes"
    )
    return (
        Product.objects.select_related("type")
        .order_by("position", "id")
        .prefetch_related(
            "required_items__template", "needed_types", "excludes", Prefetch("members", members)
        )
    )


def product_by_id(product_id: int) -> Product:
    """A product with all that belongs to it. Refuses (`catalog.product.not_found`)."""
    product = _all().filter(pk=product_id).first()
    if product is None:
        raise PRODUCT_NOT_FOUND(product=product_id)
    return product


def bundle_members(product: Product) -> list[BundleMember]:
    """What a bundle consists of, in its order, each with its product and what it costs inside the bundle."""
    return list(product.members.select_related("product").order_by("position", "id"))


@dataclass(frozen=True)
class Kept:
    """A product as those who keep the catalogue see it: `reasons` say why it could not be provisioned, `pending` is the
    next version that waits for its day."""

    product: Product
    reasons: tuple[Refusal, ...]
    pending: ProductVersion | None

    @property
    def state(self) -> str:
        """`off`, `unready`, `scheduled`, `ended`, `not_sold` or `on_sale`: the first that keeps it from being sold."""
        if not self.product.enabled:
            return "off"
        if self.reasons or not (self.product.playbook or self.product.kind == Kind.BUNDLE):
            return "unready"
        if self.product.on_sale == OnSale.NOT_YET:
            return "scheduled"
        if self.product.on_sale == OnSale.NO_LONGER:
            return "ended"
        return "not_sold" if for_sale(self.product.facts) else "on_sale"


def kept_products(now: datetime) -> list[Kept]:
    """Every product, with what keeps it from being sold: the same number of statements however many."""
    products, published = list(_all()), definitions()
    waiting = ProductVersion.objects.filter(withdrawn_at=None, valid_from__gt=now)
    pending = {version.product_id: version for version in waiting.order_by("-valid_from", "number")}
    return [
        Kept(product, tuple(shortcomings_of_product(product, published)), pending.get(product.pk))
        for product in products
    ]


def products_broken_by(playbook: str) -> list[tuple[Product, list[Refusal]]]:
    """The products on sale that name this playbook and could not be provisioned with its current version."""
    published = definitions()
    return [
        (product, reasons)
        for product in _all().filter(enabled=True)
        if playbook in (product.playbook, *product.verb_playbooks.values())
        and (reasons := shortcomings_of_product(product, published))
    ]


def _shelf(customer_kind: str | None, kind: str | None, service_type: str | None, search: str) -> Shelf:
    """Raises ValueError for a kind that doesn't exist."""
    return Shelf(
        CustomerKind(customer_kind) if customer_kind else None,
        Kind(kind) if kind else None,
        service_type or None,
        search,
    )


@dataclass(frozen=True)
class Browsed:
    """A part of the catalogue: what is on it, and what isn't, each with every reason."""

    shown: list[Product]
    hidden: list[Hidden]


def browse(
    customer_kind: str | None = None,
    kind: str | None = None,
    service_type: str | None = None,
    search: str = "",
    *,
    customer: CustomerFacts | None = None,
) -> Browsed:
    """Every product, on this shelf or kept from it: the same number of statements, however many. With `customer`, only
    what this customer may have is on it. Raises ValueError for a kind that doesn't exist."""
    shelf = _shelf(customer_kind, kind, service_type, search)
    products, published = list(_all()), definitions()
    found = Browsed([], [])
    for product in products:
        facts = product.facts
        reasons = hidden_from(facts, shelf) + (eligibility(facts, customer) if customer else [])
        reasons = list({(reason.code, str(reason)): reason for reason in reasons}.values())
        if product.enabled and (broken := shortcomings_of_product(product, published)):
            reasons.append(NOT_READY(product=product.name, reasons=Reasons(broken)))
        if reasons:
            found.hidden.append(Hidden(product, tuple(reasons)))
        else:
            found.shown.append(product)
    return found


def list_products(
    customer_kind: str | None = None,
    kind: str | None = None,
    service_type: str | None = None,
    search: str = "",
    *,
    customer: CustomerFacts | None = None,
) -> list[Product]:
    """Products on sale in this part of the catalogue, with their required items."""
    return browse(customer_kind, kind, service_type, search, customer=customer).shown


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
    return browse(customer_kind, kind, service_type, search, customer=customer).hidden
