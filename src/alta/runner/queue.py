"""The queue: its entries say «advance job N», nothing else. Losing one loses no job, doubling one does
nothing."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app

QUEUE = "jobs"
PRIORITY_AGENT = 10  # somebody is watching
PRIORITY_BULK = 0


@app.task(name="alta.advance", queue=QUEUE, pass_context=True)
async def advance(context, job_id: int) -> None:  # type: ignore[no-untyped-def]
    """Hands a job to the worker's engine. The entry is done with as soon as the engine holds the job."""
    await context.additional_context["engine"].accept(job_id)


def enqueue(job_id: int, priority: int = PRIORITY_AGENT) -> None:
    """Asks some worker to advance the job, as part of the current transaction. One entry a job is enough."""
    try:
        with transaction.atomic():
            advance.configure(priority=priority, queueing_lock=f"job:{job_id}").defer(job_id=job_id)
    except exceptions.AlreadyEnqueued:
        pass


def enqueue_new(job_ids: Sequence[int], priority: int = PRIORITY_BULK) -> None:
    """Asks for many jobs that were just created, in one statement."""
    if not job_ids:
        return
    entries = [
        advance.configure(priority=priority, queueing_lock=f"job:{job_id}").make_new_job(job_id=job_id)
        for job_id in job_ids
    ]
    app.job_manager.batch_defer_jobs(entries)
