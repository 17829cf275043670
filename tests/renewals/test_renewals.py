"""Services at the end of their term: renewed, asked again, suspended, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from alta.billing.models import Charge, Payment, Posting
from alta.billing.queries import balances
from alta.connectors.payments.double import StripeDouble
from alta.customers.models import PaymentMethod
from alta.refusal import Refusal
from alta.renewals import services as renewals
from alta.renewals.models import Renewal, Schedule
from alta.renewals.queries import next_charge_of
from alta.runner.models import Job
from alta.services.models import Addon, Service
from tests.conftest import RunJobs
from tests.renewals.conftest import END, NOW, addon, keep_house, mails, services

DAY = timedelta(days=1)


def test_a_service_whose_term_is_over_is_charged_and_extended_by_one_period(
    bank: StripeDouble, run_jobs: RunJobs
) -> None:
    [service] = services()
    keep_house(run_jobs, NOW)
    keep_house(run_jobs, NOW + timedelta(minutes=1))
    service.refresh_from_db()
    assert service.term_ends_at == datetime(2026, 4, 1, 9, 55, tzinfo=NOW.tzinfo)
    renewal = Renewal.objects.get()
    assert (renewal.state, renewal.period_start, renewal.period_end) == ("paid", END, service.term_ends_at)
    assert [one["status"] for one in bank.intents.values()] == ["succeeded"]
    charge = Charge.objects.get()
    assert (charge.kind, charge.amount, charge.period_start, charge.service_uuid) == (
        "recurring",
        900,
        END,
        service.uuid,
    )
    assert (Payment.objects.get().state, [b.amount for b in balances(service.customer_id)]) == (
        "captured",
        [0],
    )
    assert Job.objects.get().state == "done"


def test_addons_are_charged_with_the_plan_in_one_payment_and_a_line_each(
    bank: StripeDouble, run_jobs: RunJobs
) -> None:
    [service] = services()
    extra, once, over = (
        addon(service, "Voicemail", 200),
        addon(service, "Boost", 0),
        addon(service, "Old", 50),
    )
    Addon.objects.filter(pk=over.pk).update(state="ended", ended_at=END)
    assert [one.period_price for one in next_charge_of(service.customer_id)] == [1100]
    keep_house(run_jobs, NOW)
    assert Renewal.objects.get().state == "paid"
    assert [(one["amount"], one["status"]) for one in bank.intents.values()] == [(1100, "succeeded")]
    period = (END, datetime(2026, 4, 1, 9, 55, tzinfo=NOW.tzinfo))
    charges = Charge.objects.order_by("pk").values_list(
        "kind", "amount", "memo", "addon_key", "period_start", "period_end"
    )
    assert list(charges) == [
        ("recurring", 900, service.name, None, *period),
        ("addon", 200, "Voicemail", extra.key, *period),
    ]
    assert [b.amount for b in balances(service.customer_id)] == [0]
    assert once.recurring_price == 0


def test_the_database_charges_an_addon_once_a_period(bank: StripeDouble, run_jobs: RunJobs) -> None:
    addon(services()[0], "Voicemail", 200)
    keep_house(run_jobs, NOW)
    for change in ({}, {"addon_key": None, "period_start": NOW, "period_end": NOW + DAY}):
        row = Charge.objects.get(kind="addon")
        row.pk = None
        for name, value in change.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError, match="addon"):
            row.save(force_insert=True)


def test_what_costs_nothing_is_extended_without_a_call(bank: StripeDouble, run_jobs: RunJobs) -> None:
    [service] = services(price=0)
    keep_house(run_jobs, NOW)
    service.refresh_from_db()
    assert service.term_ends_at and service.term_ends_at > NOW
    assert (bank.requests, Posting.objects.count()) == ([], 0)


def test_a_declined_card_is_asked_again_on_the_days_then_suspended_then_ended(
    bank: StripeDouble, run_jobs: RunJobs
) -> None:
    [service] = services()
    bank.declining.add(f"pm_{service.customer_id}")
    seen = []
    for day in range(0, 32):
        keep_house(run_jobs, NOW + day * DAY)
        service.refresh_from_db()
        renewal = Renewal.objects.get()
        entry = (renewal.declines, renewal.state, service.state)
        if not seen or seen[-1][1:] != entry:
            seen.append((day, *entry))
    assert seen == [
        (0, 1, "declined", "active"),
        (1, 2, "declined", "active"),
        (3, 3, "declined", "active"),
        (5, 4, "unpaid", "suspended"),
        (30, 4, "ended", "inactive"),
    ]
    assert mails(service) == ["renewal-declined"] * 3 + ["renewal-suspended"]
    assert "el banco rechazó la tarjeta." in Renewal.objects.get().reason
    assert (Posting.objects.count(), service.term_ends_at) == (0, END)


def test_a_card_that_works_again_renews_from_the_end_of_the_term(
    bank: StripeDouble, run_jobs: RunJobs
) -> None:
    [service] = services()
    bank.declining.add(f"pm_{service.customer_id}")
    for day in (0, 1, 3, 5):
        keep_house(run_jobs, NOW + day * DAY)
    service.refresh_from_db()
    assert service.state == "suspended"
    PaymentMethod.objects.filter(customer=service.customer_id).update(token="pm_new")
    later = NOW + 9 * DAY
    renewals.retry_now(Renewal.objects.get().pk, actor="agente", now=later)
    keep_house(run_jobs, later)
    service.refresh_from_db()
    assert (service.state, service.term_ends_at) == ("active", datetime(2026, 4, 1, 9, 55, tzinfo=NOW.tzinfo))
    assert Charge.objects.count() == 1


def test_trouble_of_the_provider_costs_the_customer_nothing(bank: StripeDouble, run_jobs: RunJobs) -> None:
    [service] = services()
    bank.down()
    keep_house(run_jobs, NOW)
    renewal = Renewal.objects.get()
    assert (renewal.state, renewal.declines) == ("declined", 0)
    assert mails(service) == []
    bank.up()
    keep_house(run_jobs, NOW + timedelta(minutes=90))
    renewal.refresh_from_db()
    assert (renewal.state, len(bank.intents)) == ("paid", 1)


def test_a_lost_answer_is_not_a_second_charge(bank: StripeDouble, run_jobs: RunJobs) -> None:
    services()
    bank.losing = 4  # one fewer than opens the breaker
    keep_house(run_jobs, NOW)
    keep_house(run_jobs, NOW + timedelta(hours=2))
    keep_house(run_jobs, NOW + timedelta(hours=4))
    assert Renewal.objects.get().state == "paid"
    assert [one["status"] for one in bank.intents.values()] == ["succeeded"]


def test_a_service_that_does_not_renew_gets_a_notice_and_ends_with_its_term(
    bank: StripeDouble, run_jobs: RunJobs
) -> None:
    [service] = services(auto_renew=False, ends=NOW + 10 * DAY)
    for day in range(0, 12):
        keep_house(run_jobs, NOW + day * DAY)
        service.refresh_from_db()
        assert service.state == ("active" if day < 10 else "inactive")
        assert mails(service) == (["renewal-ending"] if day >= 3 else [])
    assert bank.requests == []


def test_renewal_switched_on_after_the_notice_renews(bank: StripeDouble, run_jobs: RunJobs) -> None:
    [service] = services(auto_renew=False, ends=NOW + DAY)
    keep_house(run_jobs, NOW)
    Service.objects.update(auto_renew=True)
    keep_house(run_jobs, NOW + DAY)
    service.refresh_from_db()
    assert (service.state, Renewal.objects.get().state, len(bank.intents)) == ("active", "paid", 1)


def test_money_for_a_service_that_ended_meanwhile_is_the_customers(
    bank: StripeDouble, run_jobs: RunJobs
) -> None:
    [service] = services()
    renewals.renew_due(NOW)
    Service.objects.update(state="inactive")
    run_jobs(*Job.objects.values_list("pk", flat=True))
    assert (Renewal.objects.get().state, Charge.objects.count()) == ("ended", 0)
    assert [b.amount for b in balances(service.customer_id)] == [-900]


def test_starting_takes_as_many_statements_for_many_as_for_few(
    bank: StripeDouble, django_assert_max_num_queries: Any
) -> None:
    for service in services(100):
        addon(service, "Voicemail", 200)
    with django_assert_max_num_queries(30):
        assert renewals.renew_due(NOW) == 100
    assert renewals.renew_due(NOW) == 0
    assert Job.objects.count() == Renewal.objects.count() == 100


def test_the_database_forbids_a_second_renewal_of_a_period(bank: StripeDouble) -> None:
    services()
    renewals.renew_due(NOW)
    row = Renewal.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError):
        row.save(force_insert=True)


def test_the_schedule_is_the_operators_and_has_to_make_sense(bank: StripeDouble) -> None:
    renewals.set_schedule([2, 4], 20, 3, actor="admin")
    assert list(Schedule.objects.values_list("retry_days", "end_day", "notice_days")) == [([2, 4], 20, 3)]
    for days, end in (([3, 1], 20), ([0, 1], 20), ([5], 5)):
        with pytest.raises(Refusal) as refused:
            renewals.set_schedule(days, end, 3, actor="admin")
        assert refused.value.code == "renewal.days"
    assert Schedule.objects.get().retry_days == [2, 4]


def test_a_renewal_that_is_paid_is_not_retried(bank: StripeDouble, run_jobs: RunJobs) -> None:
    services()
    keep_house(run_jobs, NOW)
    with pytest.raises(Refusal) as refused:
        renewals.retry_now(Renewal.objects.get().pk, actor="agente", now=NOW)
    assert refused.value.code == "renewal.wrong_state"
    with pytest.raises(Refusal) as missing:
        renewals.retry_now(0, actor="agente", now=NOW)
    assert missing.value.code == "renewal.not_found"
    assert Job.objects.count() == 1
