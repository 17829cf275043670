"""Items of all kinds, by the beginning or end of whatever identifies them, and any part of a telephone number."""

from __future__ import annotations

import json

from django.utils.translation import get_language

from alta.inventory.rules import State
from alta.search.found import Hit
from alta.search.keys import IN_RANGES, ranges, rows
from alta.search.models import SearchKey
from alta.search.typed import LEFT_OUT, Typed


def find(typed: Typed, limit: int) -> list[Hit]:
    if not typed.codes and typed.id is None:
        return []
    params = ranges("codes", typed.codes, limit) | {"id": typed.id if typed.only_id else None}
    english = (get_language() or "es").startswith("en")
    return [_hit(english, *row) for row in rows(_FIND, params)]


def _hit(
    english: bool,
    id_: int,
    identifier: str,
    unique_value: str | None,
    values: str,
    kind_es: str,
    kind_en: str,
    state: str,
    location: str,
    customer: str | None,
) -> Hit:
    public = dict.fromkeys([unique_value or "", *json.loads(values).values()])
    same = _code(identifier)
    others = [value for value in public if _code(value) not in ("", same)]
    return Hit(
        id_,
        identifier,
        facts=(kind_en if english else kind_es, *others[:2], customer or location),
        state=state,
        state_label=str(State(state).label),
    )


def _code(value: str) -> str:
    return value.translate(LEFT_OUT).upper()


_FIND = f"""
WITH hit AS (
    SELECT id, min(place) AS place, min(key) AS key
    FROM ({IN_RANGES.format(name="codes", kind=SearchKey.Kind.ITEM)}) AS candidate GROUP BY id
    UNION ALL
    SELECT %(id)s::bigint, 0, ''
), first AS (
    SELECT hit.place, hit.key, i.* FROM hit JOIN inventory_item AS i ON i.id = hit.id
    ORDER BY hit.place, hit.key, i.id LIMIT %(limit)s
)
SELECT i.id, i.identifier, i.unique_value, i."values", t.label_es, t.label_en, i.state, i.location, c.name
FROM first AS i
JOIN inventory_template AS t ON t.id = i.template_id
LEFT JOIN services_service AS s ON s.uuid = i.holder
LEFT JOIN customers_customer AS c ON c.id = s.customer_id
ORDER BY i.place, i.key, i.id
"""  # noqa: S608 - our own text
