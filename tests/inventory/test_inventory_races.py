"""Several people want the same item at the same moment. Each race has many rounds: one proves little."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from alta.inventory import services
from alta.inventory.models import Item, ItemHistory
from alta.refusal import Refusal

from .conftest import NOW, make_sim_template, make_sims

ROUNDS = 10
RUNNERS = 4

pytestmark = pytest.mark.django_db(transaction=True)


def race(*calls: Callable[[], Any]) -> list[Any]:
    """What each call gave, a refusal included, when all set off together."""
    results: list[Any] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(10)
            results[place] = call()
        except Refusal as refusal:
            results[place] = refusal.code
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def reserving(item: Item, holder: UUID) -> Callable[[], UUID]:
    def call() -> UUID:
        services.reserve(item.pk, holder, NOW, actor="ana")
        return holder

    return call


def assigning(item: Item, holder: UUID) -> Callable[[], UUID]:
    def call() -> UUID:
        services.assign(item.pk, holder, NOW, actor="ana")
        return holder

    return call


@pytest.mark.parametrize("act", [reserving, assigning])
def test_of_several_who_want_an_item_exactly_one_gets_it(
    act: Callable[[Item, UUID], Callable[[], UUID]],
) -> None:
    for sim in make_sims(make_sim_template(), ROUNDS):
        results = race(*[act(sim, uuid4()) for _runner in range(RUNNERS)])
        winners = [result for result in results if isinstance(result, UUID)]
        assert len(winners) == 1
        assert sorted(r for r in results if r not in winners) == ["inventory.item.held"] * (RUNNERS - 1)
        assert Item.objects.get(pk=sim.pk).holder == winners[0]
        assert ItemHistory.objects.filter(item=sim).count() == 2


def test_a_lapsed_reservation_is_taken_over_by_exactly_one() -> None:
    sims = make_sims(make_sim_template(), ROUNDS)
    for sim in sims:
        services.reserve(sim.pk, uuid4(), NOW - timedelta(hours=1), actor="ana")
        results = race(
            reserving(sim, uuid4()),
            reserving(sim, uuid4()),
            lambda: services.expire_reservations(NOW),
        )
        winners = [result for result in results if isinstance(result, UUID)]
        assert len(winners) == 1
        item = Item.objects.get(pk=sim.pk)
        assert (item.state, item.holder, item.previous_state) == ("reserved", winners[0], "new")


def test_expiry_passes_over_an_item_that_somebody_works_on() -> None:
    mine, free = make_sims(make_sim_template(), 2)
    for sim in (mine, free):
        services.reserve(sim.pk, uuid4(), NOW - timedelta(hours=1), actor="ana")
    with transaction.atomic():
        holder = uuid4()
        services.reserve(mine.pk, holder, NOW, actor="ana")
        [expired] = race(lambda: services.expire_reservations(NOW))
        assert expired == 1
    assert Item.objects.get(pk=mine.pk).holder == holder
    assert Item.objects.get(pk=free.pk).state == "new"


def test_two_deliveries_of_the_same_items_make_one() -> None:
    template = make_sim_template()
    for round_ in range(ROUNDS):
        Item.objects.all().delete()
        results = race(*[lambda: len(make_sims(template, 3)) for _runner in range(2)])
        assert sorted(map(str, results)) == ["3", "inventory.item.exists"], round_
        assert Item.objects.count() == 3
