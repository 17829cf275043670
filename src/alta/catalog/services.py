"""Use cases of the catalogue. Each is one transaction, written to the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from alta.audit.log import record
from alta.catalog.models import Product, RequiredItem, ServiceType
from alta.catalog.refusals import PRODUCT_INVALID, PRODUCT_NOT_FOUND
from alta.catalog.rules import CustomerFacts, eligibility


@dataclass(frozen=True)
class RequiredSpec:
    """A piece of stock that a product takes; see `RequiredItem`."""

    name: str
    template_id: int
    label_es: str = ""
    label_en: str = ""
    required: bool = True


@dataclass(frozen=True)
class ProductSpec:
    """A product as it should be; see `Product`. Amounts are minor units."""

    slug: str
    name_es: str
    name_en: str
    kind: str
    service_type: str
    customer_kinds: Sequence[str]
    playbook: str = ""
    enabled: bool = True
    icon: str = ""
    summary_es: str = ""
    summary_en: str = ""
    features: dict[str, Any] = field(default_factory=dict)
    setup_price: int = 0
    recurring_price: int = 0
    wholesale_setup_price: int = 0
    wholesale_recurring_price: int = 0
    currency: str = "GBP"
    period: str = "month"
    contract_months: int = 0
    auto_renew: str = "asked"
    auto_renew_default: bool = True
    site_needed: str = "no"
    installation: str = "no"
    position: int = 0
    required_items: Sequence[RequiredSpec] = ()


@transaction.atomic
def save_product(spec: ProductSpec, *, actor: str) -> Product:
    """Makes the product with this slug what `spec` says, whether or not it exists. Saving the same again
    writes nothing.

    Refuses (`catalog.product.invalid`) values that the catalogue doesn't allow."""
    values = asdict(spec)
    items = tuple(values.pop("required_items"))
    values["customer_kinds"] = list(spec.customer_kinds)
    product = Product.objects.select_for_update().filter(slug=spec.slug).first()
    before = _as_values(product) if product else None
    if product is not None and before == (values, items):
        return product
    product = product or Product()
    for name, value in values.items():
        setattr(product, name, value)
    _check(product)
    product.save()
    product.required_items.all().delete()
    for position, item in enumerate(items):
        row = RequiredItem(product=product, position=position, **item)
        _check(row)
        row.save()
    changed = [name for name, value in values.items() if before is None or before[0][name] != value]
    action = "catalog.product.changed" if before else "catalog.product.created"
    record(actor, action, product, slug=product.slug, fields=changed)
    return product


def _as_values(product: Product) -> tuple[dict[str, Any], tuple[dict[str, Any], ...]]:
    """The product in the shape of a spec, to compare with one."""
    values = {f.name: getattr(product, f.name) for f in Product._meta.concrete_fields if f.name != "id"}
    items = product.required_items.order_by("position", "id").values(
        "name", "template_id", "label_es", "label_en", "required"
    )
    return values, tuple(dict(item) for item in items)


def _check(row: Product | RequiredItem) -> None:
    try:
        if isinstance(row, Product) and not ServiceType.objects.filter(slug=row.service_type).exists():
            raise ValidationError({"service_type": _("there is no such service type; add it first")})
        row.full_clean()
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise PRODUCT_INVALID(field=name, reason=messages[0]) from error


@transaction.atomic
def set_enabled(product_id: int, enabled: bool, *, actor: str) -> Product:
    """Puts a product on sale or takes it off; services in use stay as they are."""
    product = Product.objects.select_for_update().filter(pk=product_id).first()
    if product is None:
        raise PRODUCT_NOT_FOUND(product=product_id)
    if product.enabled != enabled:
        product.enabled = enabled
        product.save(update_fields=["enabled"])
        record(actor, "catalog.product.enabled" if enabled else "catalog.product.disabled", product)
    return product


def sellable_product(product_id: int, customer: CustomerFacts) -> Product:
    """The product, for use inside another use case. Refuses the first reason why this customer can't have
    it."""
    product = Product.objects.prefetch_related("required_items__template").filter(pk=product_id).first()
    if product is None:
        raise PRODUCT_NOT_FOUND(product=product_id)
    for reason in eligibility(product.facts, customer):
        raise reason
    return product
