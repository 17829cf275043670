"""Asks the network now whether a service is what its jobs made it: everything that they verified, a later job's word before
an earlier one's. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from alta.connectors import registry
from alta.connectors.contract import Action
from alta.inventory.queries import item_values
from alta.playbooks.language import Verify
from alta.playbooks.plan import find_action, plan_of_version
from alta.playbooks.templates import TemplateMistake, render
from alta.runner import context
from alta.runner.asking import Failed, ask_all
from alta.runner.context import Fresh
from alta.runner.models import Attempt, Job, Task
from alta.runner.perform import parameters
from alta.runner.queries import load_jobs
from alta.runner.records import JobRow
from alta.runner.rules import JobState, TaskState
from alta.runner.secrecy import clean, secrets_of
from alta.services.credentials import secrets_of_service
from alta.services.models import Service

NEWEST = 50  # jobs of a service that are looked at


@dataclass
class Question:
    """One thing to ask: what the answer should hold, and the tasks that made it so, the last one in the job `job_id`."""

    action: Action
    params: BaseModel
    wanted: dict[str, Any]
    job_id: int
    tasks: list[int]

    @property
    def system(self) -> str:
        assert self.action.connector is not None
        return str(registry.connector_classes()[self.action.connector].title)


@dataclass(frozen=True)
class Field:
    """A part of an answer, as it should be and as it is."""

    name: str
    wanted: Any
    found: Any

    @property
    def right(self) -> bool:
        return bool(self.wanted == self.found)


@dataclass(frozen=True)
class Answer:
    """`verified_at` is when a job last found it right. Where the system gave no answer, or has no such thing, `problem`
    says so. `title` is that of the task, in both languages."""

    question: Question
    title: Mapping[str, Any]
    fields: tuple[Field, ...]
    problem: dict[str, Any] | None
    verified_at: datetime | None

    @property
    def right(self) -> bool:
        return self.problem is None and all(one.right for one in self.fields)

    @property
    def is_silent(self) -> bool:
        """The system said nothing: what it has is unknown."""
        return bool(self.problem and self.problem["transient"])


@dataclass(frozen=True)
class Diagnosis:
    """`left_out` are tasks that were tried and then skipped by somebody, or whose failure was ignored."""

    answers: tuple[Answer, ...]
    left_out: tuple[Task, ...]

    @property
    def right(self) -> bool:
        return all(one.right for one in self.answers)


def diagnose(service: Service) -> Diagnosis:
    """Asks every system that the service's finished jobs verified, all at the same time; each has three seconds."""
    done = Job.objects.filter(service=service, state=JobState.DONE).order_by("-pk")
    jobs = load_jobs(list(done.values_list("pk", flat=True)[:NEWEST]))
    questions = list(_merged(service, jobs).values())
    outcomes = ask_all([(one.action, one.params) for one in questions])
    tries = Attempt.objects.filter(task__job__in=list(jobs), phase="verify", outcome="done")
    verified = dict(tries.order_by("ended_at").values_list("task_id", "ended_at"))
    titles = dict(Task.objects.filter(job__in=list(jobs)).values_list("pk", "title"))
    left_out = Task.objects.filter(
        job__in=list(jobs), state__in=[TaskState.IGNORED, TaskState.SKIPPED], attempts__gt=0
    )
    answers = [
        _answer(question, outcome, titles[question.tasks[-1]], _latest(question, verified))
        for question, outcome in zip(questions, outcomes, strict=True)
    ]
    return Diagnosis(tuple(answers), tuple(left_out))


def _latest(question: Question, verified: Mapping[int, datetime | None]) -> datetime | None:
    return max((when for one in question.tasks if (when := verified.get(one))), default=None)


def _answer(
    question: Question, outcome: dict[str, Any] | Failed, title: Mapping[str, Any], at: datetime | None
) -> Answer:
    secrets = secrets_of(question.params)
    if isinstance(outcome, Failed):
        return Answer(question, title, (), outcome.problem.cleaned(secrets).as_json(), at)
    found = clean(outcome, secrets)
    fields = tuple(Field(name, wanted, _part(found, name)) for name, wanted in question.wanted.items())
    return Answer(question, title, fields, None, at)


def _part(answer: Any, name: str) -> Any:
    for part in name.split("."):
        answer = answer.get(part) if isinstance(answer, Mapping) else None
    return answer


def _merged(service: Service, jobs: Mapping[int, JobRow]) -> dict[str, Question]:
    """The questions by what is asked; a later job's expectation takes the place of an earlier one's."""
    secrets = secrets_of_service(service.pk)
    inputs = {job_id: _current_inputs(service, job) for job_id, job in jobs.items()}
    items = item_values(
        [entry["item"] for one in inputs.values() for entry in one.values() if entry.get("item")]
    )
    merged: dict[str, Question] = {}
    for job_id, job in jobs.items():
        given = {
            name: items.get(entry["item"]) if "item" in entry else entry["value"]
            for name, entry in inputs[job_id].items()
        }
        for one in _questions(job, Fresh(given, secrets)):
            key = f"{one.action.name} {one.params.model_dump_json()}"
            if (before := merged.pop(key, None)) is not None:
                one.wanted, one.tasks = before.wanted | one.wanted, before.tasks + one.tasks
            merged[key] = one
    return merged


def _current_inputs(service: Service, job: JobRow) -> dict[str, Any]:
    """A job's inputs with the pieces of stock that the service has now: a card that was swapped is not asked for."""
    return {
        name: {**entry, "item": service.items.get(name, entry["item"])} if entry.get("item") else entry
        for name, entry in job.inputs.items()
    }


def _questions(job: JobRow, fresh: Fresh) -> Iterator[Question]:
    plan = plan_of_version(job.playbook_id)
    own = {name: fresh.secrets[name] for name in plan.playbook.secrets if name in fresh.secrets}
    base = context.base_context(job.job_id, job.variables, Fresh(fresh.inputs, own))
    for row in job.tasks.values():
        step = plan.steps.get(row.key.split("[", 1)[0])
        if step is None or step.task.verify is None or row.state != TaskState.DONE or step.key != row.key:
            continue
        known = context.task_context(base, job, plan, step, row.item) | {"result": row.output}
        try:
            yield Question(*_rendered(step.task.verify, known), job.job_id, [row.row_id])
        except (Failed, TemplateMistake):
            continue  # it reads what is gone, such as an item that the service has no more


def _rendered(verify: Verify, known: Mapping[str, Any]) -> tuple[Action, BaseModel, dict[str, Any]]:
    action = find_action(verify.do)
    wanted = {name: render(template, known) for name, template in verify.expect.items()}
    return action, parameters(verify, action, known), wanted
