"""Charges and payments, and the ledger that always balances."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from alta.audit.models import Entry
from alta.billing import queries, services
from alta.billing.models import Account, Charge, Payment, Posting, Transaction
from alta.billing.rules import TRANSITIONS, ChargeKind, PaymentState, TransactionKind, entries
from alta.billing.services import Line
from alta.customers.models import Customer
from alta.refusal import Refusal
from tests.billing.conftest import NOW, SERVICE, check_now, money

WHO: dict[str, Any] = {"actor": "agente", "now": NOW}
PERIOD = (NOW, NOW + timedelta(days=28))
SETUP, FIRST = Line(ChargeKind.SETUP, 500), Line(ChargeKind.RECURRING, 1000, PERIOD)


def snapshot() -> list[Any]:
    models = (Account, Charge, Payment, Transaction, Posting, Entry)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def refused(code: str, use_case: Any, *args: Any, **kwargs: Any) -> None:
    before = snapshot()
    with pytest.raises(Refusal) as caught:
        use_case(*args, **(WHO | kwargs))
    assert caught.value.code == code
    assert str(caught.value)
    assert snapshot() == before


def booked() -> dict[str, int]:
    """What stands on each account."""
    found: dict[str, int] = {}
    for one in Posting.objects.select_related("account"):
        found[one.account.kind] = found.get(one.account.kind, 0) + one.amount
    return found


def test_holding_money_books_nothing(customer: Customer) -> None:
    payment = services.record_authorisation(customer.pk, money(), **WHO)
    assert (payment.state, booked(), queries.balances(customer.pk)) == ("authorised", {}, [])


def test_taking_money_books_what_it_is_for_and_the_payment(customer: Customer) -> None:
    held = money()
    services.record_authorisation(customer.pk, held, **WHO)
    for _ in range(2):
        services.record_capture(held.key, [SETUP, FIRST], service_uuid=SERVICE, order_id=7, **WHO)
    check_now()
    assert booked() == {"receivable": 0, "revenue": -1500, "clearing": 1500}
    assert [(c.kind, c.amount, c.order_id) for c in Charge.objects.order_by("pk")] == [
        ("setup", 500, 7),
        ("recurring", 1000, 7),
    ]
    assert [(b.amount, b.currency) for b in queries.balances(customer.pk)] == [(0, "GBP")]


def test_a_charge_without_payment_is_owed_and_a_credit_takes_from_it(customer: Customer) -> None:
    services.charge(customer.pk, FIRST, "GBP", service_uuid=SERVICE, **WHO)
    services.credit(customer.pk, 300, "GBP", memo="Disculpas", **WHO)
    services.charge(customer.pk, Line(ChargeKind.ADDON, 70), "EUR", **WHO)
    check_now()
    assert [(b.amount, b.currency) for b in queries.balances(customer.pk)] == [(70, "EUR"), (700, "GBP")]


@pytest.mark.parametrize(
    ("captured", "refunded", "state", "clearing"),
    [
        (False, False, "voided", None),
        (True, False, "refunded", 0),
        (True, True, "refunded", 0),
        (False, True, "refunded", 0),
    ],
)
def test_taking_back_ends_with_nothing_on_any_account(
    customer: Customer, captured: bool, refunded: bool, state: str, clearing: int | None
) -> None:
    held = money()
    services.record_authorisation(customer.pk, held, **WHO)
    if captured:
        services.record_capture(held.key, [FIRST], service_uuid=SERVICE, **WHO)
    for _ in range(2):
        payment = services.record_taken_back(held.key, refunded, **WHO)
        assert payment is not None and payment.state == state
    services.credit_charges_of(SERVICE, **WHO)
    assert services.credit_charges_of(SERVICE, **WHO) == 0
    check_now()
    assert set(booked().values()) <= {0}
    assert booked().get("clearing") == clearing


def test_taking_back_a_payment_that_never_came_to_the_books_does_nothing(customer: Customer) -> None:
    assert services.record_taken_back("unheard", True, **WHO) is None


def test_a_declined_payment_may_succeed_later(customer: Customer) -> None:
    first = money(ref="")
    services.record_decline(customer.pk, first, "Your card was declined.", **WHO)
    payment = services.record_authorisation(customer.pk, money(key=first.key), **WHO)
    assert (payment.state, Payment.objects.count()) == ("authorised", 1)


def test_what_makes_no_sense_is_refused_and_changes_nothing(customer: Customer) -> None:
    held = money()
    services.record_authorisation(customer.pk, held, **WHO)
    other = Customer.objects.create(name="Other", kind="individual")
    refused("billing.payment_differs", services.record_authorisation, customer.pk, money(7, held.key))
    refused("billing.payment_differs", services.record_authorisation, other.pk, money(key=held.key))
    refused("billing.payment_state", services.record_refund, held.key)
    refused("billing.payment_not_found", services.record_capture, "unheard")
    refused("billing.amount", services.record_authorisation, customer.pk, money(0))
    refused("billing.amount", services.charge, customer.pk, Line(ChargeKind.SETUP, 0), "GBP")
    refused("billing.amount", services.credit, customer.pk, -5, "GBP")
    services.record_void(held.key, **WHO)
    refused("billing.payment_state", services.record_capture, held.key, [FIRST])


def test_no_period_is_charged_twice_and_no_charge_credited_twice(customer: Customer) -> None:
    row = services.charge(customer.pk, FIRST, "GBP", service_uuid=SERVICE, **WHO)
    refused("billing.charged_already", services.charge, customer.pk, FIRST, "GBP", service_uuid=SERVICE)
    services.charge(customer.pk, FIRST, "GBP", service_uuid=uuid4(), **WHO)
    services.credit(customer.pk, 1000, "GBP", reverses=row.pk, **WHO)
    refused("billing.credited_already", services.credit, customer.pk, 1000, "GBP", reverses=row.pk)
    refused("billing.charge_not_found", services.credit, customer.pk, 1000, "GBP", reverses=row.pk + 99)


def _unbalanced(customer: Customer, amounts: list[int], currency: str = "GBP") -> None:
    row = services.charge(customer.pk, Line(ChargeKind.SETUP, 5), "GBP", **WHO)
    account = Account.objects.get(customer=customer)
    about = Charge.objects.create(customer=customer, kind="setup", amount=5, currency="GBP", created_at=NOW)
    assert row.pk != about.pk
    entry = Transaction.objects.create(kind="charge", customer=customer, charge=about, at=NOW, actor="x")
    for amount in amounts:
        Posting.objects.create(transaction=entry, account=account, amount=amount, currency=currency)


@pytest.mark.parametrize(
    ("amounts", "currency", "words"),
    [
        ([5, -4], "GBP", "does not balance"),
        ([], "GBP", "fewer than two"),
        ([5, -5], "EUR", "another currency"),
    ],
)
def test_the_database_refuses_a_transaction_that_does_not_balance(
    customer: Customer, amounts: list[int], currency: str, words: str
) -> None:
    with pytest.raises(IntegrityError, match=words), transaction.atomic():  # noqa: PT012
        _unbalanced(customer, amounts, currency)
        check_now()


@pytest.mark.parametrize("table", ["billing_posting", "billing_transaction"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_the_ledger(customer: Customer, table: str, change: str) -> None:
    services.charge(customer.pk, FIRST, "GBP", **WHO)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table))


def test_an_account_stays_what_it_is(customer: Customer) -> None:
    services.charge(customer.pk, FIRST, "GBP", **WHO)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(customer=customer).update(currency="EUR")


def test_transactions_come_in_pages_newest_first_in_one_statement_each(
    customer: Customer, django_assert_num_queries: Any
) -> None:
    for amount in range(1, 6):
        services.charge(customer.pk, Line(ChargeKind.ADDON, amount), "GBP", **WHO)
    with django_assert_num_queries(1):
        first = queries.transactions(customer.pk, size=2)
        assert [row.charge and row.charge.amount for row in first.rows] == [5, 4]
    last = queries.transactions(customer.pk, first.older, size=3)
    assert [row.charge and row.charge.amount for row in last.rows] == [3, 2, 1]
    assert last.older is None


def test_every_kind_of_transaction_posts_two_sides_that_cancel_out() -> None:
    for kind in TransactionKind:
        one, other = entries(kind, 7)
        assert one.amount + other.amount == 0
        assert one.account != other.account


def test_every_payment_state_has_a_row_and_money_let_go_stays_so() -> None:
    assert set(TRANSITIONS) == set(PaymentState)
    assert TRANSITIONS[PaymentState.VOIDED] == TRANSITIONS[PaymentState.REFUNDED] == frozenset()
