"""Services, by name, number, uuid, id, or the stock that they hold."""

from __future__ import annotations

from typing import Any

from alta.search.found import Hit
from alta.search.keys import HIGHEST, IN_RANGES, ranges, rows
from alta.search.models import SearchKey
from alta.search.typed import Typed
from alta.services.rules import State

LOOKED_THROUGH = 3000  # keys that begin with one word, where another has to be in them too


def find(typed: Typed, limit: int) -> list[Hit]:
    """Those that are in use come before those that ended."""
    names = [" ".join(typed.words), *typed.codes] if typed.words else typed.codes
    params = ranges("names", names, limit) | ranges("codes", typed.codes, limit)
    params |= {"id": typed.id, "first": None, "last": None}
    if typed.uuids:
        params["first"], params["last"] = typed.uuids
    found = rows(_BY_BEGINNING, params)
    if not found and len(typed.words) > 1:
        found = _by_words(typed.words, limit)
    return [_hit(*row) for row in found]


def _by_words(words: tuple[str, ...], limit: int) -> list[tuple[Any, ...]]:
    """Names that have all these words, in any order; of the longest one, the beginning of the keys is looked through."""
    first, *others = sorted(words, key=len, reverse=True)
    params = {
        "low": first,
        "high": first + HIGHEST,
        "others": [f"% {word}%" for word in others],
        "looked_through": LOOKED_THROUGH,
        "limit": limit,
    }
    return rows(_BY_WORDS, params)


def _hit(id_: int, name: str, state: str, customer: str) -> Hit:
    return Hit(id_, name, id=id_, facts=(customer,), state=state, state_label=str(State(state).label))


_SHOWN = """
WITH hit AS (
    SELECT id, min(place) AS place, min(key) AS key FROM ({candidates}) AS candidate GROUP BY id
), first AS (
    SELECT s.id, s.name, s.state, s.customer_id,
        row_number() OVER (ORDER BY hit.place, s.state IN ('inactive', 'terminated'), hit.key, s.id DESC) AS place
    FROM hit JOIN services_service AS s ON s.id = hit.id
    ORDER BY place LIMIT %(limit)s
)
SELECT s.id, s.name, s.state, c.name
FROM first AS s JOIN customers_customer AS c ON c.id = s.customer_id
ORDER BY s.place
"""

_BY_BEGINNING = _SHOWN.format(
    candidates=f"""
    {IN_RANGES.format(name="names", kind=SearchKey.Kind.SERVICE)}
    UNION ALL
    SELECT s.id, 50 + held.place, held.key
    FROM ({IN_RANGES.format(name="codes", kind=SearchKey.Kind.ITEM)}) AS held
    JOIN inventory_item AS i ON i.id = held.id AND i.holder IS NOT NULL
    JOIN services_service AS s ON s.uuid = i.holder
    UNION ALL
    SELECT id, 0, '' FROM services_service WHERE id = %(id)s::bigint
    UNION ALL
    SELECT * FROM (
        SELECT id, 99, '' FROM services_service WHERE uuid BETWEEN %(first)s::uuid AND %(last)s::uuid LIMIT %(limit)s
    ) AS by_uuid"""  # noqa: S608 - our own text
)

_BY_WORDS = _SHOWN.format(
    candidates=f"""
    SELECT object_id AS id, 0 AS place, key FROM (
        SELECT object_id, key FROM search_key
        WHERE kind = {SearchKey.Kind.SERVICE} AND key >= %(low)s AND key < %(high)s
        ORDER BY key, object_id LIMIT %(looked_through)s
    ) AS first_ones
    WHERE ' ' || key LIKE ALL (%(others)s::text[])"""  # noqa: S608 - our own text
)
