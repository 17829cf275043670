"""Versions of products: each is a whole specification with the instant from which it holds. The newest whose instant has
come is in force, and the product's row says what it says.

Nothing has to be awake at that instant: whoever reads or sells calls `bring_into_force` first, and so do the workers."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils.timezone import get_default_timezone, localdate, make_aware

from alta.audit.log import record
from alta.catalog.models import BundleMember, Product, ProductVersion, RequiredItem, ServiceType
from alta.catalog.refusals import PRODUCT_NOT_FOUND, VERSION_NOT_PENDING
from alta.catalog.rules import on_sale
from alta.catalog.specification import COLUMNS, SWITCHED, ProductSpec, as_data, from_data

ACTOR = "calendar"


def bring_into_force(now: datetime) -> int:
    """Makes every product what its versions and days of sale say for this instant. How many changed."""
    due = Product.objects.filter(changes_at__lte=now)
    if not due.exists():
        return 0
    with transaction.atomic():
        products = list(due.select_for_update(of=("self",)).order_by("pk"))
        for product in products:
            number = product.version
            put_in_force(product, now)
            if product.version != number:
                record(ACTOR, "catalog.version.in_force", product, slug=product.slug, version=product.version)
    return len(products)


def locked(product_id: int) -> Product:
    """The product, locked until the transaction ends. Refuses (`catalog.product.not_found`)."""
    product = Product.objects.select_for_update(of=("self",)).filter(pk=product_id).first()
    if product is None:
        raise PRODUCT_NOT_FOUND(product=product_id)
    return product


def put_in_force(product: Product, now: datetime) -> None:
    """Makes a locked product what its versions say, and notes when that changes next."""
    holds = product.versions.filter(withdrawn_at=None, valid_from__lte=now)
    newest = holds.order_by("valid_from", "number").last()
    if newest is not None and newest.number != product.version:
        write(product, from_data(newest.spec))
        product.version = newest.number
    today = localdate(now, get_default_timezone())
    product.on_sale = on_sale(today, product.sale_from, product.sale_until)
    product.changes_at = _next_change(product, now)
    product.save()


def _next_change(product: Product, now: datetime) -> datetime | None:
    pending = product.versions.filter(withdrawn_at=None, valid_from__gt=now)
    days = [product.sale_from, product.sale_until and product.sale_until + timedelta(days=1)]
    instants = [make_aware(datetime.combine(day, time()), get_default_timezone()) for day in days if day]
    instants += pending.values_list("valid_from", flat=True)
    return min((instant for instant in instants if instant > now), default=None)


def write(product: Product, spec: ProductSpec) -> None:
    """Makes the product's rows what the specification says, apart from what is switched by hand."""
    for name in COLUMNS:
        if name not in SWITCHED:
            setattr(product, name, getattr(spec, name))
    product.customer_kinds = list(spec.customer_kinds)
    product.save()
    product.needed_types.set(ServiceType.objects.filter(slug__in=spec.needs_services))
    product.excludes.set(Product.objects.filter(slug__in=spec.excludes))
    product.required_items.all().delete()
    RequiredItem.objects.bulk_create(
        RequiredItem(
            product=product,
            position=position,
            name=item.name,
            template_id=item.template_id,
            label_es=item.label_es,
            label_en=item.label_en,
            required=item.required,
        )
        for position, item in enumerate(spec.required_items)
    )
    product.members.all().delete()
    there = dict(
        Product.objects.filter(slug__in=[member.product for member in spec.members]).values_list("slug", "pk")
    )
    BundleMember.objects.bulk_create(
        BundleMember(
            bundle=product,
            product_id=there[member.product],
            position=position,
            setup_price=member.setup_price,
            recurring_price=member.recurring_price,
        )
        for position, member in enumerate(spec.members)
    )


def add_version(
    product: Product, spec: ProductSpec, *, valid_from: datetime, actor: str, now: datetime
) -> ProductVersion:
    """Adds the next version of a locked product."""
    newest = product.versions.order_by("-number").values_list("number", flat=True).first() or 0
    return ProductVersion.objects.create(
        product=product,
        number=newest + 1,
        spec=as_data(spec),
        valid_from=valid_from,
        saved_at=now,
        saved_by=actor,
    )


@transaction.atomic
def withdraw_version(product_id: int, number: int, *, actor: str, now: datetime) -> Product:
    """Takes back a version before its day comes; it stays in the history. Refuses (`catalog.version.not_pending`) one
    that is or was in force, or is withdrawn already."""
    product = locked(product_id)
    version = product.versions.filter(number=number, withdrawn_at=None, valid_from__gt=now).first()
    if version is None:
        raise VERSION_NOT_PENDING(number=number)
    version.withdrawn_at, version.withdrawn_by = now, actor
    version.save(update_fields=["withdrawn_at", "withdrawn_by"])
    put_in_force(product, now)
    record(actor, "catalog.version.withdrawn", product, slug=product.slug, version=number)
    return product
