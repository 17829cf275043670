"""Use cases of the stock. Each is one transaction: it locks the item, decides, writes, and notes who did it.

A holder is an order while it reserves and a service once it uses; both are UUIDs. Everything may be called
twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from alta.audit.log import record
from alta.inventory import rules, shelving
from alta.inventory.fields import read_fields
from alta.inventory.models import Item, ItemHistory, Template
from alta.inventory.refusals import (
    ITEM_EXISTS,
    ITEM_HELD,
    ITEM_MOVE,
    ITEM_NOT_FOUND,
    ITEM_UNAVAILABLE,
    TEMPLATE_EXISTS,
)
from alta.inventory.rules import FREE, HELD, Holding, Move, State
from alta.inventory.shelving import NewItem as NewItem  # for callers
from alta.inventory.templates import check_descriptions


@transaction.atomic
def create_template(
    name: str,
    *,
    label_es: str,
    label_en: str,
    kind: str,
    fields: Sequence[Mapping[str, Any]] = (),
    after_use: str = "",
    low_stock: int | None = None,
    actor: str,
) -> Template:
    """A new kind of item. Refuses a name that exists and malformed fields."""
    check_descriptions((name, label_es, label_en), low_stock)
    read = [one.model_dump(exclude_none=True) for one in read_fields(fields)]
    template, created = Template.objects.get_or_create(
        name=name,
        defaults={
            "label_es": label_es,
            "label_en": label_en,
            "kind": kind,
            "fields": read,
            "after_use": after_use,
            "low_stock": low_stock,
        },
    )
    if not created:
        raise TEMPLATE_EXISTS(name=name)
    record(actor, "inventory.template.created", template, name=name, kind=kind)
    return template


@transaction.atomic
def add_items(
    template_id: int,
    items: Sequence[shelving.NewItem],
    now: datetime,
    *,
    state: State = State.NEW,
    actor: str,
) -> list[Item]:
    """Puts items on the shelf, all or none. Refuses the first that is malformed or there already."""
    template = shelving.locked_template(template_id)
    if state not in FREE:
        raise ValueError(f"an item cannot begin as {state}")
    fields = read_fields(template.fields)
    checked = [shelving.check(fields, item) for item in items]
    seen: set[str] = set()
    for item in checked:
        own = {item.identifier} | ({f"={item.values.unique}"} if item.values.unique else set())
        if seen & own:
            raise ITEM_EXISTS(template=template.name, value=item.identifier)
        seen |= own
    there = shelving.shelf(template, checked)
    for item in checked:
        if found := there.find(item):
            raise ITEM_EXISTS(template=template.name, value=found.identifier)
    shelving.shelve(template, checked, now, state=state, actor=actor)
    names = [item.identifier for item in checked]
    return list(Item.objects.filter(template=template, identifier__in=names).order_by("id"))


def _locked(item_id: int) -> Item:
    item = Item.objects.select_related("template").select_for_update(of=("self",)).filter(pk=item_id).first()
    if item is None:
        raise ITEM_NOT_FOUND(item=item_id)
    return item


def _holding(item: Item) -> Holding:
    return Holding(State(item.state), item.holder, item.held_until)


def _move(
    item: Item,
    move: Move,
    target: State,
    now: datetime,
    actor: str,
    *,
    holder: UUID | None = None,
    held_until: datetime | None = None,
    reason: str = "",
) -> None:
    """Writes a move that the rules allow, with its history."""
    source = State(item.state)
    if not rules.allowed(move, source, target):
        raise ITEM_MOVE(item=item.identifier, state=str(source.label))
    before = item.holder
    if target in HELD and source not in HELD:
        item.previous_state = source if source in FREE else State.IN_STOCK
    elif target not in HELD:
        item.previous_state = None
    item.state, item.holder, item.held_until, item.updated_at = target, holder, held_until, now
    item.quarantine_until = now + rules.QUARANTINE if target == State.QUARANTINED else None
    item.save(
        update_fields=["state", "previous_state", "holder", "held_until", "quarantine_until", "updated_at"]
    )
    ItemHistory.objects.create(
        item=item,
        at=now,
        from_state=source,
        to_state=target,
        holder=holder or before,
        actor=actor,
        reason=reason,
    )
    record(
        actor,
        f"inventory.item.{move}",
        item,
        item=item.identifier,
        from_state=source,
        to_state=target,
        holder=str(holder or before or ""),
    )


def _way_back(item: Item) -> State:
    return State(item.previous_state or State.IN_STOCK)


@transaction.atomic
def reserve(
    item_id: int, holder: UUID, now: datetime, minutes: int = rules.RESERVATION_MINUTES, *, actor: str
) -> Item:
    """Holds a free item for `holder`; for the same holder again, extends. A lapsed reservation may be taken
    over.

    Refuses one that another holds (`inventory.item.held`) or that isn't for use
    (`inventory.item.unavailable`)."""
    item = _locked(item_id)
    holding = _holding(item)
    if holding.state == State.ASSIGNED and holding.holder == holder:
        return item
    if holding.state in HELD and not holding.lapsed(now) and holding.holder != holder:
        raise ITEM_HELD(item=item.identifier)
    if holding.state not in FREE | {State.RESERVED}:
        raise ITEM_UNAVAILABLE(item=item.identifier, state=str(holding.state.label))
    _move(
        item,
        Move.RESERVE,
        State.RESERVED,
        now,
        actor,
        holder=holder,
        held_until=rules.reserved_until(now, minutes),
    )
    return item


@transaction.atomic
def release(item_id: int, holder: UUID, now: datetime, *, actor: str) -> bool:
    """Ends the holder's reservation of an item. False where it has none: nothing changes."""
    item = _locked(item_id)
    if item.state != State.RESERVED or item.holder != holder:
        return False
    _move(item, Move.RELEASE, _way_back(item), now, actor)
    return True


@transaction.atomic
def release_all(holder: UUID, now: datetime, *, actor: str) -> int:
    """Ends all the holder's reservations, and says how many there were. What is assigned stays so."""
    held = Item.objects.select_for_update().filter(holder=holder, state=State.RESERVED).order_by("id")
    for item in held:
        _move(item, Move.RELEASE, _way_back(item), now, actor)
    return len(held)


@transaction.atomic
def assign(item_id: int, holder: UUID, now: datetime, *, reserved_by: UUID | None = None, actor: str) -> Item:
    """Gives an item to `holder` for good: a free one, or one reserved by the holder or by `reserved_by`.

    Refuses one that another holds (`inventory.item.held`) or that isn't for use
    (`inventory.item.unavailable`)."""
    item = _locked(item_id)
    holding = _holding(item)
    if holding.state == State.ASSIGNED and holding.holder == holder:
        return item
    ours = holding.state == State.RESERVED and holding.holder in (holder, reserved_by)
    if not ours and not holding.free(now):
        if holding.state in HELD:
            raise ITEM_HELD(item=item.identifier)
        raise ITEM_UNAVAILABLE(item=item.identifier, state=str(holding.state.label))
    _move(item, Move.ASSIGN, State.ASSIGNED, now, actor, holder=holder)
    return item


@transaction.atomic
def return_to_stock(
    item_id: int, holder: UUID, now: datetime, *, never_used: bool = False, actor: str
) -> bool:
    """Takes an assigned item back from its holder. False where the holder hasn't got it: nothing changes.

    After use it goes where its template says, numbers to quarantine. One that was `never_used`, as when a
    failed job is undone, is again what it was before, so that the customer can have the very same one."""
    item = _locked(item_id)
    if item.state != State.ASSIGNED or item.holder != holder:
        return False
    if never_used:
        _move(item, Move.GIVE_BACK, _way_back(item), now, actor)
    else:
        _move(
            item,
            Move.RETURN,
            rules.state_after_use(item.template.kind, item.template.after_use),
            now,
            actor,
        )
    return True


@transaction.atomic
def return_all(holder: UUID, now: datetime, *, actor: str) -> int:
    """Takes everything back that is assigned to `holder`, after use. Says how many pieces that were."""
    held = Item.objects.select_related("template").select_for_update(of=("self",))
    rows = list(held.filter(holder=holder, state=State.ASSIGNED).order_by("id"))
    for item in rows:  # a handful: what one service has
        after = rules.state_after_use(item.template.kind, item.template.after_use)
        _move(item, Move.RETURN, after, now, actor)
    return len(rows)


@transaction.atomic
def reinstate(item_id: int, holder: UUID, now: datetime, *, actor: str) -> Item:
    """Undoes `return_to_stock`: the holder has the item again, out of stock or quarantine. Repeating it changes nothing.

    Refuses one that another holds by now (`inventory.item.held`) or that is out of use (`inventory.item.unavailable`)."""
    item = _locked(item_id)
    if item.state == State.ASSIGNED and item.holder == holder:
        return item
    if item.state in HELD:
        raise ITEM_HELD(item=item.identifier)
    if not rules.allowed(Move.REINSTATE, State(item.state), State.ASSIGNED):
        raise ITEM_UNAVAILABLE(item=item.identifier, state=str(State(item.state).label))
    _move(item, Move.REINSTATE, State.ASSIGNED, now, actor, holder=holder)
    return item


@transaction.atomic
def put_in_stock(item_id: int, now: datetime, *, actor: str, reason: str = "") -> Item:
    """A new or quarantined item becomes ordinary stock."""
    item = _locked(item_id)
    if item.state != State.IN_STOCK:
        _move(item, Move.STOCK, State.IN_STOCK, now, actor, reason=reason)
    return item


@transaction.atomic
def retire(item_id: int, now: datetime, *, actor: str, reason: str = "") -> Item:
    """Takes an item out of use for ever. Refuses one that somebody holds."""
    item = _locked(item_id)
    if item.state != State.RETIRED:
        _move(item, Move.RETIRE, State.RETIRED, now, actor, reason=reason)
    return item


@transaction.atomic
def expire_reservations(now: datetime) -> int:
    """Frees every item whose reservation has lapsed, passing over those that somebody is working on."""
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, {"now": now})
        return int(cursor.rowcount)


@transaction.atomic
def end_quarantines(now: datetime) -> int:
    """Puts back in stock what has rested long enough, passing over what somebody is working on."""
    with connection.cursor() as cursor:
        cursor.execute(_END_QUARANTINE, {"now": now})
        return int(cursor.rowcount)


_EXPIRE = """
WITH lapsed AS (
    SELECT id, holder FROM inventory_item
    WHERE state = 'reserved' AND held_until <= %(now)s
    ORDER BY id FOR UPDATE SKIP LOCKED
), freed AS (
    UPDATE inventory_item i
    SET state = i.previous_state, previous_state = NULL, holder = NULL, held_until = NULL,
        updated_at = %(now)s
    FROM lapsed WHERE i.id = lapsed.id
    RETURNING i.id, i.state, lapsed.holder
)
INSERT INTO inventory_itemhistory (item_id, at, from_state, to_state, holder, actor, reason)
SELECT id, %(now)s, 'reserved', state, holder, 'alta', 'reservation expired' FROM freed
"""

_END_QUARANTINE = """
WITH rested AS (
    SELECT id FROM inventory_item
    WHERE state = 'quarantined' AND quarantine_until <= %(now)s
    ORDER BY id FOR UPDATE SKIP LOCKED
), freed AS (
    UPDATE inventory_item i SET state = 'in_stock', quarantine_until = NULL, updated_at = %(now)s
    FROM rested WHERE i.id = rested.id
    RETURNING i.id
)
INSERT INTO inventory_itemhistory (item_id, at, from_state, to_state, holder, actor, reason)
SELECT id, %(now)s, 'quarantined', 'in_stock', NULL, 'alta', 'quarantine ended' FROM freed
"""
