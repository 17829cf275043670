"""The queue: its entries say «advance job N», nothing else. Losing one loses no job, doubling one does
nothing."""

from __future__ import annotations

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
