"""`alta assign`: the browser's assignment, for scripts and for whoever likes a terminal."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from alta.commands.environment import Mistake, actor, database

if TYPE_CHECKING:
    from alta.inventory.models import Item
    from alta.orders.models import Order
    from alta.runner.models import Job


def assign(options: Namespace) -> int:
    """Assigns a product to a customer. Where anything is refused, nothing has changed."""
    items = _pairs(options.item)
    with database():
        job = _assign(options.customer, options.product, items, options.renew)
        print(f"order {job.order_id}, service {job.service_id}, job {job.pk}", flush=True)
        if not options.wait:
            return 0
        from alta.commands.follow import follow

        return follow(job.pk)


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, sign, identifier = text.partition("=")
        if not (name and sign and identifier):
            raise Mistake(f"--item {text}: write NAME=IDENTIFIER, as in sim=SIM-00123")
        pairs[name.strip()] = identifier.strip()
    return pairs


def _assign(customer_id: int, slug: str, items: dict[str, str], renew: bool | None) -> Job:
    """Every step that an agent takes, in one transaction."""
    from django.db import transaction
    from django.utils import timezone

    from alta.catalog.models import Product
    from alta.orders import services as orders

    now, by = timezone.now(), actor()
    product = Product.objects.filter(slug=slug).first()
    if product is None:
        offered = ", ".join(Product.objects.filter(enabled=True).values_list("slug", flat=True))
        raise Mistake(f"There is no product {slug}. There are: {offered or 'none'}")
    with transaction.atomic():
        order = orders.begin(actor=by, now=now, product_id=product.pk, customer_id=customer_id)
        for name, identifier in items.items():
            item = _item(order, name, identifier)
            orders.choose_item(order.uuid, name, item.pk, actor=by, now=now)
        if missing := sorted(set(_needs(order)) - items.keys()):
            raise Mistake("Still missing: " + ", ".join(f"--item {name}=…" for name in missing))
        if orders.facts(order).asks_renewal:
            orders.answer_renewal(order.uuid, product.auto_renew_default if renew is None else renew)
        return orders.confirm(order.uuid, actor=by, now=now)


def _needs(order: Order) -> list[str]:
    from alta.orders.queries import required_items

    return [one.name for one in required_items(order) if one.required]


def _item(order: Order, name: str, identifier: str) -> Item:
    """The item that is called so, or whose unique value (an ICCID, a number) it is."""
    from django.db.models import Q

    from alta.inventory.models import Item
    from alta.orders.queries import required_item, required_items

    required = required_item(order, name)
    if required is None:
        names = ", ".join(one.name for one in required_items(order))
        raise Mistake(f"{order.product} takes no item «{name}»; it takes: {names or 'none'}")
    named = Q(identifier=identifier) | Q(unique_value=identifier)
    item = Item.objects.filter(named, template_id=required.template_id).first()
    if item is None:
        raise Mistake(f"There is no {required.template.name} {identifier} in the inventory.")
    return item
