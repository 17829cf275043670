"""How jobs and tasks live, and what a job does next. Pure: values in, values out."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from alta.playbooks.language import Retry
from alta.playbooks.plan import Plan, Step


class TaskState(TextChoices):
    PENDING = "pending", _("Pending")
    READY = "ready", _("Ready to run")
    RUNNING = "running", _("In progress")
    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Completed")
    FAILED = "failed", _("Failed")
    IGNORED = "ignored", _("Failed, ignored")
    SKIPPED = "skipped", _("Skipped")
    CANCELLED = "cancelled", _("Cancelled")
    UNDONE = "undone", _("Undone")


class JobState(TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("In progress")
    WAITING = "waiting", _("Waiting")
    FAILED = "failed", _("Failed")
    DONE = "done", _("Completed")
    CANCELLING = "cancelling", _("Being cancelled")
    CANCELLED = "cancelled", _("Cancelled")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


T, J = TaskState, JobState

TASK_TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    # A task that needs nothing to begin is never seen as ready: it goes straight on.
    T.PENDING: frozenset(
        {T.READY, T.RUNNING, T.WAITING, T.DONE, T.FAILED, T.IGNORED, T.SKIPPED, T.CANCELLED}
    ),
    T.READY: frozenset({T.RUNNING, T.WAITING, T.DONE, T.FAILED, T.IGNORED, T.SKIPPED, T.CANCELLED, T.UNDONE}),
    # Back to ready: a retry, or the worker died.
    T.RUNNING: frozenset({T.READY, T.DONE, T.FAILED, T.IGNORED, T.CANCELLED, T.UNDONE}),
    T.WAITING: frozenset({T.DONE, T.FAILED, T.IGNORED, T.SKIPPED, T.CANCELLED}),
    T.DONE: frozenset({T.UNDONE}),
    T.FAILED: frozenset({T.READY, T.SKIPPED, T.IGNORED, T.CANCELLED, T.UNDONE}),
    T.IGNORED: frozenset({T.UNDONE}),
    T.SKIPPED: frozenset({T.UNDONE}),  # it was tried before somebody decided to go on without it
    T.CANCELLED: frozenset(),
    T.UNDONE: frozenset(),
}

JOB_TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    J.QUEUED: frozenset({J.RUNNING, J.WAITING, J.DONE, J.FAILED, J.CANCELLING}),
    J.RUNNING: frozenset({J.WAITING, J.DONE, J.FAILED, J.CANCELLING}),
    J.WAITING: frozenset({J.QUEUED, J.RUNNING, J.DONE, J.FAILED, J.CANCELLING}),
    # A failed job may have failed forwards, while being cancelled, or while being undone: retry goes on
    # from there.
    J.FAILED: frozenset({J.QUEUED, J.CANCELLING, J.UNDOING}),
    J.DONE: frozenset({J.UNDOING}),
    J.CANCELLING: frozenset({J.CANCELLED, J.FAILED}),
    J.CANCELLED: frozenset(),
    J.UNDOING: frozenset({J.UNDONE, J.FAILED}),
    J.UNDONE: frozenset(),
}

SETTLED = frozenset({T.DONE, T.IGNORED, T.SKIPPED})
UNCERTAIN = frozenset(
    {T.READY, T.RUNNING, T.FAILED, T.IGNORED, T.SKIPPED}
)  # having been tried, it may have done something
ACTIVE_JOBS = frozenset({J.QUEUED, J.RUNNING, J.WAITING, J.CANCELLING, J.UNDOING})
BACKWARD = frozenset({J.CANCELLING, J.UNDOING})
END_OF_BACKWARD = {J.CANCELLING: J.CANCELLED, J.UNDOING: J.UNDONE}


def task_may_become(before: str, after: str) -> bool:
    return T(after) in TASK_TRANSITIONS[T(before)]


def job_may_become(before: str, after: str) -> bool:
    return J(after) in JOB_TRANSITIONS[J(before)]


@dataclass(frozen=True)
class Next:
    """What a job that goes forward does now: begin these tasks, skip those; or, with nothing left to do,
    end as `state`."""

    begin: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    state: JobState | None = None


def next_forward(plan: Plan, states: Mapping[str, str], in_hand: Collection[str]) -> Next:
    """Decides for a job going forward. `states` has every task of the plan; `in_hand` are tasks that
    somebody works on."""
    hopeless = lost(plan, states)
    begin = (
        [] if hopeless else [step.key for step in plan.steps.values() if _may_begin(step, states, in_hand)]
    )
    skip = [
        step.key
        for step in plan.steps.values()
        if step.rescues and states[step.key] in (T.PENDING, T.READY) and states[step.rescues] in SETTLED
    ]
    if begin or in_hand:
        return Next(tuple(begin), tuple(skip))
    if hopeless:
        return Next(skip=tuple(skip), state=J.FAILED)
    if any(state == T.WAITING for state in states.values()):
        return Next(skip=tuple(skip), state=J.WAITING)
    return Next(skip=tuple(skip), state=J.DONE)


def lost(plan: Plan, states: Mapping[str, str]) -> list[str]:
    """Failed tasks that no rescue can save any more: with one of these a job fails, once nothing is under
    way."""
    return [
        key
        for key, step in plan.steps.items()
        if states[key] == T.FAILED
        and (not step.task.rescue or any(states[name] == T.FAILED for name in step.rescue_keys))
    ]


def rescued(plan: Plan, states: Mapping[str, str]) -> list[str]:
    """Failed tasks whose rescue has ended well: their failure counts as ignored."""
    return [
        key
        for key, step in plan.steps.items()
        if step.task.rescue
        and states[key] == T.FAILED
        and all(states[name] in SETTLED for name in step.rescue_keys)
    ]


def _may_begin(step: Step, states: Mapping[str, str], in_hand: Collection[str]) -> bool:
    if step.key in in_hand or states[step.key] not in (T.PENDING, T.READY):
        return False
    if step.rescues and states[step.rescues] != T.FAILED:
        return False
    return all(states[need] in SETTLED for need in step.needs)


@dataclass(frozen=True)
class Trace:
    """What a task left behind, as far as taking it back needs to know."""

    key: str
    state: str
    tried: bool
    ended_at: datetime | None
    place: tuple[int, int]  # depth and position in the playbook, for tasks that ended in the same instant


def undo_order(traces: Collection[Trace]) -> list[str]:
    """Tasks to take back, last one first. A task that failed may have done something before it failed: it
    is taken back too, even if somebody then went on without it."""
    touched = [
        trace for trace in traces if trace.state == T.DONE or (trace.tried and trace.state in UNCERTAIN)
    ]
    return [trace.key for trace in sorted(touched, key=_lastness, reverse=True)]


def _lastness(trace: Trace) -> tuple[bool, datetime, tuple[int, int]]:
    return (trace.ended_at is None, trace.ended_at or datetime.min, trace.place)


def backoff(retry: Retry, attempt: int, rng: random.Random) -> timedelta:
    """How long to wait after attempt number `attempt` (from 1) failed: doubling, at most `max_backoff`,
    between 50 % and 100 % of that, so that jobs that failed together don't come back together."""
    full = min(retry.backoff * (2 ** (attempt - 1)), retry.max_backoff)
    pause: timedelta = full * rng.uniform(0.5, 1.0)
    return pause


def progress(plan_keys: Collection[str], states: Mapping[str, str]) -> tuple[int, int]:
    """Settled tasks and all tasks, as in «3 de 6 tareas completadas»."""
    return sum(states[key] in SETTLED for key in plan_keys), len(plan_keys)
