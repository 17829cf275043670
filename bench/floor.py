"""The floor: bare psycopg 3 making the row changes and commits that a job of six automatic tasks makes, and nothing else.

Per job: taking the queue entry, claiming the job and reading its tasks, seven commits that each write one or two tasks, one
or two tries, an event and the job, and finishing the queue entry. Every commit locks the job's row first, as the runner does.
One process, as one worker is; the number of connections that is fastest here counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import psycopg

CONNECTIONS = (1, 4, 16)
ANSWER = '{"said": ""}'

SET_TASK = (
    "UPDATE runner_task SET state = %s, attempts = %s, budget = %s, output = %s, error = %s, started_at = %s, ended_at = %s, "
    "wake_at = NULL, due_at = NULL, role = '', event = '' WHERE id = %s"
)
BEGIN_TRY = (
    "INSERT INTO runner_attempt (task_id, phase, number, started_at, worker, outcome, request) "
    "VALUES (%s, 'do', 1, clock_timestamp(), 'floor', '', '{}')"
)
END_TRY = (
    "UPDATE runner_attempt SET ended_at = clock_timestamp(), outcome = 'done', answer = %s "
    "WHERE task_id = %s AND phase = 'do' AND number = 1"
)
EVENT = "INSERT INTO runner_event (job_id, seq, at, changes) VALUES (%s, %s, clock_timestamp(), %s)"
SET_JOB = (
    "UPDATE runner_job SET seq = %s, state = %s, started_at = clock_timestamp(), ended_at = %s, deadline_at = NULL, "
    "worker_id = %s WHERE id = %s"
)


async def _job(
    connection: psycopg.AsyncConnection[tuple[object, ...]], queue_worker: int, worker: int
) -> float | None:
    """One job; seconds that it took, or None when the queue is empty."""
    began = time.perf_counter()
    cursor = await connection.execute(
        "SELECT id, args FROM procrastinate_fetch_job_v2(NULL, %s)", [queue_worker]
    )
    entry = await cursor.fetchone()
    if entry is None or entry[0] is None:
        return None
    job_id = entry[1]["job_id"]  # type: ignore[index]
    async with connection.transaction():
        await connection.execute("SELECT id FROM runner_job WHERE id = %s FOR UPDATE", [job_id])
        await connection.execute(
            "UPDATE runner_job SET worker_id = %s, lease = lease + 1 WHERE id = %s", [worker, job_id]
        )
        cursor = await connection.execute(
            "SELECT id FROM runner_task WHERE job_id = %s ORDER BY position", [job_id]
        )
        tasks = [row[0] for row in await cursor.fetchall()]
    for step in range(len(tasks) + 1):
        async with connection.transaction():
            await connection.execute("SELECT lease, seq FROM runner_job WHERE id = %s FOR UPDATE", [job_id])
            last = step == len(tasks)
            if step > 0:
                await connection.execute(
                    SET_TASK, ["done", 1, 1, ANSWER, None, "now", "now", tasks[step - 1]]
                )
                await connection.execute(END_TRY, [ANSWER, tasks[step - 1]])
            if not last:
                await connection.execute(SET_TASK, ["running", 1, 1, None, None, "now", None, tasks[step]])
                await connection.execute(BEGIN_TRY, [tasks[step]])
            await connection.execute(
                EVENT, [job_id, step + 2, '{"job": "running", "tasks": {"t0": "done", "t1": "running"}}']
            )
            await connection.execute(
                SET_JOB,
                [
                    step + 2,
                    "done" if last else "running",
                    "now" if last else None,
                    None if last else worker,
                    job_id,
                ],
            )
    await connection.execute("SELECT procrastinate_finish_job_v1(%s, 'succeeded', true)", [entry[0]])
    return time.perf_counter() - began


async def _drain(url: str, connections: int) -> tuple[float, list[float]]:
    opened = [await psycopg.AsyncConnection.connect(url, autocommit=True) for _ in range(connections)]
    cursor = await opened[0].execute("SELECT worker_id FROM procrastinate_register_worker_v1()")
    queue_worker = (await cursor.fetchone())[0]  # type: ignore[index]
    cursor = await opened[0].execute(
        "INSERT INTO runner_worker (name, started_at, heartbeat_at) VALUES ('floor', now(), now()) RETURNING id"
    )
    worker = (await cursor.fetchone())[0]  # type: ignore[index]
    taken: list[float] = []

    async def work(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        while (seconds := await _job(connection, queue_worker, worker)) is not None:
            taken.append(seconds)

    began = time.perf_counter()
    await asyncio.gather(*(work(connection) for connection in opened))
    seconds = time.perf_counter() - began
    for connection in opened:
        await connection.close()
    return seconds, taken


def run(url: str, connections: int) -> tuple[float, list[float]]:
    """Works the queue off; the seconds it took in all, and for each job."""
    return asyncio.run(_drain(url, connections))


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
