"""Keeps every outside system from being asked too much: concurrency and rate over all workers, and a breaker.

What all workers share is a row per connector. A worker takes slots and tokens from it in one statement for all its waiting
calls, keeps slots while it needs them, and gives them back. A connector without limits costs nothing here.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from alta.connectors import registry

POLL_SECONDS = 0.05  # how often a worker asks again for what it did not get
KEEP_SECONDS = 1.0  # how long it keeps slots that nobody uses

GRANT = """
WITH limits AS (
    SELECT name, concurrency, rate, paused,
           least(greatest(rate * 0.05, 1), tokens + extract(epoch FROM clock_timestamp() - tokens_at) * rate * 0.95) AS tokens,
           (SELECT coalesce(sum(slots), 0) FROM runner_connectoruse u WHERE u.connector_id = s.name) AS used
    FROM runner_connectorstate s WHERE name = %(name)s)
SELECT concurrency, rate, paused, tokens, used FROM limits
"""


@dataclass(frozen=True)
class Grant:
    slots: int
    tokens: int


def ensure_rows(now: datetime) -> None:
    """A row for every configured connector, with the limits of its settings where it has none yet."""
    with connection.cursor() as cursor:
        for name, found in registry.connector_classes().items():
            try:
                settings = registry.read_settings(found)
            except ValueError:
                continue
            cursor.execute(
                "INSERT INTO runner_connectorstate (name, concurrency, rate, paused, tokens, tokens_at, failures, reason) "
                "VALUES (%s, %s, %s, false, 1, %s, 0, '') ON CONFLICT (name) DO NOTHING",
                [name, settings.concurrency, settings.rate, now],
            )


def take(name: str, worker: int, slots: int, tokens: int) -> Grant:
    """Takes up to so many slots and tokens of a connector for a worker; negative slots are given back.

    At no time do the workers together hold more slots than `concurrency`, nor get more than `rate` tokens in any second."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM runner_connectorstate WHERE name = %s FOR UPDATE", [name])
        cursor.execute(GRANT, {"name": name})
        row = cursor.fetchone()
        if row is None:
            return Grant(max(slots, 0), tokens)
        concurrency, rate, paused, available, used = row
        if paused and slots >= 0:
            return Grant(0, 0)
        if slots > 0 and concurrency is not None:
            slots = max(0, min(slots, concurrency - used))
        tokens = tokens if rate is None else min(tokens, int(available))
        if slots:
            cursor.execute(
                "INSERT INTO runner_connectoruse (connector_id, worker_id, slots) VALUES (%s, %s, %s) "
                "ON CONFLICT (connector_id, worker_id) DO UPDATE SET slots = runner_connectoruse.slots + excluded.slots",
                [name, worker, slots],
            )
        if rate is not None:
            cursor.execute(
                "UPDATE runner_connectorstate SET tokens = %s, tokens_at = clock_timestamp() WHERE name = %s",
                [available - tokens, name],
            )
        return Grant(slots, tokens)


def note_failure(name: str, reason: str, failures_allowed: int, seconds: float) -> None:
    """One more transient failure in a row; from the allowed number on, the breaker opens for so many seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runner_connectorstate SET failures = failures + 1, reason = %s, open_until = CASE "
            "WHEN failures + 1 >= %s THEN clock_timestamp() + make_interval(secs => %s) END WHERE name = %s",
            [reason[:300], failures_allowed, seconds, name],
        )


def note_success(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runner_connectorstate SET failures = 0, open_until = NULL, reason = '' "
            "WHERE name = %s AND (failures > 0 OR open_until IS NOT NULL)",
            [name],
        )


def may_probe(name: str, seconds: float) -> bool:
    """Whether this caller may try a system whose breaker's time is over: one does, the others wait for what it finds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runner_connectorstate SET open_until = clock_timestamp() + make_interval(secs => %s) "
            "WHERE name = %s AND open_until <= clock_timestamp()",
            [seconds, name],
        )
        return bool(cursor.rowcount)


def read_states() -> dict[str, tuple[int | None, float | None, bool, int, float | None]]:
    """Per connector: concurrency, rate, paused, failures in a row, and for how many more seconds its breaker is open
    (negative: its time is over; None: closed)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, concurrency, rate, paused, failures, extract(epoch FROM open_until - clock_timestamp())::float "
            "FROM runner_connectorstate"
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


class Gate:
    """One worker's way to one connector."""

    def __init__(
        self, name: str, worker: int, database: Callable[..., Awaitable[object]], breaker_seconds: float
    ) -> None:
        self.name = name
        self._worker = worker
        self._database = database  # runs a function in a thread that has a database connection
        self._breaker_seconds = breaker_seconds
        self.limited = True
        self.rated = False
        self.failures = 0
        self.open_until: float | None = None  # time.monotonic()
        self._slots = 0
        self._busy = 0
        self._tokens = 0
        self._idle_since = time.monotonic()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._feeder: asyncio.Task[None] | None = None

    def learn(
        self, concurrency: int | None, rate: float | None, paused: bool, failures: int, open_for: float | None
    ) -> None:
        """Takes over what the connector's row says."""
        self.limited = concurrency is not None or rate is not None or paused
        self.rated = rate is not None
        self.failures = failures
        self.open_until = None if open_for is None else time.monotonic() + open_for

    def enter_at_once(self) -> bool:
        """Enters without waiting, where that is possible."""
        if self._waiting:
            return False
        if not self.limited:
            self._busy += 1
            return True
        if self._slots > self._busy and (not self.rated or self._tokens > 0):
            self._admit()
            return True
        return False

    def _admit(self) -> None:
        self._busy += 1
        if self.rated:
            self._tokens -= 1

    async def enter(self) -> None:
        """Waits until a call may be made. Every entering is followed by one `leave`."""
        if self.enter_at_once():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        if self._feeder is None or self._feeder.done():
            self._feeder = asyncio.create_task(self._feed())
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.leave()  # let in and called off in the same moment
            raise

    def leave(self) -> None:
        self._busy -= 1
        self._idle_since = time.monotonic()
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and (
            not self.limited or (self._slots > self._busy and (not self.rated or self._tokens > 0))
        ):
            future = self._waiting.popleft()
            if not future.done():
                self._admit()
                future.set_result(None)

    async def _feed(self) -> None:
        while self._waiting:
            self._waiting = deque(f for f in self._waiting if not f.done())
            wanted = max(0, len(self._waiting) + self._busy - self._slots)
            tokens = max(0, len(self._waiting) - self._tokens) if self.rated else 0
            if self.limited and (wanted or tokens):
                grant = await self._database(take, self.name, self._worker, wanted, tokens)
                assert isinstance(grant, Grant)
                self._slots += grant.slots
                self._tokens += grant.tokens
            self._let_in()
            if self._waiting:
                await asyncio.sleep(POLL_SECONDS)

    async def give_back(self) -> None:
        """Returns slots that have not been needed for a while."""
        spare = self._slots - self._busy
        if spare > 0 and not self._waiting and time.monotonic() - self._idle_since > KEEP_SECONDS:
            self._slots -= spare
            await self._database(take, self.name, self._worker, -spare, 0)

    async def is_open(self) -> bool:
        """Whether the breaker keeps calls away now. Once its time is over, one caller gets through."""
        if self.open_until is None:
            return False
        if time.monotonic() < self.open_until:
            return True
        if await self._database(may_probe, self.name, self._breaker_seconds):
            return False
        self.open_until = time.monotonic() + 1.0  # somebody else is trying; look again soon
        return True
