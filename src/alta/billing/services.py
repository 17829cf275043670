"""Use cases of billing. Each is one transaction, written to the log and to the ledger.

Each may be repeated: what is in the books already is left as it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from alta.audit.log import record
from alta.billing.models import Account, Charge, Payment, Posting, Transaction
from alta.billing.refusals import (
    AMOUNT,
    CHARGE_NOT_FOUND,
    CHARGED_ALREADY,
    CREDITED_ALREADY,
    PAYMENT_DIFFERS,
    PAYMENT_NOT_FOUND,
    PAYMENT_STATE,
)
from alta.billing.rules import AccountKind, ChargeKind, PaymentState, TransactionKind, entries, may_become

P, K = PaymentState, TransactionKind


@dataclass(frozen=True)
class Money:
    """A payment as its provider tells of it; `key` is Alta's own name for it, `ref` the provider's."""

    key: str
    provider: str
    amount: int
    currency: str
    ref: str = ""
    method_id: int | None = None
    service_uuid: UUID | None = None


@dataclass(frozen=True)
class Line:
    """Something to charge for; `addon` is the key of the add-on, where it is a period of one. Lines of nothing are left
    out."""

    kind: ChargeKind
    amount: int
    period: tuple[datetime, datetime] | None = None
    memo: str = ""
    addon: UUID | None = None


@transaction.atomic
def record_authorisation(customer_id: int, money: Money, *, actor: str, now: datetime) -> Payment:
    """Money is held at the provider. Nothing is owed or paid yet, so the ledger does not change."""
    return _put(customer_id, money, P.AUTHORISED, actor=actor, now=now)


@transaction.atomic
def record_decline(customer_id: int, money: Money, reason: str, *, actor: str, now: datetime) -> Payment:
    """The bank said no."""
    return _put(customer_id, money, P.DECLINED, actor=actor, now=now, reason=reason)


@transaction.atomic
def record_capture(
    key: str,
    lines: Iterable[Line] = (),
    *,
    service_uuid: UUID | None = None,
    order_id: int | None = None,
    actor: str,
    now: datetime,
) -> Payment:
    """The money was taken: posts the payment, and what it is for.

    Refuses (`billing.payment_state`) a payment that was voided or refunded."""
    payment = _locked(key)
    if payment.state == P.CAPTURED:
        return payment
    _move(payment, P.CAPTURED, now)
    for line in lines:
        if line.amount:
            charge(
                payment.customer_id,
                line,
                payment.currency,
                service_uuid=service_uuid,
                order_id=order_id,
                actor=actor,
                now=now,
            )
    _post(K.PAYMENT, payment.customer_id, payment.amount, payment.currency, now, actor, payment=payment)
    record(actor, "billing.captured", payment, amount=payment.amount, currency=payment.currency)
    return payment


@transaction.atomic
def record_void(key: str, *, actor: str, now: datetime) -> Payment:
    """The money was let go. Refuses (`billing.payment_state`) a payment that was taken."""
    payment = _locked(key)
    if payment.state != P.VOIDED:
        _move(payment, P.VOIDED, now)
        record(actor, "billing.voided", payment)
    return payment


@transaction.atomic
def record_refund(key: str, *, actor: str, now: datetime) -> Payment:
    """The money was given back. Refuses (`billing.payment_state`) a payment that was never taken."""
    payment = _locked(key)
    if payment.state != P.REFUNDED:
        _move(payment, P.REFUNDED, now)
        _post(K.REFUND, payment.customer_id, payment.amount, payment.currency, now, actor, payment=payment)
        record(actor, "billing.refunded", payment, amount=payment.amount, currency=payment.currency)
    return payment


@transaction.atomic
def record_taken_back(key: str, refunded: bool, *, actor: str, now: datetime) -> Payment | None:
    """Whatever was done with the payment is undone: held money was let go, taken money was given back.

    `refunded`: the provider had taken the money, even where our books had not heard of it. A payment that never got
    into the books has nothing to undo there."""
    payment = Payment.objects.select_for_update().filter(key=key).first()
    if payment is None or payment.state in (P.VOIDED, P.REFUNDED, P.DECLINED):
        return payment
    if refunded and payment.state == P.AUTHORISED:
        record_capture(key, actor=actor, now=now)
        return record_refund(key, actor=actor, now=now)
    if payment.state == P.CAPTURED:
        return record_refund(key, actor=actor, now=now)
    return record_void(key, actor=actor, now=now)


@transaction.atomic
def charge(
    customer_id: int,
    line: Line,
    currency: str,
    *,
    service_uuid: UUID | None = None,
    order_id: int | None = None,
    actor: str,
    now: datetime,
) -> Charge:
    """The customer owes the amount. Refuses a period that was charged already (`billing.charged_already`)."""
    if line.amount <= 0:
        raise AMOUNT()
    start, end = line.period or (None, None)
    row = Charge(
        customer_id=customer_id,
        service_uuid=service_uuid,
        order_id=order_id,
        addon_key=line.addon,
        kind=line.kind,
        amount=line.amount,
        currency=currency,
        period_start=start,
        period_end=end,
        memo=line.memo,
        created_at=now,
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "once_a_period" not in str(error):
            raise
        raise CHARGED_ALREADY() from error
    _post(K.CHARGE, customer_id, line.amount, currency, now, actor, charge=row)
    record(actor, "billing.charged", row, amount=line.amount, currency=currency, kind=line.kind)
    return row


@transaction.atomic
def credit(
    customer_id: int,
    amount: int,
    currency: str,
    *,
    memo: str = "",
    service_uuid: UUID | None = None,
    reverses: int | None = None,
    actor: str,
    now: datetime,
) -> Charge:
    """The customer owes that much less: a good-will credit, or a charge taken back (`reverses`, once only)."""
    if amount <= 0:
        raise AMOUNT()
    if reverses is not None:
        found = Charge.objects.select_for_update().filter(pk=reverses, customer_id=customer_id).first()
        if found is None:
            raise CHARGE_NOT_FOUND()
        if Charge.objects.filter(reverses=found).exists():
            raise CREDITED_ALREADY()
    row = Charge.objects.create(
        customer_id=customer_id,
        service_uuid=service_uuid,
        kind=ChargeKind.ADJUSTMENT,
        amount=-amount,
        currency=currency,
        memo=memo,
        reverses_id=reverses,
        created_at=now,
    )
    _post(K.CREDIT, customer_id, amount, currency, now, actor, charge=row)
    record(actor, "billing.credited", row, amount=amount, currency=currency, reverses=reverses)
    return row


@transaction.atomic
def credit_charges_of(service_uuid: UUID, *, actor: str, now: datetime) -> int:
    """Takes back everything a service was charged: it never was. Returns how many charges that were."""
    return _credit(Q(service_uuid=service_uuid), actor, now)


@transaction.atomic
def credit_charges_of_order(order_id: int, *, actor: str, now: datetime) -> int:
    """Takes back everything that one order was charged for. Returns how many charges that were."""
    return _credit(Q(order_id=order_id), actor, now)


def _credit(charged_for: Q, actor: str, now: datetime) -> int:
    open_charges = Charge.objects.select_for_update(of=("self",)).filter(
        charged_for, amount__gt=0, reversed_by__isnull=True
    )
    rows = list(open_charges.order_by("pk"))
    for row in rows:  # a set-up and a period, or two
        credit(
            row.customer_id,
            row.amount,
            row.currency,
            memo=row.memo,
            service_uuid=row.service_uuid,
            reverses=row.pk,
            actor=actor,
            now=now,
        )
    return len(rows)


def _put(
    customer_id: int, money: Money, state: PaymentState, *, actor: str, now: datetime, reason: str = ""
) -> Payment:
    """The payment in this state. Two that come at once make one row."""
    if money.amount <= 0:
        raise AMOUNT()
    values = {
        "customer_id": customer_id,
        "method_id": money.method_id,
        "service_uuid": money.service_uuid,
        "provider": money.provider,
        "provider_ref": money.ref,
        "amount": money.amount,
        "currency": money.currency,
        "state": state,
        "reason": reason,
        "created_at": now,
        "changed_at": now,
    }
    payment, created = Payment.objects.select_for_update().get_or_create(key=money.key, defaults=values)
    if not created:
        if (payment.customer_id, payment.amount, payment.currency) != (
            customer_id,
            money.amount,
            money.currency,
        ):
            raise PAYMENT_DIFFERS(key=money.key)
        if state == P.AUTHORISED and payment.state in (P.AUTHORISED, P.CAPTURED):
            return payment
        payment.provider, payment.provider_ref, payment.reason = money.provider, money.ref, reason
        payment.method_id = money.method_id
        _move(payment, state, now)
    record(actor, f"billing.{state.value}", payment, amount=money.amount, currency=money.currency)
    return payment


def _locked(key: str) -> Payment:
    payment = Payment.objects.select_for_update().filter(key=key).first()
    if payment is None:
        raise PAYMENT_NOT_FOUND(key=key)
    return payment


def _move(payment: Payment, state: PaymentState, now: datetime) -> None:
    before = PaymentState(payment.state)
    if not may_become(before, state):
        raise PAYMENT_STATE(state=before.label, target=state.label)
    payment.state, payment.changed_at = state, now
    payment.save()


def _post(
    kind: TransactionKind,
    customer_id: int,
    amount: int,
    currency: str,
    now: datetime,
    actor: str,
    *,
    charge: Charge | None = None,
    payment: Payment | None = None,
) -> None:
    row = Transaction.objects.create(
        kind=kind, customer_id=customer_id, charge=charge, payment=payment, at=now, actor=actor
    )
    provider = payment.provider if payment else ""
    Posting.objects.bulk_create(
        Posting(
            transaction=row,
            account=_account(entry.account, customer_id, provider, currency),
            amount=entry.amount,
            currency=currency,
        )
        for entry in entries(kind, amount)
    )


def _account(kind: AccountKind, customer_id: int, provider: str, currency: str) -> Account:
    values: dict[str, Any] = {
        "kind": kind,
        "customer_id": customer_id if kind == AccountKind.RECEIVABLE else None,
        "provider": provider if kind == AccountKind.CLEARING else "",
        "currency": currency,
    }
    return Account.objects.get_or_create(**values)[0]
