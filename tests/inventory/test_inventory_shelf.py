"""Adding items, looking them up, their secrets, and what playbooks do with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import translation
from pydantic import SecretStr
from pytest_django import DjangoAssertNumQueries, Settings

from alta.connectors.registry import Effect, find_action
from alta.inventory import queries, services
from alta.inventory.models import Item, ItemHistory, Template
from alta.inventory.rules import State
from alta.inventory.services import NewItem
from alta.refusal import Refusal

from .conftest import KI, iccid


def sim_values(number: int) -> dict[str, str]:
    return {"iccid": iccid(number), "imsi": f"23410{number:010d}", "ki": KI}


def test_a_template_is_called_by_the_readers_language(sim_template: Template) -> None:
    with translation.override("es"):
        assert sim_template.label == "Tarjeta SIM"
    with translation.override("en"):
        assert sim_template.label == "SIM Card"


def test_a_template_name_is_taken_once(sim_template: Template) -> None:
    with pytest.raises(Refusal) as refusal:
        services.create_template("SIM Card", label_es="x", label_en="x", kind="virtual", actor="ana")
    assert refusal.value.code == "inventory.template.exists"
    sim_template.refresh_from_db()
    assert sim_template.kind == "physical"


def test_a_template_with_bad_fields_is_refused(db: None) -> None:
    with pytest.raises(Refusal) as refusal:
        services.create_template(
            "Modem", label_es="x", label_en="x", kind="physical", fields=[{"name": "!"}], actor="ana"
        )
    assert refusal.value.code == "inventory.template.fields"
    assert not Template.objects.exists()


def test_items_are_added_normalised_with_their_secrets_sealed(sims: list[Item]) -> None:
    item = Item.objects.get(identifier="SIM-00001")
    assert item.values == {"iccid": iccid(1), "imsi": "234100000000001"}
    assert item.unique_value == iccid(1)
    assert (item.state, item.location) == ("new", "Shop 1")
    assert KI.encode() not in bytes(item.secrets or b"")


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([NewItem("SIM-1", {**sim_values(8), "iccid": "1"})], "inventory.item.value"),
        ([NewItem("SIM-1", {"iccid": iccid(8), "imsi": "234100000000008"})], "inventory.item.value_missing"),
        ([NewItem("SIM-1", {**sim_values(8), "colour": "red"})], "inventory.item.field_unknown"),
        ([NewItem("SIM-1", sim_values(8)), NewItem("SIM-1", sim_values(9))], "inventory.item.exists"),
        ([NewItem("SIM-1", sim_values(8)), NewItem("SIM-2", sim_values(8))], "inventory.item.exists"),
        ([NewItem("SIM-00001", sim_values(8))], "inventory.item.exists"),
        ([NewItem("SIM-1", sim_values(1))], "inventory.item.exists"),
    ],
)
def test_one_bad_item_keeps_the_whole_delivery_out(
    sims: list[Item], now: datetime, items: list[NewItem], code: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        services.add_items(sims[0].template_id, [NewItem("SIM-9", sim_values(99)), *items], now, actor="ana")
    assert refusal.value.code == code
    assert Item.objects.count() == 3
    assert ItemHistory.objects.count() == 3


def test_items_of_an_unknown_template_are_refused(db: None, now: datetime) -> None:
    with pytest.raises(Refusal) as refusal:
        services.add_items(404, [NewItem("SIM-1")], now, actor="ana")
    assert refusal.value.code == "inventory.template.not_found"


def names(found: list[queries.AvailableItem]) -> list[str]:
    return [item.identifier for item in found]


def test_only_free_items_are_offered_and_my_own_come_first(
    sims: list[Item], holder: UUID, other: UUID, now: datetime
) -> None:
    template = sims[0].template_id
    services.put_in_stock(sims[1].pk, now, actor="ana")
    services.reserve(sims[2].pk, holder, now, actor="ana")
    found = queries.available(template, holder=holder, now=now)
    assert names(found) == ["SIM-00003", "SIM-00001", "SIM-00002"]
    assert [(item.state, item.mine) for item in found] == [
        (State.NEW, True),
        (State.NEW, False),
        (State.IN_STOCK, False),
    ]
    assert found[0].values == {"iccid": iccid(3), "imsi": "234100000000003"}
    assert names(queries.available(template, holder=other, now=now)) == ["SIM-00001", "SIM-00002"]
    services.assign(sims[0].pk, other, now, actor="ana")
    assert names(queries.available(template, now=now)) == ["SIM-00002"]


def test_lapsed_reservations_are_offered_again(
    sims: list[Item], holder: UUID, other: UUID, now: datetime
) -> None:
    services.reserve(sims[0].pk, other, now, actor="ana")
    later = now + timedelta(minutes=15)
    found = queries.available(sims[0].template_id, holder=holder, now=later)
    assert names(found) == ["SIM-00001", "SIM-00002", "SIM-00003"]
    assert not found[0].mine


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("SIM-00002", ["SIM-00002"]),
        ("sim-0000", ["SIM-00001", "SIM-00002", "SIM-00003"]),
        (iccid(2), ["SIM-00002"]),
        (f"{iccid(2)[:4]} {iccid(2)[4:]}", ["SIM-00002"]),
        (iccid(3)[-4:], ["SIM-00003"]),
        ("%", []),
        ("_IM", []),
        ("SIM-9", []),
    ],
)
def test_items_are_found_by_identifier_or_either_end_of_their_number(
    sims: list[Item], now: datetime, search: str, found: list[str]
) -> None:
    assert names(queries.available(sims[0].template_id, search, now=now)) == found


@pytest.mark.parametrize("search", ["+447700900123", "44 7700", "900123", "0123", "+44 7700 900123"])
def test_numbers_are_found_with_or_without_plus_and_spaces(number: Item, now: datetime, search: str) -> None:
    assert names(queries.available(number.template_id, search, now=now)) == ["+44 7700 900123"]


def test_the_offer_is_one_statement_and_limited(
    sims: list[Item], now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert len(queries.available(sims[0].template_id, limit=2, now=now)) == 2


def test_a_shortage_is_explained_by_counts(sims: list[Item], holder: UUID, now: datetime) -> None:
    services.reserve(sims[0].pk, holder, now, actor="ana")
    services.retire(sims[1].pk, now, actor="ana")
    services.assign(sims[2].pk, holder, now, actor="ana")
    assert queries.explain_shortage(sims[0].template_id) == {
        "new": 0,
        "in_stock": 0,
        "reserved": 1,
        "assigned": 1,
        "quarantined": 0,
        "retired": 1,
    }


def test_playbooks_get_values_and_hidden_secrets(sims: list[Item]) -> None:
    values = queries.item_values([sims[0].pk, sims[1].pk])
    assert values.keys() == {sims[0].pk, sims[1].pk}
    first = values[sims[0].pk]
    assert first["id"] == sims[0].pk
    assert first["identifier"] == "SIM-00001"
    assert first["iccid"] == iccid(1)
    assert first["ki"] == SecretStr(KI)
    assert KI not in repr(values)


def test_secrets_open_after_the_key_is_changed_while_the_old_one_is_kept(
    sim: Item, settings: Settings
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert queries.item_values([sim.pk])[sim.pk]["ki"] == SecretStr(KI)


def run(name: str, now: datetime, **params: Any) -> Any:
    action = find_action(name)
    assert action is not None
    effect = Effect(job_id=1, task="t", service_id=1, customer_id=1, order_id=1, actor="job 1", now=now)
    return action.function(action.params.model_validate(params), effect)


def test_a_playbook_assigns_and_undoes(number: Item, holder: UUID, other: UUID, now: datetime) -> None:
    services.reserve(number.pk, other, now, actor="ana")
    for _attempt in range(2):
        output = run("inventory.assign", now, item=number.pk, holder=str(holder), reserved_by=str(other))
        assert output.model_dump() == {
            "identifier": "+44 7700 900123",
            "values": {"e164": "+447700900123"},
        }
    assert Item.objects.get(pk=number.pk).holder == holder
    for _attempt in range(2):
        run("inventory.release", now, item=number.pk, holder=str(holder))
        assert Item.objects.get(pk=number.pk).state == "in_stock"


def test_a_playbook_that_ends_a_service_sends_its_number_to_rest(
    number: Item, holder: UUID, now: datetime
) -> None:
    run("inventory.assign", now, item=number.pk, holder=holder)
    run("inventory.release", now, item=number.pk, holder=holder, used=True)
    assert Item.objects.get(pk=number.pk).state == "quarantined"


def test_a_playbook_does_not_take_what_another_holds(
    number: Item, holder: UUID, other: UUID, now: datetime
) -> None:
    services.assign(number.pk, other, now, actor="ana")
    with pytest.raises(Refusal) as refusal:
        run("inventory.assign", now, item=number.pk, holder=holder)
    assert refusal.value.code == "inventory.item.held"
    assert Item.objects.get(pk=number.pk).holder == other
