"""Limits of outside systems over several workers, the breaker, pausing, and what waiting costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from django.db import connection

from alta.runner.engine import Engine
from alta.runner.limits import fair_share
from alta.runner.models import Attempt, ConnectorState, ConnectorUse, Job, Worker
from tests.conftest import RunJobs
from tests.lab_limits import Door
from tests.runner.conftest import NOW, Start, state_of, states

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def door() -> Iterator[None]:
    Door.reset()
    yield
    Door.reset()


@asynccontextmanager
async def engine(name: str, most_jobs: int = 400) -> Any:
    """A worker, looked after."""
    found = Engine(name, most_jobs)
    await found.start()
    watching = asyncio.create_task(found.watch())
    try:
        yield found
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await found.stop()


def with_engines(
    number: int, act: Callable[[Sequence[Engine]], Awaitable[None]], seconds: float = 25
) -> None:
    async def go() -> None:
        async with asyncio.timeout(seconds), AsyncExitStack() as stack:
            engines = [await stack.enter_async_context(engine(f"engine-{n}")) for n in range(number)]
            await act(engines)

    asyncio.run(go())


def limit(**limits: Any) -> None:
    ConnectorState.objects.update_or_create(name="door", defaults={"tokens_at": NOW, **limits})


def share(jobs: Sequence[Job]) -> Callable[[Sequence[Engine]], Awaitable[None]]:
    """Has each engine take its share of the jobs, and waits for all."""

    async def act(engines: Sequence[Engine]) -> None:
        for number, job in enumerate(jobs):
            await engines[number % len(engines)].accept(job.pk)
        for one in engines:
            await one.drain()

    return act


def knocking(start: Start, number: int, delay: float) -> list[Job]:
    return [start(f"- id: a\n  do: door.knock\n  with: {{delay: {delay}}}") for _ in range(number)]


def test_two_workers_together_never_make_more_calls_at_once_than_allowed(start: Start) -> None:
    limit(concurrency=3)
    jobs = knocking(start, 24, 0.05)
    with_engines(2, share(jobs))
    assert {state_of(job) for job in jobs} == {"done"}
    assert len(Door.began) == 24
    assert Door.most_inside == 3


def test_slots_that_nobody_needs_go_to_the_other_worker(start: Start) -> None:
    limit(concurrency=2)
    first, second = knocking(start, 2, 0.0), knocking(start, 2, 0.0)

    async def act(engines: Sequence[Engine]) -> None:
        for jobs, one in zip((first, second), engines, strict=True):
            for job in jobs:
                await one.accept(job.pk)
            await one.drain()

    with_engines(2, act, 8)
    assert {state_of(job) for job in [*first, *second]} == {"done"}
    assert ConnectorUse.objects.count() == 0  # both workers have left


def test_a_worker_that_holds_every_slot_makes_room_for_one_that_comes_later(start: Start) -> None:
    limit(concurrency=4)
    many, late = knocking(start, 80, 0.1), knocking(start, 2, 0.1)

    async def act(engines: Sequence[Engine]) -> None:
        for job in many:
            await engines[0].accept(job.pk)
        await asyncio.sleep(0.3)
        for job in late:
            await engines[1].accept(job.pk)
        await engines[1].drain()
        assert len(Door.began) < 60
        await engines[0].drain()

    with_engines(2, act)
    assert {state_of(job) for job in [*many, *late]} == {"done"}
    assert Door.most_inside == 4


@pytest.mark.parametrize(
    ("concurrency", "others", "share"),
    [
        (50, [], 50),
        (50, [200], 25),
        (50, [10], 40),
        (50, [200, 200], 18),
        (50, [3, 200], 31),
        (2, [9, 9, 9], 1),
    ],
)
def test_slots_are_shared_evenly_and_what_one_leaves_is_the_others(
    concurrency: int, others: list[int], share: int
) -> None:
    assert fair_share(concurrency, others) == share


def test_two_workers_together_never_make_more_calls_a_second_than_allowed(start: Start) -> None:
    limit(rate=20.0)
    jobs = knocking(start, 50, 0.0)
    with_engines(2, share(jobs))
    assert {state_of(job) for job in jobs} == {"done"}
    began = sorted(Door.began)
    busiest = max(sum(first <= other < first + 1.0 for other in began) for first in began)
    assert busiest <= 20
    assert began[-1] - began[0] < 50 / 20 * 1.5  # and not much fewer either


def test_a_paused_connector_makes_jobs_wait_and_nothing_fails(start: Start) -> None:
    limit(paused=True)
    jobs = knocking(start, 5, 0.0)

    async def act(engines: Sequence[Engine]) -> None:
        for job in jobs:
            await engines[0].accept(job.pk)
        await asyncio.sleep(0.5)
        assert Door.began == []
        await engines[0].in_database(lambda: limit(paused=False))
        await engines[0].drain()

    with_engines(1, act)
    assert {state_of(job) for job in jobs} == {"done"}
    assert len(Door.began) == 5


def test_pausing_stops_a_stream_of_calls(start: Start) -> None:
    limit(concurrency=2)
    jobs = knocking(start, 60, 0.1)

    async def act(engines: Sequence[Engine]) -> None:
        for job in jobs:
            await engines[0].accept(job.pk)
        await asyncio.sleep(0.4)
        await engines[0].in_database(lambda: limit(paused=True))
        await asyncio.sleep(1.4)
        before = len(Door.began)
        assert before < 40
        await asyncio.sleep(0.5)
        assert len(Door.began) == before
        await engines[0].in_database(lambda: limit(paused=False))
        await engines[0].drain()

    with_engines(1, act)
    assert {state_of(job) for job in jobs} == {"done"}


def test_a_job_that_stands_in_line_can_be_cancelled(start: Start) -> None:
    from alta.runner.services import cancel_job

    limit(paused=True)
    [job] = knocking(start, 1, 0.0)

    async def act(engines: Sequence[Engine]) -> None:
        await engines[0].accept(job.pk)
        await asyncio.sleep(0.2)
        await engines[0].in_database(lambda: cancel_job(job.pk, actor="ana", now=NOW))
        await engines[0].drain()

    with_engines(1, act, 5)
    assert state_of(job) == "cancelled"
    assert states(job) == {"a": "cancelled"}
    assert Door.began == []


def test_a_failure_calls_off_who_stands_in_line(start: Start, run_jobs: RunJobs) -> None:
    limit(paused=True)
    job = start("""
        - id: a
          do: door.knock
        - id: b
          do: lab.ask
          with: {fail: permanent}
          needs: []
    """)
    run_jobs(job, seconds=5)
    assert state_of(job) == "failed"
    assert states(job) == {"a": "ready", "b": "failed"}


def test_the_breaker_opens_after_failures_in_a_row_and_closes_after_one_success(
    start: Start, run_jobs: RunJobs
) -> None:
    Door.fails = 3
    for _ in range(3):
        run_jobs(*knocking(start, 1, 0.0))
    state = ConnectorState.objects.get(name="door")
    assert state.failures == 3
    assert state.open_until is not None
    assert state.reason == "nobody opens to ''"

    [kept_away] = knocking(start, 1, 0.0)
    run_jobs(kept_away)
    assert len(Door.began) == 3  # nothing was sent
    assert state_of(kept_away) == "failed"
    assert kept_away.error["code"] == "connector.breaker_open"
    assert kept_away.error["transient"] is True

    time.sleep(0.6)
    [probe] = knocking(start, 1, 0.0)
    run_jobs(probe)
    assert state_of(probe) == "done"
    state.refresh_from_db()
    assert (state.failures, state.open_until, state.reason) == (0, None, "")


def test_the_half_open_breaker_lets_one_call_through(start: Start) -> None:
    Door.fails = 4
    jobs = knocking(start, 3, 0.0)
    with_engines(1, share(jobs))
    assert len(Door.began) == 3
    time.sleep(0.6)
    later = knocking(start, 6, 0.2)
    with_engines(2, share(later))
    assert len(Door.began) == 4  # one tried, in vain; the others did not
    assert {state_of(job) for job in later} == {"failed"}
    assert ConnectorState.objects.get(name="door").open_until is not None


def test_a_clear_no_does_not_count_against_the_system(start: Start, run_jobs: RunJobs) -> None:
    for _ in range(6):
        run_jobs(start("- id: a\n  do: lab.ask\n  with: {fail: permanent}"))
    assert ConnectorState.objects.get(name="lab").failures == 0


def test_retries_outlast_an_open_breaker(start: Start, run_jobs: RunJobs) -> None:
    Door.fails = 3
    job = start("""
        - id: a
          do: door.knock
          retry: {attempts: 10, backoff: 200ms, max_backoff: 400ms}
    """)
    run_jobs(job)
    assert state_of(job) == "done"
    assert len(Door.began) == 4


def test_two_hundred_slow_jobs_hold_no_more_connections_than_none(start: Start) -> None:
    jobs = knocking(start, 200, 1.5)
    connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute(connections)
            return int(cursor.fetchone()[0])

    found: list[int] = []

    async def act(engines: Sequence[Engine]) -> None:
        for job in jobs:
            await engines[0].accept(job.pk)
        while Door.inside < 200:
            await asyncio.sleep(0.02)
        found.append(await engines[0].in_database(count))
        await engines[0].drain()

    began = time.monotonic()
    with_engines(1, act)
    assert {state_of(job) for job in jobs} == {"done"}
    assert Door.most_inside == 200
    assert found[0] <= 7  # the test's own, three for the engine's threads, one each to claim, save and beat
    assert time.monotonic() - began < 15


# --- leases


def take_over(job: Job, calls: int) -> None:
    """A worker begins, and is not heard of while its call is under way; another does the rest; then the first one's call
    ends."""

    async def go() -> None:
        async with asyncio.timeout(20):
            slow, other = Engine("slow"), Engine("other")
            await slow.start()
            await other.start()
            await slow.accept(job.pk)
            while len(Door.began) < calls:
                await asyncio.sleep(0.01)
            await other.in_database(
                lambda: Worker.objects.filter(name="slow").update(heartbeat_at=NOW.replace(year=2020))
            )
            await other.accept(job.pk)
            await other.drain()
            await slow.drain()
            await slow.stop()
            await other.stop()

    asyncio.run(go())


def test_a_worker_that_was_taken_for_dead_cannot_write_any_more(start: Start) -> None:
    [job] = knocking(start, 1, 0.6)
    take_over(job, 1)
    assert state_of(job) == "done"
    assert len(Door.began) == 2  # asked twice, as can't be avoided
    tries = list(Attempt.objects.order_by("number").values_list("number", "worker", "outcome"))
    assert tries == [(1, "slow", "interrupted"), (2, "other", "done")]


def test_an_effect_happens_once_although_two_workers_made_its_call(start: Start) -> None:
    from tests.lab_effects import notes

    job = start("""
        - id: a
          do: door.knock
          with: {delay: 0.6}
          effect: {do: lab.note, with: {say: once}}
    """)
    take_over(job, 1)
    assert state_of(job) == "done"
    assert len(Door.began) == 2
    assert notes(job.pk) == ["once"]


def test_an_undo_that_its_worker_left_open_is_done_by_another(start: Start, run_jobs: RunJobs) -> None:
    from alta.runner.services import undo_job

    job = start("""
        - id: a
          do: lab.ask
          undo: {do: door.knock, with: {delay: 0.6}}
    """)
    run_jobs(job)
    undo_job(job.pk, actor="ana", now=NOW)
    take_over(job, 1)
    assert state_of(job) == "undone"
    tries = list(Attempt.objects.filter(phase="undo").order_by("number").values_list("worker", "outcome"))
    assert tries == [("slow", "interrupted"), ("other", "done")]


def test_a_worker_that_comes_back_after_its_burial_goes_on_under_a_new_number(start: Start) -> None:
    limit(concurrency=1)
    jobs = knocking(start, 3, 0.2)

    async def act(engines: Sequence[Engine]) -> None:
        [one] = engines
        for job in jobs:
            await one.accept(job.pk)
        await asyncio.sleep(0.1)
        old = one.worker
        await one.in_database(
            lambda: Worker.objects.filter(pk=old).update(heartbeat_at=NOW.replace(year=2020))
        )
        while one.worker == old:
            await asyncio.sleep(0.05)
        unfinished = set(jobs)
        while unfinished:
            await asyncio.sleep(0.1)
            unfinished = {
                job for job in unfinished if await one.in_database(state_of, job) not in ("done", "failed")
            }

    with_engines(1, act)
    assert {state_of(job) for job in jobs} == {"done"}
    assert Door.most_inside == 1


def test_a_job_claimed_by_a_commit_whose_answer_was_lost_is_found_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from alta.runner import queries

    [job] = knocking(start, 1, 0.0)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")  # the entry that led to the claim is used up
    claim = queries.claim_jobs
    lost = []

    def claim_and_lose(ids: Sequence[int], worker: int) -> list[Any]:
        answer = claim(ids, worker)
        if not lost:
            lost.append(ids)
            raise OperationalError("the connection is lost")
        return answer

    monkeypatch.setattr(queries, "claim_jobs", claim_and_lose)

    async def act(engines: Sequence[Engine]) -> None:
        await engines[0].accept(job.pk)
        while await engines[0].in_database(state_of, job) != "done":
            await asyncio.sleep(0.1)

    with_engines(1, act, 10)
    assert lost
    assert state_of(job) == "done"


@pytest.mark.parametrize("lose", [1, 2, 3])
def test_a_commit_whose_answer_was_lost_is_not_made_twice(
    start: Start, monkeypatch: pytest.MonkeyPatch, lose: int
) -> None:
    """Whether it was the beginning of a task, its end, or the end of the job."""
    from django.db import OperationalError

    from alta.runner import queries
    from alta.runner.models import Event
    from tests.lab_effects import notes

    job = start("""
        - id: a
          do: door.knock
          effect: {do: lab.note, with: {say: once}}
        - id: b
          do: door.knock
    """)
    write = queries.write
    written: list[int] = []

    def write_and_lose(saves: Sequence[Any]) -> list[bool]:
        answer = write(saves)
        written.append(len(saves))
        return answer

    def save_and_lose(saves: Sequence[Any]) -> list[bool]:
        answer = queries.save_many(saves)
        if len(written) == lose:
            written.append(0)
            raise OperationalError("the connection is lost")
        return answer

    monkeypatch.setattr(queries, "write", write_and_lose)

    async def act(engines: Sequence[Engine]) -> None:
        engines[0].save._work = save_and_lose
        await engines[0].accept(job.pk)
        while await engines[0].in_database(state_of, job) != "done":
            await asyncio.sleep(0.05)

    with_engines(1, act, 10)
    assert 0 in written
    assert notes(job.pk) == ["once"]
    assert Event.objects.filter(job=job, changes__job="done").count() == 1
    assert job.worker_id is None


def test_a_bug_in_the_runner_fails_the_job_instead_of_going_round(
    start: Start, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alta.runner.advance import Run

    def broken(self: Run) -> None:
        raise ZeroDivisionError("a mistake")

    [job] = knocking(start, 1, 0.0)
    decide = Run._decide
    monkeypatch.setattr(Run, "_decide", broken)
    run_jobs(job)
    assert state_of(job) == "failed"
    assert job.error["code"] == "task.bug"
    assert job.worker_id is None
    monkeypatch.setattr(Run, "_decide", decide)
    from alta.runner.services import retry_job

    retry_job(job.pk, actor="ana", now=NOW)
    run_jobs(job)
    assert state_of(job) == "done"


# --- secrets


def test_a_secret_reaches_the_system_and_nothing_else(
    start: Start, run_jobs: RunJobs, caplog: pytest.LogCaptureFixture
) -> None:
    from alta.inventory import services as inventory

    secret = "7e5B5CE8\"'B199\\B49F"
    template = inventory.create_template(
        "Key",
        label_es="K",
        label_en="K",
        kind="virtual",
        fields=[{"name": "code", "type": "text", "secret": True}],
        actor="ana",
    )
    [item] = inventory.add_items(template.pk, [inventory.NewItem("K-1", {"code": secret})], NOW, actor="ana")
    inputs = "key: {inventory: Key}"
    tasks = [
        "- id: a\n  do: door.knock\n  with: {token: '{{ inputs.key.code }}'}",
        "- id: a\n  do: door.knock\n  with: {token: '{{ inputs.key.code }}', leak: true}",
        "- id: a\n  do: lab.ask\n  with: {say: 'the key is {{ inputs.key.code }}'}",
        "- id: a\n  do: lab.ask\n  with: {say: '{{ inputs.key.code }}'}",
    ]
    jobs = [start(one, {"key": item.pk}, inputs=inputs) for one in tasks]
    Door.fails = 1
    run_jobs(start(tasks[0], {"key": item.pk}, inputs=inputs))
    run_jobs(*jobs)
    assert [state_of(job) for job in jobs] == ["done", "failed", "done", "failed"]
    assert jobs[0].tasks.get().output == {"seen": "•••"}
    assert jobs[2].tasks.get().output == {"said": "the key is **********"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            text = cursor.fetchone()[0] or ""
            for form in (secret, "7e5B5CE8", "B199"):
                assert form not in text, table
    assert "7e5B5CE8" not in caplog.text
    assert "door.knock failed with a bug" in caplog.text
