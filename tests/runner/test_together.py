"""The same change for many jobs in one transaction; and many jobs in one entry of the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from alta import housekeeping
from alta.audit.models import Entry
from alta.connectors import registry
from alta.housekeeping import Chore
from alta.playbooks.services import publish
from alta.runner import bulk, together
from alta.runner.engine import Engine
from alta.runner.models import Job
from alta.runner.queue import BULK, BULK_QUEUE, enqueue
from alta.runner.services import Subject
from alta.runner.worker import work
from tests.conftest import RunJobs
from tests.lab_effects import ACTION, TOGETHER
from tests.lab_limits import Door
from tests.runner.conftest import NOW, Start, playbook, state_of

GATHER = """
- id: a
  do: lab.ask
  with: {{delay: 0.1}}
  effect: {{do: lab.gather, with: {{say: {say}, fail: "{fail}"}}}}
"""


def gathering(start: Start, *says: str, fail: str = "") -> list[Job]:
    return [start(GATHER.format(say=say, fail=fail)) for say in says]


def noted(action: str) -> list[str]:
    return sorted(Entry.objects.filter(action=action).values_list("detail__say", flat=True))


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many effects were committed at a time."""
    found: list[int] = []
    real = together.save_effects

    def count(pending: Sequence[together.Pending]) -> list[bool]:
        found.append(len(pending))
        return real(pending)

    monkeypatch.setattr(together, "save_effects", count)
    return found


def test_what_many_jobs_change_at_the_same_time_is_done_together_and_once(
    start: Start, run_jobs: RunJobs, batches: list[int]
) -> None:
    jobs = gathering(start, *["plain"] * 28, "odd", "odd")
    run_jobs(*jobs)
    assert {state_of(job) for job in jobs} == {"done"}
    assert max(batches) > 1 and sum(batches) == 30
    assert sorted(noted(ACTION) + noted(TOGETHER)) == ["odd"] * 2 + ["plain"] * 28
    assert noted(ACTION).count("odd") == 2
    assert Entry.objects.filter(action__in=[ACTION, TOGETHER]).values("object_id").distinct().count() == 30


def test_a_mistake_in_doing_it_together_has_each_done_alone(
    start: Start, run_jobs: RunJobs, batches: list[int]
) -> None:
    jobs = gathering(start, *["bug"] * 20)
    run_jobs(*jobs)
    assert {state_of(job) for job in jobs} == {"done"}
    assert max(batches) > 1
    assert (noted(ACTION), noted(TOGETHER)) == (["bug"] * 20, [])


def test_a_refusal_of_one_is_its_own(start: Start, run_jobs: RunJobs) -> None:
    plain, refused = gathering(start, *["plain"] * 10), gathering(start, *["odd"] * 3, fail="refusal")
    run_jobs(*plain, *refused)
    assert ({state_of(job) for job in plain}, {state_of(job) for job in refused}) == ({"done"}, {"failed"})
    assert [job.tasks.get().output for job in refused] == [None] * 3
    assert "odd" not in noted(ACTION) + noted(TOGETHER)


def test_a_job_that_was_changed_meanwhile_is_left_as_it_is(
    start: Start, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = gathering(start, *["plain"] * 12)
    real = together.save_effects

    def change_first(pending: Sequence[together.Pending]) -> list[bool]:
        numbers = [run.job.job_id for run, _ in pending]
        if len(pending) > 1:
            Job.objects.filter(pk=numbers[0]).update(seq=99)
            found = real(pending)
            assert found == [False] + [True] * (len(pending) - 1)
            assert not Entry.objects.filter(action=TOGETHER, object_id=str(numbers[0])).exists()
            return found
        return real(pending)

    monkeypatch.setattr(together, "save_effects", change_first)
    run_jobs(*jobs)
    assert {state_of(job) for job in jobs} == {"done"}
    assert sorted(noted(ACTION) + noted(TOGETHER)) == ["plain"] * 12


def many(number: int, delay: float = 0.0) -> list[Job]:
    publish(playbook(f"- id: a\n  do: door.knock\n  with: {{delay: {delay}}}", name="many"), "ana", NOW)
    return bulk.start_jobs("many", [({}, Subject())] * number, actor="ana", now=NOW)


def test_many_jobs_are_few_entries_of_the_queue(transactional_db: None) -> None:
    jobs = many(2 * BULK + 1)
    mine = ProcrastinateJob.objects.filter(queue_name=BULK_QUEUE, args__job_ids__0__gte=jobs[0].pk)
    entries = list(mine.order_by("id"))
    assert [len(one.args["job_ids"]) for one in entries] == [BULK, BULK, 1]
    assert sorted(number for one in entries for number in one.args["job_ids"]) == [job.pk for job in jobs]


def test_jobs_that_nobody_watches_leave_room_for_one_that_somebody_does(start: Start) -> None:
    Door.reset()
    unwatched, watched = many(20, 0.2), start("- id: a\n  do: door.knock")

    async def go() -> None:
        engine = Engine("test", most_jobs=4)
        await engine.start()
        bulk = asyncio.create_task(engine.accept_many([job.pk for job in unwatched]))
        await asyncio.sleep(0.3)
        await engine.accept(watched.pk)
        assert not bulk.done()
        while watched.pk in engine.runs:
            await asyncio.sleep(0.01)
        assert len(Door.began) < 10
        await bulk
        await engine.drain()
        await engine.stop()

    asyncio.run(go())
    assert {state_of(job) for job in [*unwatched, watched]} == {"done"}
    assert Door.most_inside <= 3


def test_what_a_worker_queues_belongs_to_its_transaction(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    entries = ProcrastinateJob.objects.filter(args__job_id=4711)

    def chore(now: datetime) -> None:
        with transaction.atomic():
            enqueue(4711)
            seen.append(entries.count())
            transaction.set_rollback(True)
        seen.append(entries.count())

    monkeypatch.setattr(housekeeping, "_chores", [Chore(chore, 60)])

    async def go() -> None:
        stop = asyncio.Event()
        worker = asyncio.create_task(work(4, stop))
        async with asyncio.timeout(10):
            while len(seen) < 2:
                await asyncio.sleep(0.05)
        stop.set()
        await worker
        await registry.close_all()

    asyncio.run(go())
    assert seen == [1, 0]
