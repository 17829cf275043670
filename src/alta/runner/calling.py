"""Calls to outside systems for the tasks of one job: in their turn, within their time, logged without
secrets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from alta.connectors import registry
from alta.connectors.contract import Action, Call
from alta.playbooks.language import Verify
from alta.playbooks.plan import Step, find_action
from alta.playbooks.templates import Context, TemplateMistake
from alta.runner.limits import Gate, Slot
from alta.runner.perform import Failed, parameters, perform, unexpected
from alta.runner.records import AttemptRow, Problem
from alta.runner.refusals import BREAKER_OPEN, BUG, TEMPLATE
from alta.runner.secrecy import clean, cut, loggable, secrets_of

if TYPE_CHECKING:
    from alta.runner.engine import Engine

logger = logging.getLogger(__name__)


@dataclass
class Brought:
    """What somebody working on a task brought: an output or a problem, with the tries to log; or, with no
    `phase`, only a slot that the task's call may use now."""

    key: str
    phase: str = ""
    output: Any = None
    problem: Problem | None = None
    tries: list[AttemptRow] = field(default_factory=list)
    slot: Slot | None = None


@dataclass
class Hand:
    """Somebody working on a task. Without a `try_` it only waits: for a slot, or for a pause to end."""

    work: asyncio.Task[Brought]
    try_: AttemptRow | None = None

    def drop(self) -> None:
        """Calls it off; a slot that it has already is given back."""
        if self.work.done() and not self.work.cancelled() and (slot := self.work.result().slot):
            slot.leave()
        self.work.cancel()


class Caller:
    """Makes the calls of one job."""

    def __init__(self, engine: Engine, job_id: int, language: str) -> None:
        self._engine = engine
        self._job_id = job_id
        self._language = language

    def gate_of(self, step: Step) -> Gate:
        return self._engine.gate(step.task.limit or step.action.connector or "")

    def stand_in_line(self, key: str, gate: Gate) -> Hand:
        async def wait() -> Brought:
            return Brought(key, slot=await gate.enter())

        return Hand(asyncio.create_task(wait()))

    def pause(self, key: str, seconds: float) -> Hand:
        async def wait() -> Brought:
            await asyncio.sleep(seconds)
            return Brought(key)

        return Hand(asyncio.create_task(wait()))

    def do(
        self,
        step: Step,
        key: str,
        params: BaseModel,
        attempt: AttemptRow,
        slot: Slot,
        context: Callable[[], Context],
    ) -> Hand:
        """Calls the task's action in the slot, and verifies where the task asks for that."""

        async def work() -> tuple[Any, Problem | None, list[AttemptRow]]:
            output, problem = await self._try(step.action, params, step, key, attempt)
            slot.leave()
            if problem is None and step.task.verify:
                tries = [attempt]
                problem = await self._verify(
                    step, step.task.verify, key, {**context(), "result": output}, tries
                )
                return output, problem, tries
            return output, problem, [attempt]

        hand = self._hand(key, "do", attempt, work())
        hand.work.add_done_callback(lambda _: slot.leave())
        return hand

    def undo(self, step: Step, key: str, action: Action, params: BaseModel, attempt: AttemptRow) -> Hand:
        async def work() -> tuple[Any, Problem | None, list[AttemptRow]]:
            slot = await self._engine.gate(action.connector or "").enter()
            try:
                return *(await self._try(action, params, step, f"{key}.undo", attempt)), [attempt]
            finally:
                slot.leave()

        return self._hand(key, "undo", attempt, work())

    @staticmethod
    def _hand(
        key: str,
        phase: str,
        attempt: AttemptRow,
        work: Coroutine[Any, Any, tuple[Any, Problem | None, list[AttemptRow]]],
    ) -> Hand:
        async def bring() -> Brought:
            try:
                return Brought(key, phase, *(await work))
            except Exception as error:
                logger.exception("task %s: its call could not be made", key)
                problem = Problem.of(BUG, detail=repr(error), action=key)
                attempt.outcome, attempt.error = "failed", problem.as_json()
                return Brought(key, phase, None, problem, [attempt])

        return Hand(asyncio.create_task(bring()), attempt)

    async def _try(
        self, action: Action, params: BaseModel, step: Step, key: str, attempt: AttemptRow
    ) -> tuple[Any, Problem | None]:
        engine = self._engine
        gate = engine.gate(action.connector or "")
        secrets = secrets_of(params)
        call = Call(
            key=f"job-{self._job_id}.{key}",
            timeout=step.task.timeout.total_seconds(),
            language=self._language,
        )
        output, problem = None, None
        if await gate.is_open():
            title = registry.connector_classes()[gate.name].title
            problem = Problem.of(BREAKER_OPEN, transient=True, system=title)
        else:
            try:
                output = clean(await perform(action, params, call, step.task.timeout), secrets)
                await engine.answered(gate)
            except Failed as failed:
                problem = failed.problem.cleaned(secrets)
                await engine.did_not_answer(gate, problem)
        attempt.ended_at = engine.now()
        attempt.outcome = "failed" if problem else "done"
        attempt.answer = cut(output)
        attempt.wire = loggable(call.wire, secrets) if call.wire else None
        attempt.error = problem.as_json() if problem else None
        return output, problem

    async def _verify(
        self, step: Step, verify: Verify, key: str, context: Context, tries: list[AttemptRow]
    ) -> Problem | None:
        """Asks the system whether it is so."""
        try:
            action = find_action(verify.do)
            params = parameters(verify, action, context)
            [done] = tries
            asked = AttemptRow(
                done.task_id,
                "verify",
                done.number,
                self._engine.now(),
                request=loggable(registry.masked(params)),
            )
            slot = await self._engine.gate(action.connector or "").enter()
            try:
                found, problem = await self._try(action, params, step, f"{key}.verify", asked)
            finally:
                slot.leave()
            tries.append(asked)
            if problem is None:
                problem = unexpected(verify, found, context)
                if problem:
                    asked.outcome, asked.error = "failed", problem.as_json()
            return problem
        except Failed as failed:
            return failed.problem
        except TemplateMistake as mistake:
            return Problem.of(TEMPLATE, reason=str(mistake))
