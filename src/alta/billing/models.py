"""The ledger, and what fills it. Transactions and postings are only ever added: the database refuses to change them,
and refuses a transaction whose postings don't cancel out."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from alta.billing.rules import AccountKind, ChargeKind, PaymentState, TransactionKind

CURRENCY = r"^[A-Z]{3}$"


class Account(models.Model):
    """Where amounts are booked: one a customer and currency, one a provider and currency, one for revenue in each."""

    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, related_name="accounts", db_index=False
    )
    provider = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "currency"],
                condition=Q(customer__isnull=False),
                name="billing_account_of_customer",
            ),
            models.UniqueConstraint(
                fields=["kind", "provider", "currency"],
                condition=Q(customer__isnull=True),
                name="billing_account_of_house",
            ),
            models.CheckConstraint(
                name="billing_account_kind",
                condition=Q(kind=AccountKind.RECEIVABLE, customer__isnull=False, provider="")
                | (Q(kind=AccountKind.CLEARING, customer__isnull=True) & ~Q(provider=""))
                | Q(kind=AccountKind.REVENUE, customer__isnull=True, provider=""),
            ),
            models.CheckConstraint(name="billing_account_currency", condition=Q(currency__regex=CURRENCY)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.customer_id or self.provider} {self.currency}"


class Charge(models.Model):
    """Something the customer owes. A credit is a negative adjustment; `reverses` names the charge it takes back.

    `service_uuid` and `order_id` say what for. A recurring charge is for one period of one service, and `addon_key` names
    the add-on that a charge with a period is for."""

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="charges")
    service_uuid = models.UUIDField(null=True, db_index=True)
    order_id = models.BigIntegerField(null=True)
    addon_key = models.UUIDField(null=True)
    kind = models.CharField(_("kind"), max_length=10, choices=ChargeKind.choices)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    memo = models.CharField(_("description"), max_length=200, blank=True)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints = [
            models.CheckConstraint(name="billing_charge_kind", condition=Q(kind__in=ChargeKind.values)),
            models.CheckConstraint(
                name="billing_charge_amount",
                condition=Q(amount__gt=0) | Q(amount__lt=0, kind=ChargeKind.ADJUSTMENT),
            ),
            models.CheckConstraint(
                name="billing_charge_reversal", condition=Q(reverses__isnull=True) | Q(amount__lt=0)
            ),
            models.CheckConstraint(name="billing_charge_currency", condition=Q(currency__regex=CURRENCY)),
            models.CheckConstraint(
                name="billing_charge_period",
                condition=Q(period_start__isnull=True, period_end__isnull=True)
                | Q(period_end__gt=models.F("period_start")),
            ),
            models.UniqueConstraint(
                fields=["service_uuid", "period_start"],
                condition=Q(kind=ChargeKind.RECURRING),
                name="billing_charge_once_a_period",
            ),
            models.UniqueConstraint(
                fields=["addon_key", "period_start"],
                condition=Q(kind=ChargeKind.ADDON),
                name="billing_charge_addon_once_a_period",
            ),
            models.CheckConstraint(
                name="billing_charge_period_of_addon",
                condition=~Q(kind=ChargeKind.ADDON)
                | Q(period_start__isnull=True)
                | Q(addon_key__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"


class Payment(models.Model):
    """Money of a customer at a provider, from being held to being taken or let go. `key` is Alta's own name for it."""

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="payments")
    method = models.ForeignKey("customers.PaymentMethod", models.SET_NULL, null=True, related_name="+")
    service_uuid = models.UUIDField(null=True, db_index=True)
    provider = models.CharField(_("provider"), max_length=40)
    provider_ref = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=120, unique=True)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)
    state = models.CharField(_("state"), max_length=10, choices=PaymentState.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(name="billing_payment_state", condition=Q(state__in=PaymentState.values)),
            models.CheckConstraint(name="billing_payment_amount", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="billing_payment_currency", condition=Q(currency__regex=CURRENCY)),
            models.CheckConstraint(
                name="billing_payment_ref", condition=Q(state=PaymentState.DECLINED) | ~Q(provider_ref="")
            ),
            models.UniqueConstraint(
                fields=["provider", "provider_ref"],
                condition=~Q(provider_ref=""),
                name="billing_payment_one_row_a_ref",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"


class Transaction(models.Model):
    """One business event in the ledger."""

    kind = models.CharField(_("kind"), max_length=8, choices=TransactionKind.choices)
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="transactions", db_index=False
    )
    charge = models.ForeignKey(Charge, models.PROTECT, null=True, related_name="transactions")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="transactions")
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        indexes = [models.Index(fields=["customer", "-id"], name="billing_of_customer")]
        constraints = [
            models.CheckConstraint(
                name="billing_transaction_about",
                condition=Q(kind__in=["charge", "credit"], charge__isnull=False, payment__isnull=True)
                | Q(kind__in=["payment", "refund"], charge__isnull=True, payment__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["payment", "kind"],
                condition=Q(payment__isnull=False),
                name="billing_transaction_of_payment",
            ),
            models.UniqueConstraint(
                fields=["charge"], condition=Q(charge__isnull=False), name="billing_transaction_of_charge"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Posting(models.Model):
    """One side of a transaction: an amount on an account, in the account's currency."""

    transaction = models.ForeignKey(Transaction, models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, models.PROTECT, related_name="postings")
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = [models.CheckConstraint(name="billing_posting_amount", condition=~Q(amount=0))]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
