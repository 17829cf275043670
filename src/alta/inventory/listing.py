"""The items of a kind, filtered, page by page. Quick with millions: each page reads an index from where the last ended."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from alta.inventory.models import Item

PAGE = 50
MOST_MATCHES = 200
LOOKED_THROUGH = 200_000


@dataclass(frozen=True)
class Filters:
    """What somebody wants to see. `text` is the beginning or end of an identifier, ICCID, number …, spaces apart;
    where there is no such one, any part of it."""

    text: str = ""
    state: str = ""
    location: str | None = None


@dataclass(frozen=True)
class Page:
    """`after` is where the next page begins; empty on the last. A search has one page, which `cut` says may be
    short of some."""

    items: list[Item]
    after: str = ""
    cut: bool = False


def page_of_items(template_id: int, filters: Filters, after: str = "") -> Page:
    """Items in the order of their identifiers, those behind `after`."""
    if filters.text.strip():
        return _matches(template_id, filters)
    items = _filtered(template_id, filters).filter(identifier__gt=after)[: PAGE + 1]
    shown = list(items[:PAGE])
    return Page(shown, shown[-1].identifier if len(items) > PAGE else "")


def _filtered(template_id: int, filters: Filters) -> QuerySet[Item]:
    found = Item.objects.filter(template_id=template_id).defer("secrets").order_by("identifier")
    if filters.state:
        found = found.filter(state=filters.state)
    if filters.location is not None:
        found = found.filter(location=filters.location)
    return found


def _matches(template_id: int, filters: Filters) -> Page:
    typed = filters.text.strip()
    compact = re.sub(r"[\s().\-]", "", typed)
    params: dict[str, str | int | None] = {
        "template": template_id,
        "state": filters.state,
        "location": filters.location,
        "limit": MOST_MATCHES + 1,
        "looked_through": LOOKED_THROUGH,
        "name": f"{_escaped(typed)}%",
        "upper": f"{_escaped(typed.upper())}%",
        "name_end": f"{_escaped(typed.upper()[::-1])}%",
        "value": f"{_escaped(compact)}%",
        "plus_value": f"+{_escaped(compact)}%",
        "value_end": f"{_escaped(compact[::-1])}%",
        "part": f"%{_escaped(typed)}%",
        "value_part": f"%{_escaped(compact)}%",
    }
    with connection.cursor() as cursor:
        cursor.execute(_BY_ENDS, params)
        ids = [id_ for (id_,) in cursor.fetchall()]
        if not ids:
            cursor.execute(_BY_PART, params)
            ids = [id_ for (id_,) in cursor.fetchall()]
    items = list(_filtered(template_id, Filters()).filter(pk__in=ids)[:MOST_MATCHES])
    return Page(items, cut=len(ids) > MOST_MATCHES)


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


_FILTER = """template_id = %(template)s AND (%(state)s = '' OR state = %(state)s)
    AND (%(location)s::text IS NULL OR location = %(location)s)"""
# One arm for each index: the planner need not choose.
_BY_ENDS = " UNION ".join(
    f"(SELECT id FROM inventory_item WHERE {_FILTER} AND {match} LIMIT %(limit)s)"  # noqa: S608 - our own text
    for match in (
        "identifier LIKE %(name)s",
        "identifier LIKE %(upper)s",
        "reverse(identifier) LIKE %(name_end)s",
        "unique_value LIKE %(value)s",
        "unique_value LIKE %(plus_value)s",
        "reverse(unique_value) LIKE %(value_end)s",
    )
)
_BY_PART = f"""
SELECT id FROM (
    SELECT id, identifier, unique_value FROM inventory_item WHERE {_FILTER}
    ORDER BY identifier LIMIT %(looked_through)s
) AS first_ones
WHERE identifier ILIKE %(part)s OR unique_value LIKE %(value_part)s LIMIT %(limit)s
"""  # noqa: S608 - our own text
