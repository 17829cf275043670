"""What undoing a job would take back, and what would stay: read from its playbook and its tasks, before anybody decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alta.connectors import registry
from alta.playbooks.plan import Plan, Step, find_action, plan_of_version
from alta.runner.models import Job, Task
from alta.runner.rules import Trace, undo_order


@dataclass(frozen=True)
class TakenBack:
    """A task that is taken back. `connector` is the system that is asked to, "" for Alta's own records."""

    key: str
    title: dict[str, Any]
    connector: str

    @property
    def system(self) -> str:
        """The system's name for people."""
        return str(registry.connector_classes()[self.connector].title) if self.connector else ""


@dataclass(frozen=True)
class Stays:
    """A task that changed something and has no way back. `reason`, in both languages, says what stays and who decides about
    it, where the playbook does."""

    title: dict[str, Any]
    reason: dict[str, str] | None


@dataclass(frozen=True)
class Preview:
    """`taken_back` in the order in which it happens."""

    taken_back: tuple[TakenBack, ...]
    stays: tuple[Stays, ...]

    def asks(self, connector: str) -> bool:
        """Whether anything is taken back by this system."""
        return any(one.connector == connector for one in self.taken_back)


def preview(job: Job) -> Preview:
    """For a job as it stands now: one statement."""
    plan = plan_of_version(job.playbook_id)
    rows = {row.key: row for row in job.tasks.all()}
    steps = {key: plan.steps[_name(key)] for key in rows}
    traces = [
        Trace(key, row.state, row.attempts > 0, row.ended_at, (steps[key].depth, row.pk))
        for key, row in rows.items()
    ]
    touched = undo_order(traces)
    taken = {_name(key): _taken(steps[key], rows[key]) for key in touched if steps[key].task.undo}
    return Preview(tuple(taken.values()), tuple(_staying(plan, rows, touched)))


def _name(key: str) -> str:
    """A task's name; repetitions of a task have one name."""
    return key.split("[", 1)[0]


def _taken(step: Step, row: Task) -> TakenBack:
    assert step.task.undo is not None
    return TakenBack(step.key, row.title, find_action(step.task.undo.do).connector or "")


def _staying(plan: Plan, rows: dict[str, Task], touched: list[str]) -> Iterator[Stays]:
    for name in dict.fromkeys(_name(key) for key in touched):
        task = plan.steps[name].task
        changed = task.human is not None or (task.do is not None and not find_action(task.do).read_only)
        if task.undo is None and changed:
            yield Stays(rows[name].title, task.irreversible.model_dump() if task.irreversible else None)
