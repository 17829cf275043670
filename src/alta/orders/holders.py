"""Who has a piece of stock: what stands behind the holder that the stock knows by uuid only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from alta.orders.models import Order
from alta.services.models import Service


@dataclass(frozen=True)
class Holder:
    """A service, or a draft order that has no service yet."""

    service: Service | None = None
    order: Order | None = None


def holders(uuids: Iterable[UUID]) -> dict[UUID, Holder]:
    """The holders of several items, in two statements however many they are."""
    wanted = set(uuids)
    if not wanted:
        return {}
    services = Service.objects.select_related("customer").filter(uuid__in=wanted)
    orders = Order.objects.select_related("customer", "product").filter(holder__in=wanted)
    found = {order.holder: Holder(order=order) for order in orders}
    return found | {service.uuid: Holder(service=service) for service in services}
