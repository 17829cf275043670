"""A worker process: takes jobs from the queue, advances many of them at once, and helps those whose worker died.

Outside calls are coroutines on one event loop. Database work runs in a few threads, each with a connection of its own; a job
that waits holds none of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from django.db import connections
from django.utils import timezone

from alta.connectors import registry
from alta.playbooks.plan import plan_of_version
from alta.runner import effects, limits, queries
from alta.runner.advance import DATABASE_TROUBLE, PendingEffect, Run
from alta.runner.coalesce import Coalescer, in_thread
from alta.runner.limits import Gate
from alta.runner.records import JobRow, Problem, Save

logger = logging.getLogger(__name__)
R = TypeVar("R")
DATABASE_THREADS = 3
WATCH_SECONDS = 1.0
BEAT_SECONDS = 3.0


class Engine:
    """One worker. `accept` takes a job; `watch` must run beside it."""

    def __init__(self, name: str, most_jobs: int = 400, now: Callable[[], datetime] = timezone.now) -> None:
        self.name = name
        self.now = now
        self.worker = 0
        self.runs: dict[int, Run] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(most_jobs)
        self._gates: dict[str, Gate] = {}
        self._threads = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="database")
        self._claim: Coalescer[int, JobRow | None] = Coalescer("claim", self._claim_jobs)
        self.save: Coalescer[Save, bool] = Coalescer("save", queries.save_many)

    async def start(self) -> None:
        await self.in_database(limits.ensure_rows, self.now())
        self.worker = await self.in_database(queries.register_worker, self.name)
        await self._learn_limits()

    def _claim_jobs(self, ids: Sequence[int]) -> Sequence[JobRow | None]:
        return queries.claim_jobs(ids, self.worker)

    # --- what runs use -----------------------------------------------------------------------------------------------

    async def in_database(self, work: Callable[..., R], *args: Any) -> R:
        return await in_thread(self._threads, work, *args)

    @staticmethod
    def load(job_id: int) -> JobRow | None:
        return queries.load_job(job_id)

    @staticmethod
    def save_end(save: Save) -> bool:
        return effects.save_end(save)

    @staticmethod
    def save_effect(run: Run, pending: PendingEffect) -> bool:
        return effects.save_effect(run, pending)

    def gate(self, name: str) -> Gate:
        if name not in self._gates:
            found = registry.connector_classes().get(name)
            try:
                seconds = registry.read_settings(found).breaker_seconds if found else 10.0
            except ValueError:
                seconds = 10.0
            gate = self._gates[name] = Gate(name, self.worker, self.in_database, seconds)
            gate.limited = name in self._states
            if name in self._states:
                gate.learn(*self._states[name])
        return self._gates[name]

    async def answered(self, gate: Gate) -> None:
        """A system answered: its breaker closes."""
        if gate.failures or gate.open_until is not None:
            gate.failures, gate.open_until = 0, None
            await self._quietly(limits.note_success, gate.name)

    async def did_not_answer(self, gate: Gate, problem: Problem) -> None:
        """A call failed. Only what may pass counts against the system: a clear no is an answer."""
        if not problem.transient:
            await self.answered(gate)
            return
        found = registry.connector_classes().get(gate.name)
        if found is None:
            return
        gate.failures += 1
        settings = registry.read_settings(found)
        await self._quietly(
            limits.note_failure,
            gate.name,
            problem.detail or problem.code,
            settings.breaker_failures,
            settings.breaker_seconds,
        )
        await self._learn_limits()

    # --- taking jobs -------------------------------------------------------------------------------------------------

    async def accept(self, job_id: int) -> None:
        """Takes a job, waiting for room. A job in other hands is left to them; one in ours is told to look again."""
        if job_id in self.runs:
            self.runs[job_id].nudged.set()
            return
        await self._room.acquire()
        try:
            job = await self._claim(job_id)
        except BaseException:
            self._room.release()
            raise
        if job is None:
            self._room.release()
            return
        try:
            plan = await self.in_database(plan_of_version, job.playbook_id)
        except BaseException:
            self._room.release()
            raise
        run = self.runs[job_id] = Run(self, job, plan)
        self._tasks[job_id] = asyncio.create_task(self._advance(run))

    async def _advance(self, run: Run) -> None:
        job_id = run.job.job_id
        try:
            await run.go()
        except Exception:
            # The job stays in our name until it is given back, so that nobody runs it twice meanwhile.
            await self._quietly(queries.give_back, job_id, self.worker)
        finally:
            del self.runs[job_id]
            del self._tasks[job_id]
            self._room.release()
        if run.nudged.is_set():
            await self.accept(job_id)

    async def drain(self) -> None:
        """Until every accepted job has ended, waits for somebody, or is lost."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    # --- looking after things ----------------------------------------------------------------------------------------

    async def watch(self) -> None:
        """For as long as the worker lives: says that it does, takes up what others left, and follows changes by people."""
        last_beat = 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                if loop.time() - last_beat > BEAT_SECONDS:
                    last_beat = loop.time()
                    await self._beat()
                await self._look_around()
            except DATABASE_TROUBLE as trouble:
                logger.warning("worker %s: %s", self.name, str(trouble).strip().split("\n", 1)[0])
            await asyncio.sleep(WATCH_SECONDS)

    async def _beat(self) -> None:
        if not await self.in_database(queries.beat, self.worker):
            # Taken for dead, for instance after the machine slept. What we held is others' now; their leases say so.
            self.worker = await self.in_database(queries.register_worker, self.name)
            self._gates.clear()
            for run in self.runs.values():
                run.nudged.set()

    async def _look_around(self) -> None:
        await self._learn_limits()
        for gate in list(self._gates.values()):
            await gate.give_back()
        for job_id, seq in (await self.in_database(queries.jobs_held_by, self.worker)).items():
            run = self.runs.get(job_id)
            if run is not None and seq > run.job.seq:
                run.nudged.set()
        await self.in_database(queries.bury_dead_workers)
        await self.in_database(queries.end_waits_for_jobs, self.now())
        for job_id in await self.in_database(queries.forgotten_jobs, self.now()):
            if self._room.locked():
                break
            await self.accept(job_id)

    _states: dict[str, tuple[int | None, float | None, bool, int, float | None]] = {}

    async def _learn_limits(self) -> None:
        try:
            self._states = await self.in_database(limits.read_states)
        except DATABASE_TROUBLE:
            return
        for name, gate in self._gates.items():
            if name in self._states:
                gate.learn(*self._states[name])

    async def _quietly(self, work: Callable[..., Any], *args: Any) -> None:
        """Database work that matters little: where it fails, watching makes up for it."""
        try:
            await self.in_database(work, *args)
        except DATABASE_TROUBLE:
            logger.warning("worker %s: %s could not be noted", self.name, getattr(work, "__name__", "it"))

    async def stop(self) -> None:
        """Gives the worker's jobs and slots back at once, and closes its connections."""
        for task in list(self._tasks.values()):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=5)
        if self.worker:
            await self._quietly(queries.remove_worker, self.worker)
        await registry.close_all()
        self._claim.close()
        self.save.close()
        for _ in range(DATABASE_THREADS):
            self._threads.submit(connections.close_all)
        self._threads.shutdown()
