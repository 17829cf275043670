"""Jobs of six automatic tasks: as many a second as can be, one at a time, and 200 slow ones at once."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.database import server_log
from bench.floor import CONNECTIONS, percentile
from bench.floor import run as run_floor

MANY = 1500
FEW = 60
SLOW = 200
LOGGED = 100
WORKER = "import django; django.setup(); from alta.runner.worker import run; run()"


def _playbook(name: str, action: str, parameters: str = "") -> str:
    tasks = "\n".join(
        f"  - {{id: t{i}, title: {{es: Tarea {i}, en: Task {i}}}, do: {action}{parameters}}}"
        for i in range(6)
    )
    return f"playbook: {name}\ntitle: {{es: Seis tareas, en: Six tasks}}\ntimeout: 10m\ntasks:\n{tasks}\n"


def publish() -> None:
    from django.utils import timezone

    from alta.playbooks.services import publish as publish_playbook

    now = timezone.now()
    publish_playbook(_playbook("bench-nothing", "lab.nothing"), "bench", now)
    publish_playbook(_playbook("bench-slow", "lab.ask", ", with: {delay: 0.2}"), "bench", now)


def prepare(playbook: str, count: int) -> list[int]:
    """Jobs waiting in the queue."""
    from django.db import transaction
    from django.utils import timezone

    from alta.runner.services import Subject, start_job

    jobs = []
    for begin in range(0, count, 100):
        with transaction.atomic():
            for _ in range(begin, min(begin + 100, count)):
                jobs.append(start_job(playbook, {}, Subject(), actor="bench", now=timezone.now()).pk)
    return jobs


def _wait(jobs: list[int], seconds: float = 120) -> None:
    from alta.runner.models import Job

    deadline = time.monotonic() + seconds
    while Job.objects.filter(pk__gte=jobs[0], pk__lte=jobs[-1]).exclude(state="done").exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the jobs did not end")
        time.sleep(0.1)


class Worker:
    """One worker process, ready to take jobs."""

    def __enter__(self) -> Worker:
        from alta.runner.models import Worker as WorkerRow

        before = set(WorkerRow.objects.values_list("pk", flat=True))
        self.process = subprocess.Popen([sys.executable, "-c", WORKER])
        while not set(WorkerRow.objects.values_list("pk", flat=True)) - before:
            time.sleep(0.05)
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait()


def _timing(jobs: list[int]) -> tuple[float, list[float]]:
    """Seconds from the first job's start to the last one's end, and of each job; by the clock of the worker."""
    from alta.runner.models import Job

    rows = Job.objects.filter(pk__gte=jobs[0], pk__lte=jobs[-1]).values_list("started_at", "ended_at")
    begun, ended = zip(*rows, strict=True)
    whole = (max(ended) - min(begun)).total_seconds()
    return whole, [(end - begin).total_seconds() for begin, end in rows]


def _commits() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def throughput(url: str) -> dict[str, Any]:
    """Jobs a second in one worker, against the floor in the same minute on the same database."""
    floors = {}
    for connections in CONNECTIONS:
        prepare("bench-nothing", MANY // 2)
        seconds, _ = run_floor(url, connections)
        floors[connections] = (MANY // 2) / seconds
    jobs = prepare("bench-nothing", MANY)
    before = _commits()
    with Worker():
        _wait(jobs)
    seconds, _ = _timing(jobs)
    time.sleep(1.2)  # statistics of the ended processes arrive late
    commits = _commits() - before
    ours, floor = MANY / seconds, max(floors.values())
    return {
        "job_ratio_to_floor": ours / floor,
        "jobs_per_second": ours,
        "floor_jobs_per_second": floor,
        **{f"floor_jobs_per_second_{n}_connections": value for n, value in floors.items()},
        "commits_per_job": commits / MANY,
    }


def latency(url: str) -> dict[str, Any]:
    """One job at a time on an idle worker, from its start to its end."""
    floor: list[float] = []
    for _ in range(FEW):
        prepare("bench-nothing", 1)
        floor += run_floor(url, 1)[1]
    taken: list[float] = []
    with Worker():
        for number in range(FEW + 5):
            jobs = prepare("bench-nothing", 1)
            _wait(jobs)
            if number >= 5:
                taken += _timing(jobs)[1]
    return {
        "job_latency_p50_ms": percentile(taken, 0.5) * 1000,
        "job_latency_p99_ms": percentile(taken, 0.99) * 1000,
        "floor_latency_p50_ms": percentile(floor, 0.5) * 1000,
        "floor_latency_p99_ms": percentile(floor, 0.99) * 1000,
    }


def slow_tasks() -> dict[str, Any]:
    """200 jobs of six tasks that take 200 ms each, in one worker: 1.2 s if nothing stood in anything's way."""
    jobs = prepare("bench-slow", SLOW)
    with Worker():
        _wait(jobs)
    return {"slow_tasks_200_jobs_s": _timing(jobs)[0]}


def statements() -> dict[str, Any]:
    """SQL statements a job, counted in the server's log, from a batch of jobs in one worker."""
    from django.db import connection

    log: Path = server_log()
    jobs = prepare("bench-nothing", LOGGED)
    with connection.cursor() as cursor:
        cursor.execute("ALTER DATABASE alta_bench SET log_min_duration_statement = 0")
    begin = log.stat().st_size
    with Worker():
        _wait(jobs)
    with log.open("rb") as file:
        file.seek(begin)
        text = file.read().decode(errors="replace")
    with connection.cursor() as cursor:
        cursor.execute("ALTER DATABASE alta_bench RESET log_min_duration_statement")
    count = sum(
        1
        for line in text.splitlines()
        if "duration:" in line and ("statement:" in line or "execute " in line)
    )
    return {"statements_per_job": count / LOGGED}
