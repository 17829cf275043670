"""What there is in stock."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count

from alta.inventory import vault
from alta.inventory.fields import MASK, Field, read_fields
from alta.inventory.models import Item, Template
from alta.inventory.refusals import ITEM_NOT_FOUND, TEMPLATE_NOT_FOUND
from alta.inventory.rules import FREE, State, is_low


@dataclass(frozen=True)
class AvailableItem:
    """An item that the holder may have. `mine` ones are reserved by the holder; `state` is that of a free
    item."""

    id: int
    identifier: str
    unique_value: str | None
    state: State
    values: dict[str, str]
    mine: bool


def available(
    template_id: int,
    search: str = "",
    limit: int = 20,
    *,
    holder: UUID | None = None,
    now: datetime,
    location: str | None = None,
) -> list[AvailableItem]:
    """Items that `holder` could reserve: the holder's own first, then by identifier.

    `search` is the beginning of the identifier, or the beginning or end of the unique value, spaces apart. With a
    `location`, those that are there, and the holder's own."""
    compact = re.sub(r"[\s().\-]", "", search)
    params = {
        "template": template_id,
        "holder": holder,
        "now": now,
        "limit": limit,
        "search": search.strip() or None,
        "identifier": _pattern(search.strip()),
        "upper": _pattern(search.strip().upper()),
        "start": _pattern(compact),
        "plus_start": _pattern(f"+{compact}"),
        "end": _pattern(compact[::-1]),
        "location": location,
    }
    with connection.cursor() as cursor:
        cursor.execute(_AVAILABLE[params["search"] is not None, location is not None], params)
        return [
            AvailableItem(id_, identifier, unique_value, State(state), json.loads(values), mine)
            for id_, identifier, unique_value, state, values, mine in cursor.fetchall()
        ]


def _pattern(prefix: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", prefix) + "%"


# Two arms, so that each has an index to itself: a range of numbers is sold in order, and one scan in the
# order of identifiers would first read all that are gone.
_ARMS = """
SELECT id, identifier, unique_value, coalesce(previous_state, state), values, mine FROM (
    (SELECT id, identifier, unique_value, state, previous_state, values, false AS mine FROM inventory_item
     WHERE template_id = %(template)s AND state IN ('new', 'in_stock') {search} {there}
     ORDER BY identifier LIMIT %(limit)s)
    UNION ALL
    (SELECT id, identifier, unique_value, state, previous_state, values,
            holder IS NOT DISTINCT FROM %(holder)s
     FROM inventory_item
     WHERE template_id = %(template)s AND state = 'reserved'
       AND (holder = %(holder)s OR (held_until <= %(now)s {there})) {search}
     ORDER BY identifier LIMIT %(limit)s)
) AS item
ORDER BY mine DESC, identifier
LIMIT %(limit)s
"""
_SEARCH = """AND (
        identifier LIKE %(identifier)s OR identifier LIKE %(upper)s
        OR unique_value LIKE %(start)s OR unique_value LIKE %(plus_start)s
        OR reverse(unique_value) LIKE %(end)s)"""
_THERE = "AND location = %(location)s"
# By whether something is searched, and whether in one location only.
_AVAILABLE = {
    (searched, there): _ARMS.format(search=_SEARCH if searched else "", there=_THERE if there else "")
    for searched in (False, True)
    for there in (False, True)
}


def explain_shortage(template_id: int) -> dict[str, int]:
    """How many items the template has in each state, for people who find none: all gone, or none ever
    there?"""
    counts = dict.fromkeys(State.values, 0)
    rows = Item.objects.filter(template_id=template_id).values("state").annotate(count=Count("id"))
    counts.update({row["state"]: row["count"] for row in rows})
    return counts


@dataclass(frozen=True)
class TemplateCounts:
    """How many items of a kind there are, by state."""

    template: Template
    counts: dict[str, int]

    @property
    def free(self) -> int:
        return sum(self.counts[state] for state in FREE)

    @property
    def low(self) -> bool:
        return is_low(self.free, self.template.low_stock)


def templates() -> list[Template]:
    """All kinds of items, by name."""
    return list(Template.objects.order_by("name"))


def stock_by_template() -> list[TemplateCounts]:
    """All kinds of items with their counts, those that run low first."""
    counts: dict[int, dict[str, int]] = {}
    for row in Item.objects.values("template_id", "state").annotate(count=Count("id")):
        of_template = counts.setdefault(row["template_id"], dict.fromkeys(State.values, 0))
        of_template[row["state"]] = row["count"]
    none = dict.fromkeys(State.values, 0)
    found = [TemplateCounts(template, counts.get(template.pk, none)) for template in Template.objects.all()]
    return sorted(found, key=lambda one: (not one.low, one.template.label))


def template_by_id(template_id: int) -> Template:
    """Refuses (`inventory.template.not_found`)."""
    template = Template.objects.filter(pk=template_id).first()
    if template is None:
        raise TEMPLATE_NOT_FOUND(template=template_id)
    return template


def item_by_id(item_id: int) -> Item:
    """Refuses (`inventory.item.not_found`)."""
    item = Item.objects.select_related("template").filter(pk=item_id).first()
    if item is None:
        raise ITEM_NOT_FOUND(item=item_id)
    return item


def values_for_people(item: Item) -> list[tuple[Field, str]]:
    """The item's fields with their values. Of a secret only that there is one."""
    sealed = vault.unseal(item.secrets)
    shown = {**item.values, **dict.fromkeys(sealed, MASK)}
    return [(field, shown.get(field.name, "")) for field in read_fields(item.template.fields)]


@dataclass(frozen=True)
class LowStock:
    """A kind of item of which few are free."""

    template: Template
    free: int


def running_low() -> list[LowStock]:
    """What to order more of. Counts no further than each threshold, so it is quick with any number of items."""
    with connection.cursor() as cursor:
        cursor.execute(_RUNNING_LOW)
        free: dict[int, int] = dict(cursor.fetchall())
    if not free:
        return []
    return [LowStock(template, free[template.pk]) for template in Template.objects.filter(pk__in=free)]


_RUNNING_LOW = """
SELECT template.id, shelf.free
FROM inventory_template AS template, LATERAL (
    SELECT count(*) AS free FROM (
        SELECT 1 FROM inventory_item AS item
        WHERE item.template_id = template.id AND item.state IN ('new', 'in_stock')
        LIMIT template.low_stock + 1
    ) AS few
) AS shelf
WHERE template.low_stock IS NOT NULL AND shelf.free <= template.low_stock
"""


def free_by_location(template_id: int) -> list[tuple[str, int]]:
    """Where the free items are, and how many."""
    rows = (
        Item.objects.filter(template_id=template_id, state__in=FREE)
        .values_list("location")
        .annotate(count=Count("id"))
        .order_by("location")
    )
    return [(location, count) for location, count in rows]


def locations(template_id: int) -> list[str]:
    """Where items of this kind are. Steps from one to the next in the index: quick with any number of items."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCATIONS, {"template": template_id})
        return [location for (location,) in cursor.fetchall()]


_LOCATIONS = """
WITH RECURSIVE place AS (
    (SELECT min(location) AS location FROM inventory_item WHERE template_id = %(template)s)
    UNION ALL
    SELECT (SELECT min(location) FROM inventory_item
            WHERE template_id = %(template)s AND location > place.location)
    FROM place WHERE place.location IS NOT NULL
)
SELECT location FROM place WHERE location IS NOT NULL LIMIT 200
"""


def item_values(item_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What playbooks know of items: id, identifier and values under their field names, secrets as
    SecretStr."""
    return {
        item.pk: {
            **item.values,
            **vault.unseal(item.secrets),
            "id": item.pk,
            "identifier": item.identifier,
        }
        for item in Item.objects.filter(pk__in=list(item_ids)).only("id", "identifier", "values", "secrets")
    }
