"""One job in the hands of a worker.

The loop: take in what the calls under way have brought, decide what comes next, commit both together, act
on it, wait. The decision is made from rows that were read before, so each commit checks that nobody changed
the job meanwhile; where somebody did (a person cancelled it, another worker took it over), nothing is
written, the rows are read again and the decision is made anew. What a finished call brought is kept until
it is committed or found to be there already."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from alta.connectors import registry
from alta.connectors.contract import Action
from alta.playbooks.language import ActionCall
from alta.playbooks.plan import Plan, Step, find_action
from alta.playbooks.templates import TemplateMistake, evaluate, render, render_text, truth
from alta.runner import context as variables
from alta.runner.calling import Brought, Caller, Hand
from alta.runner.coalesce import DATABASE_TROUBLE
from alta.runner.limits import Slot
from alta.runner.perform import Failed, parameters
from alta.runner.queries import JOBS_ENDED
from alta.runner.records import AttemptRow, JobRow, Problem, Save, TaskRow
from alta.runner.refusals import BUG, JOB_TIMED_OUT, TEMPLATE, WAITED_TOO_LONG
from alta.runner.rules import (
    BACKWARD,
    END_OF_BACKWARD,
    JobState,
    TaskState,
    Trace,
    backoff,
    lost,
    next_forward,
    rescued,
    undo_order,
)
from alta.runner.secrecy import loggable

if TYPE_CHECKING:
    from alta.runner.engine import Engine

logger = logging.getLogger(__name__)
T, J = TaskState, JobState
MOST_REPETITIONS = 1000


@dataclass
class Launch:
    """A call that begins once it is written down. Without a slot it takes a task back, and gets its slot by
    itself."""

    step: Step
    row: TaskRow
    action: Action
    params: BaseModel
    attempt: AttemptRow
    slot: Slot | None = None


@dataclass
class Draft:
    """What the next commit will write, and what is begun once it is written."""

    tasks: dict[str, TaskRow] = field(default_factory=dict)
    attempts: list[AttemptRow] = field(default_factory=list)
    launch: dict[str, Launch] = field(default_factory=dict)
    ended: bool = False
    release: bool = False
    job_changed: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.tasks or self.job_changed)


class Run:
    """Advances one claimed job until it ends, waits for somebody, or is lost to another worker."""

    def __init__(self, engine: Engine, job: JobRow, plan: Plan) -> None:
        self.engine = engine
        self.job = job
        self.plan = plan
        self.caller = Caller(engine, job.job_id, job.variables.get("customer", {}).get("language", "es"))
        self.nudged = asyncio.Event()
        self.fresh: variables.Fresh | None = None
        self.hands: dict[str, Hand] = {}
        self.brought: dict[str, Brought] = {}
        self.draft = Draft()
        self.error: dict[str, Any] | None = None
        self.over = False
        self.rng = random.Random()  # noqa: S311 - spreads retries, guards nothing

    # --- the loop

    async def go(self) -> None:
        try:
            while not self.over:
                await self._turn()
        finally:
            for hand in self.hands.values():
                hand.drop()
            self._leave_slots()

    async def _turn(self) -> None:
        self.draft = Draft()
        if self.fresh is None and not await self._read_fresh():
            return
        after_call = self._take_in()
        if after_call is not None:
            await self._commit_effect(after_call)
            return
        draft = self.draft
        try:
            effect = self._decide()
            if not draft.is_empty and not await self._commit():
                return
            while draft.launch:
                self._begin_call(draft.launch.popitem()[1])
        finally:
            for launch in draft.launch.values():
                if launch.slot:
                    launch.slot.leave()
        if draft.release:
            self.over = True
        elif effect is not None:
            await self._commit_effect(effect)
        else:
            await self._wait()

    async def _read_fresh(self) -> bool:
        try:
            about = (self.plan.playbook, self.job.inputs, self.job.service_id)
            if variables.needs_database(*about[:2]):
                self.fresh = await self.engine.in_database(variables.read_fresh, *about)
            else:
                self.fresh = variables.read_fresh(*about)
        except DATABASE_TROUBLE as trouble:
            await self._read_again(trouble)
            return False
        return True

    async def _read_again(self, trouble: Exception | None = None) -> None:
        """Reads the job again, as often as it takes. Whatever was decided from the old rows is void."""
        if trouble is not None:
            logger.warning("job %s: %s", self.job.job_id, str(trouble).strip().split("\n", 1)[0])
        pause = 0.05
        while True:
            try:
                job = await self.engine.in_database(self.engine.load, self.job.job_id)
                break
            except DATABASE_TROUBLE:
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)
        if job is None or job.lease != self.job.lease or job.worker_id != self.engine.worker:
            # Another worker has it, or our own last commit was written after all, and with it the job let go.
            logger.info("job %s: not ours any more", self.job.job_id)
            self.over = True
            return
        self.job = job
        self.fresh = None

    async def _wait(self) -> None:
        """Until something is brought, somebody changes the job, or its time is over."""
        nudge = asyncio.ensure_future(self.nudged.wait())
        left = None
        if self.job.deadline_at and self.job.state not in BACKWARD:
            left = max(0.0, (self.job.deadline_at - self.engine.now()).total_seconds())
        try:
            works = {hand.work for hand in self.hands.values()}
            await asyncio.wait({nudge, *works}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            nudge.cancel()
        for key, hand in list(self.hands.items()):
            if hand.work.done():
                del self.hands[key]
                self.brought[key] = hand.work.result()
        if self.nudged.is_set():
            self.nudged.clear()
            await self._read_again()

    # --- committing

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
            changes={
                "job": self.job.state,
                "tasks": {key: row.state for key, row in self.draft.tasks.items()},
            },
            release=self.draft.release,
            job_error=self.error,
            ended=self.draft.ended,
        )

    async def _commit(self) -> bool:
        """Writes the draft. False: nothing was written, and the job was read again."""
        save = self.make_save()
        try:
            if save.ended and self.job.order_id is not None:
                written = await self.engine.in_database(self.engine.save_end, save)
            else:
                written = await self.engine.save(save)
        except DATABASE_TROUBLE as trouble:
            await self._read_again(trouble)
            return False
        if not written:
            await self._read_again()
            return False
        self.job.seq += 1
        self.brought = {key: one for key, one in self.brought.items() if one.slot}
        return True

    async def _commit_effect(self, effect: PendingEffect) -> None:
        """Changes Alta's own data and commits that together with the outcome of the task."""
        try:
            if effect.goes_with_others:
                written = await self.engine.save_effects((self, effect))
            else:
                written = await self.engine.in_database(self.engine.save_effect, self, effect)
        except DATABASE_TROUBLE as trouble:
            await self._read_again(trouble)
            return
        if not written:
            await self._read_again()
            return
        self.brought.pop(effect.row.key, None)
        self.job.seq += 1
        if effect.phase == "repeat":
            await self._read_again()
        self.over |= self.draft.release

    # --- taking in what was brought

    def _take_in(self) -> PendingEffect | None:
        """Writes what was brought into the rows; an outcome that also changes Alta's data comes back, to be
        committed alone."""
        for key, one in list(self.brought.items()):
            state = self.job.tasks[key].state
            slept = not one.phase and not one.slot
            if (
                slept
                or (one.phase == "do" and state != T.RUNNING)
                or (one.phase == "undo" and state == T.UNDONE)
            ):
                del self.brought[
                    key
                ]  # nothing to write; or written already, by a commit whose answer was lost
        news = [(self._step(key), self.job.tasks[key], one) for key, one in self.brought.items() if one.phase]
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
            row.error = row.wake_at = None
            if one.phase == "undo":
                row.state = T.UNDONE
            else:
                row.state, row.output, row.ended_at = T.DONE, one.output, now
            return
        row.error = one.problem.as_json()
        calls_off = one.phase == "do" and self.job.state in BACKWARD
        if one.problem.transient and row.attempts < row.budget and not calls_off:
            tries_done = row.attempts - (row.budget - self._budget(step, one.phase))
            pause = backoff(step.task.retry, max(1, tries_done), self.rng)
            row.wake_at = now + pause
            if one.phase == "do":
                row.state = T.READY
            return
        row.ended_at = now
        if one.phase == "undo":
            self._cant_take_back(step, row, now)
        else:
            row.state = T.IGNORED if step.task.ignore_errors else T.FAILED

    @staticmethod
    def _budget(step: Step, phase: str) -> int:
        # Taking something back is worth more than one try.
        return max(step.task.retry.attempts, 3) if phase == "undo" else step.task.retry.attempts

    # --- deciding

    def _decide(self) -> PendingEffect | None:
        """Fills the draft with what comes next. An effect that comes next is returned: it has a commit of
        its own."""
        if self.draft.release:
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
        while True:
            self._wake(now)
            self._gather_repeated()
            states = {key: row.state for key, row in self.job.tasks.items()}
            for key in rescued(self.plan, states):
                self._set(self.job.tasks[key], T.IGNORED)
                states[key] = T.IGNORED
            hopeless = bool(lost(self.plan, states))
            if hopeless:
                self._call_off_waiting()
            coming = next_forward(self.plan, states, self._in_hand(hopeless))
            for key in coming.skip:
                self._set(self.job.tasks[key], T.SKIPPED)
            effects, begun = [], False
            for row in [*(self.job.tasks[key] for key in coming.begin), *self._repetitions(hopeless)]:
                effect = self._begin(self._step(row.key), row, now)
                if effect is not None:
                    effects.append(effect)
                else:
                    begun = True
            if effects:
                return effects[0]  # the others come in the next turns
            if not begun:
                break
        if coming.state is not None and not self._in_hand(hopeless):
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
            for row in self.job.tasks.values():
                if row.state == T.RUNNING and self._is_group(row):
                    row.state = T.READY  # goes on with the repetitions that are left, after a retry
                    self.draft.tasks[row.key] = row
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
        problem = Problem.of(
            JOB_TIMED_OUT, seconds=f"{self.plan.playbook.timeout.total_seconds():g}"
        ).as_json()
        for hand in self.hands.values():
            if hand.try_ is not None:
                hand.try_.ended_at, hand.try_.outcome, hand.try_.error = now, "stopped", problem
                self.draft.attempts.append(hand.try_)
            hand.drop()
        self.hands.clear()
        self._leave_slots()
        for row in self.job.tasks.values():
            if row.state in (T.RUNNING, T.READY):
                row.error = problem
                self._set(row, T.FAILED)
        self._end(J.FAILED, now)
        self.error = self.error or problem

    def _call_off_waiting(self) -> None:
        """Nobody stands in line or sleeps any longer; calls under way go on."""
        for key, hand in list(self.hands.items()):
            if hand.try_ is None:
                del self.hands[key]
                hand.drop()
        self._leave_slots()

    def _leave_slots(self) -> None:
        for key, one in list(self.brought.items()):
            if one.slot:
                one.slot.leave()
                del self.brought[key]

    def _wake(self, now: datetime) -> None:
        """Waits whose time has come; tasks left by a dead worker, or by a commit whose answer was lost."""
        attended = self.hands.keys() | self.brought.keys() | self.draft.launch.keys()
        for row in self.job.tasks.values():
            if row.state == T.WAITING and row.wake_at and row.wake_at <= now:
                wait = self._step(row.key).task.wait
                if wait and (wait.timer is not None or wait.until is not None):
                    row.output = {}
                    self._set(row, T.DONE)
                else:
                    self._cant_begin(self._step(row.key), row, Problem.of(WAITED_TOO_LONG))
            elif row.state == T.RUNNING and row.key not in attended and not self._is_group(row):
                row.state = T.READY
                self.draft.tasks[row.key] = row
                self.draft.attempts.append(
                    AttemptRow(row.row_id, "do", row.attempts, row.started_at or now, now, "interrupted")
                )

    def _is_group(self, row: TaskRow) -> bool:
        """Whether the task only stands for its repetitions."""
        return row.key in self.plan.steps and self.plan.steps[row.key].task.for_each is not None

    def _in_hand(self, hopeless: bool) -> set[str]:
        """Tasks that are under way. Repetitions go on as long as the job has a chance."""
        groups = {
            key for key, row in self.job.tasks.items() if row.state == T.RUNNING and self._is_group(row)
        }
        return self.hands.keys() | self.draft.launch.keys() | (set() if hopeless else groups)

    def _set(self, row: TaskRow, state: TaskState) -> None:
        row.state = state
        row.wake_at = None
        if state in (T.DONE, T.FAILED, T.IGNORED, T.SKIPPED, T.CANCELLED, T.UNDONE):
            row.ended_at = row.ended_at or self.engine.now()
        self.draft.tasks[row.key] = row

    def _step(self, key: str) -> Step:
        return self.plan.steps[key.split("[", 1)[0]]

    # --- beginning a task

    def context(self, step: Step, item: Any = None) -> dict[str, Any]:
        base = variables.base_context(self.job.job_id, self.job.variables, self.fresh or variables.Fresh())
        return variables.task_context(base, self.job, self.plan, step, item)

    def _begin(self, step: Step, row: TaskRow, now: datetime) -> PendingEffect | None:
        """Begins a task, or finds that it is skipped or can't begin. An effect is returned, not begun."""
        if row.wake_at and row.state == T.READY and row.wake_at > now:
            self._pause(row, row.wake_at - now)
            return None
        try:
            return self._begin_kind(step, row, now)
        except Failed as failed:
            problem = failed.problem
        except TemplateMistake as mistake:
            problem = Problem.of(TEMPLATE, reason=str(mistake))
        except Exception as error:
            logger.exception("job %s: task %s could not begin", self.job.job_id, row.key)
            problem = Problem.of(BUG, detail=repr(error), action=step.task.do or row.key)
        self._cant_begin(step, row, problem)
        return None

    def _cant_begin(self, step: Step, row: TaskRow, problem: Problem) -> None:
        row.error = problem.as_json()
        self._set(row, T.IGNORED if step.task.ignore_errors else T.FAILED)

    def _begin_kind(self, step: Step, row: TaskRow, now: datetime) -> PendingEffect | None:
        task = step.task
        context = self.context(step, row.item)
        repetition = row.key not in self.plan.steps
        if row.state == T.PENDING and task.when and not repetition and not truth(task.when, context):
            self._set(row, T.SKIPPED)
            return None
        if task.for_each and not repetition:
            return self._repeat(step, row, context)
        if task.human:
            self._ask(step, row, now)
            return None
        if task.wait:
            self._await(step, row, context, now)
            return None
        assert task.do is not None
        call = ActionCall(do=task.do, with_=task.with_)
        if step.action.effect:
            return PendingEffect(step, row, "do", call, None)
        params = parameters(call, step.action, context)
        request = loggable(registry.masked(params))
        slot = self._slot(step, row)
        if slot is None:
            return None
        attempt = self._new_try(step, row, "do", request, now)
        row.state = T.RUNNING
        row.started_at = row.started_at or now
        row.wake_at = row.ended_at = None
        self.draft.tasks[row.key] = row
        self.draft.launch[row.key] = Launch(step, row, step.action, params, attempt, slot)
        return None

    def _begin_call(self, launch: Launch) -> None:
        step, row = launch.step, launch.row
        if launch.slot is None:
            self.hands[row.key] = self.caller.undo(
                step, row.key, launch.action, launch.params, launch.attempt
            )
            return
        self.hands[row.key] = self.caller.do(
            step, row.key, launch.params, launch.attempt, launch.slot, lambda: self.context(step, row.item)
        )

    def count_try(self, step: Step, row: TaskRow, phase: str) -> None:
        if row.attempts >= row.budget:
            row.budget = row.attempts + self._budget(step, phase)
        row.attempts += 1

    def _new_try(self, step: Step, row: TaskRow, phase: str, request: Any, now: datetime) -> AttemptRow:
        self.count_try(step, row, phase)
        attempt = AttemptRow(row.row_id, phase, row.attempts, now, request=request)
        self.draft.attempts.append(attempt)
        return attempt

    def _slot(self, step: Step, row: TaskRow) -> Slot | None:
        """A slot for the task's call; without one, the task stands in line."""
        came = self.brought.pop(row.key, None)
        if came is not None and came.slot:
            return came.slot
        gate = self.caller.gate_of(step)
        slot = gate.enter_at_once()
        if slot is None:
            if row.state != T.READY:
                row.state = T.READY
                self.draft.tasks[row.key] = row
            self.hands[row.key] = self.caller.stand_in_line(row.key, gate)
        return slot

    def _pause(self, row: TaskRow, pause: timedelta) -> None:
        self.hands[row.key] = self.caller.pause(row.key, pause.total_seconds())

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
        if wait.timer is not None:
            row.wake_at = now + wait.timer
        elif wait.until is not None:
            row.wake_at = _instant(render_text(wait.until, context))
        else:
            if wait.event is not None:
                key = render_text(wait.key, context) if wait.key else ""
                row.event = event_name(wait.event, key)
            else:
                row.event = JOBS_ENDED
                row.output = {"jobs": _job_numbers(render(wait.jobs, context))}
            row.wake_at = now + wait.timeout if wait.timeout else None
        row.state = T.WAITING
        self.draft.tasks[row.key] = row

    # --- repeated tasks

    def _children(self, key: str) -> list[TaskRow]:
        return [row for name, row in self.job.tasks.items() if name.startswith(f"{key}[")]

    def _repeat(self, step: Step, row: TaskRow, context: dict[str, Any]) -> PendingEffect | None:
        assert step.task.for_each is not None
        if self._children(row.key):
            self._set(row, T.RUNNING)
            row.ended_at = None
            return None
        items = evaluate(step.task.for_each, context)
        if not isinstance(items, list | tuple) or len(items) > MOST_REPETITIONS:
            raise TemplateMistake(f"`for_each` takes a list of at most {MOST_REPETITIONS} elements")
        if not items:
            row.output = []
            self._set(row, T.DONE)
            return None
        return PendingEffect(step, row, "repeat", None, Brought(row.key, output=list(items)))

    def _repetitions(self, hopeless: bool) -> list[TaskRow]:
        """Repetitions that can begin."""
        if hopeless:
            return []
        return [
            row
            for row in self.job.tasks.values()
            if row.state in (T.PENDING, T.READY)
            and row.key not in self.plan.steps
            and row.key not in self.hands
            and self.job.tasks[self._step(row.key).key].state == T.RUNNING
        ]

    def _gather_repeated(self) -> None:
        """A repeated task has ended when all its repetitions have."""
        for key, row in self.job.tasks.items():
            if row.state != T.RUNNING or not self._is_group(row):
                continue
            children = self._children(key)
            if any(child.state not in (T.DONE, T.IGNORED, T.FAILED, T.SKIPPED) for child in children):
                continue
            failed = [child for child in children if child.state == T.FAILED]
            row.output = [child.output for child in children]
            row.error = failed[0].error if failed else None
            self._set(row, T.FAILED if failed else T.DONE)

    # --- going backward

    def _decide_backward(self) -> PendingEffect | None:
        """Takes tasks back, the last one first, one at a time."""
        now = self.engine.now()
        self._call_off_waiting()
        if self.hands:
            return None  # a call under way ends by itself; only then is it clear what has to be taken back
        for row in self.job.tasks.values():
            if row.state in (T.PENDING, T.WAITING) or (row.state == T.READY and row.attempts == 0):
                self._set(row, T.CANCELLED)
        order = undo_order(
            [
                Trace(row.key, row.state, row.attempts > 0, row.ended_at, (step.depth, row.row_id))
                for row in self.job.tasks.values()
                if (step := self._step(row.key)).task.undo and not self._is_group(row)
            ]
        )
        if order:
            return self._take_back(self._step(order[0]), self.job.tasks[order[0]], now)
        for row in self.job.tasks.values():
            if row.state in (T.READY, T.RUNNING, T.FAILED):
                self._set(row, T.CANCELLED)
            elif row.state in (T.DONE, T.IGNORED) and self._is_group(row) and self._step(row.key).task.undo:
                self._set(row, T.UNDONE)
        self._end(END_OF_BACKWARD[J(self.job.state)], now)
        return None

    def _take_back(self, step: Step, row: TaskRow, now: datetime) -> PendingEffect | None:
        undo = step.task.undo
        assert undo is not None
        if row.wake_at and row.wake_at > now:
            self._pause(row, row.wake_at - now)
            return None
        try:
            action = find_action(undo.do)
            if action.effect:
                return PendingEffect(step, row, "undo", undo, None)
            params = parameters(undo, action, self.context(step, row.item) | {"result": row.output})
            request = loggable(registry.masked(params))
        except Failed as failed:
            problem = failed.problem
        except Exception as error:
            logger.exception("job %s: task %s could not be taken back", self.job.job_id, row.key)
            problem = Problem.of(BUG, detail=repr(error), action=undo.do)
        else:
            attempt = self._new_try(step, row, "undo", request, now)
            self.draft.tasks[row.key] = row
            self.draft.launch[row.key] = Launch(step, row, action, params, attempt)
            return None
        row.error = problem.as_json()
        row.ended_at = now
        self.draft.tasks[row.key] = row
        self._cant_take_back(step, row, now)
        return self._decide_backward() if row.state == T.UNDONE else None

    def _cant_take_back(self, step: Step, row: TaskRow, now: datetime) -> None:
        """A failure that does not count on the way there does not count on the way back: the task keeps its error, and the
        rest is taken back."""
        if step.task.ignore_errors:
            row.state = T.UNDONE
            self.draft.job_changed = True
        else:
            self._fail(now, row.error | {"task": row.key})


@dataclass(frozen=True)
class PendingEffect:
    """A change of Alta's own data that will be committed together with its task's outcome. `after` is what
    an outside call brought before it; `call` None only adds the rows of a repeated task."""

    step: Step
    row: TaskRow
    phase: str
    call: ActionCall | None
    after: Brought | None

    @property
    def goes_with_others(self) -> bool:
        """Whether it may share a transaction with the same action of other jobs."""
        done = self.phase == "do" and self.call is not None and self.after is not None
        return done and find_action(self.call.do).many is not None  # type: ignore[union-attr]


def event_name(event: str, key: str) -> str:
    """How a wait and what it waits for find each other."""
    name = f"{event}:{key}"
    return name if len(name) <= 120 else hashlib.sha256(name.encode()).hexdigest()


def _job_numbers(value: Any) -> list[int]:
    numbers = value if isinstance(value, list | tuple) else [value]
    try:
        return [int(number) for number in numbers]
    except (TypeError, ValueError) as error:
        raise TemplateMistake(f"{value!r} is no list of job numbers") from error


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise TemplateMistake(f"{text!r} is no date and time") from error
    if instant.tzinfo is None:
        raise TemplateMistake(f"{text!r} has no time zone")
    return instant
