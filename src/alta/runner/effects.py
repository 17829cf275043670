"""Changing Alta's own data as part of a job. The change, the outcome of its task and the event are one
transaction, under the lock of the job's row: either all of it happened, or none, and never twice."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError, connection, transaction
from pydantic import BaseModel

from alta.connectors import registry
from alta.connectors.registry import Effect
from alta.playbooks.language import ActionCall
from alta.playbooks.plan import find_action
from alta.refusal import Refusal
from alta.runner import hooks
from alta.runner.calling import Brought
from alta.runner.perform import Failed, parameters
from alta.runner.queries import LOCK, add_repeated_tasks, load_job, write
from alta.runner.records import AttemptRow, JobRow, Problem, Save
from alta.runner.refusals import BUG, DATABASE_BUSY
from alta.runner.rules import BACKWARD, END_OF_BACKWARD, JobState
from alta.runner.secrecy import clean, cut, loggable

if TYPE_CHECKING:
    from alta.runner.advance import PendingEffect, Run

logger = logging.getLogger(__name__)
LOCK_TIMEOUT = "10s"  # how long an effect waits for rows that somebody else has locked


def lock_ours(jobs: Sequence[JobRow]) -> set[int]:
    """Locks the jobs' rows; the numbers of those that nobody changed or took since they were read."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute(LOCK, [[job.job_id for job in jobs]])
        current = set(cursor.fetchall())
    return {job.job_id for job in jobs if (job.job_id, job.lease, job.seq) in current}


def _still_ours(job: JobRow) -> bool:
    return bool(lock_ours([job]))


def _write(save: Save) -> bool:
    """Writes the save; with the end of an order's job, also what that means for the order."""
    job = save.job
    if save.ended and job.order_id is not None:
        hooks.job_ended(job.job_id, job.order_id, job.state, job.started_by, save.at)
    return write([save])[0]


def save_end(save: Save) -> bool:
    """Commits the end of an order's job."""
    with transaction.atomic():
        return _still_ours(save.job) and _write(save)


def save_effect(run: Run, pending: PendingEffect) -> bool:
    """Commits a change of Alta's data with the outcome of its task. False: the job changed or was lost,
    nothing happened."""
    with transaction.atomic():
        if not _still_ours(run.job):
            return False
        run.begin_draft()
        if pending.phase == "repeat":
            assert pending.after is not None
            add_repeated_tasks(run.job.job_id, pending.row.key, pending.after.output)
            run.expect_new_rows(pending.row)
        else:
            run.apply(pending.step, pending.row, _carry_out(run, pending))
        return _write(run.make_save())


def fail_with_bug(job_id: int, lease: int, worker: str, now: datetime, error: str) -> None:
    """Ends a job that a worker can't go on with, so that a person sees it and may retry."""
    with transaction.atomic():
        job = load_job(job_id)
        if job is None or job.lease != lease or not _still_ours(job):
            return
        if job.state in BACKWARD:
            job.backward_to = END_OF_BACKWARD[JobState(job.state)]
        job.state = JobState.FAILED
        problem = Problem.of(BUG, detail=error, action=f"job {job_id}").as_json()
        changes = {"job": job.state, "tasks": {}}
        _write(Save(job, now, worker, [], [], changes, release=True, job_error=problem, ended=True))


def _carry_out(run: Run, pending: PendingEffect) -> Brought:
    """Calls the action inside a savepoint: a refusal leaves nothing behind but the outcome."""
    now = run.engine.now()
    row, call = pending.row, pending.call
    assert call is not None
    output, problem, request = None, None, None
    try:
        request, output = _call(run, pending, call)
    except (Failed, Refusal) as error:
        problem = error.problem if isinstance(error, Failed) else Problem.of_error(error)
    except OperationalError as error:
        if not _lock_timeout(error):
            raise
        problem = Problem.of(DATABASE_BUSY, transient=True, detail=str(error))
    except InterfaceError:
        raise
    except Exception as error:
        logger.exception("%s failed with a bug", call.do)
        problem = Problem.of(BUG, detail=repr(error), action=call.do)
    if pending.after is not None:
        # The outside call has been logged with its own try; its output stays the task's output.
        return Brought(row.key, pending.phase, pending.after.output, problem, pending.after.tries)
    run.count_try(pending.step, row, pending.phase)
    attempt = AttemptRow(
        row.row_id,
        pending.phase,
        row.attempts,
        now,
        run.engine.now(),
        "failed" if problem else "done",
        request,
        cut(output),
    )
    attempt.error = problem.as_json() if problem else None
    row.started_at = row.started_at or now
    return Brought(row.key, pending.phase, output, problem, [attempt])


def read_call(run: Run, pending: PendingEffect, call: ActionCall) -> tuple[BaseModel, Effect]:
    """What the action is called with. Raises Failed."""
    result = pending.after.output if pending.after else pending.row.output
    context = run.context(pending.step, pending.row.item) | {"result": result}
    params = parameters(call, find_action(call.do), context)
    return params, Effect(
        job_id=run.job.job_id,
        task=pending.row.key,
        service_id=run.job.service_id,
        customer_id=run.job.customer_id,
        order_id=run.job.order_id,
        actor=run.job.started_by,
        now=run.engine.now(),
    )


def _call(run: Run, pending: PendingEffect, call: ActionCall) -> tuple[object, object]:
    params, effect = read_call(run, pending, call)
    with transaction.atomic():
        output = find_action(call.do).function(params, effect).model_dump(mode="json")
    return loggable(registry.masked(params)), clean(output)


def _lock_timeout(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in ("55P03", "40P01", "40001")
