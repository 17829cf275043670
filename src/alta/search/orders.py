"""Orders, by id or uuid."""

from __future__ import annotations

from django.db.models import Q

from alta.orders.models import Order
from alta.orders.rules import Action, State
from alta.search.found import Hit
from alta.search.typed import Typed


def find(typed: Typed, limit: int) -> list[Hit]:
    wanted = Q(pk=typed.id) if typed.id is not None else Q()
    if typed.uuids:
        wanted |= Q(uuid__range=typed.uuids) | Q(holder__range=typed.uuids)
    if not wanted:
        return []
    found = Order.objects.select_related("product", "customer").filter(wanted).order_by("-id")[:limit]
    return [_hit(order) for order in found]


def _hit(order: Order) -> Hit:
    return Hit(
        order.uuid,
        order.product.name if order.product else "—",
        id=order.pk,
        facts=(
            str(Action(order.action).label),
            order.customer.name if order.customer else "",
            order.created_by,
        ),
        state=order.state,
        state_label=str(State(order.state).label),
    )
