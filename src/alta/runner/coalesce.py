"""Gathers what many coroutines want from the database at the same time, and does it together.

While one transaction is being committed, the requests that arrive wait and then share the next one. With
little to do each request has its own transaction at once; under load, one commit serves many jobs, and none
waits longer than one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import psycopg
from django.db import InterfaceError, OperationalError, close_old_connections, connections

# The database is away, or somebody else was first: worth trying again. Any other error of the database is a
# bug.
DATABASE_TROUBLE = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
Request = TypeVar("Request")
Answer = TypeVar("Answer")
MOST_AT_ONCE = 100


class Coalescer(Generic[Request, Answer]):
    """Calls `work` with a list of requests, in a thread of its own with its own database connection."""

    def __init__(self, name: str, work: Callable[[Sequence[Request]], Sequence[Answer]]) -> None:
        self._work = work
        self._waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self._busy: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def __call__(self, request: Request) -> Answer:
        """The answer to one request. Raises what `work` raised for it."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._busy is None:
            self._busy = asyncio.create_task(self._serve())
        return await future

    async def _serve(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                await self._answer(batch)
        finally:
            self._busy = None

    async def _answer(self, batch: list[tuple[Request, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await in_thread(self._thread, self._work, [request for request, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                if not batch[0][1].done():
                    batch[0][1].set_exception(error)
                return
            # One bad request must not spoil the others: each on its own.
            for one in batch:
                await self._answer([one])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    def close(self) -> None:
        self._thread.submit(connections.close_all)
        self._thread.shutdown()


async def in_thread(thread: ThreadPoolExecutor, work: Callable[..., Answer], *args: object) -> Answer:
    """Runs database work in a thread, on a connection that is known to live."""

    def run() -> Answer:
        try:
            return work(*args)
        except Exception:
            close_old_connections()
            raise

    return await asyncio.get_running_loop().run_in_executor(thread, run)
