"""The runner's SQL. A worker commits for many jobs at once: every statement takes sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from alta.runner.queue import BULK_QUEUE, PRIORITY_BULK, QUEUE
from alta.runner.records import AttemptRow, JobRow, Save, TaskRow
from alta.runner.rules import ACTIVE_JOBS

JOBS_ENDED = "alta.jobs"  # the event of a wait for other jobs
# A worker that has not been heard of for this long is dead; its jobs go to others.
DEAD_AFTER = "15 seconds"

TASK_COLUMNS = """id, key, position, kind, state, rescues, item, attempts, budget, output, error,
    started_at, ended_at, wake_at, due_at, role, event"""
JOB_COLUMNS = """id, playbook_id, state, customer_id, service_id, order_id, inputs, variables, started_by,
    started_at, deadline_at, seq, lease, backward_to, worker_id"""

CLAIM = f"""
WITH mine AS (
    SELECT id FROM runner_job j
    WHERE id = ANY(%(ids)s) AND state = ANY(%(active)s)
      AND (worker_id IS NULL OR NOT EXISTS (
          SELECT 1 FROM runner_worker w
          WHERE w.id = j.worker_id AND w.heartbeat_at > clock_timestamp() - interval '{DEAD_AFTER}'))
    ORDER BY id FOR UPDATE)
UPDATE runner_job SET worker_id = %(worker)s, lease = lease + 1 FROM mine WHERE runner_job.id = mine.id
RETURNING {JOB_COLUMNS.replace("id,", "runner_job.id,", 1)}
"""  # noqa: S608

# Tries that a dead worker left open.
INTERRUPT = """
UPDATE runner_attempt SET ended_at = clock_timestamp(), outcome = 'interrupted'
WHERE ended_at IS NULL AND task_id IN (SELECT id FROM runner_task WHERE job_id = ANY(%s))
"""

LOCK = "SELECT id, lease, seq FROM runner_job WHERE id = ANY(%s) ORDER BY id FOR UPDATE"

SAVE_TASKS = """
UPDATE runner_task t SET
    state = v.state, attempts = v.attempts, budget = v.budget, output = v.output, error = v.error,
    started_at = v.started_at, ended_at = v.ended_at, wake_at = v.wake_at, due_at = v.due_at, role = v.role,
    event = v.event
FROM jsonb_to_recordset(%s) AS v(
    row_id bigint, state text, attempts int, budget int, output jsonb, error jsonb, started_at timestamptz,
    ended_at timestamptz, wake_at timestamptz, due_at timestamptz, role text, event text)
WHERE t.id = v.row_id
"""

SAVE_ATTEMPTS = """
INSERT INTO runner_attempt
    (task_id, phase, number, started_at, ended_at, worker, outcome, request, answer, wire, error)
SELECT task_id, phase, number, started_at, ended_at, worker, outcome, request, answer, wire, error
FROM jsonb_to_recordset(%s) AS v(
    task_id bigint, phase text, number int, started_at timestamptz, ended_at timestamptz, worker text,
    outcome text, request jsonb, answer jsonb, wire jsonb, error jsonb)
ON CONFLICT (task_id, phase, number) DO UPDATE SET
    ended_at = excluded.ended_at, outcome = excluded.outcome, answer = excluded.answer, wire = excluded.wire,
    error = excluded.error
"""

SAVE_JOBS = """
WITH v AS (
    SELECT * FROM jsonb_to_recordset(%s) AS v(
        job_id bigint, state text, at timestamptz, changes jsonb, error jsonb, started_at timestamptz,
        ended_at timestamptz, deadline_at timestamptz, backward_to text, release boolean)),
event AS (
    INSERT INTO runner_event (job_id, seq, at, changes)
    SELECT v.job_id, j.seq + 1, v.at, v.changes FROM v JOIN runner_job j ON j.id = v.job_id)
UPDATE runner_job j SET
    seq = j.seq + 1, state = v.state, error = v.error, started_at = v.started_at, ended_at = v.ended_at,
    deadline_at = v.deadline_at, backward_to = v.backward_to,
    worker_id = CASE WHEN v.release THEN NULL ELSE j.worker_id END
FROM v WHERE j.id = v.job_id
"""

ADD_TASKS = """
INSERT INTO runner_task
    (job_id, key, position, kind, title, state, rescues, item, attempts, budget, role, event)
SELECT %(job)s, v.key, parent.position, parent.kind, parent.title, 'pending', '', v.item, 0, 0, '', ''
FROM jsonb_to_recordset(%(rows)s) AS v(key text, item jsonb)
JOIN runner_task parent ON parent.job_id = %(job)s AND parent.key = %(parent)s
ON CONFLICT (job_id, key) DO NOTHING
"""


def _json(rows: list[Any]) -> str:
    return json.dumps(rows, default=str, separators=(",", ":"))  # moments to the microsecond


def claim_jobs(ids: Sequence[int], worker: int) -> list[JobRow | None]:
    """Takes jobs for a worker, with all their tasks; None for those that have ended or are in another's
    living hands."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            CLAIM, {"ids": list(ids), "worker": worker, "active": [state.value for state in ACTIVE_JOBS]}
        )
        jobs = {row[0]: _job(row) for row in cursor.fetchall()}
        taken_over = [job.job_id for job in jobs.values() if job.lease > 1]
        if taken_over:
            cursor.execute(INTERRUPT, [taken_over])
        _load_tasks(cursor, jobs)
    return [jobs.pop(job_id, None) for job_id in ids]


def load_job(job_id: int) -> JobRow | None:
    """The job as it stands."""
    return load_jobs([job_id]).get(job_id)


def load_jobs(ids: Sequence[int]) -> dict[int, JobRow]:
    """Several jobs as they stand, in the order of their numbers: two statements."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {JOB_COLUMNS} FROM runner_job WHERE id = ANY(%s) ORDER BY id",  # noqa: S608
            [list(ids)],
        )
        jobs = {row[0]: _job(row) for row in cursor.fetchall()}
        _load_tasks(cursor, jobs)
    return jobs


def _job(row: Sequence[Any]) -> JobRow:
    values = list(row)
    for index in (6, 7):  # jsonb comes as text through Django's cursor
        if isinstance(values[index], str):
            values[index] = json.loads(values[index])
    return JobRow(*values)


def _load_tasks(cursor: Any, jobs: dict[int, JobRow]) -> None:
    cursor.execute(
        f"SELECT job_id, {TASK_COLUMNS} FROM runner_task "  # noqa: S608
        "WHERE job_id = ANY(%s) ORDER BY job_id, position, id",
        [list(jobs)],
    )
    for job_id, *row in cursor.fetchall():
        for index in (6, 9, 10):
            if isinstance(row[index], str):
                row[index] = json.loads(row[index])
        task = TaskRow(*row)
        jobs[job_id].tasks[task.key] = task


def save_many(saves: Sequence[Save]) -> list[bool]:
    """Commits many jobs' saves in one transaction. False for a job that changed or was lost since it was
    read: nothing of its save was written, and its worker has to read it again."""
    with transaction.atomic():
        return write(saves)


def write(saves: Sequence[Save]) -> list[bool]:
    """As `save_many`, inside the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [[save.job.job_id for save in saves]])
        current = {job_id: (lease, seq) for job_id, lease, seq in cursor.fetchall()}
        good = [current.get(save.job.job_id) == (save.job.lease, save.job.seq) for save in saves]
        writing = [save for save, ok in zip(saves, good, strict=True) if ok]
        tasks = [_task_json(task) for save in writing for task in save.tasks]
        attempts = [_attempt_json(attempt, save.worker) for save in writing for attempt in save.attempts]
        # One round trip for all of them, where the connection can.
        raw = connection.connection
        with raw.pipeline():
            if tasks:
                raw.execute(SAVE_TASKS, [_json(tasks)])
            if attempts:
                raw.execute(SAVE_ATTEMPTS, [_json(attempts)])
            if writing:
                raw.execute(SAVE_JOBS, [_json([_job_json(save) for save in writing])])
    return good


def add_repeated_tasks(job_id: int, parent: str, items: Sequence[Any]) -> None:
    """Rows for the repetitions of a `for_each` task."""
    rows = [{"key": f"{parent}[{index}]", "item": item} for index, item in enumerate(items)]
    with connection.cursor() as cursor:
        cursor.execute(ADD_TASKS, {"job": job_id, "parent": parent, "rows": _json(rows)})


def _task_json(task: TaskRow) -> dict[str, Any]:
    return {
        "row_id": task.row_id,
        "state": task.state,
        "attempts": task.attempts,
        "budget": task.budget,
        "output": task.output,
        "error": task.error,
        "started_at": task.started_at,
        "ended_at": task.ended_at,
        "wake_at": task.wake_at,
        "due_at": task.due_at,
        "role": task.role,
        "event": task.event,
    }


def _attempt_json(attempt: AttemptRow, worker: str) -> dict[str, Any]:
    return {**vars(attempt), "worker": worker}


def _job_json(save: Save) -> dict[str, Any]:
    return {
        "job_id": save.job.job_id,
        "state": save.job.state,
        "at": save.at,
        "changes": save.changes,
        "error": save.job_error,
        "started_at": save.job.started_at,
        "ended_at": save.at if save.ended else None,
        "deadline_at": save.job.deadline_at,
        "backward_to": save.job.backward_to,
        "release": save.release,
    }


# --- workers


def register_worker(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO runner_worker (name, started_at, heartbeat_at) "
            "VALUES (%s, clock_timestamp(), clock_timestamp()) RETURNING id",
            [name],
        )
        return int(cursor.fetchone()[0])


def beat(worker: int) -> bool:
    """Says that the worker lives. False: it was taken for dead and its row is gone."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE runner_worker SET heartbeat_at = clock_timestamp() WHERE id = %s", [worker])
        return bool(cursor.rowcount)


def remove_worker(worker: int) -> None:
    """Takes a worker off the list; what it held is free."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM runner_connectoruse WHERE worker_id = %s", [worker])
        cursor.execute("UPDATE runner_job SET worker_id = NULL WHERE worker_id = %s", [worker])
        cursor.execute("DELETE FROM runner_worker WHERE id = %s", [worker])


def bury_dead_workers() -> list[int]:
    """Removes workers that have not been heard of; returns the numbers of the jobs that they leave."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM runner_worker WHERE heartbeat_at < clock_timestamp() - interval '{DEAD_AFTER}' "  # noqa: S608
            "FOR UPDATE SKIP LOCKED"
        )
        # Queue entries that died in a worker's hands say nothing that the job's row does not.
        dead = [row[0] for row in cursor.fetchall()]
        if not dead:
            return []
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL AND queue_name = ANY(%s)",
            [[QUEUE, BULK_QUEUE]],
        )
        cursor.execute("DELETE FROM runner_connectoruse WHERE worker_id = ANY(%s)", [dead])
        cursor.execute(
            "UPDATE runner_job SET worker_id = NULL WHERE worker_id = ANY(%s) RETURNING id", [dead]
        )
        left = [row[0] for row in cursor.fetchall()]
        cursor.execute("DELETE FROM runner_worker WHERE id = ANY(%s)", [dead])
        return left


def jobs_held_by(worker: int) -> list[tuple[int, int, int]]:
    """The jobs a worker holds, with `seq` and `lease`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, seq, lease FROM runner_job WHERE worker_id = %s", [worker])
        return list(cursor.fetchall())


def forgotten_jobs(now: datetime, trust_queue: bool, limit: int = 500) -> list[int]:
    """Jobs that should move but that nobody holds: their wake-up call was lost, or their time has come. A queue
    that is to be trusted will see to those that it names, and to those of bulk priority while it has entries of many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            (SELECT DISTINCT t.job_id FROM runner_task t JOIN runner_job j ON j.id = t.job_id
             WHERE t.state = 'waiting' AND t.wake_at <= %(now)s
               AND j.state IN ('waiting', 'running') AND j.worker_id IS NULL
             LIMIT %(limit)s)
            UNION
            (SELECT j.id FROM runner_job j
             WHERE j.state IN ('queued', 'cancelling', 'undoing') AND j.worker_id IS NULL
               AND j.priority > (SELECT CASE WHEN %(trust_queue)s AND EXISTS (
                                     SELECT 1 FROM procrastinate_jobs WHERE queue_name = %(queue)s AND status = 'todo')
                                 THEN %(bulk)s ELSE %(bulk)s - 1 END)
               AND NOT (%(trust_queue)s AND EXISTS (SELECT 1 FROM procrastinate_jobs q
                                                    WHERE q.queueing_lock = 'job:' || j.id AND q.status = 'todo'))
             ORDER BY j.created_at LIMIT %(limit)s)
            UNION
            (SELECT id FROM runner_job WHERE state = 'running' AND worker_id IS NULL LIMIT %(limit)s)
            """,
            {
                "now": now,
                "limit": limit,
                "trust_queue": trust_queue,
                "bulk": PRIORITY_BULK,
                "queue": BULK_QUEUE,
            },
        )
        return [row[0] for row in cursor.fetchall()]


# --- following jobs


def new_events(seen: dict[int, int]) -> list[tuple[int, int]]:
    """For jobs with the number of the last event that was seen: the newest number, where there is one. `seq`
    is given out under the job's row lock, so no lower number can appear later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT j.id, j.seq FROM unnest(%s::bigint[], %s::bigint[]) AS s(id, seq) "
            "JOIN runner_job j ON j.id = s.id WHERE j.seq > s.seq",
            [list(seen), list(seen.values())],
        )
        return list(cursor.fetchall())


def give_back(job_id: int, lease: int) -> None:
    """Lets go of a job that was taken under this lease."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE runner_job SET worker_id = NULL WHERE id = %s AND lease = %s", [job_id, lease])


def waits_that_are_over() -> list[tuple[int, str]]:
    """Tasks that wait for other jobs, all of which have ended: job and key."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.job_id, t.key FROM runner_task t
            WHERE t.state = 'waiting' AND t.event = %s AND NOT EXISTS (
                SELECT 1 FROM jsonb_array_elements_text(t.output->'jobs') AS number(id)
                JOIN runner_job j ON j.id = number.id::bigint
                WHERE j.state NOT IN ('done', 'failed', 'cancelled', 'undone'))
            """,
            [JOBS_ENDED],
        )
        return list(cursor.fetchall())


# Waits and the kept outside events that end them. A job takes part in what happened since it was created: a second job
# about the same service doesn't take what the first one waited for. And it takes an event once.
_AWAITED = """
SELECT t.job_id, t.key, e.id FROM runner_outsideevent e
JOIN runner_task t ON t.event = e.event AND t.state = 'waiting' AND t.event <> ''
JOIN runner_job j ON j.id = t.job_id AND j.created_at <= e.at
WHERE NOT EXISTS (SELECT 1 FROM runner_task o WHERE o.job_id = t.job_id AND o.received = e.id)
"""


def waits_for(event_id: int) -> list[tuple[int, str]]:
    """Tasks whose wait this event ends: job and key."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_AWAITED} AND e.id = %s ORDER BY t.id", [event_id])
        return [(job_id, key) for job_id, key, _ in cursor.fetchall()]


def awaited_events() -> list[tuple[int, str, int]]:
    """Waits that began after what they wait for had happened: job, key and the oldest such event."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT ON (job_id, key) job_id, key, id FROM ({_AWAITED}) AS found ORDER BY job_id, key, id"  # noqa: S608
        )
        return list(cursor.fetchall())
