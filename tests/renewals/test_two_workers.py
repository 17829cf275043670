"""Two thousand services due at once, two workers, one of them killed in the middle."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from alta.billing.models import Charge, Payment, Posting
from alta.connectors.payments.double import StripeDouble
from alta.renewals.models import Renewal
from alta.services.models import Service
from tests.conftest import Wait, WorkerProcesses
from tests.renewals.conftest import services

HOW_MANY = 2000


@pytest.fixture
def paid_workers(bank: StripeDouble, worker_processes: WorkerProcesses) -> WorkerProcesses:
    worker_processes.environment |= bank.environment()
    return worker_processes


@pytest.mark.processes
def test_each_service_is_charged_exactly_once_though_a_worker_is_killed(
    bank: StripeDouble, paid_workers: WorkerProcesses, wait_until: Wait
) -> None:
    end = timezone.now() - timedelta(hours=1)
    due = services(HOW_MANY, ends=end)
    first, _second = paid_workers.start(), paid_workers.start()
    wait_until(lambda: Renewal.objects.filter(state="paid").count() > HOW_MANY // 10, 90)
    first.kill()
    assert Renewal.objects.filter(state="paid").count() < HOW_MANY
    paid_workers.start()
    wait_until(lambda: Renewal.objects.filter(state="paid").count() == HOW_MANY, 180)
    taken = Counter(
        one["metadata"]["reference"] for one in bank.intents.values() if one["status"] == "succeeded"
    )
    assert (len(taken), set(taken.values())) == (HOW_MANY, {1})
    assert {reference.split(".")[0] for reference in taken} == {str(one.uuid) for one in due}
    assert Payment.objects.filter(state="captured").count() == Payment.objects.count() == HOW_MANY
    assert Charge.objects.count() == HOW_MANY
    assert Posting.objects.count() == HOW_MANY * 4
    ends = set(Service.objects.values_list("term_ends_at", flat=True))
    assert len(ends) == 1 and timedelta(days=27) < ends.pop() - end < timedelta(days=32)
