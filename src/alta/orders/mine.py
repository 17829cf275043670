"""What somebody has begun, and what they confirmed last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from alta.inventory.models import Item
from alta.orders.models import Order
from alta.orders.rules import State


@dataclass(frozen=True)
class Draft:
    """A draft with how many items it keeps from others, and until when the first of them."""

    order: Order
    items: int
    until: datetime | None


def drafts_of(username: str, now: datetime, limit: int) -> list[Draft]:
    """What somebody has begun and not confirmed, the newest first: two statements."""
    orders = list(
        Order.objects.select_related("product", "customer")
        .filter(created_by=username, state=State.DRAFT)
        .exclude(product=None, customer=None)
        .order_by("-id")[:limit]
    )
    held = (
        Item.objects.filter(holder__in=[order.holder for order in orders], held_until__gt=now)
        .values_list("holder")
        .annotate(count=Count("id"), until=Min("held_until"))
    )
    kept = {holder: (count, until) for holder, count, until in held}
    return [Draft(order, *kept.get(order.holder, (0, None))) for order in orders]


def recent_of(username: str, limit: int) -> list[Order]:
    """What somebody confirmed last, cancelled ones left out."""
    states = [state for state in State if state not in (State.DRAFT, State.CANCELLED)]
    found = Order.objects.select_related("product", "customer", "service", "job")
    return list(found.filter(created_by=username, state__in=states, parent=None).order_by("-id")[:limit])
