"""Whatever happens in whatever order, the ledger balances, and no money is kept without a service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alta.billing import queries
from alta.billing import services as billing
from alta.billing.models import Charge, Payment, Posting
from alta.billing.rules import ChargeKind
from alta.billing.services import Line
from alta.catalog.models import Product
from alta.connectors.payments.models import Payment as Paid
from alta.connectors.registry import Effect
from alta.customers.models import Customer
from alta.customers.services import create_customer
from alta.orders import actions as order_actions
from alta.refusal import Refusal
from alta.renewals import actions as renewal_actions
from alta.renewals.models import Renewal
from alta.services.models import Service
from alta.services.services import create_service
from tests.billing.conftest import NOW, check_now, money

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
STEPS = (
    "hold",
    "deliver",
    "take_back",
    "lost_take_back",
    "void",
    "renew",
    "renew_unpaid",
    "charge",
    "credit",
)
Step = tuple[str, int, int]


class Counter:
    """A counter with two services of one customer, where anything may be done at any time, also twice."""

    def __init__(self) -> None:
        self.customer: Customer = create_customer(name="John Smith", actor="test")
        product = Product.objects.create(
            slug=f"p-{uuid4()}",
            name_es="P",
            name_en="P",
            kind="plan",
            service_type="voip",
            customer_kinds=["individual"],
        )
        self.now = NOW
        self.services: list[Service] = [
            create_service(
                uuid=uuid4(),
                customer_id=self.customer.pk,
                product_id=product.pk,
                service_type="voip",
                name="Line",
                auto_renew=True,
                setup_price=setup,
                recurring_price=price,
                currency="GBP",
                actor="test",
                now=NOW,
            )
            for setup, price in ((500, 1000), (0, 900))
        ]

    def effect(self, service: Service) -> Effect:
        return Effect(1, "task", service.pk, self.customer.pk, None, "test", self.now)

    def payment(self, service: Service, state: str, amount: int | None = None, key: str = "") -> Paid:
        key = key or str(service.uuid)
        wanted = service.setup_price + service.recurring_price if amount is None else amount
        return Paid.model_validate(
            {
                "state": state,
                "provider": "stripe",
                "ref": f"pi_{key}",
                "amount": wanted,
                "currency": "GBP",
                "reference": key,
            }
        )

    def do(self, step: str, which: int, amount: int) -> None:
        service = self.services[which]
        service.refresh_from_db()
        who: dict[str, Any] = {"actor": "test", "now": self.now}
        key = str(service.uuid)
        match step:
            case "hold":
                held = money(service.setup_price + service.recurring_price, key)
                billing.record_authorisation(self.customer.pk, held, **who)
            case "deliver":
                found = Payment.objects.filter(key=key).first()
                paid = self.payment(service, "captured") if found else None
                order_actions.delivered(
                    order_actions.Delivery(service=service.pk, payment=paid), self.effect(service)
                )
            case "take_back" | "lost_take_back":
                paid = self.payment(service, "refunded" if step == "lost_take_back" else "voided")
                order_actions.taken_back(
                    order_actions.TakenBack(service=service.pk, key=key, payment=paid), self.effect(service)
                )
            case "void":
                billing.record_void(key, **who)
            case "renew" | "renew_unpaid":
                self._renew(service, captured=step == "renew")
            case "charge":
                line = Line(ChargeKind.ADDON, amount)
                billing.charge(self.customer.pk, line, "GBP", service_uuid=service.uuid, **who)
            case "credit":
                billing.credit(self.customer.pk, amount, "GBP", **who)

    def _renew(self, service: Service, captured: bool) -> None:
        if service.term_ends_at is None or service.state != "active":
            return
        renewal = Renewal.objects.create(
            service=service,
            period_start=service.term_ends_at,
            period_end=service.term_ends_at + 30 * DAY,
            state="charging",
            created_at=self.now,
            changed_at=self.now,
        )
        paid = self.payment(service, "captured", service.recurring_price, f"{service.uuid}.{renewal.pk}")
        params = renewal_actions.PaidRenewal(
            renewal=renewal.pk, payment=paid if captured else Paid(state="nothing")
        )
        for _ in range(2):
            renewal_actions.paid(params, self.effect(service))

    def check(self) -> None:
        check_now()
        assert not Posting.objects.values("transaction", "currency").annotate(t=Sum("amount")).exclude(t=0)
        assert (Posting.objects.aggregate(t=Sum("amount"))["t"] or 0) == 0
        charged = Charge.objects.aggregate(t=Sum("amount"))["t"] or 0
        kept = Payment.objects.filter(state="captured").aggregate(t=Sum("amount"))["t"] or 0
        assert sum(one.amount for one in queries.balances(self.customer.pk)) == charged - kept
        delivered = {str(one.uuid) for one in Service.objects.filter(activated_at__isnull=False)}
        first = Payment.objects.filter(state="captured", key__in=[str(one.uuid) for one in self.services])
        assert {one.key for one in first} <= delivered
        over = {one.uuid for one in Service.objects.filter(state="terminated")}
        assert not first.filter(key__in=[str(one) for one in over])
        open_charges = Charge.objects.filter(service_uuid__in=over, kind="recurring", reversed_by=None)
        assert not open_charges.exists()


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 1), st.integers(1, 999)), max_size=14))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_ledger_balances_and_no_money_is_kept_without_a_service(db: None, steps: list[Step]) -> None:
    with transaction.atomic():
        counter = Counter()
        for step, which, amount in steps:
            counter.now += timedelta(minutes=1)
            attempt(counter.do, step, which, amount)
            counter.check()
        transaction.set_rollback(True)


def attempt(what: Callable[..., None], *args: Any) -> None:
    """Does it, or is refused and changes nothing."""
    try:
        with transaction.atomic():
            what(*args)
    except Refusal:
        pass
