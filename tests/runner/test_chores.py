"""Chores are done when they are due, by every worker that watches."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from alta import housekeeping
from alta.housekeeping import Chore
from alta.runner.chores import Housekeeper

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def at_once(work: housekeeping.Work, now: datetime) -> object:
    return work(now)


def test_a_chore_is_done_when_due_and_a_failing_one_keeps_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def often(now: datetime) -> None:
        done.append(f"often {now:%H:%M}")

    def seldom(now: datetime) -> None:
        done.append("seldom")

    def broken(now: datetime) -> None:
        done.append("broken")
        raise RuntimeError

    chores = (Chore(broken, 60), Chore(often, 0), Chore(seldom, 60))
    monkeypatch.setattr(housekeeping, "_chores", list(chores))
    keeper = Housekeeper(at_once, lambda: NOW)

    async def look_around() -> None:
        await keeper.look_around()
        await keeper.look_around()

    asyncio.run(look_around())
    assert done == ["broken", "often 09:00", "seldom", "often 09:00"]


def test_a_chore_with_more_to_do_goes_on_after_the_others_had_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []

    def long(now: datetime) -> bool:
        done.append("long")
        return done.count("long") < 3

    def other(now: datetime) -> None:
        done.append("other")

    monkeypatch.setattr(housekeeping, "_chores", [Chore(long, 60), Chore(other, 0)])
    keeper = Housekeeper(at_once, lambda: NOW)

    async def look_around() -> None:
        for _ in range(4):
            await keeper.look_around()

    asyncio.run(look_around())
    assert done == ["long", "other", "long", "other", "long", "other", "other"]


def test_the_stock_has_its_chores() -> None:
    assert {(chore.name, chore.seconds) for chore in housekeeping.chores()} >= {
        ("alta.inventory.services.expire_reservations", 5),
        ("alta.inventory.services.end_quarantines", 60),
        ("alta.inventory.imports.forget_files", 600),
    }
