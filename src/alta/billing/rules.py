"""The life of a payment, as data, and what each business event posts to the ledger. Pure.

Amounts are signed minor units: positive is a debit. A customer's account grows with what the customer owes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PaymentState(TextChoices):
    AUTHORISED = "authorised", pgettext_lazy("payment", "Authorised")
    CAPTURED = "captured", pgettext_lazy("payment", "Paid")
    VOIDED = "voided", pgettext_lazy("payment", "Voided")
    REFUNDED = "refunded", pgettext_lazy("payment", "Refunded")
    DECLINED = "declined", pgettext_lazy("payment", "Declined")


P = PaymentState
TRANSITIONS: dict[PaymentState, frozenset[PaymentState]] = {
    P.AUTHORISED: frozenset({P.CAPTURED, P.VOIDED}),
    P.CAPTURED: frozenset({P.REFUNDED}),
    P.VOIDED: frozenset(),
    P.REFUNDED: frozenset(),
    # The customer brought another card, or money.
    P.DECLINED: frozenset({P.AUTHORISED, P.DECLINED}),
}


class ChargeKind(TextChoices):
    SETUP = "setup", pgettext_lazy("charge", "Set-up")
    RECURRING = "recurring", pgettext_lazy("charge", "Recurring")
    ADDON = "addon", pgettext_lazy("charge", "Add-on")
    ADJUSTMENT = "adjustment", pgettext_lazy("charge", "Adjustment")


class AccountKind(TextChoices):
    RECEIVABLE = "receivable", _("Customer")
    CLEARING = "clearing", _("Payment provider")
    REVENUE = "revenue", _("Revenue")


class TransactionKind(TextChoices):
    CHARGE = "charge", pgettext_lazy("transaction", "Charge")
    CREDIT = "credit", pgettext_lazy("transaction", "Credit")
    PAYMENT = "payment", pgettext_lazy("transaction", "Payment")
    REFUND = "refund", pgettext_lazy("transaction", "Refund")


@dataclass(frozen=True)
class Entry:
    """One side of a transaction."""

    account: AccountKind
    amount: int


def may_become(before: str, after: str) -> bool:
    return PaymentState(after) in TRANSITIONS[PaymentState(before)]


def entries(kind: TransactionKind, amount: int) -> tuple[Entry, Entry]:
    """What a transaction of a positive amount posts. Both sides together are nothing."""
    match kind:
        case TransactionKind.CHARGE:
            return Entry(AccountKind.RECEIVABLE, amount), Entry(AccountKind.REVENUE, -amount)
        case TransactionKind.CREDIT:
            return Entry(AccountKind.RECEIVABLE, -amount), Entry(AccountKind.REVENUE, amount)
        case TransactionKind.PAYMENT:
            return Entry(AccountKind.CLEARING, amount), Entry(AccountKind.RECEIVABLE, -amount)
        case TransactionKind.REFUND:
            return Entry(AccountKind.CLEARING, -amount), Entry(AccountKind.RECEIVABLE, amount)
