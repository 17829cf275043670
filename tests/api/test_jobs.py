"""Reading a job as a program does."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from alta.accounts.models import ApiKey, User
from alta.accounts.services import create_api_key
from alta.orders import services as orders
from alta.runner.models import Job
from tests.house_of_data import draft, load_demo

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(db: None) -> datetime:
    instant = timezone.now()
    load_demo(instant)
    return instant


@pytest.fixture
def program(client: Client, now: datetime) -> Client:
    key = create_api_key(User.objects.get(username="agente"), "test", now)
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


def test_a_job_comes_with_its_tasks_and_a_tag_that_says_when_it_changed(
    program: Client, now: datetime
) -> None:
    job = orders.confirm(draft(now).uuid, actor="agente", now=now)
    first = program.get(f"/api/jobs/{job.pk}")
    body = first.json()
    assert first.status_code == 200
    assert (body["id"], body["state"], body["settled"], body["total"]) == (job.pk, "queued", 0, 6)
    assert [task["key"] for task in body["tasks"]] == [
        "check_customer",
        "assign_sim",
        "assign_number",
        "ocs_account",
        "service_record",
        "welcome_mail",
    ]
    assert body["tasks"][0]["title"] == {
        "es": "Validando cuenta del cliente",
        "en": "Validating customer account",
    }
    tag = first.headers["ETag"]
    again = program.get(f"/api/jobs/{job.pk}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    Job.objects.filter(pk=job.pk).update(seq=job.seq + 1)
    changed = program.get(f"/api/jobs/{job.pk}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_an_error_has_its_code_and_a_sentence_in_the_language_asked_for(
    program: Client, now: datetime
) -> None:
    job = orders.confirm(draft(now).uuid, actor="agente", now=now)
    error = {"code": "connector.unreachable", "params": {"system": "OCS"}, "detail": "x", "transient": True}
    Job.objects.filter(pk=job.pk).update(state="failed", error=error)
    spanish = program.get(f"/api/jobs/{job.pk}", headers={"Accept-Language": "es"}).json()["error"]
    english = program.get(f"/api/jobs/{job.pk}", headers={"Accept-Language": "en"}).json()["error"]
    assert spanish == {
        "code": "connector.unreachable",
        "message": "No se pudo conectar a OCS",
        "transient": True,
    }
    assert english["message"] == "Could not connect to OCS"


def test_a_job_that_does_not_exist_is_a_problem_with_a_code(program: Client) -> None:
    response = program.get("/api/jobs/999")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["code"] == "job.not_found"


def test_all_that_goes_wrong_is_a_problem_with_a_code(client: Client, program: Client) -> None:
    malformed = program.get("/api/jobs/abc", headers={"Accept-Language": "es"})
    assert (malformed.status_code, malformed.json()["code"]) == (422, "api.malformed")
    stranger = Client().get("/api/jobs/1", headers={"Accept-Language": "es"})
    assert (stranger.status_code, stranger.json()["code"]) == (401, "api.unauthenticated")
    assert stranger.headers["Content-Type"] == "application/problem+json"
    assert stranger.json()["title"].startswith("¿Quién eres?")


def test_an_expired_key_and_a_key_of_somebody_who_left_open_nothing(client: Client, now: datetime) -> None:
    user = User.objects.get(username="agente")
    old = create_api_key(user, "old", now - timedelta(days=2), days=1)
    assert client.get("/api/jobs/1", headers={"Authorization": f"Bearer {old}"}).status_code == 401
    good = create_api_key(user, "good", now)
    assert client.get("/api/jobs/999", headers={"Authorization": f"Bearer {good}"}).status_code == 404
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/api/jobs/999", headers={"Authorization": f"Bearer {good}"}).status_code == 401


def test_a_key_is_kept_only_as_its_hash(now: datetime) -> None:
    key = create_api_key(User.objects.get(username="agente"), "test", now)
    row = ApiKey.objects.get()
    assert key.encode() not in bytes(row.digest)
    assert len(bytes(row.digest)) == 32
