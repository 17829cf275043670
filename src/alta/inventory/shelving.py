"""Putting items on the shelf: what is checked before, and the writing. Within a transaction of the caller."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from alta.audit.log import record
from alta.inventory import vault
from alta.inventory.fields import Field, Values, read_identifier, read_values
from alta.inventory.models import Item, Template
from alta.inventory.refusals import ITEM_EXISTS, ITEM_LOCATION, TEMPLATE_NOT_FOUND
from alta.inventory.rules import State

LONGEST_LOCATION = 120


@dataclass(frozen=True)
class NewItem:
    """An item to put on the shelf. `values` are as typed; they are normalised and secrets are sealed. An empty
    identifier is taken from the unique value."""

    identifier: str
    values: Mapping[str, str] = field(default_factory=dict)
    location: str = ""


@dataclass(frozen=True)
class Checked:
    """A new item that is well-formed."""

    identifier: str
    values: Values
    location: str


@dataclass(frozen=True)
class Shelf:
    """Those items of a template that have an identifier or unique value of some new ones."""

    by_identifier: Mapping[str, Item]
    by_unique_value: Mapping[str, Item]

    def find(self, checked: Checked) -> Item | None:
        same_name = self.by_identifier.get(checked.identifier)
        return same_name or self.by_unique_value.get(checked.values.unique or "")


def locked_template(template_id: int) -> Template:
    """The template, kept from changing: nobody else adds items or fields meanwhile."""
    template = Template.objects.select_for_update(no_key=True).filter(pk=template_id).first()
    if template is None:
        raise TEMPLATE_NOT_FOUND(template=template_id)
    return template


def check(fields: Sequence[Field], item: NewItem) -> Checked:
    """Refuses a malformed item."""
    name = item.identifier.strip() or next((item.values.get(f.name, "") for f in fields if f.unique), "")
    values = read_values(name[:80], fields, item.values)
    return Checked(read_identifier(item.identifier, fields, values), values, read_location(item.location))


def read_location(text: str) -> str:
    location = " ".join(text.split())
    if len(location) > LONGEST_LOCATION or not location.isprintable():
        raise ITEM_LOCATION()
    return location


def shelf(template: Template, items: Iterable[Checked]) -> Shelf:
    """What is there already of these, in two statements however many they are."""
    items = list(items)
    names = [item.identifier for item in items]
    unique = [item.values.unique for item in items if item.values.unique is not None]
    of_template = Item.objects.filter(template=template)
    return Shelf(
        {item.identifier: item for item in of_template.filter(identifier__in=names)},
        {item.unique_value or "": item for item in of_template.filter(unique_value__in=unique)},
    )


def shelve(template: Template, items: Sequence[Checked], now: datetime, *, state: State, actor: str) -> None:
    """Writes new items with their history, in one statement however many they are. Refuses where somebody has
    added the same at this moment."""
    columns = {
        "identifier": [item.identifier for item in items],
        "unique_value": [item.values.unique for item in items],
        "values": [json.dumps(item.values.public) for item in items],
        "secrets": [vault.seal(item.values.secret) for item in items],
        "location": [item.location for item in items],
    }
    params: dict[str, Any] = {"template": template.pk, "state": state.value, "now": now, "actor": actor}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SHELVE, params | columns)
    except IntegrityError as error:
        raise ITEM_EXISTS(template=template.name, value=items[0].identifier) from error
    record(actor, "inventory.items.added", template, count=len(items))


_SHELVE = """
WITH added AS (
    INSERT INTO inventory_item
        (template_id, identifier, unique_value, "values", secrets, location, state, created_at, updated_at)
    SELECT %(template)s, identifier, unique_value, "values"::jsonb, secrets, location, %(state)s, %(now)s, %(now)s
    FROM unnest(%(identifier)s::text[], %(unique_value)s::text[], %(values)s::text[], %(secrets)s::bytea[],
                %(location)s::text[])
        WITH ORDINALITY AS new (identifier, unique_value, "values", secrets, location, place)
    ORDER BY place
    RETURNING id, location
)
INSERT INTO inventory_itemhistory (item_id, at, from_state, to_state, actor, reason, to_location)
SELECT id, %(now)s, '', %(state)s, %(actor)s, '', location FROM added ORDER BY id
"""
