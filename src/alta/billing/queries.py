"""Reading the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet, Sum

from alta.billing.models import Payment, Posting, Transaction
from alta.billing.rules import AccountKind

PAGE = 25


@dataclass(frozen=True)
class Balance:
    """What a customer owes in one currency; below zero it is credit."""

    amount: int
    currency: str


def balances(customer_id: int) -> list[Balance]:
    """What the customer owes, one line a currency. Empty for somebody who never owed anything."""
    found = (
        Posting.objects.filter(account__customer_id=customer_id, account__kind=AccountKind.RECEIVABLE)
        .values("currency")
        .annotate(total=Sum("amount"))
        .order_by("currency")
    )
    return [Balance(row["total"], row["currency"]) for row in found]


@dataclass(frozen=True)
class Page:
    """Some transactions, newest first. `older` begins the next page, if there is one."""

    rows: list[Transaction]
    older: int | None


def transactions(customer_id: int, before: int | None = None, size: int = PAGE) -> Page:
    """A customer's transactions, with what they are about, from number `before` down: one statement."""
    found = Transaction.objects.select_related("charge", "payment", "payment__method").filter(
        customer_id=customer_id
    )
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.order_by("-id")[: size + 1])
    return Page(rows[:size], rows[size - 1].pk if len(rows) > size else None)


def open_payments(customer_id: int) -> QuerySet[Payment]:
    """Payments that are held or were declined: what the ledger does not show."""
    return (
        Payment.objects.select_related("method")
        .filter(customer_id=customer_id, state__in=["authorised", "declined"])
        .order_by("-id")[:20]
    )
