"""Finding customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from alta.customers.keys import Wanted, read_search
from alta.customers.models import Customer, PaymentMethod

HIGHEST = "\U0010ffff"
# A customer may be filed several times under the same beginning, so more keys are read than customers wanted.
KEYS_EACH = 8


@dataclass(frozen=True)
class Found:
    """A customer found. `match` says by what: id, name, email, phone, phone_end, phone_part, tax_id or
    external_id."""

    id: int
    name: str
    kind: str
    status: str
    email: str
    phone: str
    match: str


def search(text: str, limit: int = 20) -> list[Found]:
    """Customers that somebody may mean by `text`: name, id, e-mail, phone or external id, or the beginning of
    one; a tax id whole.

    One statement; a second one where several words begin no name in that order. Each reads ranges of an index
    and stops early, so the time doesn't grow with the number of customers."""
    wanted = read_search(text)
    if not wanted.prefixes:
        return []
    found = _by_prefix(text, wanted, limit)
    if not found and wanted.words:
        found = _by_words(wanted.words, limit)
    return found


def _by_prefix(text: str, wanted: Wanted, limit: int) -> list[Found]:
    return _run(
        _BY_PREFIX,
        id=wanted.id,
        tax_id=text.replace("\x00", "").strip().upper(),
        low=list(wanted.prefixes),
        high=[prefix + HIGHEST for prefix in wanted.prefixes],
        keys=limit * KEYS_EACH,
        limit=limit,
    )


def _by_words(words: tuple[str, ...], limit: int) -> list[Found]:
    first, *others = sorted(words, key=len, reverse=True)
    return _run(
        _BY_WORDS,
        low=first,
        high=first + HIGHEST,
        others=[f"% {word}%" for word in others],
        keys=limit * KEYS_EACH,
        limit=limit,
    )


def _run(sql: str, **params: Any) -> list[Found]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [Found(*row) for row in cursor.fetchall()]


_FOUND = """
WITH hit AS (
    SELECT DISTINCT ON (customer_id) customer_id, place, key, kind FROM ({candidates}) AS candidate
    ORDER BY customer_id, place, key
), first AS (
    SELECT * FROM hit ORDER BY place, key, customer_id LIMIT %(limit)s
)
SELECT c.id, c.name, c.kind, c.status, coalesce(e.address, ''), coalesce(p.e164, ''), first.kind
FROM first
JOIN customers_customer c ON c.id = first.customer_id
LEFT JOIN LATERAL (
    SELECT address FROM customers_email WHERE customer_id = c.id ORDER BY "primary" DESC, id LIMIT 1
) e ON true
LEFT JOIN LATERAL (
    SELECT e164 FROM customers_phone WHERE customer_id = c.id ORDER BY "primary" DESC, id LIMIT 1
) p ON true
ORDER BY first.place, first.key, c.id
"""

_BY_PREFIX = _FOUND.format(
    candidates="""
    SELECT id AS customer_id, 0 AS place, '' AS key, 'id' AS kind
    FROM customers_customer WHERE id = %(id)s::bigint
    UNION ALL
    SELECT id, 1, '', 'tax_id' FROM customers_customer WHERE tax_id <> '' AND upper(tax_id) = %(tax_id)s
    UNION ALL
    SELECT k.customer_id, range.place, k.key, k.kind
    FROM unnest(%(low)s::text[], %(high)s::text[]) WITH ORDINALITY AS range (low, high, place)
    CROSS JOIN LATERAL (
        SELECT key, customer_id, kind FROM customers_searchkey
        WHERE key >= range.low AND key < range.high
        ORDER BY key, customer_id LIMIT %(keys)s
    ) k"""
)

# A rotation holds all words of the name, so the other words are looked for in the same key.
_BY_WORDS = _FOUND.format(
    candidates="""
    SELECT * FROM (
        SELECT key, customer_id, kind, 0 AS place FROM customers_searchkey
        WHERE key >= %(low)s AND key < %(high)s AND kind = 'name' AND ' ' || key LIKE ALL (%(others)s::text[])
        ORDER BY key, customer_id LIMIT %(keys)s
    ) AS name"""
)


CASH = "manual"  # the payment provider that needs no token


def default_payment(customer: Customer) -> dict[str, Any] | None:
    """How the customer pays, as jobs remember it: what the provider needs to be asked, and no more."""
    method = next((one for one in customer.payment_methods.all() if one.is_default), None)
    return as_payment(method) if method else None


def as_payment(method: PaymentMethod) -> dict[str, Any]:
    """A payment method in the shape that the actions of payments take."""
    token = "" if method.provider == CASH else method.token
    return {"id": method.pk, "provider": method.provider, "token": token}
