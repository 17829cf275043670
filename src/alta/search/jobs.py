"""Jobs, by id."""

from __future__ import annotations

from alta.runner.models import Job
from alta.runner.rules import JobState
from alta.search.found import Hit
from alta.search.typed import Typed


def find(typed: Typed, limit: int) -> list[Hit]:
    if typed.id is None:
        return []
    return [
        Hit(
            job.pk,
            job.title,
            id=job.pk,
            facts=(job.customer.name if job.customer else "", job.started_by),
            state=job.state,
            state_label=str(JobState(job.state).label),
        )
        for job in Job.objects.select_related("customer").filter(pk=typed.id)[:limit]
    ]
