"""Many renewals that were paid at the same moment are booked like one after the other, in a few statements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet, Sum

from alta.audit.models import Entry
from alta.billing.models import Charge, Payment, Posting, Transaction
from alta.connectors.payments.models import Payment as Paid
from alta.connectors.registry import Effect
from alta.playbooks.services import publish_library
from alta.renewals import actions, bulk
from alta.renewals import services as renewals
from alta.renewals.lines import AddonPeriod, PaidRenewal
from alta.renewals.models import Renewal
from alta.services.models import Service
from tests.renewals.conftest import NOW, addon, services

pytestmark = pytest.mark.django_db
WHO: dict[str, Any] = {"actor": "renewals", "now": NOW}


def due(number: int) -> list[PaidRenewal]:
    """Renewals whose money was taken a moment ago, not booked yet."""
    publish_library("test", NOW)
    for service in services(number):
        addon(service, "Voicemail", 200)
    renewals.renew_due(NOW)
    found = Renewal.objects.select_related("service").order_by("pk")
    return [
        PaidRenewal(
            renewal=one.pk,
            payment=Paid(
                state="captured",
                provider="stripe",
                ref=f"pi_{one.service_id}",
                amount=one.service.recurring_price + 200,
                currency="GBP",
                reference=f"{one.service.uuid}.1",
                method=one.service.customer.payment_methods.get().pk,
            ),
            price=one.service.recurring_price,
            addons=[
                AddonPeriod.model_validate(row)
                for row in one.service.addons.values("key", "name", "recurring_price")
            ],
        )
        for one in found
    ]


def books() -> dict[str, list[Any]]:
    """All that a renewal writes, in all columns but numbers that a sequence gives."""
    log = Entry.objects.filter(action__regex=r"^(renewal|service|billing)\.")
    return {
        "renewals": rows(Renewal.objects.all()),
        "services": rows(Service.objects.all()),
        "charges": rows(Charge.objects.all()),
        "payments": rows(Payment.objects.all()),
        "transactions": rows(Transaction.objects.all(), "charge", "payment"),
        "postings": rows(
            Posting.objects.annotate(
                on=F("account__kind"),
                of=F("account__customer"),
                at=F("account__provider"),
                why=F("transaction__kind"),
            ),
            "transaction",
            "account",
        ),
        "log": sorted(log.values_list("actor", "action", "object_type", "detail"), key=str),
    }


def rows(found: QuerySet[Any], *numbers: str) -> list[Any]:
    left_out = {"id", *(f"{name}_id" for name in numbers)}
    return sorted(
        (sorted((k, v) for k, v in row.items() if k not in left_out) for row in found.values()), key=str
    )


def one_by_one(paid: list[PaidRenewal]) -> None:
    for one in paid:
        actions.paid(one, Effect(1, "charge", None, None, None, "renewals", NOW))


def test_many_are_booked_as_one_after_the_other(django_assert_max_num_queries: Any) -> None:
    paid = due(20)
    found = []
    for settle in (one_by_one, lambda paid: bulk.settle(paid, **WHO)):
        with transaction.atomic():
            settle(paid)
            found.append(books())
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert len(found[1]["postings"]) == 120
    with django_assert_max_num_queries(25):
        assert bulk.settle(paid, **WHO) == [True] * 20
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert Posting.objects.aggregate(total=Sum("amount")) == {"total": 0}


def test_a_second_time_changes_nothing() -> None:
    paid = due(3)
    bulk.settle(paid, **WHO)
    before = books()
    assert bulk.settle(paid, **WHO) == [False] * 3
    one_by_one(paid)
    assert books() == before


def test_what_is_not_plain_is_left_alone() -> None:
    paid = due(6)
    resting, ended, moved, booked, short, _ = [Renewal.objects.get(pk=each.renewal) for each in paid]
    Service.objects.filter(pk=resting.service_id).update(state="suspended")
    Service.objects.filter(pk=ended.service_id).update(state="inactive")
    Service.objects.filter(pk=moved.service_id).update(term_ends_at=NOW + timedelta(days=9))
    one_by_one([paid[3]])
    less = paid[4].payment.model_copy(update={"amount": paid[4].payment.amount - 1})
    paid[4] = paid[4].model_copy(update={"payment": less})
    before = books()
    assert bulk.settle([*paid, paid[0].model_copy(update={"renewal": 0})], **WHO) == [False] * 5 + [
        True,
        False,
    ]
    after = books()
    assert [
        sum(a != b for a, b in zip(before[part], after[part], strict=True))
        for part in ("renewals", "services")
    ] == [1, 1]
    assert booked.pk != short.pk and len(after["charges"]) == len(before["charges"]) + 2


def test_the_database_refuses_all_of_them_when_one_period_was_charged_already() -> None:
    paid = due(3)
    one = Renewal.objects.select_related("service").get(pk=paid[1].renewal)
    Charge.objects.create(
        customer=one.service.customer, service_uuid=one.service.uuid, kind="recurring", amount=900,
        currency="GBP", period_start=one.period_start, period_end=one.period_end, created_at=NOW,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="once_a_period"), transaction.atomic():
        bulk.settle(paid, **WHO)
    assert (Payment.objects.count(), Posting.objects.count()) == (0, 0)
