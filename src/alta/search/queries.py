"""Searching everything at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from alta.search import customers, items, jobs, orders, products, services
from alta.search.found import Found, Hit, Results
from alta.search.typed import Group, Typed, read

FEW = 5
MANY = 25
LONGEST_MS = 700  # for one group: whoever types waits no longer, and the database isn't kept busy
FINDERS: Mapping[Group, Callable[[Typed, int], list[Hit]]] = {
    Group.CUSTOMERS: customers.find,
    Group.SERVICES: services.find,
    Group.ORDERS: orders.find,
    Group.JOBS: jobs.find,
    Group.PRODUCTS: products.find,
    Group.ITEMS: items.find,
}


def search(text: str, groups: Collection[Group], limit: int = FEW) -> Results:
    """What `text` may mean, `limit` hits of each of these groups at most, with whether there are more."""
    typed = read(text)
    if not typed.text:
        return Results("")
    asked = [group for group in Group if group in groups and typed.named in (None, group)]
    found = [_find(group, typed, limit) for group in asked]
    return Results(typed.text, [one for one in found if one.hits or one.slow])


def _find(group: Group, typed: Typed, limit: int) -> Found:
    """One group's hits; none where the time runs out, so that the others are shown all the same."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {LONGEST_MS}")
            hits = FINDERS[group](typed, limit + 1)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return Found(group, slow=True)
    return Found(group, hits[:limit], more=len(hits) > limit)
