"""Customers, by the keys that they have themselves."""

from __future__ import annotations

from alta.customers import queries
from alta.customers.rules import Kind, Status
from alta.search.found import Hit
from alta.search.typed import Typed


def find(typed: Typed, limit: int) -> list[Hit]:
    """Customers by name, id, e-mail, part of a telephone number, tax id, or their id elsewhere."""
    found = queries.search(str(typed.id) if typed.only_id else typed.text, limit)
    return [
        Hit(
            one.id,
            one.name,
            id=one.id,
            facts=(str(Kind(one.kind).label), one.phone, one.email),
            state=one.status,
            state_label=str(Status(one.status).label),
        )
        for one in found
        if one.match == "id" or not typed.only_id
    ]
