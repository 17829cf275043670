"""Follows jobs for the people who watch them.

One poller a web process asks the database for new events of all jobs that are being watched here, and wakes the streams
concerned. Nothing is polled while nobody watches, and no stream holds a database connection."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection

from alta.runner.queries import new_events

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.03
KEEP_ALIVE_SECONDS = 15.0
STREAM_SECONDS = (
    600.0  # then the browser opens a new one: a stream forgotten by a proxy does not stay for ever
)


class Follower:
    """Wakes the streams of this process. Lives on one event loop."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._streams: dict[int, set[asyncio.Event]] = {}
        self._poller: asyncio.Task[None] | None = None

    async def events(self, job_id: int, seen: int) -> AsyncIterator[bytes]:
        """The stream of a job, from event number `seen` on: each message says up to which number there is news."""
        woken = asyncio.Event()
        self._streams.setdefault(job_id, set()).add(woken)
        self._seen[job_id] = min(seen, self._seen.get(job_id, seen))
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        loop = asyncio.get_running_loop()
        end = loop.time() + STREAM_SECONDS
        told = seen
        try:
            yield b"retry: 500\n\n"
            while loop.time() < end:
                try:
                    await asyncio.wait_for(woken.wait(), KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                woken.clear()
                if self._seen[job_id] > told:
                    told = self._seen[job_id]
                    data = json.dumps({"job": job_id, "seq": told})
                    yield f"id: {told}\nevent: job\ndata: {data}\n\n".encode()
        finally:
            self._streams[job_id].discard(woken)
            if not self._streams[job_id]:
                del self._streams[job_id]
                self._seen.pop(job_id, None)

    async def _poll(self) -> None:
        while self._streams:
            try:
                for job_id, seq in await sync_to_async(_news, thread_sensitive=False)(dict(self._seen)):
                    if job_id in self._seen:
                        self._seen[job_id] = max(seq, self._seen[job_id])
                        for woken in self._streams.get(job_id, ()):
                            woken.set()
            except DatabaseError as error:
                logger.warning("jobs can't be followed: %s", str(error).strip().split("\n", 1)[0])
                await asyncio.sleep(1)
            await asyncio.sleep(POLL_SECONDS)


def _news(seen: dict[int, int]) -> list[tuple[int, int]]:
    try:
        return new_events(seen)
    finally:
        connection.close()  # back to the pool


follower = Follower()
