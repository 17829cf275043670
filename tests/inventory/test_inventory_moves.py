from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from alta.audit.log import entries_about
from alta.inventory import rules, services
from alta.inventory.models import Item, ItemHistory, Template
from alta.inventory.rules import FREE, HELD, Move, State
from alta.refusal import Refusal

ACTOR = {"actor": "ana"}


def row(item: Item) -> dict[str, Any]:
    return Item.objects.filter(pk=item.pk).values().get()


def refused(code: str, item: Item, call: Callable[[], object]) -> Refusal:
    """The call is refused with this code, and nothing has changed."""
    before, history = row(item), ItemHistory.objects.count()
    with pytest.raises(Refusal) as refusal:
        call()
    assert refusal.value.code == code
    assert str(refusal.value)
    assert row(item) == before
    assert ItemHistory.objects.count() == history
    return refusal.value


def test_every_state_can_be_left_except_retired() -> None:
    assert {state for state in State if not rules.moves_from(state)} == {State.RETIRED}


def test_an_item_is_held_only_by_reserving_or_assigning_and_freed_only_by_its_holders_moves() -> None:
    for move, table in rules.TRANSITIONS.items():
        for source, targets in table.items():
            if targets & HELD:
                assert move in (Move.RESERVE, Move.ASSIGN, Move.REINSTATE)
            if source in HELD and targets & FREE:
                assert move in (Move.RELEASE, Move.GIVE_BACK, Move.RETURN)


@pytest.mark.parametrize(
    ("kind", "after_use", "state"),
    [
        ("virtual", "", State.QUARANTINED),
        ("physical", "", State.IN_STOCK),
        ("physical", "retired", State.RETIRED),
        ("virtual", "in_stock", State.IN_STOCK),
    ],
)
def test_where_a_used_item_goes_is_the_templates_choice(kind: str, after_use: str, state: State) -> None:
    assert rules.state_after_use(kind, after_use) == state


def test_long_values_are_abbreviated_as_on_the_picker() -> None:
    assert rules.abbreviated("8944000000000000001") == "8944...0001"
    assert rules.abbreviated("SIM-00123") == "SIM-00123"


def test_reserving_holds_an_item_for_a_quarter_of_an_hour(sim: Item, holder: UUID, now: datetime) -> None:
    item = services.reserve(sim.pk, holder, now, **ACTOR)
    item.refresh_from_db()
    assert (item.state, item.holder, item.held_until) == ("reserved", holder, now + timedelta(minutes=15))
    assert item.previous_state == "new"


def test_reserving_again_extends_the_reservation(sim: Item, holder: UUID, now: datetime) -> None:
    services.reserve(sim.pk, holder, now, **ACTOR)
    later = now + timedelta(minutes=10)
    services.reserve(sim.pk, holder, later, 30, **ACTOR)
    assert row(sim)["held_until"] == later + timedelta(minutes=30)
    assert row(sim)["previous_state"] == "new"


def test_what_another_has_reserved_is_refused(sim: Item, holder: UUID, other: UUID, now: datetime) -> None:
    services.reserve(sim.pk, other, now, **ACTOR)
    almost = now + timedelta(minutes=15) - timedelta(microseconds=1)
    refused("inventory.item.held", sim, lambda: services.reserve(sim.pk, holder, almost, **ACTOR))
    refused("inventory.item.held", sim, lambda: services.assign(sim.pk, holder, almost, **ACTOR))


def test_a_lapsed_reservation_is_taken_over(sim: Item, holder: UUID, other: UUID, now: datetime) -> None:
    services.reserve(sim.pk, other, now, **ACTOR)
    later = now + timedelta(minutes=15)
    services.reserve(sim.pk, holder, later, **ACTOR)
    assert row(sim)["holder"] == holder
    assert not services.release(sim.pk, other, later, **ACTOR)
    assert row(sim)["holder"] == holder
    services.release(sim.pk, holder, later, **ACTOR)
    assert row(sim)["state"] == "new"


def test_an_unknown_item_is_refused(sim: Item, holder: UUID, now: datetime) -> None:
    missing = sim.pk + 1000
    for call in (services.reserve, services.release, services.assign, services.return_to_stock):
        refused("inventory.item.not_found", sim, lambda call=call: call(missing, holder, now, **ACTOR))


@pytest.mark.parametrize("state", ["quarantined", "retired"])
def test_what_is_not_for_use_is_refused(state: str, number: Item, holder: UUID, now: datetime) -> None:
    if state == "retired":
        services.retire(number.pk, now, **ACTOR)
    else:
        services.assign(number.pk, holder, now, **ACTOR)
        services.return_to_stock(number.pk, holder, now, **ACTOR)
    assert row(number)["state"] == state
    refused("inventory.item.unavailable", number, lambda: services.reserve(number.pk, holder, now, **ACTOR))
    refused("inventory.item.unavailable", number, lambda: services.assign(number.pk, holder, now, **ACTOR))


@pytest.mark.parametrize("begin", [State.NEW, State.IN_STOCK])
def test_releasing_gives_back_the_state_that_it_had(
    begin: State, sim: Item, holder: UUID, now: datetime
) -> None:
    if begin == State.IN_STOCK:
        services.put_in_stock(sim.pk, now, **ACTOR)
    services.reserve(sim.pk, holder, now, **ACTOR)
    assert services.release(sim.pk, holder, now, **ACTOR)
    after = row(sim)
    assert after["state"] == begin
    assert (after["holder"], after["held_until"], after["previous_state"]) == (None, None, None)
    assert not services.release(sim.pk, holder, now, **ACTOR)


def test_releasing_all_frees_a_holders_reservations_and_only_those(
    sims: list[Item], holder: UUID, other: UUID, now: datetime
) -> None:
    services.reserve(sims[0].pk, holder, now, **ACTOR)
    services.assign(sims[1].pk, holder, now, **ACTOR)
    services.reserve(sims[2].pk, other, now, **ACTOR)
    assert services.release_all(holder, now, **ACTOR) == 1
    assert [row(sim)["state"] for sim in sims] == ["new", "assigned", "reserved"]
    assert services.release_all(holder, now, **ACTOR) == 0


def test_expiry_frees_what_has_lapsed_with_its_history(
    sims: list[Item], holder: UUID, other: UUID, now: datetime
) -> None:
    services.put_in_stock(sims[1].pk, now, **ACTOR)
    services.reserve(sims[0].pk, holder, now, 5, **ACTOR)
    services.reserve(sims[1].pk, other, now, 5, **ACTOR)
    services.reserve(sims[2].pk, other, now, 6, **ACTOR)
    later = now + timedelta(minutes=5)
    assert services.expire_reservations(later) == 2
    assert [row(sim)["state"] for sim in sims] == ["new", "in_stock", "reserved"]
    last = ItemHistory.objects.filter(item=sims[1]).last()
    assert last is not None
    assert (last.from_state, last.to_state, last.holder, last.at) == ("reserved", "in_stock", other, later)
    assert services.expire_reservations(later) == 0


def test_an_order_reserves_and_its_service_is_assigned(
    sim: Item, holder: UUID, other: UUID, now: datetime
) -> None:
    services.reserve(sim.pk, other, now, **ACTOR)
    services.assign(sim.pk, holder, now, reserved_by=other, **ACTOR)
    after = row(sim)
    assert (after["state"], after["holder"], after["held_until"]) == ("assigned", holder, None)


def test_the_orders_own_lapsed_reservation_still_serves_while_nobody_took_the_item(
    sim: Item, holder: UUID, other: UUID, now: datetime
) -> None:
    services.reserve(sim.pk, other, now, **ACTOR)
    services.assign(sim.pk, holder, now + timedelta(days=1), reserved_by=other, **ACTOR)
    assert row(sim)["holder"] == holder


def test_a_free_item_is_assigned_at_once(sim: Item, holder: UUID, now: datetime) -> None:
    services.assign(sim.pk, holder, now, **ACTOR)
    assert row(sim)["previous_state"] == "new"


def test_assigning_twice_is_assigning_once(sim: Item, holder: UUID, other: UUID, now: datetime) -> None:
    services.assign(sim.pk, holder, now, **ACTOR)
    before, history = row(sim), ItemHistory.objects.count()
    services.assign(sim.pk, holder, now + timedelta(hours=1), **ACTOR)
    services.reserve(sim.pk, holder, now + timedelta(hours=1), **ACTOR)
    assert (row(sim), ItemHistory.objects.count()) == (before, history)
    refused("inventory.item.held", sim, lambda: services.assign(sim.pk, other, now, **ACTOR))
    refused("inventory.item.held", sim, lambda: services.reserve(sim.pk, other, now, **ACTOR))


def test_undoing_an_assignment_gives_back_the_very_number(number: Item, holder: UUID, now: datetime) -> None:
    services.reserve(number.pk, holder, now, **ACTOR)
    services.assign(number.pk, holder, now, **ACTOR)
    assert services.return_to_stock(number.pk, holder, now, never_used=True, **ACTOR)
    assert row(number)["state"] == "in_stock"
    services.assign(number.pk, holder, now, **ACTOR)
    assert row(number)["holder"] == holder


def test_a_used_number_rests_thirty_days_and_comes_back(number: Item, holder: UUID, now: datetime) -> None:
    services.assign(number.pk, holder, now, **ACTOR)
    assert services.return_to_stock(number.pk, holder, now, **ACTOR)
    end = now + timedelta(days=30)
    assert (row(number)["state"], row(number)["quarantine_until"]) == ("quarantined", end)
    assert services.end_quarantines(end - timedelta(seconds=1)) == 0
    assert services.end_quarantines(end) == 1
    assert (row(number)["state"], row(number)["quarantine_until"]) == ("in_stock", None)


def test_used_equipment_is_stock_again_but_not_new(sim: Item, holder: UUID, now: datetime) -> None:
    services.assign(sim.pk, holder, now, **ACTOR)
    services.return_to_stock(sim.pk, holder, now, **ACTOR)
    assert row(sim)["state"] == "in_stock"


def test_only_the_holder_returns_an_item_and_twice_is_once(
    sim: Item, holder: UUID, other: UUID, now: datetime
) -> None:
    services.assign(sim.pk, holder, now, **ACTOR)
    assert not services.return_to_stock(sim.pk, other, now, **ACTOR)
    assert row(sim)["holder"] == holder
    assert services.return_to_stock(sim.pk, holder, now, **ACTOR)
    assert not services.return_to_stock(sim.pk, holder, now, **ACTOR)
    services.assign(sim.pk, other, now, **ACTOR)
    assert not services.return_to_stock(sim.pk, holder, now, never_used=True, **ACTOR)
    assert row(sim)["holder"] == other


def test_what_somebody_holds_is_not_retired(sim: Item, holder: UUID, now: datetime) -> None:
    services.assign(sim.pk, holder, now, **ACTOR)
    refused("inventory.item.move", sim, lambda: services.retire(sim.pk, now, **ACTOR))
    refused("inventory.item.move", sim, lambda: services.put_in_stock(sim.pk, now, **ACTOR))


def test_retiring_is_for_ever(sim: Item, now: datetime) -> None:
    services.retire(sim.pk, now, reason="broken", **ACTOR)
    services.retire(sim.pk, now, **ACTOR)
    refused("inventory.item.move", sim, lambda: services.put_in_stock(sim.pk, now, **ACTOR))


def test_each_move_is_in_the_history_and_in_the_log(sim: Item, holder: UUID, now: datetime) -> None:
    services.reserve(sim.pk, holder, now, **ACTOR)
    services.assign(sim.pk, holder, now, **ACTOR)
    services.return_to_stock(sim.pk, holder, now, **ACTOR)
    services.retire(sim.pk, now, reason="broken", **ACTOR)
    history = ItemHistory.objects.filter(item=sim).values_list("from_state", "to_state", "holder", "reason")
    assert list(history) == [
        ("", "new", None, ""),
        ("new", "reserved", holder, ""),
        ("reserved", "assigned", holder, ""),
        ("assigned", "in_stock", holder, ""),
        ("in_stock", "retired", None, "broken"),
    ]
    assert [entry.action for entry in entries_about(sim)] == [
        "inventory.item.retire",
        "inventory.item.return",
        "inventory.item.assign",
        "inventory.item.reserve",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"state": "reserved"},
        {"state": "reserved", "holder": uuid4(), "previous_state": "new"},
        {"state": "reserved", "held_until": "2026-01-01T00:00Z", "previous_state": "new"},
        {"state": "assigned", "previous_state": "new"},
        {"state": "assigned", "holder": uuid4()},
        {
            "state": "assigned",
            "holder": uuid4(),
            "held_until": "2026-01-01T00:00Z",
            "previous_state": "new",
        },
        {"state": "assigned", "holder": uuid4(), "previous_state": "retired"},
        {"holder": uuid4()},
        {"held_until": "2026-01-01T00:00Z"},
        {"previous_state": "new"},
        {"state": "quarantined"},
        {"quarantine_until": "2026-01-01T00:00Z"},
        {"state": "lost"},
    ],
)
def test_the_database_refuses_a_state_without_its_holder(sim: Item, change: dict[str, Any]) -> None:
    before = row(sim)
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(pk=sim.pk).update(**change)
    assert row(sim) == before


@pytest.mark.parametrize("column", ["identifier", "unique_value"])
def test_the_database_refuses_two_of_the_same(sims: list[Item], column: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(pk=sims[0].pk).update(**{column: getattr(sims[1], column)})


def test_the_database_refuses_a_template_in_use_to_go(sim: Item, sim_template: Template) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Template.objects.filter(pk=sim_template.pk).delete()
