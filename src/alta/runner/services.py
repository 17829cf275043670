"""What people and other parts of Alta do with jobs. Each function is one transaction, under the lock of the
job's row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from alta.audit.log import record
from alta.catalog.models import Product
from alta.customers.models import Customer
from alta.customers.queries import default_payment
from alta.playbooks.plan import Plan, plan_of_version
from alta.playbooks.queries import current_version
from alta.playbooks.templates import TemplateMistake, render_text
from alta.runner import context
from alta.runner.advance import event_name
from alta.runner.hooks import undo_begins
from alta.runner.limits import let_one_try
from alta.runner.models import Event, Job, OutsideEvent, Task
from alta.runner.queries import waits_for
from alta.runner.queue import PRIORITY_AGENT, enqueue
from alta.runner.refusals import (
    INPUT_UNKNOWN,
    JOB_FINAL,
    JOB_NOT_FOUND,
    JOB_WRONG_STATE,
    OUTCOME_UNKNOWN,
    PLAYBOOK_NOT_FOUND,
    REASON_MISSING,
    TASK_NOT_FOUND,
    TASK_WRONG_STATE,
    TEMPLATE,
)
from alta.runner.rules import JobState, TaskState, job_may_become, lost, task_may_become
from alta.runner.secrecy import clean
from alta.services.credentials import make_up_missing
from alta.services.models import Service
from alta.services.queries import addons_of

EVENTS_KEPT = timedelta(days=180)


@dataclass(frozen=True)
class Subject:
    """What a job is about. Everything may be missing."""

    service: Service | None = None
    customer: Customer | None = None
    product: Product | None = None
    order_id: int | None = None
    order: Mapping[str, Any] | None = None  # what templates read as `order`
    installation: Mapping[str, Any] | None = None  # as `context.NO_INSTALLATION`


@transaction.atomic
def start_job(
    playbook: str,
    inputs: Mapping[str, Any],
    subject: Subject,
    *,
    actor: str,
    now: datetime,
    source: str = "order",
    priority: int = PRIORITY_AGENT,
) -> Job:
    """Starts a job with the current version of a playbook. It runs as soon as a worker is free.

    Refuses, before anything has begun, a playbook that was not published, inputs that are missing or
    invalid, and variables that don't exist."""
    version = current_version(playbook)
    if version is None:
        raise PLAYBOOK_NOT_FOUND(playbook=playbook)
    plan = plan_of_version(version.pk)
    features = subject.product.features if subject.product else {}
    resolved = context.resolve_inputs(plan.playbook, inputs, features, source)
    addons = addons_of([subject.service.pk]) if subject.service else {}
    job = Job(
        playbook=version,
        title=plan.playbook.title.model_dump(),
        customer=subject.customer,
        service=subject.service,
        order_id=subject.order_id,
        inputs=resolved,
        variables=context.frozen_variables(
            subject.service,
            subject.customer,
            subject.product,
            order=subject.order,
            installation=subject.installation,
            addons=addons.get(subject.service.pk, ()) if subject.service else (),
        ),
        started_by=actor,
        created_at=now,
        priority=priority,
        seq=1,
    )
    if subject.service:
        make_up_missing([subject.service.pk], plan.playbook.secrets)
    job.save()
    Task.objects.bulk_create(task_rows(job, plan))
    Event.objects.create(job=job, seq=1, at=now, changes={"job": job.state, "tasks": {}})
    record(actor, "job.started", job, playbook=str(version), inputs=resolved)
    enqueue(job.pk, priority)
    return job


def task_rows(job: Job, plan: Plan) -> list[Task]:
    """The tasks of a new job, not stored yet. Refuses variables that don't exist."""
    fresh = context.read_fresh(plan.playbook, job.inputs, job.service_id)
    known = context.base_context(job.pk, job.variables, fresh)
    context.refuse_unknown_variables(plan, known)
    rows = []
    for step in plan.steps.values():
        try:
            title = {
                language: render_text(getattr(step.task.title, language), known) for language in ("es", "en")
            }
        except TemplateMistake as mistake:
            raise TEMPLATE(reason=str(mistake)) from mistake
        rows.append(
            Task(
                job=job,
                key=step.key,
                position=step.position,
                kind=step.kind,
                title=title,
                rescues=step.rescues or "",
            )
        )
    return rows


def _locked(job_id: int) -> Job:
    job = Job.objects.select_for_update(of=("self",)).filter(pk=job_id).first()
    if job is None:
        raise JOB_NOT_FOUND()
    return job


def _task(job: Job, key: str) -> Task:
    task = job.tasks.filter(key=key).first()
    if task is None:
        raise TASK_NOT_FOUND(task=key)
    return task


def _move_job(job: Job, state: JobState) -> None:
    if not job_may_become(job.state, state):
        raise JOB_WRONG_STATE(state=JobState(job.state).label)
    job.state = state


def _changed(job: Job, now: datetime, **tasks: str) -> None:
    """Numbers the change, so that a worker that holds the job notices, and tells whoever follows it."""
    job.seq += 1
    job.save()
    Event.objects.create(job=job, seq=job.seq, at=now, changes={"job": job.state, "tasks": tasks})


@transaction.atomic
def retry_job(job_id: int, *, actor: str, now: datetime, inputs: Mapping[str, Any] | None = None) -> Job:
    """Goes on from where a failed job failed: tasks that are done are not repeated. `inputs` replaces some
    values first.

    Refuses (`job.wrong_state`) a job that has not failed; retrying twice is retrying once."""
    job = _locked(job_id)
    if job.state != JobState.FAILED:
        raise JOB_WRONG_STATE(state=JobState(job.state).label)
    if inputs:
        _edit_inputs(job, inputs)
    if not job.backward_to:
        _ask_anew(job)
    changed: dict[str, str] = {}
    if job.backward_to:
        job.state = JobState.CANCELLING if job.backward_to == JobState.CANCELLED else JobState.UNDOING
    else:
        job.state = JobState.QUEUED
        failed = list(job.tasks.filter(state=TaskState.FAILED).values_list("key", flat=True))
        job.tasks.filter(key__in=failed).update(state=TaskState.READY, ended_at=None)
        changed = dict.fromkeys(failed, TaskState.READY.value)
    _begin_tries_anew(job)
    job.error = None
    job.ended_at = None
    job.deadline_at = None
    _changed(job, now, **changed)
    let_one_try(plan_of_version(job.playbook_id).connectors)
    record(actor, "job.retried", job, inputs=dict(inputs or {}))
    enqueue(job.pk)
    return job


def _ask_anew(job: Job) -> None:
    """After a clear no the customer may have brought another payment method: the job asks the one they have now. While
    the outcome of a try is unknown it stays with the one that was asked."""
    if job.customer is not None and job.error and not job.error.get("transient", True):
        payment = default_payment(job.customer)
        job.variables = {**job.variables, "customer": {**job.variables["customer"], "payment": payment}}


def _begin_tries_anew(job: Job) -> None:
    """A person decided: whatever is tried next has all its tries, and the first at once."""
    job.tasks.exclude(state=TaskState.WAITING).update(budget=F("attempts"), wake_at=None)


def _edit_inputs(job: Job, inputs: Mapping[str, Any]) -> None:
    playbook = plan_of_version(job.playbook_id).playbook
    for name in inputs:
        if name not in playbook.inputs:
            raise INPUT_UNKNOWN(input=name)
    given = {name: entry.get("item", entry.get("value")) for name, entry in job.inputs.items()}
    edited = context.resolve_inputs(playbook, given | dict(inputs), {}, "edited")
    job.inputs = {**job.inputs, **{name: edited[name] for name in inputs}}


@transaction.atomic
def skip_task(job_id: int, key: str, reason: str, *, actor: str, now: datetime) -> Job:
    """Goes on without a failed task. Refuses without a reason (`task.reason_missing`)."""
    job = _locked(job_id)
    if not reason.strip():
        raise REASON_MISSING()
    task = _task(job, key)
    if job.state != JobState.FAILED or job.backward_to or not task_may_become(task.state, TaskState.SKIPPED):
        raise TASK_WRONG_STATE(state=TaskState(task.state).label)
    plan = plan_of_version(job.playbook_id)
    changed = dict.fromkeys(_skipped_with(job, plan, task), TaskState.SKIPPED.value)
    job.tasks.filter(key__in=changed).update(state=TaskState.SKIPPED, ended_at=now)
    group = key.split("[", 1)[0]
    if group != key:
        # The last repetition that failed is out of the way: the task counts its repetitions again.
        siblings = job.tasks.filter(key__startswith=f"{group}[", state=TaskState.FAILED)
        if not siblings.exists() and job.tasks.filter(key=group, state=TaskState.FAILED).update(
            state=TaskState.READY, ended_at=None
        ):
            changed[group] = TaskState.READY.value
    if not lost(plan, dict(job.tasks.values_list("key", "state"))):
        _move_job(job, JobState.QUEUED)
        job.error = None
        job.ended_at = None
        job.deadline_at = None
        enqueue(job.pk)
    _changed(job, now, **changed)
    record(actor, "task.skipped", job, task=key, reason=reason)
    return job


def _skipped_with(job: Job, plan: Plan, task: Task) -> list[str]:
    """A task that is skipped takes along what failed in its name: its repetitions, and its rescue."""
    failed = job.tasks.filter(state=TaskState.FAILED)
    own = failed.filter(Q(key__startswith=f"{task.key}[") | Q(rescues=task.key))
    return [task.key, *own.values_list("key", flat=True)]


@transaction.atomic
def cancel_job(job_id: int, *, actor: str, now: datetime) -> Job:
    """Stops a job and takes back what it did. What is under way ends first."""
    return _go_backward(job_id, JobState.CANCELLING, JobState.CANCELLED, "job.cancelled", actor, now)


@transaction.atomic
def undo_job(job_id: int, *, actor: str, now: datetime) -> Job:
    """Takes back everything that a finished job did, last thing first."""
    return _go_backward(job_id, JobState.UNDOING, JobState.UNDONE, "job.undone", actor, now)


def _go_backward(job_id: int, state: JobState, end: JobState, action: str, actor: str, now: datetime) -> Job:
    job = _locked(job_id)
    if state == JobState.UNDOING and job.state != JobState.DONE:
        raise JOB_WRONG_STATE(state=JobState(job.state).label)
    final = plan_of_version(job.playbook_id).playbook.final
    if state == JobState.UNDOING and final:
        raise JOB_FINAL(reason=final.in_language())
    if state == JobState.UNDOING and job.order_id is not None:
        undo_begins(job.order_id, actor, now)
    _move_job(job, state)
    job.backward_to = end
    _begin_tries_anew(job)
    job.error = None
    job.ended_at = None
    job.deadline_at = None
    _changed(job, now)
    record(actor, action, job)
    enqueue(job.pk)
    return job


@transaction.atomic
def complete_human_task(
    job_id: int,
    key: str,
    outcome: str,
    values: Mapping[str, Any],
    *,
    actor: str,
    now: datetime,
    reason: str = "",
) -> Job:
    """A person did their part. The values are checked against the task's form and visible to later tasks.

    Refuses an unknown outcome, a missing reason, and values that the form does not allow."""
    job = _locked(job_id)
    task = _task(job, key)
    human = plan_of_version(job.playbook_id).steps[key.split("[", 1)[0]].task.human
    if human is None or task.state != TaskState.WAITING:
        raise TASK_WRONG_STATE(state=TaskState(task.state).label)
    chosen = next((one for one in human.outcomes if one.id == outcome), None)
    if chosen is None:
        raise OUTCOME_UNKNOWN(outcome=outcome)
    if chosen.reason and not reason.strip():
        raise REASON_MISSING()
    form = PlaybookForm(human.form)
    resolved = context.resolve_inputs(form, values, {}, "form")  # type: ignore[arg-type]
    answers = {name: entry.get("item", entry.get("value")) for name, entry in resolved.items()}
    task.output = clean({"outcome": outcome, "reason": reason, "by": actor, "values": answers})
    _finish_waiting(job, task, now)
    record(actor, "task.completed", job, task=key, outcome=outcome, reason=reason, values=answers)
    return job


@dataclass(frozen=True)
class PlaybookForm:
    """A human task's form, where inputs of a playbook are expected: they are the same thing."""

    inputs: Mapping[str, Any]


def _finish_waiting(job: Job, task: Task, now: datetime) -> None:
    task.state = TaskState.DONE
    task.ended_at = now
    task.wake_at = None
    task.save()
    if job.state == JobState.WAITING:
        job.state = JobState.QUEUED
    _changed(job, now, **{task.key: task.state})
    enqueue(job.pk)


def deliver_event(event: str, key: str, payload: Mapping[str, Any], *, actor: str, now: datetime) -> int:
    """Something happened outside: ends the waits for it, now, and those that jobs under way come to later. Returns how
    many it ended now; an event that nobody waits for does nothing."""
    kept = _keep_event(event, key, payload, actor, now)
    return _hand_out(kept.pk, now)


def announce_event(event: str, key: str, payload: Mapping[str, Any], *, actor: str, now: datetime) -> None:
    """As `deliver_event`, for a larger transaction: the event happens if that is committed, and only then are the jobs
    touched that wait for it. So it locks no job."""
    kept = _keep_event(event, key, payload, actor, now)
    # Should this process die before it hands the event out, the workers' watch does.
    transaction.on_commit(partial(_hand_out, kept.pk, now), robust=True)


def _keep_event(event: str, key: str, payload: Mapping[str, Any], actor: str, now: datetime) -> OutsideEvent:
    return OutsideEvent.objects.create(
        event=event_name(event, key), payload=clean(dict(payload)), at=now, actor=actor
    )


def _hand_out(event_id: int, now: datetime) -> int:
    return sum(receive_event(job_id, key, event_id, now) for job_id, key in waits_for(event_id))


@transaction.atomic
def receive_event(job_id: int, key: str, event_id: int, now: datetime) -> bool:
    """Ends a task's wait with an event that was kept. False where somebody was faster."""
    job = _locked(job_id)
    task = _task(job, key)
    event = OutsideEvent.objects.filter(pk=event_id).first()
    if event is None or task.state != TaskState.WAITING:
        return False
    task.output, task.received = event.payload, event.pk
    _finish_waiting(job, task, now)
    record(event.actor, "task.event", job, task=key)
    return True


def forget_events(now: datetime) -> int:
    """Deletes outside events that are older than any job should be."""
    return OutsideEvent.objects.filter(at__lt=now - EVENTS_KEPT).delete()[0]


@transaction.atomic
def end_wait(job_id: int, key: str, now: datetime) -> bool:
    """The jobs that a task waits for have ended. False where somebody was faster."""
    job = _locked(job_id)
    task = _task(job, key)
    if task.state != TaskState.WAITING:
        return False
    _finish_waiting(job, task, now)
    return True
