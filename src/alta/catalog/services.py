"""Use cases of the catalogue. Each is one transaction, written to the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction

from alta.audit.log import record
from alta.catalog.checking import Reasons, refuse_impossible, shortcomings_of_product
from alta.catalog.models import Product
from alta.catalog.refusals import (
    FIRST_VERSION_AT_ONCE,
    NOT_READY,
    PRODUCT_CHANGED,
    PRODUCT_EXISTS,
    PRODUCT_NOT_FOUND,
)
from alta.catalog.rules import CustomerFacts, eligibility
from alta.catalog.specification import MemberSpec, ProductSpec, RequiredSpec, as_data, differences, spec_of
from alta.catalog.versions import add_version, locked, put_in_force, write
from alta.playbooks.queries import definitions

__all__ = ["MemberSpec", "ProductSpec", "RequiredSpec", "save_product", "sellable_product", "set_enabled"]


@transaction.atomic
def save_product(
    spec: ProductSpec,
    *,
    actor: str,
    now: datetime,
    valid_from: datetime | None = None,
    expected: int | None = None,
) -> Product:
    """Makes the product with this slug what `spec` says, whether or not it exists: at once, or from `valid_from` on. Each
    saving is a version that stays; saving what is in force again writes nothing. Services in use keep what was agreed.

    `expected` is the newest version that the person saw, 0 for a new product: a product that was saved since is refused
    (`catalog.product.changed_meanwhile`). Refuses, too, values that the catalogue doesn't allow
    (`catalog.product.invalid`, `catalog.bundle.…`), and with every reason at once a product that could not be provisioned
    (`catalog.product.not_ready`)."""
    spec = spec.priced()
    with connection.cursor() as cursor:
        # Two people who save a product of one name take turns, also where it doesn't exist yet.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"product {spec.slug}"])
    product = Product.objects.select_for_update(of=("self",)).filter(slug=spec.slug).first()
    _refuse_overwriting(spec, product, expected)
    at_once = valid_from is None or valid_from <= now
    if product is None and not at_once:
        raise FIRST_VERSION_AT_ONCE()
    if product is not None:
        put_in_force(product, now)
        if at_once and spec_of(product) == _normal(spec):
            return product
    refuse_impossible(spec)
    return _save(spec, product, actor=actor, now=now, valid_from=now if at_once else valid_from)


def _refuse_overwriting(spec: ProductSpec, product: Product | None, expected: int | None) -> None:
    if expected is None:
        return
    if expected == 0 and product is not None:
        raise PRODUCT_EXISTS(slug=spec.slug)
    if product is not None and latest_number(product) != expected:
        raise PRODUCT_CHANGED(product=product.name)


def latest_number(product: Product) -> int:
    """The newest version that anybody saved, whether or not it is in force."""
    newest = product.versions.order_by("-number").values_list("number", flat=True).first()
    return newest or product.version


def _normal(spec: ProductSpec) -> ProductSpec:
    """In the shape in which a product is read back, to compare the two."""
    return replace(
        spec,
        customer_kinds=list(spec.customer_kinds),
        needs_services=tuple(spec.needs_services),
        excludes=tuple(sorted(spec.excludes)),
        required_items=tuple(spec.required_items),
        members=tuple(spec.members),
    )


def _save(
    spec: ProductSpec, product: Product | None, *, actor: str, now: datetime, valid_from: datetime | None
) -> Product:
    action = "catalog.product.changed" if product else "catalog.product.created"
    before = as_data(spec_of(product)) if product else {}
    if product is None:
        product = Product(enabled=spec.enabled, version=0)
        write(product, spec)
    elif not product.versions.exists():
        add_version(product, spec_of(product), valid_from=now, actor=actor, now=now)
    version = add_version(product, spec, valid_from=valid_from or now, actor=actor, now=now)
    if version.valid_from <= now:
        product.enabled = spec.enabled
    put_in_force(product, now)
    changed = [change.field for change in differences(before, version.spec)] if before else []
    more = {} if version.valid_from <= now else {"valid_from": version.valid_from.isoformat()}
    record(actor, action, product, slug=product.slug, version=version.number, fields=changed, **more)
    return product


@transaction.atomic
def set_enabled(product_id: int, enabled: bool, *, actor: str) -> Product:
    """Puts a product on sale or takes it off; services in use stay as they are. Refuses (`catalog.product.not_ready`) to
    put one on sale that could not be provisioned."""
    product = locked(product_id)
    if product.enabled == enabled:
        return product
    if enabled and (
        reasons := shortcomings_of_product(
            product, definitions([product.playbook, *product.verb_playbooks.values()])
        )
    ):
        raise NOT_READY(product=product.name, reasons=Reasons(reasons))
    product.enabled = enabled
    product.save(update_fields=["enabled"])
    record(actor, "catalog.product.enabled" if enabled else "catalog.product.disabled", product)
    return product


@transaction.atomic
def duplicate_product(product_id: int, *, actor: str, now: datetime) -> Product:
    """A copy under the next free name, not on sale until somebody enables it."""
    spec = spec_of(locked(product_id))
    taken = set(Product.objects.filter(slug__startswith=spec.slug[:70]).values_list("slug", flat=True))
    number = next(n for n in range(2, len(taken) + 3) if f"{spec.slug[:70]}-{n}" not in taken)
    copy = replace(
        spec,
        slug=f"{spec.slug[:70]}-{number}",
        name_es=f"{spec.name_es[:110]} ({number})",
        name_en=f"{spec.name_en[:110]} ({number})",
        enabled=False,
    )
    return save_product(copy, actor=actor, now=now, expected=0)


def sellable_product(product_id: int, customer: CustomerFacts) -> Product:
    """The product, for use inside another use case. Refuses the first reason why this customer can't have
    it."""
    product = Product.objects.prefetch_related("required_items__template").filter(pk=product_id).first()
    if product is None:
        raise PRODUCT_NOT_FOUND(product=product_id)
    for reason in eligibility(product.facts, customer):
        raise reason
    return product
