"""Booking many payments at once, in a few statements however many they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alta.audit.models import Entry
from alta.billing.models import Account, Charge, Payment, Posting, Transaction
from alta.billing.rules import AccountKind, PaymentState, TransactionKind, entries
from alta.billing.services import Line, Money

CHARGE, PAYMENT = TransactionKind.CHARGE, TransactionKind.PAYMENT
Key = tuple[str, int | None, str, str]  # an account: kind, customer, provider, currency


@dataclass(frozen=True)
class Taken:
    """Money that was taken from a customer, and what for: lines of something, which add up to it."""

    customer_id: int
    money: Money
    lines: Sequence[Line]


Event = tuple[TransactionKind, Taken, int, dict[str, Any]]  # what is booked: whose, how much, about which row


def known_payments(keys: Iterable[str]) -> set[str]:
    """Those of these payments that are in the books already."""
    return set(Payment.objects.filter(key__in=list(keys)).values_list("key", flat=True))


def record_taken(taken: Sequence[Taken], *, actor: str, now: datetime) -> None:
    """The same books and log as `record_authorisation` and `record_capture` with its lines write for each.

    The database refuses what is in the books already, and with it all of them: see `known_payments`."""
    payments = Payment.objects.bulk_create(_payment(one, now) for one in taken)
    due = [(one, line) for one in taken for line in one.lines]
    charges = Charge.objects.bulk_create(_charge(one, line, now) for one, line in due)
    about: list[Event] = [
        *((CHARGE, one, row.amount, {"charge": row}) for (one, _), row in zip(due, charges, strict=True)),
        *((PAYMENT, one, row.amount, {"payment": row}) for one, row in zip(taken, payments, strict=True)),
    ]
    transactions = Transaction.objects.bulk_create(
        Transaction(kind=kind, customer_id=one.customer_id, at=now, actor=actor, **what)
        for kind, one, _, what in about
    )
    sides = [
        (row, _account_of(entry.account, one), entry.amount)
        for row, (kind, one, amount, _) in zip(transactions, about, strict=True)
        for entry in entries(kind, amount)
    ]
    accounts = _accounts({key for _, key, _ in sides})
    Posting.objects.bulk_create(
        Posting(transaction=row, account_id=accounts[key], amount=amount, currency=key[3])
        for row, key, amount in sides
    )
    _note(payments, charges, actor)


def _payment(one: Taken, now: datetime) -> Payment:
    return Payment(
        key=one.money.key,
        customer_id=one.customer_id,
        method_id=one.money.method_id,
        service_uuid=one.money.service_uuid,
        provider=one.money.provider,
        provider_ref=one.money.ref,
        amount=one.money.amount,
        currency=one.money.currency,
        state=PaymentState.CAPTURED,
        created_at=now,
        changed_at=now,
    )


def _charge(one: Taken, line: Line, now: datetime) -> Charge:
    start, end = line.period or (None, None)
    return Charge(
        customer_id=one.customer_id,
        service_uuid=one.money.service_uuid,
        addon_key=line.addon,
        kind=line.kind,
        amount=line.amount,
        currency=one.money.currency,
        period_start=start,
        period_end=end,
        memo=line.memo,
        created_at=now,
    )


def _account_of(kind: AccountKind, one: Taken) -> Key:
    customer = one.customer_id if kind == AccountKind.RECEIVABLE else None
    provider = one.money.provider if kind == AccountKind.CLEARING else ""
    return kind.value, customer, provider, one.money.currency


def _accounts(keys: set[Key]) -> Mapping[Key, int]:
    """The numbers of these accounts; those that are missing are opened."""
    found = _find(keys)
    missing = sorted(keys - found.keys(), key=str)
    if missing:
        Account.objects.bulk_create(
            (Account(kind=k, customer_id=c, provider=p, currency=m) for k, c, p, m in missing),
            ignore_conflicts=True,
        )
        found = _find(keys)
    return found


def _find(keys: set[Key]) -> dict[Key, int]:
    customers = [customer for _, customer, _, _ in keys if customer is not None]
    columns = ("kind", "customer_id", "provider", "currency", "pk")
    of_customers = Account.objects.filter(customer__in=customers).values_list(*columns)
    of_house = Account.objects.filter(customer__isnull=True).values_list(*columns)
    return {(k, c, p, m): pk for k, c, p, m, pk in of_customers.union(of_house)}


def _note(payments: Sequence[Payment], charges: Sequence[Charge], actor: str) -> None:
    def entry(action: str, row: Payment | Charge, **more: Any) -> Entry:
        detail = {"amount": row.amount, "currency": row.currency} | more
        kind = row._meta.label_lower
        return Entry(actor=actor, action=action, object_type=kind, object_id=str(row.pk), detail=detail)

    Entry.objects.bulk_create(
        [
            *(entry("billing.authorised", row) for row in payments),
            *(entry("billing.charged", row, kind=row.kind) for row in charges),
            *(entry("billing.captured", row) for row in payments),
        ]
    )
