"""Customers that may be the one somebody is about to create: the same e-mail, phone or tax id, or nearly the same name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.db import connection

from alta.customers import rules
from alta.customers.keys import MOST_WORDS, fold
from alta.customers.queries import HIGHEST

SIMILAR = 0.86  # "Jon Smith" is as good as "John Smith"; "John Smith" and "Joan Smart" are two people
NAMES_COMPARED = 400
MOST_FOUND = 10
# Legal forms say nothing about who a company is.
FORMS = {"sa", "sl", "srl", "ltda", "ltd", "limited", "inc", "llc", "plc", "gmbh", "sas", "cia", "the"}


@dataclass(frozen=True)
class Duplicate:
    """A customer that is much like the new one. `by` says by what: email, phone, tax_id or name, strongest first."""

    id: int
    name: str
    kind: str
    status: str
    by: tuple[str, ...]


def similarity(one: str, other: str) -> float:
    """How alike two names are, from 0 to 1, whatever the order of their words, accents, case and legal form."""
    first, second = _bare(one), _bare(other)
    if not first or not second:
        return 0.0
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _bare(name: str) -> str:
    words = fold(name).split()
    return " ".join(sorted([word for word in words if word not in FORMS] or words))


def find_duplicates(
    *, name: str, emails: Iterable[str] = (), phones: Iterable[str] = (), tax_id: str = ""
) -> list[Duplicate]:
    """Whom a new customer may be already. E-mails and phones are as `rules` reads them.

    One statement of ranges of the search index: a name is looked for among those that share a word of it and the first
    letter of the next."""
    words = fold(name).split()[:MOST_WORDS]
    beginnings = {_beginning(words, place) for place in range(len(words))}
    with connection.cursor() as cursor:
        cursor.execute(
            _CANDIDATES,
            {
                "emails": list(emails),
                "phones": [number.removeprefix("+") for number in phones],
                "tax_id": tax_id.strip(),
                "low": sorted(beginnings),
                "high": [beginning + HIGHEST for beginning in sorted(beginnings)],
                "names": NAMES_COMPARED,
            },
        )
        rows = cursor.fetchall()
    found = []
    for id_, their_name, kind, status, by in rows:
        reasons = tuple(reason for reason in ("email", "phone", "tax_id") if reason in by)
        if similarity(name, their_name) >= SIMILAR:
            reasons = (*reasons, "name")
        if reasons:
            found.append(Duplicate(id_, their_name, kind, status, reasons))
    return sorted(found, key=lambda one: (_strength(one), one.id))[:MOST_FOUND]


def _beginning(words: list[str], place: int) -> str:
    """A word and the first letter of the one after it, as the search index files rotations of names."""
    following = words[(place + 1) % len(words)] if len(words) > 1 else ""
    return f"{words[place]} {following[:1]}".strip()


def _strength(one: Duplicate) -> int:
    return min(("email", "phone", "tax_id", "name").index(reason) for reason in one.by)


# A customer that was merged into another is no candidate: the other one is.
_CANDIDATES = """
WITH hit (customer_id, by) AS (
    SELECT customer_id, 'email' FROM customers_searchkey WHERE kind = 'email' AND key = ANY (%(emails)s::text[])
    UNION ALL
    SELECT customer_id, 'phone' FROM customers_searchkey WHERE kind = 'phone' AND key = ANY (%(phones)s::text[])
    UNION ALL
    SELECT id, 'tax_id' FROM customers_customer
    WHERE tax_id <> '' AND %(tax_id)s <> '' AND upper(tax_id) = upper(%(tax_id)s)
    UNION ALL
    (SELECT k.customer_id, 'name'
     FROM unnest(%(low)s::text[], %(high)s::text[]) AS range (low, high)
     CROSS JOIN LATERAL (
         SELECT customer_id FROM customers_searchkey
         WHERE key >= range.low AND key < range.high AND kind = 'name'
         ORDER BY key, customer_id LIMIT %(names)s
     ) k)
)
SELECT c.id, c.name, c.kind, c.status, array_agg(DISTINCT hit.by)
FROM hit JOIN customers_customer c ON c.id = hit.customer_id
WHERE c.merged_into_id IS NULL
GROUP BY c.id
"""


def as_stored(
    emails: Iterable[str], phones: Iterable[str], region: str | None
) -> tuple[list[str], list[str]]:
    """E-mails and phones as they would be stored. Refuses malformed ones."""
    return (
        [rules.read_email(text) for text in emails],
        [rules.read_phone(text, region).e164 for text in phones],
    )
