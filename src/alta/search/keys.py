"""Reading the table of keys: each search reads the beginnings of a few ranges of one index, so that its time does not grow
with the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

HIGHEST = "\U0010ffff"
KEYS_EACH = 3  # several keys of one row may begin alike
# Rows of the kind `kind` whose key begins with one of the texts, with the place of that text and the key.
IN_RANGES = """
    SELECT k.object_id AS id, range.place, k.key
    FROM unnest(%({name})s::text[], %({name}_end)s::text[]) WITH ORDINALITY AS range (low, high, place)
    CROSS JOIN LATERAL (
        SELECT key, object_id FROM search_key
        WHERE kind = {kind} AND key >= range.low AND key < range.high
        ORDER BY key, object_id LIMIT %(keys)s
    ) AS k
"""


def ranges(name: str, beginnings: Sequence[str], limit: int) -> dict[str, Any]:
    """The parameters of IN_RANGES."""
    return {
        name: list(beginnings),
        f"{name}_end": [one + HIGHEST for one in beginnings],
        "keys": limit * KEYS_EACH,
        "limit": limit,
    }


def rows(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
