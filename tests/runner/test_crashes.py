"""Workers and databases that die in the middle: every job ends, and what it did to Alta's own data it did once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from alta import postgres
from alta.runner.models import Attempt, Event, Job, Worker
from tests.conftest import REPOSITORY, Wait, WorkerProcesses
from tests.lab import read_journal
from tests.lab_effects import notes
from tests.runner.conftest import Start, playbook, state_of

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
KEYS = list("abcdef")


def six_tasks(delay: float) -> str:
    """Calls with effects, and effects alone."""
    return "\n".join(
        f"- id: {key}\n  do: lab.note\n  with: {{say: {key}}}"
        if key in "be"
        else f"- id: {key}\n  do: lab.ask\n  with: {{delay: {delay}}}\n"
        f"  effect: {{do: lab.note, with: {{say: {key}}}}}"
        for key in KEYS
    )


def kill(worker: subprocess.Popen[bytes]) -> None:
    """Kills a worker, and lets the time pass after which it counts as dead."""
    worker.kill()
    worker.wait()
    Worker.objects.filter(name__endswith=f"-{worker.pid}").update(heartbeat_at=LONG_AGO)


def all_done(jobs: list[Job]) -> bool:
    return not Job.objects.filter(pk__in=[job.pk for job in jobs]).exclude(state="done").exists()


def check_each(jobs: list[Job], journal: Path) -> int:
    """Every effect happened once and in order, every call at least once, no number of an event is missing. Returns how many
    calls were repeated."""
    asked = Counter(key for _, key, _ in read_journal(journal))
    for job in jobs:
        assert state_of(job) == "done", (job.error, dict(job.tasks.values_list("key", "state")))
        assert notes(job.pk) == KEYS
        assert all(asked[f"job-{job.pk}.{key}"] >= 1 for key in "acdf")
        numbers = list(Event.objects.filter(job=job).order_by("seq").values_list("seq", flat=True))
        assert numbers == list(range(1, job.seq + 1))
        assert job.worker_id is None
    assert not Attempt.objects.filter(ended_at=None).exists()
    return sum(asked.values()) - 4 * len(jobs)


def test_a_worker_killed_at_every_task(
    start: Start, worker_processes: WorkerProcesses, lab_journal: Path, wait_until: Wait
) -> None:
    job = start(six_tasks(0.25))
    calls = 0
    for key in "acdf":
        worker = worker_processes.start()
        wait_until(
            lambda key=key, calls=calls: (
                f"job-{job.pk}.{key}" in [k for _, k, _ in read_journal(lab_journal)[calls:]]
            )
        )
        kill(worker)
        calls = len(read_journal(lab_journal))
        assert notes(job.pk) == KEYS[: KEYS.index(key)]
    worker_processes.start()
    wait_until(lambda: state_of(job) == "done")
    assert check_each([job], lab_journal) == 4
    assert list(Attempt.objects.filter(outcome="interrupted").values_list("task__key", flat=True)) == list(
        "acdf"
    )


def test_workers_killed_at_any_moment(
    start: Start, worker_processes: WorkerProcesses, lab_journal: Path, wait_until: Wait
) -> None:
    rng = random.Random(5)
    jobs = [start(six_tasks(0.15)) for _ in range(100)]
    workers = [worker_processes.start(), worker_processes.start()]
    kills = 0
    deadline = time.monotonic() + 25
    while not all_done(jobs) and time.monotonic() < deadline:
        if read_journal(lab_journal) and kills < 6:
            time.sleep(rng.uniform(0.1, 0.9))
            victim = rng.randrange(2)
            kill(workers[victim])
            workers[victim] = worker_processes.start()
            kills += 1
        time.sleep(0.1)
    assert kills >= 3
    repeated = check_each(jobs, lab_journal)
    print(f"{kills} workers killed, {repeated} calls repeated")


def test_what_a_dead_worker_held_is_taken_up_within_seconds(
    start: Start, worker_processes: WorkerProcesses, lab_journal: Path, wait_until: Wait
) -> None:
    """As it really is: nobody says that the worker is dead."""
    job = start(six_tasks(0.5))
    worker = worker_processes.start()
    worker_processes.start()
    wait_until(lambda: read_journal(lab_journal))
    [[_, _, pid]] = read_journal(lab_journal)
    [holder] = [one for one in worker_processes.all if one.pid == pid]
    assert worker in worker_processes.all
    holder.kill()
    wait_until(lambda: state_of(job) == "done", 25)
    check_each([job], lab_journal)


def test_a_worker_told_to_stop_gives_its_jobs_back_at_once(
    start: Start, worker_processes: WorkerProcesses, lab_journal: Path, wait_until: Wait
) -> None:
    job = start(six_tasks(0.5))
    worker = worker_processes.start()
    wait_until(lambda: read_journal(lab_journal))
    worker.terminate()
    assert worker.wait(8) == 0
    job.refresh_from_db()
    assert job.worker_id is None
    worker_processes.start()
    wait_until(lambda: state_of(job) == "done")
    check_each([job], lab_journal)


def test_database_connections_killed_in_the_middle(
    start: Start, worker_processes: WorkerProcesses, lab_journal: Path, wait_until: Wait
) -> None:
    jobs = [start(six_tasks(0.3)) for _ in range(40)]
    worker_processes.start()
    wait_until(lambda: read_journal(lab_journal))
    killed = 0
    for _ in range(8):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            killed += cursor.fetchone()[0]
        time.sleep(0.25)
    wait_until(lambda: all_done(jobs), 25)
    assert killed > 20
    check_each(jobs, lab_journal)


# --- the whole database

SET_UP = """
import django, sys
from alta import postgres
postgres.ensure_running()
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.utils import timezone
from alta.playbooks.services import publish
from alta.runner.services import Subject, start_job
publish(sys.argv[1], "ana", timezone.now())
for _ in range(int(sys.argv[2])):
    start_job("test", {}, Subject(), actor="ana", now=timezone.now())
"""


@pytest.fixture
def installation(tmp_path: Path, lab_journal: Path) -> Iterator[dict[str, str]]:
    """The environment of an Alta with a PostgreSQL of its own."""
    environment = {
        **os.environ,
        "ALTA_HOME": str(tmp_path / "home"),
        "DJANGO_SETTINGS_MODULE": "alta.settings",
        "ALTA_LAB_JOURNAL": str(lab_journal),
    }
    environment.pop("DATABASE_URL", None)
    yield environment
    postgres.stop(tmp_path / "home" / "postgres")


def test_the_database_server_killed_in_the_middle_is_started_again_by_the_workers(
    installation: dict[str, str], lab_journal: Path, tmp_path: Path, wait_until: Wait
) -> None:
    data = tmp_path / "home" / "postgres"
    text = playbook(six_tasks(0.5))
    subprocess.run(
        [sys.executable, "-c", SET_UP, text, "20"], env=installation, cwd=REPOSITORY, check=True, timeout=60
    )
    workers = WorkerProcesses(installation, tmp_path / "workers.log")

    def left() -> int | None:
        try:
            with psycopg.connect(host=str(postgres.socket_dir(data)), user="alta", dbname="alta") as server:
                [count] = server.execute("SELECT count(*) FROM runner_job WHERE state <> 'done'").fetchone()
                return count
        except psycopg.OperationalError:
            return None

    try:
        workers.start()
        workers.start()
        for calls in (10, 45):
            wait_until(lambda calls=calls: len(read_journal(lab_journal)) > calls, 25)
            postmaster = postgres._postmaster_pid(data)
            assert postmaster is not None
            os.kill(postmaster, signal.SIGKILL)
        wait_until(lambda: left() == 0, 30)
        with psycopg.connect(host=str(postgres.socket_dir(data)), user="alta", dbname="alta") as server:
            written = server.execute(
                "SELECT object_id, string_agg(detail->>'say', '' ORDER BY id) FROM audit_entry "
                "WHERE action = 'lab.noted' GROUP BY object_id"
            ).fetchall()
    finally:
        workers.stop()
        sys.stderr.write(workers.log.read_text()[-6000:])
    assert [text for _, text in written] == ["abcdef"] * 20
