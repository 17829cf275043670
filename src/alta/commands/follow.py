"""Following a job in a terminal until it ends."""

from __future__ import annotations

import sys
import time

from django.db import OperationalError
from django.utils.translation import get_language

from alta.refusal import describe
from alta.runner.models import Job, Task
from alta.runner.rules import ACTIVE_JOBS, JobState, TaskState

POLL_SECONDS = 0.2
NOBODY_SECONDS = 5.0  # after which a job that nobody takes is worth a word
MARKS = {
    TaskState.RUNNING: "⟳",
    TaskState.DONE: "✓",
    TaskState.FAILED: "✗",
    TaskState.IGNORED: "✗",
    TaskState.SKIPPED: "✓",
    TaskState.CANCELLED: "✗",
    TaskState.UNDONE: "✗",
}


def follow(job_id: int) -> int:
    """Prints the job's tasks as they go on: in a terminal the list is drawn anew, elsewhere a line a change.

    0 where the job ends well; 1 where it fails, or stops to wait for a person."""
    screen = _Screen(sys.stdout.isatty())
    began, told = time.monotonic(), False
    while True:
        try:
            job = Job.objects.select_related("service").get(pk=job_id)
            screen.show(list(job.tasks.filter(rescues="").order_by("position", "id")))
        except OperationalError:  # the database is coming back
            time.sleep(POLL_SECONDS)
            continue
        if job.state not in ACTIVE_JOBS or job.state == JobState.WAITING:
            return _end(job)
        if job.state == JobState.QUEUED and not told and time.monotonic() - began > NOBODY_SECONDS:
            told = True
            print("No worker has taken the job yet; is one running? (alta worker)", file=sys.stderr)
        time.sleep(POLL_SECONDS)


def _end(job: Job) -> int:
    if job.state == JobState.DONE:
        service = job.service
        print(f"{JobState.DONE.label}: {service.name} (ID: {service.pk})" if service else JobState.DONE.label)
        return 0
    if job.state == JobState.WAITING:
        print(f"{JobState.WAITING.label}: job {job.pk}")
        return 1
    print(f"{JobState(job.state).label}: {_reason(job)} (job {job.pk})", file=sys.stderr)
    return 1


def _reason(job: Job) -> str:
    error = job.error or next((task.error for task in job.tasks.filter(state=TaskState.FAILED)), None) or {}
    return describe(error.get("code", ""), error.get("params", {}), error.get("detail", ""))


class _Screen:
    def __init__(self, terminal: bool) -> None:
        self._terminal = terminal
        self._lines: list[str] = []

    def show(self, tasks: list[Task]) -> None:
        lines = [f"{MARKS.get(TaskState(task.state), '⏺')} {_title(task)}" for task in tasks]
        if lines == self._lines:
            return
        if self._terminal:
            back = f"\x1b[{len(self._lines)}A" if self._lines else ""
            print(back + "\n".join(f"\x1b[2K{line}" for line in lines), flush=True)
        else:
            for line in lines:
                if line not in self._lines and not line.startswith("⏺"):
                    print(line, flush=True)
        self._lines = lines


def _title(task: Task) -> str:
    return str(task.title.get((get_language() or "en")[:2]) or task.key)
