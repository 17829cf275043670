"""One job in the hands of a worker.

The loop: take in what the calls under way have brought, decide what comes next, commit both together, act on it, wait. The
decision is made from rows that were read before, so each commit checks that nobody changed the job meanwhile; where somebody
did (a person cancelled it, another worker took it over), nothing is written, the rows are read again and the decision is
made anew. What a finished call brought is kept until it is committed or found to be there already.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import Error as DatabaseError
from pydantic import BaseModel

from alta.connectors import registry
from alta.connectors.contract import Action, Call
from alta.playbooks.language import ActionCall, Verify
from alta.playbooks.plan import Plan, Step, find_action
from alta.playbooks.templates import TemplateMistake, evaluate, render, render_text, truth
from alta.runner import context as variables
from alta.runner.perform import Failed, loggable, parameters, perform, unexpected
from alta.runner.records import AttemptRow, JobRow, Problem, Save, TaskRow
from alta.runner.refusals import BREAKER_OPEN, JOB_TIMED_OUT, TEMPLATE, WAITED_TOO_LONG
from alta.runner.rules import (
    BACKWARD,
    END_OF_BACKWARD,
    JobState,
    TaskState,
    Trace,
    backoff,
    next_forward,
    rescued,
    undo_order,
)

if TYPE_CHECKING:
    from alta.runner.engine import Engine

logger = logging.getLogger(__name__)
T, J = TaskState, JobState
JOBS_ENDED = "alta.jobs"  # the event of a wait for other jobs
DATABASE_TROUBLE = (DatabaseError, psycopg.Error)


@dataclass
class Brought:
    """What somebody working on a task brought: an output or a problem, with the tries to log; or only word that the way is
    free (`go`)."""

    key: str
    phase: str = "do"
    output: Any = None
    problem: Problem | None = None
    tries: list[AttemptRow] = field(default_factory=list)
    go: bool = False


@dataclass
class Draft:
    """What the next commit will write, and what is begun once it is written."""

    tasks: dict[str, TaskRow] = field(default_factory=dict)
    attempts: list[AttemptRow] = field(default_factory=list)
    launch: list[tuple[Step, TaskRow, BaseModel, AttemptRow]] = field(default_factory=list)
    ended: bool = False
    release: bool = False
    job_changed: bool = False


class Run:
    """Advances one claimed job until it ends, waits for somebody, or is lost to another worker."""

    def __init__(self, engine: Engine, job: JobRow, plan: Plan) -> None:
        self.engine = engine
        self.job = job
        self.plan = plan
        self.nudged = asyncio.Event()
        self.inputs: dict[str, Any] | None = None
        self.hands: dict[str, asyncio.Task[Brought]] = {}
        self.brought: dict[str, Brought] = {}
        self.draft = Draft()
        self.error: dict[str, Any] | None = None
        self.over = False
        self.rng = random.Random()

    # --- the loop ----------------------------------------------------------------------------------------------------

    async def go(self) -> None:
        try:
            while not self.over:
                await self._turn()
        except Exception:
            logger.exception("job %s: the worker lost its way; another one will take it up", self.job.job_id)
            raise
        finally:
            for hand in self.hands.values():
                hand.cancel()
            for key, one in self.brought.items():
                if one.go:
                    self._leave(self._step(key))

    async def _turn(self) -> None:
        self.draft = Draft()
        if self.inputs is None:
            self.inputs = await self._database(variables.input_values, self.job.inputs)
            if self.inputs is None:
                return
        with_effect = self._take_in()
        if with_effect is not None:
            await self._commit_effect(with_effect)
            return
        effect = self._decide()
        if (self.draft.tasks or self.draft.job_changed or self.draft.ended) and not await self._commit():
            for step, *_ in self.draft.launch:
                self._leave(step)
            return
        for step, row, params, attempt in self.draft.launch:
            self._begin_call(step, row, params, attempt)
        if self.draft.ended or self.draft.release:
            self.over = True
        elif effect is not None:
            await self._commit_effect(effect)
        else:
            await self._wait()

    async def _database(self, work: Any, *args: Any) -> Any:
        """The answer of database work; None after trouble, with the rows read again."""
        try:
            return await self.engine.in_database(work, *args)
        except DATABASE_TROUBLE as trouble:
            await self._after_trouble(trouble)
            return None

    async def _after_trouble(self, trouble: Exception | None = None) -> None:
        """Reads the job again, as often as it takes. Whatever was decided from the old rows is void."""
        if trouble is not None:
            logger.warning("job %s: %s", self.job.job_id, str(trouble).strip().split("\n", 1)[0])
        lease = self.job.lease
        pause = 0.05
        while True:
            try:
                job = await self.engine.in_database(self.engine.load, self.job.job_id)
                break
            except DATABASE_TROUBLE:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)
        if job is None or job.lease != lease:
            logger.info("job %s: another worker has it", self.job.job_id)
            self.over = True
            return
        self.job = job
        self.inputs = None

    async def _wait(self) -> None:
        """Until something is brought, somebody changes the job, or its time is over."""
        nudge = asyncio.ensure_future(self.nudged.wait())
        left = None
        if self.job.deadline_at and self.job.state not in BACKWARD:
            left = max(0.0, (self.job.deadline_at - self.engine.now()).total_seconds())
        try:
            await asyncio.wait({nudge, *self.hands.values()}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            nudge.cancel()
        if self.nudged.is_set():
            self.nudged.clear()
            await self._after_trouble()
        for key, hand in list(self.hands.items()):
            if hand.done():
                del self.hands[key]
                self.brought[key] = hand.result()

    # --- committing --------------------------------------------------------------------------------------------------

    def begin_draft(self) -> None:
        self.draft = Draft()

    def expect_new_rows(self, parent: TaskRow) -> None:
        """The repetitions of a task are being stored: read them back before deciding anything."""
        self._set(parent, T.RUNNING)
        parent.started_at = self.engine.now()

    def make_save(self) -> Save:
        now = self.engine.now()
        return Save(
            job=self.job,
            at=now,
            worker=self.engine.name,
            tasks=list(self.draft.tasks.values()),
            attempts=self.draft.attempts,
            changes={"job": self.job.state, "tasks": {key: row.state for key, row in self.draft.tasks.items()}},
            release=self.draft.release,
            job_error=self.error,
            ended=self.draft.ended,
        )

    async def _commit(self) -> bool:
        """Writes the draft. False: nothing was written, and the job was read again."""
        save = self.make_save()
        try:
            if self.draft.ended and self.job.order_id is not None:
                written = await self.engine.in_database(self.engine.save_end, save)
            else:
                written = await self.engine.save(save)
        except DATABASE_TROUBLE as trouble:
            await self._after_trouble(trouble)
            return False
        if not written:
            await self._after_trouble()
            return False
        self._written()
        return True

    def _written(self) -> None:
        self.job.seq += 1
        self.brought = {key: one for key, one in self.brought.items() if one.go}

    async def _commit_effect(self, effect: PendingEffect) -> None:
        """Changes Alta's own data and commits that together with the outcome of the task."""
        try:
            written = await self.engine.in_database(self.engine.save_effect, self, effect)
        except DATABASE_TROUBLE as trouble:
            await self._after_trouble(trouble)
            return
        if not written:
            await self._after_trouble()
            return
        self.brought.pop(effect.row.key, None)
        self.job.seq += 1
        if effect.phase == "repeat":
            await self._after_trouble()
        elif self.draft.ended or self.draft.release:
            self.over = True

    # --- taking in what was brought ------------------------------------------------------------------------------------

    def _take_in(self) -> PendingEffect | None:
        """Writes what was brought into the rows; an outcome that also changes Alta's data comes back, to be committed alone."""
        for key, one in list(self.brought.items()):
            row = self.job.tasks[key]
            if one.phase == "sleep" or row.state == T.UNDONE or (one.phase == "do" and not one.go and row.state != T.RUNNING):
                del self.brought[key]  # slept enough; or written already, by a commit whose answer was lost
        news = [(self._step(key), self.job.tasks[key], one) for key, one in self.brought.items() if not one.go]
        for step, row, one in news:
            call = self._effect_after(step, one)
            if call is not None:
                return PendingEffect(step, row, one.phase, call, one)
        for step, row, one in news:
            self.apply(step, row, one)
        return None

    @staticmethod
    def _effect_after(step: Step, one: Brought) -> ActionCall | None:
        if one.problem is not None:
            return None
        if one.phase == "undo":
            return step.task.undo.effect if step.task.undo else None
        return step.task.effect

    def apply(self, step: Step, row: TaskRow, one: Brought) -> None:
        """The outcome of a try becomes the state of its task."""
        now = self.engine.now()
        self.draft.attempts += one.tries
        self.draft.tasks[row.key] = row
        if one.problem is None:
            row.error = None
            if one.phase == "undo":
                row.state = T.UNDONE
            else:
                row.state, row.output, row.ended_at = T.DONE, one.output, now
            return
        row.error = one.problem.as_json()
        if one.problem.transient and row.attempts < row.budget:
            tries_done = row.attempts - (row.budget - self._budget(step, one.phase))
            pause = backoff(step.task.retry, max(1, tries_done), self.rng)
            row.wake_at = now + pause
            if one.phase == "do":
                row.state = T.READY
            return
        row.ended_at = now
        if one.phase == "undo":
            self._fail(now, one.problem.as_json() | {"task": row.key})
        else:
            row.state = T.IGNORED if step.task.ignore_errors else T.FAILED

    @staticmethod
    def _budget(step: Step, phase: str) -> int:
        # Taking something back is worth more than one try.
        return max(step.task.retry.attempts, 3) if phase == "undo" else step.task.retry.attempts

    # --- deciding ----------------------------------------------------------------------------------------------------

    def _decide(self) -> PendingEffect | None:
        """Fills the draft with what comes next. An effect that comes next is returned: it has a commit of its own."""
        if self.draft.ended:
            return None
        if self.job.state in BACKWARD:
            return self._decide_backward()
        return self._decide_forward()

    def _decide_forward(self) -> PendingEffect | None:
        now = self.engine.now()
        if self.job.state != J.RUNNING:
            self._start(now)
        if self.job.deadline_at and now >= self.job.deadline_at:
            self._run_out_of_time(now)
            return None
        effect = None
        while True:
            self._wake(now)
            states = {key: row.state for key, row in self.job.tasks.items()}
            for key in rescued(self.plan, states):
                self._set(self.job.tasks[key], T.IGNORED)
                states[key] = T.IGNORED
            self._gather_repeated()
            states = {key: row.state for key, row in self.job.tasks.items()}
            coming = next_forward(self.plan, states, self._in_hand())
            for key in coming.skip:
                self._set(self.job.tasks[key], T.SKIPPED)
            begun = False
            for key in coming.begin:
                pending = self._begin(self._step(key), self.job.tasks[key], now)
                if pending is None:
                    begun = True
                elif effect is None:
                    effect = pending
            begun |= self._begin_repeated(now)
            if effect is not None:
                return effect
            if not begun:
                break
        if coming.state is not None and not self._in_hand():
            self._end(coming.state, now)
        return None

    def _start(self, now: datetime) -> None:
        self.job.state = J.RUNNING
        self.job.started_at = self.job.started_at or now
        self.job.deadline_at = None if self.plan.has_people_or_waits else now + self.plan.playbook.timeout
        self.draft.job_changed = True

    def _end(self, state: JobState, now: datetime) -> None:
        self.job.state = state
        self.draft.release = True
        self.draft.job_changed = True
        if state == J.WAITING:
            return
        self.draft.ended = True
        if state == J.FAILED:
            failed = [row for row in self.job.tasks.values() if row.state == T.FAILED and row.error]
            last = max(failed, key=lambda row: row.ended_at or now, default=None)
            if last is not None:
                self.error = last.error | {"task": last.key}

    def _fail(self, now: datetime, error: dict[str, Any]) -> None:
        """The job can't go on backwards; a retry goes on from here."""
        self.job.backward_to = END_OF_BACKWARD[J(self.job.state)]
        self.job.state = J.FAILED
        self.error = error
        self.draft.ended = self.draft.release = self.draft.job_changed = True

    def _run_out_of_time(self, now: datetime) -> None:
        problem = Problem.of(JOB_TIMED_OUT, seconds=f"{self.plan.playbook.timeout.total_seconds():g}").as_json()
        for hand in self.hands.values():
            hand.cancel()
        self.hands.clear()
        for row in self.job.tasks.values():
            if row.state in (T.RUNNING, T.READY):
                row.error = problem
                self._set(row, T.FAILED)
        self._end(J.FAILED, now)
        self.error = self.error or problem

    def _wake(self, now: datetime) -> None:
        """Waits whose time has come; tasks left by a dead worker."""
        launching = {row.key for _, row, _, _ in self.draft.launch}
        for row in self.job.tasks.values():
            if row.state == T.WAITING and row.wake_at and row.wake_at <= now:
                wait = self._step(row.key).task.wait
                if wait and (wait.timer is not None or wait.until is not None):
                    row.output = {}
                    self._set(row, T.DONE)
                else:
                    row.error = Problem.of(WAITED_TOO_LONG).as_json()
                    self._set(row, T.IGNORED if self._step(row.key).task.ignore_errors else T.FAILED)
            elif row.state == T.RUNNING and row.key not in self.hands.keys() | self.brought.keys() | launching:
                step = self._step(row.key)
                if not (step.task.for_each and row.key in self.plan.steps):
                    row.state = T.READY
                    self.draft.tasks[row.key] = row

    def _in_hand(self) -> set[str]:
        launching = {row.key for _, row, _, _ in self.draft.launch}
        groups = {k for k, r in self.job.tasks.items() if r.state == T.RUNNING and self._step(k).task.for_each}
        return set(self.hands) | launching | groups

    def _set(self, row: TaskRow, state: TaskState) -> None:
        row.state = state
        row.wake_at = None
        if state in (T.DONE, T.FAILED, T.IGNORED, T.SKIPPED, T.CANCELLED, T.UNDONE):
            row.ended_at = row.ended_at or self.engine.now()
        self.draft.tasks[row.key] = row

    def _step(self, key: str) -> Step:
        return self.plan.steps[key.split("[", 1)[0]]

    # --- beginning a task --------------------------------------------------------------------------------------------

    def context(self, step: Step, item: Any = None) -> dict[str, Any]:
        base = variables.base_context(self.job.job_id, self.job.variables, self.inputs or {})
        return variables.task_context(base, self.job, self.plan, step, item)

    def _begin(self, step: Step, row: TaskRow, now: datetime) -> PendingEffect | None:
        """Begins a task, or finds that it is skipped or can't begin. An effect is returned, not begun."""
        if row.wake_at and row.state == T.READY and row.wake_at > now:
            self._sleep(row, row.wake_at - now)
            return None
        context = self.context(step, row.item)
        try:
            if row.state == T.PENDING and step.task.when and not truth(step.task.when, context):
                self._set(row, T.SKIPPED)
                return None
            if step.task.for_each and row.item is None and row.key in self.plan.steps:
                return self._repeat(step, row, evaluate(_bare(step.task.for_each), context))
            match step.kind:
                case "human":
                    return self._ask(step, row, now)
                case "wait":
                    return self._await(step, row, context, now)
                case "effect":
                    assert step.task.do is not None
                    return PendingEffect(step, row, "do", ActionCall(do=step.task.do, with_=step.task.with_), None)
            assert step.task.do is not None
            params = parameters(ActionCall(do=step.task.do, with_=step.task.with_), step.action, context)
        except (TemplateMistake, Failed) as mistake:
            problem = mistake.problem if isinstance(mistake, Failed) else Problem.of(TEMPLATE, reason=str(mistake))
            row.error = problem.as_json()
            self._set(row, T.IGNORED if step.task.ignore_errors else T.FAILED)
            return None
        if not self._way_is_free(row, step):
            return None
        attempt = self._new_try(step, row, "do", params, now)
        row.state = T.RUNNING
        row.started_at = row.started_at or now
        row.wake_at = row.ended_at = None
        self.draft.tasks[row.key] = row
        self.draft.attempts.append(attempt)
        self.draft.launch.append((step, row, params, attempt))
        return None

    def count_try(self, step: Step, row: TaskRow, phase: str) -> None:
        if row.attempts >= row.budget:
            row.budget = row.attempts + self._budget(step, phase)
        row.attempts += 1

    def _new_try(self, step: Step, row: TaskRow, phase: str, params: BaseModel, now: datetime) -> AttemptRow:
        self.count_try(step, row, phase)
        return AttemptRow(row.row_id, phase, row.attempts, now, request=loggable(registry.masked(params), params))

    def _way_is_free(self, row: TaskRow, step: Step) -> bool:
        """Whether a slot of the connector is ours; otherwise the task stands in line for one."""
        came = self.brought.get(row.key)
        if came is not None and came.go:
            del self.brought[row.key]
            return True
        if self.engine.gate(_budget_name(step)).enter_at_once():
            return True
        if row.state != T.READY:
            row.state = T.READY
            self.draft.tasks[row.key] = row

        async def stand_in_line() -> Brought:
            await self.engine.gate(_budget_name(step)).enter()
            return Brought(row.key, go=True)

        self.hands[row.key] = asyncio.create_task(stand_in_line())
        return False

    def _leave(self, step: Step) -> None:
        self.engine.gate(_budget_name(step)).leave()

    def _sleep(self, row: TaskRow, pause: timedelta) -> None:
        key = row.key

        async def sleep() -> Brought:
            await asyncio.sleep(pause.total_seconds())
            return Brought(key, phase="sleep")

        self.hands[key] = asyncio.create_task(sleep())

    def _ask(self, step: Step, row: TaskRow, now: datetime) -> None:
        human = step.task.human
        assert human is not None
        row.role = human.role
        row.due_at = now + human.due if human.due else None
        row.started_at = now
        row.state = T.WAITING
        self.draft.tasks[row.key] = row

    def _await(self, step: Step, row: TaskRow, context: dict[str, Any], now: datetime) -> None:
        wait = step.task.wait
        assert wait is not None
        row.started_at = now
        row.state = T.WAITING
        if wait.timer is not None:
            row.wake_at = now + wait.timer
        elif wait.until is not None:
            row.wake_at = _instant(render_text(wait.until, context))
        else:
            row.wake_at = now + wait.timeout if wait.timeout else None
            if wait.event is not None:
                key = render_text(wait.key, context) if wait.key else ""
                row.event = event_name(wait.event, key)
            else:
                row.event = JOBS_ENDED
                row.output = {"jobs": _job_numbers(render(wait.jobs, context))}
        self.draft.tasks[row.key] = row

    # --- repeated tasks ----------------------------------------------------------------------------------------------

    def _children(self, key: str) -> list[TaskRow]:
        return [row for name, row in self.job.tasks.items() if name.startswith(f"{key}[")]

    def _repeat(self, step: Step, row: TaskRow, items: Any) -> PendingEffect | None:
        if not isinstance(items, list | tuple) or len(items) > 1000:
            raise TemplateMistake("`for_each` takes a list of at most 1000 elements")
        if self._children(row.key) or not items:
            self._set(row, T.RUNNING) if items else self._set(row, T.DONE)
            row.ended_at = None if items else row.ended_at
            return None
        return PendingEffect(step, row, "repeat", None, Brought(row.key, output=list(items)))

    def _begin_repeated(self, now: datetime) -> bool:
        begun = False
        for row in list(self.job.tasks.values()):
            if "[" not in row.key or row.state not in (T.PENDING, T.READY) or row.key in self._in_hand():
                continue
            step = self._step(row.key)
            if self.job.tasks[step.key].state == T.RUNNING:
                begun |= self._begin(step, row, now) is None and row.key not in self.hands
        return begun

    def _gather_repeated(self) -> None:
        """A repeated task has ended when all its repetitions have."""
        for key, row in self.job.tasks.items():
            if row.state != T.RUNNING or not self._step(key).task.for_each or "[" in key:
                continue
            children = self._children(key)
            if any(child.state not in (T.DONE, T.IGNORED, T.FAILED, T.SKIPPED) for child in children):
                continue
            failed = [child for child in children if child.state == T.FAILED]
            row.output = [child.output for child in children]
            row.error = failed[0].error if failed else None
            self._set(row, T.FAILED if failed else T.DONE)

    # --- going backward ----------------------------------------------------------------------------------------------

    def _decide_backward(self) -> PendingEffect | None:
        """Takes tasks back, the last one first, one at a time."""
        now = self.engine.now()
        for key, hand in list(self.hands.items()):
            if self.job.tasks[key].state == T.READY and not hand.done() and self.job.tasks[key].attempts == 0:
                hand.cancel()
                del self.hands[key]
        if self.hands:
            return None  # a call under way ends by itself; only then is it clear what has to be taken back
        for row in self.job.tasks.values():
            if row.state in (T.PENDING, T.WAITING) or (row.state == T.READY and row.attempts == 0):
                self._set(row, T.CANCELLED)
        traces = [
            Trace(row.key, row.state, row.attempts > 0, row.ended_at, row.position)
            for row in self.job.tasks.values()
            if self._step(row.key).task.undo and not (self._step(row.key).task.for_each and "[" not in row.key)
        ]
        order = undo_order(traces)
        if order:
            return self._take_back(self._step(order[0]), self.job.tasks[order[0]], now)
        for row in self.job.tasks.values():
            if row.state in (T.READY, T.RUNNING, T.FAILED):
                self._set(row, T.CANCELLED)
        self._end(END_OF_BACKWARD[J(self.job.state)], now)
        return None

    def _take_back(self, step: Step, row: TaskRow, now: datetime) -> PendingEffect | None:
        undo = step.task.undo
        assert undo is not None
        if row.wake_at and row.wake_at > now:
            self._sleep(row, row.wake_at - now)
            return None
        action = find_action(undo.do)
        context = self.context(step, row.item) | {"result": row.output}
        if action.effect:
            return PendingEffect(step, row, "undo", undo, None)
        try:
            params = parameters(undo, action, context)
        except Failed as failed:
            row.error = failed.problem.as_json()
            self.draft.tasks[row.key] = row
            self._fail(now, row.error | {"task": row.key})
            return None
        attempt = self._new_try(step, row, "undo", params, now)
        self.draft.tasks[row.key] = row
        self.draft.attempts.append(attempt)
        self.hands[row.key] = asyncio.create_task(self._undo_call(step, row, action, params, attempt))
        return None

    async def _undo_call(
        self, step: Step, row: TaskRow, action: Action, params: BaseModel, attempt: AttemptRow
    ) -> Brought:
        gate = self.engine.gate(action.connector or "")
        await gate.enter()
        try:
            output, problem = await self._try(action, params, step, row, attempt)
        finally:
            gate.leave()
        return Brought(row.key, "undo", output, problem, [attempt])

    # --- calling -----------------------------------------------------------------------------------------------------

    def _begin_call(self, step: Step, row: TaskRow, params: BaseModel, attempt: AttemptRow) -> None:
        self.hands[row.key] = asyncio.create_task(self._call(step, row, params, attempt))

    async def _call(self, step: Step, row: TaskRow, params: BaseModel, attempt: AttemptRow) -> Brought:
        try:
            output, problem = await self._try(step.action, params, step, row, attempt)
            tries = [attempt]
            if problem is None and step.task.verify:
                problem = await self._verify(step, step.task.verify, row, output, tries)
            return Brought(row.key, "do", output, problem, tries)
        finally:
            self._leave(step)

    async def _try(
        self, action: Action, params: BaseModel, step: Step, row: TaskRow, attempt: AttemptRow
    ) -> tuple[Any, Problem | None]:
        call = Call(
            key=f"job-{self.job.job_id}.{row.key}",
            timeout=step.task.timeout.total_seconds(),
            language=self.job.variables.get("customer", {}).get("language", "es"),
        )
        output, problem = None, None
        gate = self.engine.gate(action.connector or "")
        try:
            if await gate.is_open():
                title = registry.connector_classes()[action.connector or ""].title
                raise Failed(Problem.of(BREAKER_OPEN, transient=True, system=title))
            output = await perform(action, params, call, step.task.timeout)
            await self.engine.answered(gate)
        except Failed as failed:
            problem = failed.problem
            if problem.code != BREAKER_OPEN.code:
                await self.engine.did_not_answer(gate, problem)
        attempt.ended_at = self.engine.now()
        attempt.outcome = "failed" if problem else "done"
        attempt.answer = loggable(output, params)
        attempt.wire = loggable(call.wire, params) if call.wire else None
        attempt.error = loggable(problem.as_json(), params) if problem else None
        return output, problem

    async def _verify(
        self, step: Step, verify: Verify, row: TaskRow, output: Any, tries: list[AttemptRow]
    ) -> Problem | None:
        """Asks the system whether it is so."""
        context = self.context(step, row.item) | {"result": output}
        action = find_action(verify.do)
        try:
            params = parameters(verify, action, context)
            attempt = AttemptRow(
                row.row_id,
                "verify",
                row.attempts,
                self.engine.now(),
                request=loggable(registry.masked(params), params),
            )
            tries.append(attempt)
            found, problem = await self._try(action, params, step, row, attempt)
            if problem is None:
                problem = unexpected(verify, found, context)
                if problem:
                    attempt.outcome, attempt.error = "failed", problem.as_json()
            return problem
        except Failed as failed:
            return failed.problem
        except TemplateMistake as mistake:
            return Problem.of(TEMPLATE, reason=str(mistake))


@dataclass(frozen=True)
class PendingEffect:
    """A change of Alta's own data that will be committed together with its task's outcome. `after` is what an outside call
    brought before it; `call` None only adds the rows of a repeated task."""

    step: Step
    row: TaskRow
    phase: str
    call: ActionCall | None
    after: Brought | None


def event_name(event: str, key: str) -> str:
    """How a wait and what it waits for find each other."""
    return f"{event}:{key}"[:120]


def _job_numbers(value: Any) -> list[int]:
    numbers = value if isinstance(value, list | tuple) else [value]
    try:
        return [int(number) for number in numbers]
    except (TypeError, ValueError) as error:
        raise TemplateMistake(f"{value!r} is no list of job numbers") from error


def _budget_name(step: Step) -> str:
    return step.task.limit or step.action.connector or ""


def _bare(expression: str) -> str:
    text = expression.strip()
    return text[2:-2] if text.startswith("{{") and text.endswith("}}") else text


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise TemplateMistake(f"{text!r} is no date and time") from error
    if instant.tzinfo is None:
        raise TemplateMistake(f"{text!r} has no time zone")
    return instant
