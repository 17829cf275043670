"""What is checked before a confirmation, and said in the review."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alta.connectors.payments.connector import Payments
from alta.customers.models import Customer, PaymentMethod
from alta.orders import services as orders
from alta.orders.checking import checks_of
from alta.orders.checks import Check, Facts, Level, Mend, Method, Named, Silent, checks
from alta.orders.models import Order
from alta.orders.queries import order_by_uuid
from alta.orders.rules import Action
from alta.refusal import Refusal
from alta.runner.models import ConnectorState
from alta.services.models import Service
from tests.house_of_data import draft

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
FINE = Facts(
    action=Action.CREATE,
    customer="John Smith",
    status="open",
    due=1500,
    method=Method("visa ····4242", 2030, 1),
    takes_stock=True,
    held_until=NOW + timedelta(minutes=10),
)


def lines(found: list[Check]) -> list[tuple[str, str]]:
    return [(one.level.value, one.mend.value) for one in found if one.level != Level.FINE]


def test_where_all_is_well_every_line_says_so() -> None:
    found = checks(FINE, NOW)
    assert [one.level for one in found] == [Level.FINE] * 4
    assert [one.mend for one in found] == [Mend.CUSTOMER, Mend.PAYMENTS, Mend.INVENTORY, Mend.NOTHING]


@pytest.mark.parametrize(
    ("changed", "code", "mend"),
    [
        ({"status": "suspended"}, "customer.not_open", Mend.CUSTOMER),
        ({"method": None}, "customer.payment_method.missing", Mend.PAYMENTS),
        ({"method": Method("visa", 2026, 10)}, "customer.payment_method.expired", Mend.PAYMENTS),
        ({"lost": ("SIM-1",)}, "inventory.item.held", Mend.INVENTORY),
    ],
)
def test_what_blocks_comes_first_and_says_where_to_put_it_right(
    changed: dict[str, object], code: str, mend: Mend
) -> None:
    first = checks(replace(FINE, **changed), NOW)[0]  # type: ignore[arg-type]
    assert first.refusal is not None
    assert (first.level, first.refusal.code, first.mend) == (Level.BLOCKING, code, mend)


@pytest.mark.parametrize(
    ("changed", "mend"),
    [
        ({"method": None, "must_pay": False}, Mend.PAYMENTS),
        ({"owes": ("£5.00",)}, Mend.PAYMENTS),
        ({"twins": (Named("7", "Mobile"),)}, Mend.SERVICE),
        ({"open_orders": (Named("u", "9"),)}, Mend.ORDER),
        ({"held_until": NOW + timedelta(seconds=119)}, Mend.INVENTORY),
        ({"silent": (Silent("OCS", False),)}, Mend.NOTHING),
        ({"silent": (Silent("OCS", True),)}, Mend.NOTHING),
        ({"action": Action.MODIFY, "contract_until": NOW + timedelta(days=1)}, Mend.NOTHING),
    ],
)
def test_what_only_has_to_be_known_is_a_warning(changed: dict[str, object], mend: Mend) -> None:
    assert lines(checks(replace(FINE, **changed), NOW)) == [("warning", mend.value)]  # type: ignore[arg-type]


def test_a_contract_that_has_ended_and_an_order_that_costs_nothing_say_nothing() -> None:
    ended = replace(FINE, action=Action.MODIFY, contract_until=NOW - timedelta(days=1))
    assert lines(checks(ended, NOW)) == []
    assert lines(checks(replace(FINE, due=0, method=None), NOW)) == []


def test_a_suspended_customer_may_still_end_a_service() -> None:
    ending = Facts(action=Action.TERMINATE, customer="John Smith", status="suspended")
    assert lines(checks(ending, NOW)) == []


# --- from the rows ---


def seen(order: Order, now: datetime) -> list[tuple[str, str]]:
    return lines(checks_of(order_by_uuid(order.uuid), now))


def test_a_complete_draft_of_a_customer_in_order_has_nothing_to_mend(now: datetime) -> None:
    assert seen(draft(now), now) == []


def test_the_rows_say_what_is_there_already_and_who_does_not_answer(now: datetime) -> None:
    orders.confirm(draft(now).uuid, actor="agente", now=now)
    Service.objects.update(state="active", activated_at=now)
    second = draft(now, sim="SIM-00124", number="+44 7700 900124")
    ConnectorState.objects.update_or_create(name="ocs", defaults={"tokens_at": now, "open_until": now})
    assert sorted(seen(second, now)) == [("warning", ""), ("warning", "order"), ("warning", "service")]
    assert seen(second, now + timedelta(minutes=14)) != seen(second, now)


@pytest.mark.parametrize("what", ["missing", "expired"])
def test_confirming_without_a_valid_payment_method_is_refused_and_nothing_begins(
    now: datetime, what: str
) -> None:
    order = draft(now)
    methods = PaymentMethod.objects.filter(customer_id=123)
    methods.delete() if what == "missing" else methods.update(exp_year=2020, exp_month=1)
    with pytest.raises(Refusal) as refusal:
        orders.confirm(order.uuid, actor="agente", now=now)
    assert refusal.value.code == f"customer.payment_method.{what}"
    order.refresh_from_db()
    assert (order.state, order.job, Service.objects.count()) == ("draft", None, 0)


def test_who_bills_later_confirms_without_one(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"ALTA_{Payments.name}_WITHOUT_METHOD".upper(), "invoice")
    order = draft(now)
    PaymentMethod.objects.all().delete()
    assert seen(order, now) == [("warning", "payments")]
    assert orders.confirm(order.uuid, actor="agente", now=now).state == "queued"


def test_a_customer_who_was_suspended_since_is_refused(now: datetime) -> None:
    order = draft(now)
    Customer.objects.filter(pk=123).update(status="suspended")
    with pytest.raises(Refusal) as refusal:
        orders.confirm(order.uuid, actor="agente", now=now)
    assert refusal.value.code == "customer.not_open"
    assert Service.objects.count() == 0
