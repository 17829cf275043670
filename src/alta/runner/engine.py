"""A worker process: takes jobs from the queue, advances many of them at once, and helps those whose worker
died.

Outside calls are coroutines on one event loop. Database work runs in a few threads, each with a connection
of its own; a job that waits holds none of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from threading import Barrier, BrokenBarrierError
from typing import Any, TypeVar

from django.db import connections
from django.utils import timezone

from alta.connectors import registry
from alta.connectors.contract import ConnectorSettings
from alta.playbooks.plan import Plan, plan_of_version
from alta.runner import effects, limits, queries, services, together
from alta.runner.advance import PendingEffect, Run
from alta.runner.chores import Housekeeper
from alta.runner.coalesce import DATABASE_TROUBLE, Coalescer, in_thread
from alta.runner.limits import Gate, State
from alta.runner.records import JobRow, Problem, Save

logger = logging.getLogger(__name__)
R = TypeVar("R")
DATABASE_THREADS = 3
WATCH_SECONDS = 1.0
BEAT_SECONDS = 3.0
SILENCE_SECONDS = 5.0


class Engine:
    """One worker. `accept` takes a job; `watch` must run beside it."""

    def __init__(
        self,
        name: str,
        most_jobs: int = 400,
        now: Callable[[], datetime] = timezone.now,
        revive: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.now = now
        self._revive = revive  # starts a database server that has died
        self.worker = 0
        self.runs: dict[int, Run] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(most_jobs)
        # Jobs that nobody watches never take all the room.
        self._bulk_room = asyncio.Semaphore(max(1, most_jobs // 2))
        self._accepting: set[int] = set()
        self._handed_at = time.monotonic()
        self._plans: dict[int, Plan] = {}
        self._gates: dict[str, Gate] = {}
        self._states: dict[str, State] = {}
        # Others' locks may keep every other thread waiting; the worker must be heard of all the same.
        self._heart = ThreadPoolExecutor(1, thread_name_prefix="heart")
        self._threads = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="database")
        self._claim: Coalescer[int, JobRow | None] = Coalescer("claim", self._claim_jobs)
        self.save: Coalescer[Save, bool] = Coalescer("save", queries.save_many)
        self.save_effects: Coalescer[tuple[Run, PendingEffect], bool] = Coalescer(
            "effects", together.save_effects
        )

    async def start(self) -> None:
        await self.in_database(limits.ensure_rows, self.now())
        self.worker = await self.in_database(queries.register_worker, self.name)
        await self._learn_limits()

    def _claim_jobs(self, ids: Sequence[int]) -> Sequence[JobRow | None]:
        return queries.claim_jobs(ids, self.worker)

    # --- what runs use

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
        gate = self._gates.get(name)
        if gate is None:
            found = registry.connector_classes().get(name)
            try:
                settings = registry.read_settings(found) if found else ConnectorSettings()
            except ValueError:
                settings = ConnectorSettings()
            gate = self._gates[name] = Gate(name, self.worker, settings, self.in_database)
            if name in self._states:
                gate.learn(self._states[name])
        return gate

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
        gate.failures += 1
        await self._quietly(
            limits.note_failure,
            gate.name,
            problem.detail or problem.code,
            gate.settings.breaker_failures,
            gate.settings.breaker_seconds,
        )
        await self._learn_limits()

    # --- taking jobs

    async def accept(self, job_id: int) -> None:
        """What the queue calls: takes a job, waiting for room. A job in other hands is left to them; one in ours
        is told to look again."""
        self._handed_at = time.monotonic()
        try:
            await self._take(job_id)
        except DATABASE_TROUBLE as trouble:
            logger.warning("job %s: %s", job_id, str(trouble).strip().split("\n", 1)[0])

    async def accept_many(self, job_ids: Sequence[int]) -> None:
        """Takes jobs that nobody watches, as there is room, and leaves some for others."""
        await asyncio.gather(*(self._accept_bulk(job_id) for job_id in job_ids))

    async def _accept_bulk(self, job_id: int) -> None:
        await self._bulk_room.acquire()
        await self.accept(job_id)
        run = self._tasks.get(job_id)
        if run is None:
            self._bulk_room.release()
        else:
            run.add_done_callback(lambda _: self._bulk_room.release())

    async def _take(self, job_id: int) -> None:
        if job_id in self.runs:
            self.runs[job_id].nudged.set()
            return
        if job_id in self._accepting:
            return
        self._accepting.add(job_id)
        try:
            await self._room.acquire()
            if not await self._begin(job_id):
                self._room.release()
        finally:
            self._accepting.discard(job_id)

    async def _begin(self, job_id: int) -> bool:
        try:
            job = await self._claim(job_id)
        except BaseException:
            self._room.release()
            raise
        if job is None:
            return False
        try:
            plan = await self._plan(job.playbook_id)
        except Exception as error:
            logger.exception("job %s: its playbook can't be read", job_id)
            await self._give_up(job, error)
            return False
        run = self.runs[job_id] = Run(self, job, plan)
        self._tasks[job_id] = asyncio.create_task(self._advance(run))
        return True

    async def _plan(self, version_id: int) -> Plan:
        if version_id not in self._plans:
            self._plans[version_id] = await self.in_database(plan_of_version, version_id)
        return self._plans[version_id]

    async def _advance(self, run: Run) -> None:
        job_id = run.job.job_id
        try:
            await run.go()
        except Exception as error:
            logger.exception("job %s: Alta failed", job_id)
            await self._give_up(run.job, error)
        finally:
            del self.runs[job_id]
            del self._tasks[job_id]
            self._room.release()
        if run.nudged.is_set():
            await self._take(job_id)

    async def _give_up(self, job: JobRow, error: Exception) -> None:
        """A bug must not go round and round: the job fails, for a person to see. With the database away it
        waits for it."""
        try:
            if isinstance(error, DATABASE_TROUBLE):
                raise error
            await self.in_database(
                effects.fail_with_bug, job.job_id, job.lease, self.name, self.now(), repr(error)
            )
        except Exception:
            logger.exception("job %s: it could not be ended either", job.job_id)
            await self._quietly(queries.give_back, job.job_id, job.lease)

    async def drain(self) -> None:
        """Until every accepted job has ended, waits for somebody, or is lost."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    # --- looking after things

    async def watch(self) -> None:
        """For as long as the worker lives: says that it does, takes up what others left, follows changes by
        people, and does the chores."""
        await asyncio.gather(
            self._always(self._beat, BEAT_SECONDS),
            self._always(self._look_around, WATCH_SECONDS),
            self._always(Housekeeper(self.in_database, self.now).look_around, WATCH_SECONDS),
        )

    async def _always(self, work: Callable[[], Awaitable[None]], seconds: float) -> None:
        while True:
            try:
                await work()
            except DATABASE_TROUBLE as trouble:
                logger.warning("worker %s: %s", self.name, str(trouble).strip().split("\n", 1)[0])
                if self._revive:
                    await asyncio.to_thread(self._revive)
            except Exception:
                logger.exception("worker %s: looking after the jobs failed", self.name)
            await asyncio.sleep(seconds)

    async def _beat(self) -> None:
        if not await in_thread(self._heart, queries.beat, self.worker):
            # Taken for dead, for instance after the machine slept. What we held is others' now; their
            # leases say so.
            self.worker = await in_thread(self._heart, queries.register_worker, self.name)
            for gate in self._gates.values():
                gate.move(self.worker)
            for run in self.runs.values():
                run.nudged.set()

    async def _look_around(self) -> None:
        await self._learn_limits()
        for gate in list(self._gates.values()):
            await gate.give_back()
        await self._look_after_own()
        await self.in_database(queries.bury_dead_workers)
        for job_id, key in await self.in_database(queries.waits_that_are_over):
            await self.in_database(services.end_wait, job_id, key, self.now())
        for job_id, key, event in await self.in_database(queries.awaited_events):
            await self.in_database(services.receive_event, job_id, key, event, self.now())
        # When the queue is silent there is nothing in it; or it lost its connection, and the rows have to do.
        trust_queue = time.monotonic() - self._handed_at < SILENCE_SECONDS
        for job_id in await self.in_database(queries.forgotten_jobs, self.now(), trust_queue):
            if self._room.locked():
                break
            await self._take(job_id)

    async def _look_after_own(self) -> None:
        """Follows changes that people made; gives back jobs that were claimed by a commit whose answer was
        lost."""
        for job_id, seq, lease in await self.in_database(queries.jobs_held_by, self.worker):
            run = self.runs.get(job_id)
            if run is None and job_id not in self._accepting:
                await self.in_database(queries.give_back, job_id, lease)
            elif run is not None and seq > run.job.seq:
                run.nudged.set()

    async def _learn_limits(self) -> None:
        try:
            self._states = await self.in_database(limits.read_states)
        except DATABASE_TROUBLE:
            return
        for name, gate in self._gates.items():
            if name in self._states:
                gate.learn(self._states[name])

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
        self.save_effects.close()
        for threads, number in ((self._threads, DATABASE_THREADS), (self._heart, 1)):
            _close_connections(threads, number)


def _close_connections(threads: ThreadPoolExecutor, number: int) -> None:
    """Has every thread close its own connection: none of them takes a second turn before the last has had
    its first."""
    everybody = Barrier(number)

    def close() -> None:
        connections.close_all()
        with suppress(BrokenBarrierError):
            everybody.wait(2)

    for _ in range(number):
        threads.submit(close)
    threads.shutdown()
