"""Keeps every outside system from being asked too much: concurrency and rate over all workers, and a breaker.

What all workers share is a row per connector. A worker takes slots and tokens from it in one statement for
all its waiting calls, keeps slots while it needs them, and gives them back. A connector without limits
costs nothing here."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from alta.connectors import registry
from alta.connectors.contract import ConnectorSettings
from alta.runner.coalesce import DATABASE_TROUBLE

POLL_SECONDS = 0.05  # how often a worker asks again for what it did not get
KEEP_SECONDS = 1.0  # how long it keeps slots that nobody uses

STATE = """
SELECT concurrency, rate, paused,
    least(greatest(rate * 0.05, 1), tokens + extract(epoch FROM clock_timestamp() - tokens_at) * rate * 0.95),
    (SELECT coalesce(sum(slots), 0) FROM runner_connectoruse
     WHERE connector_id = %(name)s AND worker_id <> %(worker)s),
    (SELECT coalesce(array_agg(slots + wanted), '{}') FROM runner_connectoruse
     WHERE connector_id = %(name)s AND worker_id <> %(worker)s AND slots + wanted > 0)
FROM runner_connectorstate WHERE name = %(name)s
"""


@dataclass(frozen=True)
class Grant:
    """What a worker may use. `wait`: seconds after which asking for another token may be of use. `share`: how many slots
    are its own while others wait for some; it gives back what it holds beyond."""

    slots: int
    tokens: int
    wait: float = 0.0
    share: int | None = None


def fair_share(concurrency: int, others: Sequence[int]) -> int:
    """How many slots a worker may hold where others need so many: an equal part, and what they leave of theirs."""
    equal = max(1, concurrency // (len(others) + 1))
    return max(equal, concurrency - sum(min(equal, need) for need in others))


def ensure_rows(now: datetime) -> None:
    """A row for every configured connector, with the limits of its settings where it has none yet."""
    with connection.cursor() as cursor:
        for name, found in registry.connector_classes().items():
            try:
                settings = registry.read_settings(found)
            except ValueError:
                continue
            cursor.execute(
                "INSERT INTO runner_connectorstate "
                "(name, concurrency, rate, paused, tokens, tokens_at, failures, reason) "
                "VALUES (%s, %s, %s, false, 1, %s, 0, '') ON CONFLICT (name) DO NOTHING",
                [name, settings.concurrency, settings.rate, now],
            )


def take(name: str, worker: int, held: int, more: int, tokens: int) -> Grant:
    """Says that a worker holds so many slots of a connector, and asks for `more` and for tokens. Answers how
    many slots it holds from now on, and how many tokens it got. Says it in full, so saying it again after a
    lost answer does no harm.

    At no time do the workers together hold more slots than `concurrency`, nor get more than `rate` tokens in
    any second. Who holds more than a fair share while others wait gets no more."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM runner_connectorstate WHERE name = %s FOR UPDATE", [name])
        cursor.execute(STATE, {"name": name, "worker": worker})
        row = cursor.fetchone()
        if row is None:
            return Grant(held + more, tokens)
        concurrency, rate, paused, available, taken, others = row
        share, asked = None, more
        if paused:
            more = tokens = asked = 0
        elif concurrency is not None:
            share = fair_share(concurrency, others)
            more = max(0, min(more, concurrency - taken - held, share - held))
        cursor.execute(
            "INSERT INTO runner_connectoruse (connector_id, worker_id, slots, wanted) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (connector_id, worker_id) DO UPDATE SET slots = excluded.slots, wanted = excluded.wanted",
            [name, worker, held + more, asked - more],
        )
        wait = 0.0
        if rate is not None and tokens:
            tokens = max(0, min(tokens, int(available)))
            wait = (1 - (available - tokens)) / (rate * 0.95)
            cursor.execute(
                "UPDATE runner_connectorstate SET tokens = %s, tokens_at = clock_timestamp() WHERE name = %s",
                [available - tokens, name],
            )
        return Grant(held + more, tokens, wait, share)


def note_failure(name: str, reason: str, failures_allowed: int, seconds: float) -> None:
    """One more transient failure in a row; at the allowed number the breaker opens for `seconds`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runner_connectorstate SET failures = failures + 1, reason = %s, open_until = CASE "
            "WHEN failures + 1 >= %s THEN clock_timestamp() + make_interval(secs => %s) END WHERE name = %s",
            [reason[:300], failures_allowed, seconds, name],
        )


def let_one_try(names: Collection[str]) -> None:
    """A person who retries knows something that the breaker does not: the next call goes through and finds out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runner_connectorstate SET open_until = clock_timestamp() "
            "WHERE name = ANY(%s) AND open_until > clock_timestamp()",
            [sorted(names)],
        )


def note_success(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runner_connectorstate SET failures = 0, open_until = NULL, reason = '' "
            "WHERE name = %s AND (failures > 0 OR open_until IS NOT NULL)",
            [name],
        )


def may_probe(name: str, seconds: float) -> bool:
    """Whether this caller may try a system whose breaker's time is over: one does, the others wait for what
    it finds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runner_connectorstate SET open_until = clock_timestamp() + make_interval(secs => %s) "
            "WHERE name = %s AND open_until <= clock_timestamp()",
            [seconds, name],
        )
        return bool(cursor.rowcount)


@dataclass(frozen=True)
class State:
    """What a connector's row says. `open_for`: seconds that its breaker stays open; negative when its time is
    over, None when it is closed."""

    concurrency: int | None
    rate: float | None
    paused: bool
    failures: int
    open_for: float | None


def read_states() -> dict[str, State]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, concurrency, rate, paused, failures, "
            "extract(epoch FROM open_until - clock_timestamp())::float FROM runner_connectorstate"
        )
        return {row[0]: State(*row[1:]) for row in cursor.fetchall()}


class Slot:
    """A call's place at a gate. Leaving twice is leaving once."""

    def __init__(self, gate: Gate) -> None:
        self._gate: Gate | None = gate

    def leave(self) -> None:
        if self._gate is not None:
            gate, self._gate = self._gate, None
            gate._left()


class Gate:
    """One worker's way to one connector."""

    def __init__(
        self, name: str, worker: int, settings: ConnectorSettings, database: Callable[..., Awaitable[object]]
    ) -> None:
        self.name = name
        self.settings = settings
        self._worker = worker
        self._database = database  # runs a function in a thread that has a database connection
        self._taking = asyncio.Lock()  # what the database says of our slots is said in order
        self.limited = False
        self.rated = False
        self.paused = False
        self.failures = 0
        self.open_until: float | None = None  # time.monotonic()
        self._slots = 0
        self._share: int | None = None
        self._wants = False  # the row says that we wait for more
        self._busy = 0
        self._tokens = 0
        self._idle_since = time.monotonic()
        self._waiting: deque[asyncio.Future[Slot]] = deque()
        self._feeder: asyncio.Task[None] | None = None

    def learn(self, state: State) -> None:
        """Takes over what the connector's row says."""
        self.limited = state.concurrency is not None or state.rate is not None
        self.rated = state.rate is not None
        self.paused = state.paused
        self.failures = state.failures
        self.open_until = None if state.open_for is None else time.monotonic() + state.open_for
        if state.concurrency is not None:
            self._slots = min(self._slots, state.concurrency)

    def move(self, worker: int) -> None:
        """The worker has a new number; under it, it holds nothing yet."""
        self._worker = worker
        self._slots = self._tokens = 0

    def _is_free(self) -> bool:
        if self.paused:
            return False
        slots = self._slots if self._share is None else min(self._slots, self._share)
        return not self.limited or (slots > self._busy and (not self.rated or self._tokens > 0))

    def _admit(self) -> Slot:
        self._busy += 1
        if self.limited and self.rated:
            self._tokens -= 1
        return Slot(self)

    def enter_at_once(self) -> Slot | None:
        """Enters without waiting, where that is possible."""
        return self._admit() if not self._waiting and self._is_free() else None

    async def enter(self) -> Slot:
        """Waits until a call may be made."""
        slot = self.enter_at_once()
        if slot is not None:
            return slot
        future: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        if self._feeder is None or self._feeder.done():
            self._feeder = asyncio.create_task(self._feed())
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                future.result().leave()  # let in and called off in the same moment
            raise

    def _left(self) -> None:
        self._busy -= 1
        self._idle_since = time.monotonic()
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._is_free():
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(self._admit())

    async def _feed(self) -> None:
        while self._waiting:
            self._waiting = deque(future for future in self._waiting if not future.done())
            pause = POLL_SECONDS
            if self.limited and not self.paused:
                pause = await self._ask_for_more()
            self._let_in()
            if self._waiting:
                await asyncio.sleep(pause)
        self._tokens = 0  # not used in their time

    async def _ask_for_more(self) -> float:
        """Takes what can be had now; returns after how many seconds to ask again."""
        async with self._taking:
            worker = self._worker
            if self._share is not None:
                self._slots = max(self._busy, min(self._slots, self._share))
            more = max(0, len(self._waiting) + self._busy - self._slots)
            tokens = max(0, len(self._waiting) - self._tokens) if self.rated else 0
            if not more and not tokens:
                return POLL_SECONDS
            try:
                grant = await self._database(take, self.name, worker, self._slots, more, tokens)
            except DATABASE_TROUBLE:
                return POLL_SECONDS
            assert isinstance(grant, Grant)
            if worker == self._worker:
                self._slots, self._share = grant.slots, grant.share
                self._wants = grant.slots < len(self._waiting) + self._busy
                self._tokens += grant.tokens
            return min(max(grant.wait, 0.005), 1.0) if grant.wait > 0 else POLL_SECONDS

    async def give_back(self) -> None:
        """Returns slots that have not been needed for a while."""
        if time.monotonic() - self._idle_since < KEEP_SECONDS:
            return
        async with self._taking:
            if (self._slots > self._busy or self._wants) and not self._waiting:
                self._slots, self._wants = self._busy, False
                await self._database(take, self.name, self._worker, self._slots, 0, 0)

    async def is_open(self) -> bool:
        """Whether the breaker keeps calls away now. Once its time is over, one caller gets through."""
        if self.open_until is None:
            return False
        try:
            if await self._database(may_probe, self.name, self.settings.breaker_seconds):
                return False
        except DATABASE_TROUBLE:
            return False  # what comes of the call can't be stored either
        return True
