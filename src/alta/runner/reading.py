"""Jobs as people look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alta.playbooks.plan import plan_of_version
from alta.runner.models import Attempt, Job, Task
from alta.runner.refusals import JOB_NOT_FOUND
from alta.runner.rules import SETTLED, JobState, TaskState, job_may_become


@dataclass(frozen=True)
class Progress:
    """A job with the tasks that its progress counts: rescue tasks only once they are needed."""

    job: Job
    tasks: Sequence[Task]
    settled: int

    @property
    def total(self) -> int:
        return len(self.tasks)

    @property
    def percent(self) -> int:
        return round(100 * self.settled / self.total) if self.total else 100

    @property
    def is_over(self) -> bool:
        return self.job.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.UNDONE)

    @property
    def failed_task(self) -> Task | None:
        key = (self.job.error or {}).get("task")
        return next((task for task in self.tasks if task.key == key), None)


def progress(job_id: int) -> Progress:
    """How far a job has come: three statements. Refuses (`job.not_found`)."""
    job = Job.objects.select_related("playbook", "customer", "service", "order").filter(pk=job_id).first()
    if job is None:
        raise JOB_NOT_FOUND()
    tasks = [task for task in job.tasks.all() if not task.rescues or task.state not in ("pending", "skipped")]
    return Progress(job, tasks, sum(task.state in SETTLED for task in tasks))


@dataclass(frozen=True)
class TaskDetail:
    """A task with its tries, and what a person can do with it now."""

    task: Task
    tries: Sequence[Attempt]
    can_skip: bool


def details(seen: Progress) -> list[TaskDetail]:
    """Every task with its tries: one statement more."""
    tries: dict[int, list[Attempt]] = {}
    for attempt in Attempt.objects.filter(task__job_id=seen.job.pk):
        tries.setdefault(attempt.task_id, []).append(attempt)
    forward = seen.job.state == JobState.FAILED and not seen.job.backward_to
    return [
        TaskDetail(task, tries.get(task.pk, []), forward and task.state == TaskState.FAILED)
        for task in seen.tasks
    ]


@dataclass(frozen=True)
class Possible:
    """What a person can do with a job in its state."""

    retry: bool
    edit: bool
    cancel: bool
    undo: bool


def possible(job: Job) -> Possible:
    failed = job.state == JobState.FAILED
    return Possible(
        retry=failed,
        edit=failed and not job.backward_to and any("value" in entry for entry in job.inputs.values()),
        cancel=job_may_become(job.state, JobState.CANCELLING) and job.backward_to != JobState.UNDONE,
        undo=job.state == JobState.DONE,
    )


def editable_inputs(job: Job) -> list[dict[str, Any]]:
    """The typed inputs of a job, with value, source and specification."""
    specs = plan_of_version(job.playbook_id).playbook.inputs
    return [
        {
            "name": name,
            "title": specs[name].title.model_dump() if specs[name].title else None,  # type: ignore[union-attr]
            "spec": specs[name],
            "value": entry["value"],
        }
        for name, entry in job.inputs.items()
        if "value" in entry
    ]
