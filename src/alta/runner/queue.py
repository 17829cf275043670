"""The queue: its entries say «advance job N», or many such numbers, nothing else. Losing one loses no job, doubling one
does nothing."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app

QUEUE = "jobs"
BULK_QUEUE = "bulk"  # apart, so that nobody who is watching waits behind a hundred thousand renewals
BULK = 50  # jobs an entry
PRIORITY_AGENT = 10  # somebody is watching
PRIORITY_BULK = 0


@app.task(name="alta.advance", queue=QUEUE, pass_context=True)
async def advance(context, job_id: int) -> None:  # type: ignore[no-untyped-def]
    """Hands a job to the worker's engine. The entry is done with as soon as the engine holds the job."""
    await context.additional_context["engine"].accept(job_id)


@app.task(name="alta.advance_many", queue=BULK_QUEUE, pass_context=True)
async def advance_many(context, job_ids: list[int]) -> None:  # type: ignore[no-untyped-def]
    """Hands many jobs to the worker's engine. The entry is done with as soon as the engine holds them all."""
    await context.additional_context["engine"].accept_many(job_ids)


def enqueue(job_id: int, priority: int = PRIORITY_AGENT) -> None:
    """Asks some worker to advance the job, as part of the current transaction. One entry a job is enough."""
    try:
        with transaction.atomic():
            advance.configure(priority=priority, queueing_lock=f"job:{job_id}").defer(job_id=job_id)
    except exceptions.AlreadyEnqueued:
        pass


def enqueue_many(job_ids: Sequence[int]) -> None:
    """Asks for many jobs of bulk priority that were just created, in one statement."""
    if job_ids:
        entries = [
            advance_many.configure(priority=PRIORITY_BULK).make_new_job(
                job_ids=list(job_ids[begin : begin + BULK])
            )
            for begin in range(0, len(job_ids), BULK)
        ]
        app.job_manager.batch_defer_jobs(entries)
