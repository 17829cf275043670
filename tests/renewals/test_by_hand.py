"""Renewing a service by hand that does not renew itself."""

from __future__ import annotations

from datetime import datetime

import pytest

from alta.billing.models import Charge
from alta.connectors.payments.double import StripeDouble
from alta.refusal import Refusal
from alta.renewals import services as renewals
from alta.renewals.models import Renewal
from alta.runner.models import Job
from alta.services.models import Service
from tests.conftest import RunJobs
from tests.renewals.conftest import DAY, NOW, keep_house, mails, services

ENDS = NOW + 3 * DAY


def renew(service: Service, now: datetime = NOW) -> Renewal:
    return renewals.renew_now(service.pk, actor="agente", now=now)


def test_the_next_period_is_charged_now_and_begins_where_the_last_ends(
    bank: StripeDouble, run_jobs: RunJobs
) -> None:
    [service] = services(auto_renew=False, ends=ENDS)
    keep_house(run_jobs, NOW)  # with the notice
    renew(service)
    keep_house(run_jobs, NOW)
    service.refresh_from_db()
    later = datetime(2026, 4, 4, 10, 0, tzinfo=NOW.tzinfo)
    assert (service.term_began_at, service.term_ends_at) == (ENDS, later)
    charge = Charge.objects.get()
    assert (charge.amount, charge.period_start, charge.period_end) == (900, ENDS, later)
    assert (Renewal.objects.get().state, service.auto_renew) == ("paid", False)
    for day in (3, 4):
        keep_house(run_jobs, NOW + day * DAY)
    service.refresh_from_db()
    assert (service.state, Charge.objects.count()) == ("active", 1)


def test_asking_twice_charges_once(bank: StripeDouble, run_jobs: RunJobs) -> None:
    [service] = services(auto_renew=False, ends=ENDS)
    renew(service)
    with pytest.raises(Refusal) as refused:
        renew(service)
    assert refused.value.code == "renewal.wrong_state"
    keep_house(run_jobs, NOW)
    assert (Renewal.objects.count(), len(bank.intents), Charge.objects.count()) == (1, 1, 1)


def test_a_declined_card_leaves_the_service_to_end_with_its_term(
    bank: StripeDouble, run_jobs: RunJobs
) -> None:
    [service] = services(auto_renew=False, ends=ENDS)
    bank.declining.add(f"pm_{service.customer_id}")
    renew(service)
    keep_house(run_jobs, NOW)
    assert (Renewal.objects.get().state, mails(service)) == ("notified", ["renewal-ending"])
    bank.declining.clear()
    renew(service, NOW + DAY)
    keep_house(run_jobs, NOW + DAY)
    assert Renewal.objects.get().state == "paid"


def test_a_declined_card_is_not_asked_again_by_itself(bank: StripeDouble, run_jobs: RunJobs) -> None:
    [service] = services(auto_renew=False, ends=ENDS)
    bank.declining.add(f"pm_{service.customer_id}")
    renew(service)
    for day in range(0, 5):
        keep_house(run_jobs, NOW + day * DAY)
    service.refresh_from_db()
    assert (service.state, Renewal.objects.get().state) == ("inactive", "ended")
    assert Job.objects.filter(playbook__name=renewals.RENEW).count() == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ends": NOW + 40 * DAY}, "renewal.too_early"),
        ({"auto_renew": True, "ends": ENDS}, "renewal.by_itself"),
        ({"state": "inactive"}, "renewal.over"),
        ({"state": "reserved"}, "renewal.over"),
    ],
)
def test_what_cannot_be_renewed_is_refused_and_nothing_is_charged(
    given: dict[str, object], code: str, bank: StripeDouble
) -> None:
    state = given.pop("state", "active")
    [service] = services(**({"auto_renew": False, "ends": ENDS} | given))  # type: ignore[arg-type]
    Service.objects.update(state=state)
    with pytest.raises(Refusal) as refused:
        renew(service)
    assert refused.value.code == code
    assert (Renewal.objects.count(), Job.objects.count()) == (0, 0)


def test_a_service_that_is_not_there_is_refused(bank: StripeDouble) -> None:
    with pytest.raises(Refusal) as refused:
        renewals.renew_now(0, actor="agente", now=NOW)
    assert refused.value.code == "service.not_found"
