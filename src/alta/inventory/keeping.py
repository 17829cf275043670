"""What a stock keeper does with items that are there: carry them elsewhere, put them in stock, retire them.

Each works on several items at once, all or none, with two statements however many they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from alta.audit.log import record
from alta.inventory import rules
from alta.inventory.models import Item, ItemHistory
from alta.inventory.refusals import (
    ITEM_LOCATION_MISSING,
    ITEM_MOVE,
    ITEM_NOT_FOUND,
    ITEM_NOT_MOVABLE,
    ITEMS_NONE,
    ITEMS_TOO_MANY,
    REASON_MISSING,
)
from alta.inventory.rules import Move, State
from alta.inventory.shelving import read_location

MOST_AT_ONCE = 500
LONGEST_REASON = 200


@transaction.atomic
def carry(item_ids: Sequence[int], location: str, now: datetime, *, actor: str) -> int:
    """Notes that items are elsewhere now; says how many were not there yet. Refuses what is not on a shelf."""
    items = _locked(item_ids)
    where = read_location(location)
    if not where:
        raise ITEM_LOCATION_MISSING()
    for item in items:
        if State(item.state) not in rules.MOVABLE:
            raise ITEM_NOT_MOVABLE(item=item.identifier, state=str(State(item.state).label))
    moving = [item for item in items if item.location != where]
    _note(moving, now, actor, lambda item: {"from_location": item.location, "to_location": where})
    _write(moving, now, location=where)
    _log(moving, "inventory.items.carried", actor, location=where)
    return len(moving)


@transaction.atomic
def put_in_stock(item_ids: Sequence[int], reason: str, now: datetime, *, actor: str) -> int:
    """New and quarantined items become ordinary stock; says how many. Ending a quarantine early needs a reason."""
    items = _locked(item_ids)
    because = _reason(reason, needed=any(item.state == State.QUARANTINED for item in items))
    moving = [item for item in items if item.state != State.IN_STOCK]
    _move(moving, Move.STOCK, State.IN_STOCK, because, now, actor)
    return len(moving)


@transaction.atomic
def retire(item_ids: Sequence[int], reason: str, now: datetime, *, actor: str) -> int:
    """Takes items out of use for ever; says how many. Refuses without a reason, and what somebody holds."""
    items = _locked(item_ids)
    because = _reason(reason, needed=True)
    moving = [item for item in items if item.state != State.RETIRED]
    _move(moving, Move.RETIRE, State.RETIRED, because, now, actor)
    return len(moving)


def _locked(item_ids: Sequence[int]) -> list[Item]:
    """The items, locked in the order in which everybody locks them."""
    wanted = set(item_ids)
    if not wanted:
        raise ITEMS_NONE()
    if len(wanted) > MOST_AT_ONCE:
        raise ITEMS_TOO_MANY(most=MOST_AT_ONCE)
    items = list(
        Item.objects.select_related("template")
        .select_for_update(of=("self",))
        .filter(pk__in=wanted)
        .order_by("id")
    )
    if missing := wanted - {item.pk for item in items}:
        raise ITEM_NOT_FOUND(item=min(missing))
    return items


def _reason(text: str, *, needed: bool) -> str:
    reason = " ".join(text.split())[:LONGEST_REASON]
    if needed and not reason:
        raise REASON_MISSING()
    return reason


def _move(items: Sequence[Item], move: Move, target: State, reason: str, now: datetime, actor: str) -> None:
    for item in items:
        if not rules.allowed(move, State(item.state), target):
            raise ITEM_MOVE(item=item.identifier, state=str(State(item.state).label))
    _note(items, now, actor, lambda item: {"to_state": target, "reason": reason})
    _write(items, now, state=target, quarantine_until=None)
    _log(items, f"inventory.items.{move}", actor, reason=reason)


def _note(items: Sequence[Item], now: datetime, actor: str, change: Callable[[Item], dict[str, str]]) -> None:
    """The history of a change that is about to be written."""
    ItemHistory.objects.bulk_create(
        ItemHistory(
            **{"item": item, "at": now, "actor": actor, "from_state": item.state, "to_state": item.state}
            | change(item)
        )
        for item in items
    )


def _write(items: Sequence[Item], now: datetime, **values: Any) -> None:
    Item.objects.filter(pk__in=[item.pk for item in items]).update(updated_at=now, **values)


def _log(items: Sequence[Item], action: str, actor: str, **detail: str) -> None:
    """One entry for each kind of thing: it names them all."""
    for template in {item.template for item in items}:
        names = [item.identifier for item in items if item.template_id == template.pk]
        record(actor, action, template, items=names, **detail)
