"""The start page: what needs somebody now, for who may see it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from alta.accounts.models import User
from alta.accounts.permissions import Role
from alta.inventory.models import Template
from alta.orders import services as orders
from alta.renewals.models import Renewal
from alta.runner import attention
from alta.runner.models import ConnectorState, Event, Job
from tests.house_of_data import draft

pytestmark = pytest.mark.django_db
REFUSED = {
    "code": "connector.unreachable",
    "params": {"system": "OCS"},
    "detail": "No se pudo conectar a OCS",
}


def page(client: Client, role: str = Role.AGENT) -> str:
    User.objects.filter(username="agente").update(roles=[role])
    answer = client.get("/")
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def job(now: datetime) -> Job:
    return orders.confirm(draft(now).uuid, actor="agente", now=now)


def test_a_quiet_house_says_so(agent: Client) -> None:
    for role in Role.values:
        assert "Nada necesita atención ahora." in page(agent, role)


def test_failed_jobs_are_counted_linked_and_retried_from_here(agent: Client, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state="failed", error=REFUSED)
    shown = page(agent)
    assert "Fallido: 1" in shown and 'href="/trabajos/?estado=failed"' in shown
    assert f'href="/trabajos/{job.pk}/"' in shown and f'action="/trabajos/{job.pk}/reintentar/"' in shown
    assert "Nada necesita atención" not in shown
    seen_by_admin = page(agent, Role.ADMINISTRATOR)
    assert f'href="/trabajos/{job.pk}/"' in seen_by_admin and "/reintentar/" not in seen_by_admin
    assert f"/trabajos/{job.pk}/" not in page(agent, Role.STOCK_KEEPER)
    page(agent)
    answer = agent.post(f"/trabajos/{job.pk}/reintentar/", {"from": "progress"})
    job.refresh_from_db()
    assert answer.status_code == 302 and job.state != "failed"


def test_a_job_without_news_for_five_minutes_is_stuck(agent: Client, job: Job) -> None:
    long_ago = timezone.now() - timedelta(minutes=6)
    assert "Atascado" not in page(agent)
    Job.objects.filter(pk=job.pk).update(created_at=long_ago, state="running")
    Event.objects.filter(job=job).update(at=long_ago)
    assert "Atascados: 1" in page(agent)
    Event.objects.create(job=job, seq=99, at=timezone.now(), changes={})
    assert "Atascados" not in page(agent)
    Event.objects.filter(job=job).update(at=long_ago)
    Job.objects.filter(pk=job.pk).update(state="waiting")  # a person's turn, or a timer's
    assert "Atascados" not in page(agent)


def test_a_system_that_nothing_is_sent_to_is_named(agent: Client, now: datetime) -> None:
    rows = {"ocs": {"open_until": now + timedelta(hours=1)}, "hlr": {"paused": True}, "mail": {}}
    for name, values in rows.items():
        ConnectorState.objects.update_or_create(name=name, defaults={"tokens_at": now, **values})
    assert {one.name for one in attention.silent_systems(now)} == {"ocs", "hlr"}
    shown = page(agent)
    assert "<strong>OCS</strong>" in shown and "<strong>HLR</strong>" in shown
    assert "<strong>MAIL</strong>" not in shown


def test_declined_renewals_are_shown_to_who_sees_payments(agent: Client, job: Job, now: datetime) -> None:
    assert job.service is not None
    Renewal.objects.create(
        service=job.service,
        period_start=now,
        period_end=now + timedelta(days=30),
        state="declined",
        next_at=now + timedelta(days=1),
        reason="Tarjeta rechazada",
        created_at=now,
        changed_at=now,
    )
    assert "Renovaciones rechazadas: 1" in page(agent) and "Tarjeta rechazada" in page(agent)
    assert "Tarjeta rechazada" not in page(agent, Role.ENGINEER)


def test_my_drafts_say_what_stock_they_keep_from_others(agent: Client, now: datetime) -> None:
    draft(now)
    shown = page(agent)
    assert "aparta 2 artículos hasta las" in shown
    assert "aparta" not in page(agent, Role.ENGINEER)


def test_low_stock_is_for_who_keeps_it(agent: Client) -> None:
    Template.objects.filter(name="CPE Modem").update(low_stock=40)
    assert "Existencias bajas" in page(agent, Role.STOCK_KEEPER)
    assert "Existencias bajas" not in page(agent, Role.AGENT)


def test_the_last_days_are_counted_by_the_operators_calendar(job: Job) -> None:
    zone = ZoneInfo("America/La_Paz")  # four hours behind
    Job.objects.filter(pk=job.pk).update(
        state="done", ended_at=datetime(2026, 3, 2, 3, 59, tzinfo=ZoneInfo("UTC"))
    )
    days = (date(2026, 3, 1), date(2026, 3, 3))
    assert attention.by_day(*days, zone) == [
        (date(2026, 3, 1), 1, 0),
        (date(2026, 3, 2), 0, 0),
        (date(2026, 3, 3), 0, 0),
    ]
    Job.objects.filter(pk=job.pk).update(state="failed")
    assert attention.by_day(*days, ZoneInfo("UTC"))[1] == (date(2026, 3, 2), 0, 1)
    Job.objects.filter(pk=job.pk).update(state="undone")
    assert {(good, bad) for _day, good, bad in attention.by_day(*days, zone)} == {(0, 0)}


def test_the_chart_has_a_column_and_a_row_for_each_day(agent: Client, job: Job) -> None:
    assert "Ningún trabajo ha terminado" in page(agent)
    Job.objects.filter(pk=job.pk).update(state="done", ended_at=timezone.now())
    shown = page(agent)
    assert shown.count('<rect class="chart-good"') == 1
    assert shown.count('<th scope="row">') == 14
    assert "1 completado" in shown and "0 fallidos" in shown
    assert "<svg" not in page(agent, Role.STOCK_KEEPER).split("<main")[1]
