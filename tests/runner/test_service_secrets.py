"""Credentials of a service: made up once, the same for every job of the service, and written nowhere in clear."""

from __future__ import annotations

import pytest
from django.db import connection

from alta.customers.models import Customer
from alta.playbooks.check import check
from alta.playbooks.services import publish
from alta.refusal import Refusal
from alta.runner.bulk import start_jobs
from alta.runner.services import Subject
from alta.services.credentials import CHARACTERS, secrets_of_service
from alta.services.models import Service
from tests.conftest import RunJobs
from tests.renewals.conftest import services
from tests.runner.conftest import NOW, Start, playbook, state_of

DECLARED = "secrets:\n  password: {length: 12}\n  pin: {length: 8, characters: digits}\n"
TASK = "- id: a\n  do: lab.ask\n  with: {token: '{{ service.secrets.password }}'}"


def subject(service: Service) -> Subject:
    return Subject(service=service, customer=Customer.objects.get(pk=service.customer_id))


def clear(service: Service) -> dict[str, str]:
    return {name: secret.get_secret_value() for name, secret in secrets_of_service(service.pk).items()}


def test_credentials_are_made_up_as_declared_when_the_first_job_starts(start: Start) -> None:
    [service] = services()
    assert clear(service) == {}
    start(TASK, head=DECLARED, subject=subject(service))
    made = clear(service)
    assert {name: len(value) for name, value in made.items()} == {"password": 12, "pin": 8}
    assert set(made["password"]) <= set(CHARACTERS["letters_and_digits"])
    assert set(made["pin"]) <= set("0123456789")


def test_later_jobs_of_the_service_find_the_same_and_other_services_have_their_own(start: Start) -> None:
    one, other = services(2)
    for service in (one, other):
        start(TASK, head=DECLARED, subject=subject(service))
    first = clear(one)
    start(TASK, head=DECLARED, subject=subject(one))
    assert clear(one) == first
    assert clear(other)["password"] != first["password"]


def test_a_playbook_that_declares_one_more_adds_it_and_leaves_the_others(start: Start) -> None:
    [service] = services()
    start(TASK, head=DECLARED, subject=subject(service))
    before = clear(service)
    start(TASK, head=DECLARED + "  key: {characters: hexadecimal}\n", subject=subject(service))
    after = clear(service)
    assert {name: after[name] for name in before} == before
    assert set(after) == {"password", "pin", "key"}


def test_many_jobs_started_at_once_have_theirs_too(transactional_db: None) -> None:
    some = services(3)
    publish(playbook(TASK, head=DECLARED), "ana", NOW)
    start_jobs("test", [({}, subject(service)) for service in some], actor="ana", now=NOW)
    assert len({clear(service)["password"] for service in some}) == 3


def test_a_credential_reaches_the_system_and_is_written_nowhere(
    start: Start, run_jobs: RunJobs, caplog: pytest.LogCaptureFixture
) -> None:
    [service] = services()
    job = start(TASK, head=DECLARED, subject=subject(service))
    run_jobs(job)
    assert state_of(job) == "done"
    password = clear(service)["password"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT wire FROM runner_attempt")
        assert '"token": "•••"' in cursor.fetchone()[0]
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            assert password not in (cursor.fetchone()[0] or ""), table
    assert password not in caplog.text


def test_a_job_without_service_has_no_credentials(start: Start) -> None:
    with pytest.raises(Refusal) as refusal:
        start(TASK, head=DECLARED)
    assert refusal.value.kind.code == "playbook.variable.unknown"


@pytest.mark.parametrize("name", ["service.secrets.other", "service.secrets", 'service["secrets"]["other"]'])
def test_a_credential_that_is_not_declared_is_a_mistake(name: str) -> None:
    text = playbook(TASK.replace("service.secrets.password", name), head=DECLARED)
    [finding] = check(text)
    assert finding.sentence == "the playbook declares no such secret under `secrets`"


def test_a_credential_in_a_text_shows_as_stars(start: Start, run_jobs: RunJobs) -> None:
    [service] = services()
    task = "- id: a\n  do: lab.ask\n  with: {say: 'it is {{ service.secrets.password }}'}"
    job = start(task, head=DECLARED, subject=subject(service))
    run_jobs(job)
    assert job.tasks.get().output == {"said": "it is **********"}
