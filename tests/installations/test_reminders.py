"""The day before, customers are reminded, once for each date."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from alta.connectors import registry
from alta.customers.models import Customer
from alta.installations import booking, services
from alta.installations.chores import remind_customers
from alta.installations.models import Appointment, Slot
from alta.installations.reminders import remind
from alta.runner.models import Job
from alta.services.services import terminate
from tests.conftest import RunJobs
from tests.house_of_data import load_demo
from tests.installations.conftest import NOW, slot
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


class Inbox:
    """A real SMTP server's memory."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.messages.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return "250 kept"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("es", "Mañana instalamos Fibra", "mañana, 23/11/2026, entre las 09:00 y las 12:00"),
        ("en", "Tomorrow we install Fibra", "tomorrow, 23/11/2026, between 09:00 and 12:00"),
    ],
)
def test_the_mail_says_the_day_and_the_hours_in_the_customers_language(
    run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, language: str, subject: str, words: str
) -> None:
    inbox = Inbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": port,
        "TLS": "none",
        "SENDER": "Alta <a@example.com>",
    }.items():
        monkeypatch.setenv(f"ALTA_MAIL_{name}", str(value))
    registry._instances.clear()
    try:
        load_demo(NOW)
        Slot.objects.all().delete()
        Customer.objects.filter(pk=123).update(language=language)
        opened(NOW)
        remind_customers(EVE)
        run_jobs(Job.objects.get(), now=lambda: EVE)
    finally:
        server.stop()
        registry._instances.clear()
    [mail] = inbox.messages
    assert (mail["Subject"], mail["To"]) == (subject, "john.smith@example.com")
    body = mail.get_body(("plain",))
    assert body is not None
    assert words in body.get_content().replace("\n", " ")
