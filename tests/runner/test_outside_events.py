"""What happened outside reaches the job that waits for it, whichever of the two was first."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import OperationalError

from alta.runner import queries, services
from alta.runner.models import Job, OutsideEvent
from tests.conftest import RunJobs
from tests.runner.conftest import NOW, Start, state_of, states

pytestmark = pytest.mark.django_db(transaction=True)
ANA: dict[str, Any] = {"actor": "ana", "now": NOW}
WORK_THEN_WAIT = """
    - id: before
      do: lab.ask
    - id: w
      wait: {event: fitted, key: S-1}
"""
TWO_WAITS = """
    - id: first
      wait: {event: fitted, key: S-1}
    - id: second
      wait: {event: fitted, key: S-1}
"""
# A job that keeps the worker watching for a moment.
SLOW = "- id: a\n  do: lab.ask\n  with: {delay: 2.5}"


def test_an_event_that_came_before_the_wait_ends_it(start: Start, run_jobs: RunJobs) -> None:
    job = start(WORK_THEN_WAIT)
    assert services.deliver_event("fitted", "S-1", {"by": "eva"}, **ANA) == 0
    run_jobs(job, start(SLOW, name="slow"), watch=True, now=lambda: NOW)
    run_jobs(job)
    assert state_of(job) == "done"
    assert job.tasks.get(key="w").output == {"by": "eva"}


def test_an_event_with_another_key_or_from_before_the_job_ends_nothing(
    start: Start, run_jobs: RunJobs
) -> None:
    services.deliver_event("fitted", "S-1", {}, actor="ana", now=NOW - timedelta(seconds=1))
    job = start(WORK_THEN_WAIT)
    services.deliver_event("fitted", "S-2", {}, **ANA)
    run_jobs(job, start(SLOW, name="slow"), watch=True, now=lambda: NOW)
    run_jobs(job)
    assert state_of(job) == "waiting"


def test_a_job_takes_an_event_once_and_in_the_order_they_came(start: Start, run_jobs: RunJobs) -> None:
    job = start(TWO_WAITS)
    services.deliver_event("fitted", "S-1", {"n": 1}, **ANA)
    run_jobs(job, start(SLOW, name="slow"), watch=True, now=lambda: NOW)
    run_jobs(job)
    assert states(job) == {"first": "done", "second": "waiting"}
    assert services.deliver_event("fitted", "S-1", {"n": 2}, **ANA) == 1
    run_jobs(job)
    assert state_of(job) == "done"
    assert [task.output for task in job.tasks.all()] == [{"n": 1}, {"n": 2}]


def test_one_event_ends_the_waits_of_several_jobs(start: Start, run_jobs: RunJobs) -> None:
    early, late = start(WORK_THEN_WAIT), start(WORK_THEN_WAIT)
    run_jobs(early)
    assert services.deliver_event("fitted", "S-1", {}, **ANA) == 1
    run_jobs(early, late, start(SLOW, name="slow"), watch=True, now=lambda: NOW)
    run_jobs(early, late)
    assert (state_of(early), state_of(late)) == ("done", "done")


def test_an_announced_event_happens_with_its_transaction_and_locks_no_job(
    start: Start, run_jobs: RunJobs
) -> None:
    job = start(WORK_THEN_WAIT)
    run_jobs(job)
    with transaction.atomic():
        services.announce_event("fitted", "S-1", {}, **ANA)
        transaction.set_rollback(True)
    assert (state_of(job), OutsideEvent.objects.count()) == ("waiting", 0)
    with transaction.atomic():
        services.announce_event("fitted", "S-1", {"n": 1}, **ANA)
        assert _lockable(job)
        assert state_of(job) == "waiting"
    assert state_of(job) == "queued"
    assert job.tasks.get(key="w").output == {"n": 1}


def _lockable(job: Job) -> bool:
    """Whether somebody else could lock the job's row at this moment."""
    found: list[bool] = []

    def try_it() -> None:
        try:
            with transaction.atomic():
                found.append(Job.objects.select_for_update(nowait=True).filter(pk=job.pk).exists())
        except OperationalError:
            found.append(False)
        finally:
            connection.close()

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join(10)
    return found == [True]


def test_an_event_that_was_committed_but_not_handed_out_is_handed_out_by_a_worker(
    start: Start, run_jobs: RunJobs
) -> None:
    job = start(WORK_THEN_WAIT)
    run_jobs(job)
    # As after a crash between the commit and what follows it.
    services._keep_event("fitted", "S-1", {}, "ana", NOW)
    run_jobs(start(SLOW, name="slow"), watch=True, now=lambda: NOW)
    run_jobs(job)
    assert state_of(job) == "done"


@pytest.mark.parametrize("round_", range(8))
def test_event_and_wait_at_the_same_moment_always_meet(start: Start, run_jobs: RunJobs, round_: int) -> None:
    job = start(WORK_THEN_WAIT)

    def deliver() -> None:
        try:
            services.deliver_event("fitted", "S-1", {}, **ANA)
        finally:
            connection.close()

    thread = threading.Timer(round_ * 0.01, deliver)
    thread.start()
    run_jobs(job)
    thread.join(10)
    for awaited, key, event in queries.awaited_events():
        services.receive_event(awaited, key, event, NOW)
    run_jobs(job)
    assert state_of(job) == "done"


def test_events_are_forgotten_after_half_a_year(transactional_db: None) -> None:
    for days in (181, 179):
        services.deliver_event("fitted", f"{days}", {}, actor="ana", now=NOW - timedelta(days=days))
    assert services.forget_events(NOW) == 1
    assert list(OutsideEvent.objects.values_list("event", flat=True)) == ["fitted:179"]


def test_a_job_without_an_installation_may_ask_for_its_date(start: Start, run_jobs: RunJobs) -> None:
    job = start("- id: a\n  do: lab.ask\n  when: installation.date is not none")
    run_jobs(job)
    assert states(job) == {"a": "skipped"}
