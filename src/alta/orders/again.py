"""Selling the same again, to the right customer, after an assignment to the wrong one was taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from alta.orders.drafts import begin, choose_item
from alta.orders.models import Order
from alta.orders.queries import required_items
from alta.orders.refusals import NOT_A_SALE, NOT_FOUND, NOT_TAKEN_BACK
from alta.orders.rules import SALES, State
from alta.refusal import Refusal


@dataclass(frozen=True)
class Again:
    """The new draft, and the kinds of stock that somebody else has by now."""

    order: Order
    gone: tuple[str, ...] = ()


@transaction.atomic
def assign_same(order_uuid: UUID, *, actor: str, now: datetime) -> Again:
    """A new draft with the same product, the same pieces of stock where they are still free, and the same answer about
    renewal; whom it is for is chosen next. Asking again gives the draft that there is.

    Refuses an assignment that stands (`order.not_taken_back`), and what sold nothing (`order.not_a_sale`)."""
    old = Order.objects.select_for_update(of=("self",)).filter(uuid=order_uuid).first()
    if old is None:
        raise NOT_FOUND()
    if old.action not in SALES or old.parent_id is not None:
        raise NOT_A_SALE(action=str(old.get_action_display()))
    if old.state != State.CANCELLED or old.confirmed_at is None or old.product_id is None:
        raise NOT_TAKEN_BACK()
    there = old.replacements.exclude(state=State.CANCELLED).first()
    if there is not None:
        return Again(there)
    new = begin(actor=actor, now=now, product_id=old.product_id)
    new.replaces, new.auto_renew = old, old.auto_renew
    new.save()
    return Again(new, _choose_the_same(new, old, actor, now))


def _choose_the_same(new: Order, old: Order, actor: str, now: datetime) -> tuple[str, ...]:
    """Reserves what the old order had; the names of what can't be had any more."""
    gone = []
    for required in required_items(new):
        item_id = old.selection.get(required.name)
        if item_id is None:
            continue
        try:
            choose_item(new.uuid, required.name, item_id, actor=actor, now=now)
        except Refusal:
            gone.append(str(required.label))
    new.refresh_from_db()
    return tuple(gone)
