"""The day before, customers are reminded, once for each date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alta.installations import booking, services
from alta.installations.models import Appointment
from alta.installations.reminders import remind
from alta.runner.models import Job
from alta.services.services import terminate
from tests.installations.conftest import slot
from tests.installations.test_work_orders import confirmed, opened

pytestmark = pytest.mark.django_db
EVE = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # the Sunday before


def test_the_reminder_goes_out_on_the_eve_from_the_hour_on_and_once(now: datetime) -> None:
    work_order = opened(now)
    assert remind(EVE - timedelta(seconds=1)) == 0
    assert remind(EVE - timedelta(days=1)) == 0
    assert remind(EVE) == 1
    assert remind(EVE + timedelta(minutes=1)) == 0
    job = Job.objects.get()
    assert (job.playbook.name, job.service) == ("installation-reminder", work_order.service)
    assert job.variables["installation"] == {
        "date": "2026-11-23",
        "slot": "09:00-12:00",
        "starts_at": "2026-11-23T09:00:00+00:00",
        "ends_at": "2026-11-23T12:00:00+00:00",
    }


def test_a_new_date_is_reminded_of_again(now: datetime) -> None:
    where = slot()
    work_order = opened(now, where)
    assert remind(EVE) == 1
    services.reschedule(work_order.pk, where.pk, datetime(2026, 11, 30).date(), actor="a", now=EVE)
    assert remind(EVE) == 0
    assert remind(EVE + timedelta(weeks=1)) == 1


def test_nobody_is_reminded_of_what_is_off(now: datetime) -> None:
    services.cancel(opened(now).pk, "no", actor="a", now=now)
    ended = confirmed(now)
    terminate(ended.pk, actor="a", now=now)
    given_up = confirmed(now)
    booking.release(Appointment.objects.get(service=given_up).holder, actor="a")
    assert remind(EVE) == 0
