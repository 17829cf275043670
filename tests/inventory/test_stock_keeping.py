"""What a stock keeper does: carry, put in stock, retire, find, change templates; and what is done by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from alta import housekeeping
from alta.audit.log import entries_about
from alta.inventory import keeping, queries, services, templates
from alta.inventory.listing import PAGE, Filters, page_of_items
from alta.inventory.models import Item, ItemHistory, Template
from alta.inventory.rules import MOVABLE, State, why_none
from alta.refusal import Refusal

from .conftest import iccid, make_sims

ACTOR = {"actor": "ana"}


def rows(items: list[Item]) -> list[dict[str, Any]]:
    return list(Item.objects.filter(pk__in=[item.pk for item in items]).order_by("id").values())


def refused(code: str, call: Callable[[], object]) -> None:
    """The call is refused with this code, and nothing has changed."""

    def everything() -> tuple[object, ...]:
        return (
            list(Item.objects.order_by("id").values()),
            ItemHistory.objects.count(),
            list(Template.objects.order_by("id").values()),
        )

    before = everything()
    with pytest.raises(Refusal) as refusal:
        call()
    assert (refusal.value.code, bool(str(refusal.value))) == (code, True)
    assert everything() == before


def ids(items: list[Item]) -> list[int]:
    return [item.pk for item in items]


def test_items_are_carried_together_and_their_history_says_from_where(
    sims: list[Item], now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    keeping.carry([sims[2].pk], "Shop 2", now, **ACTOR)
    assert keeping.carry(ids(sims), "  Shop   2 ", now, **ACTOR) == 2
    assert [row["location"] for row in rows(sims)] == ["Shop 2"] * 3
    last = ItemHistory.objects.filter(item=sims[0]).last()
    assert last is not None
    assert (last.from_state, last.to_state, last.from_location, last.to_location) == (
        "new",
        "new",
        "Shop 1",
        "Shop 2",
    )
    assert entries_about(sims[0].template)[0].detail == {
        "items": ["SIM-00001", "SIM-00002"],
        "location": "Shop 2",
    }
    assert keeping.carry(ids(sims), "Shop 2", now, **ACTOR) == 0
    with django_assert_num_queries(6):  # two of them the transaction's own
        keeping.carry(ids(sims), "Shop 3", now, **ACTOR)


def test_what_is_on_no_shelf_is_not_carried(sims: list[Item], holder: UUID, now: datetime) -> None:
    services.assign(sims[1].pk, holder, now, **ACTOR)
    refused("inventory.item.not_movable", lambda: keeping.carry(ids(sims), "Shop 2", now, **ACTOR))
    services.retire(sims[2].pk, now, **ACTOR)
    refused("inventory.item.not_movable", lambda: keeping.carry([sims[2].pk], "Shop 2", now, **ACTOR))
    assert {State.NEW, State.IN_STOCK, State.QUARANTINED} == MOVABLE


def test_a_selection_must_exist_and_be_of_a_size(sims: list[Item], now: datetime) -> None:
    refused("inventory.items.none", lambda: keeping.carry([], "x", now, **ACTOR))
    refused("inventory.items.too_many", lambda: keeping.carry(range(501), "x", now, **ACTOR))
    refused("inventory.item.not_found", lambda: keeping.carry([*ids(sims), 10**9], "x", now, **ACTOR))
    refused("inventory.item.location", lambda: keeping.carry(ids(sims), "x" * 121, now, **ACTOR))
    refused("inventory.item.location_missing", lambda: keeping.carry(ids(sims), " ", now, **ACTOR))


def test_a_quarantine_ends_early_with_a_reason(number: Item, holder: UUID, now: datetime) -> None:
    services.assign(number.pk, holder, now, **ACTOR)
    services.return_to_stock(number.pk, holder, now, **ACTOR)
    refused("inventory.reason_missing", lambda: keeping.put_in_stock([number.pk], "  ", now, **ACTOR))
    assert keeping.put_in_stock([number.pk], "never rang", now, **ACTOR) == 1
    [row] = rows([number])
    assert (row["state"], row["quarantine_until"]) == ("in_stock", None)
    last = ItemHistory.objects.filter(item=number).last()
    assert last is not None and (last.from_state, last.reason) == ("quarantined", "never rang")
    assert keeping.put_in_stock([number.pk], "", now, **ACTOR) == 0


def test_retiring_several_is_all_or_none_and_needs_a_reason(
    sims: list[Item], holder: UUID, now: datetime
) -> None:
    refused("inventory.reason_missing", lambda: keeping.retire(ids(sims), "", now, **ACTOR))
    services.reserve(sims[1].pk, holder, now, **ACTOR)
    refused("inventory.item.move", lambda: keeping.retire(ids(sims), "wet", now, **ACTOR))
    services.release(sims[1].pk, holder, now, **ACTOR)
    assert keeping.retire(ids(sims), "wet", now, **ACTOR) == 3
    assert {row["state"] for row in rows(sims)} == {"retired"}
    assert keeping.retire(ids(sims), "wet", now, **ACTOR) == 0
    refused("inventory.item.move", lambda: keeping.put_in_stock(ids(sims), "dry", now, **ACTOR))


# --- what there is


def test_a_kind_runs_low_at_its_threshold(sims: list[Item], sim_template: Template, now: datetime) -> None:
    def low() -> list[tuple[str, int]]:
        return [(one.template.name, one.free) for one in queries.running_low()]

    assert low() == []
    Template.objects.update(low_stock=2)
    assert low() == []
    assert [(one.free, one.low) for one in queries.stock_by_template()] == [(3, False)]
    services.retire(sims[0].pk, now, **ACTOR)
    assert low() == [("SIM Card", 2)]
    [counts] = queries.stock_by_template()
    assert (counts.free, counts.low, counts.counts["retired"], counts.counts["new"]) == (2, True, 1, 2)
    Template.objects.update(low_stock=0)
    assert low() == []
    services.retire(sims[1].pk, now, **ACTOR)
    services.retire(sims[2].pk, now, **ACTOR)
    assert low() == [("SIM Card", 0)]


def test_the_database_refuses_a_negative_threshold(sim_template: Template) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Template.objects.update(low_stock=-1)


def test_locations_are_listed_with_their_free_items(
    sims: list[Item], sim_template: Template, holder: UUID, now: datetime
) -> None:
    Item.objects.filter(pk=sims[0].pk).update(location="")
    keeping.carry([sims[1].pk], "Shop 2", now, **ACTOR)
    services.assign(sims[1].pk, holder, now, **ACTOR)
    assert queries.locations(sim_template.pk) == ["", "Shop 1", "Shop 2"]
    assert queries.free_by_location(sim_template.pk) == [("", 1), ("Shop 1", 1)]
    assert queries.locations(sim_template.pk + 1) == []


@pytest.mark.parametrize(
    "text",
    [
        "SIM-00002",
        "sim-00002",
        "00002",
        iccid(2),
        iccid(2)[-4:],
        f" {iccid(2)[:4]} {iccid(2)[4:]} ",
        "m-00002",
    ],
)
def test_an_item_is_found_by_the_ends_of_what_it_is_called(
    text: str, sims: list[Item], sim_template: Template
) -> None:
    assert [i.identifier for i in page_of_items(sim_template.pk, Filters(text)).items] == ["SIM-00002"]


@pytest.mark.parametrize(
    "text", ["+44 7700 900123", "7700 900123", "900123", "+44770", "4477", "77009", "0 9001"]
)
def test_a_number_is_found_by_any_part(text: str, number: Item) -> None:
    assert [i.pk for i in page_of_items(number.template_id, Filters(text)).items] == [number.pk]


@pytest.mark.parametrize("text", ["%", "_", "\\", "SIM%", "zzz"])
def test_signs_of_a_pattern_are_only_signs(text: str, sims: list[Item], sim_template: Template) -> None:
    assert page_of_items(sim_template.pk, Filters(text)).items == []


def test_state_and_location_narrow_the_list(sims: list[Item], sim_template: Template, now: datetime) -> None:
    services.retire(sims[0].pk, now, **ACTOR)
    Item.objects.filter(pk=sims[1].pk).update(location="")

    def found(**filters: Any) -> list[str]:
        return [item.identifier[-1] for item in page_of_items(sim_template.pk, Filters(**filters)).items]

    assert found() == ["1", "2", "3"]
    assert found(state="new") == ["2", "3"]
    assert found(location="") == ["2"]
    assert found(location="Shop 1", state="retired") == ["1"]
    assert found(text="SIM", state="new", location="Shop 1") == ["3"]


def test_pages_follow_each_other_without_a_gap(sim_template: Template, now: datetime) -> None:
    made = make_sims(sim_template, PAGE * 2 + 1)
    after, seen = "", []
    for expected in (PAGE, PAGE, 1):
        page = page_of_items(sim_template.pk, Filters(), after)
        assert len(page.items) == expected
        seen += [item.identifier for item in page.items]
        after = page.after
    assert (seen, after) == ([item.identifier for item in made], "")


def test_a_search_with_very_many_matches_says_that_it_is_cut(sim_template: Template, now: datetime) -> None:
    make_sims(sim_template, 201)
    page = page_of_items(sim_template.pk, Filters("SIM"))
    assert (len(page.items), page.cut) == (200, True)


# --- templates

FIELDS = [
    {"name": "iccid", "type": "iccid", "unique": True},
    {"name": "imsi", "type": "imsi"},
    {"name": "ki", "type": "hex32", "secret": True},
]


def change(template: Template, **changes: Any) -> Template:
    given: dict[str, Any] = {
        "label_es": "Tarjeta SIM",
        "label_en": "SIM Card",
        "kind": "physical",
        "after_use": "",
        "low_stock": None,
        "fields": FIELDS,
    }
    return templates.update_template(template.pk, **(given | changes), **ACTOR)


def test_a_template_changes_and_the_log_says_what(sim_template: Template) -> None:
    changed = change(sim_template, low_stock=5, label_es="SIM", fields=FIELDS[:1])
    changed.refresh_from_db()
    assert (changed.low_stock, changed.label_es, [f["name"] for f in changed.fields]) == (5, "SIM", ["iccid"])
    entry = entries_about(sim_template)[0]
    assert (entry.action, entry.detail) == (
        "inventory.template.changed",
        {"name": "SIM Card", "changed": ["label_es", "low_stock", "fields"]},
    )
    change(sim_template, low_stock=5, label_es="SIM", fields=FIELDS[:1])
    assert entries_about(sim_template)[0] == entry


@pytest.mark.parametrize(
    "fields",
    [
        FIELDS[:2],
        [{**FIELDS[0], "type": "text"}, *FIELDS[1:]],
        [FIELDS[0], FIELDS[1], {**FIELDS[2], "secret": False}],
        [{**FIELDS[0], "unique": False}, *FIELDS[1:]],
        [*FIELDS, {"name": "puk", "type": "text"}],
    ],
)
def test_fields_of_items_in_stock_stay(
    fields: list[dict[str, Any]], sims: list[Item], sim_template: Template
) -> None:
    refused("inventory.template.in_use", lambda: change(sim_template, fields=fields))


def test_optional_fields_and_other_words_may_come_later(sims: list[Item], sim_template: Template) -> None:
    label = {"es": "Clave", "en": "Key"}
    change(
        sim_template,
        fields=[
            FIELDS[0],
            FIELDS[1],
            {**FIELDS[2], "label": label},
            {"name": "puk", "type": "text", "required": False},
        ],
    )
    sim_template.refresh_from_db()
    assert [field["name"] for field in sim_template.fields] == ["iccid", "imsi", "ki", "puk"]


def test_templates_refuse_what_no_screen_could_show(sim_template: Template) -> None:
    refused("inventory.template.labels", lambda: change(sim_template, label_en=" "))
    refused("inventory.template.labels", lambda: change(sim_template, label_es="x" * 81))
    refused("inventory.template.low_stock", lambda: change(sim_template, low_stock=-1))
    refused("inventory.template.low_stock", lambda: change(sim_template, low_stock=10**7))
    refused("inventory.template.fields", lambda: change(sim_template, fields=[{"name": "!"}]))


# --- what is done by itself


def test_workers_free_what_has_lapsed_and_end_what_has_rested(
    sims: list[Item], number: Item, holder: UUID, now: datetime
) -> None:
    services.reserve(sims[0].pk, holder, now, **ACTOR)
    services.assign(number.pk, holder, now, **ACTOR)
    services.return_to_stock(number.pk, holder, now, **ACTOR)
    for chore in housekeeping.chores():
        chore.work(now + timedelta(days=30))
    assert [row["state"] for row in rows([sims[0], number])] == ["new", "in_stock"]


# --- why there is nothing to choose


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ({}, "never"),
        ({"new": 0, "assigned": 0}, "never"),
        ({"new": 1, "assigned": 3}, "elsewhere"),
        ({"in_stock": 1}, "elsewhere"),
        ({"assigned": 3, "retired": 2}, "assigned"),
        ({"assigned": 3, "reserved": 1}, "busy"),
        ({"quarantined": 1}, "busy"),
    ],
)
def test_a_shortage_has_a_reason(counts: dict[str, int], why: str) -> None:
    assert why_none(counts) == why


def test_one_location_is_offered_with_what_the_holder_has_elsewhere(
    sims: list[Item], sim_template: Template, holder: UUID, now: datetime
) -> None:
    keeping.carry([sims[1].pk], "Shop 2", now, **ACTOR)
    services.reserve(sims[2].pk, holder, now, **ACTOR)

    def offered(text: str = "", location: str | None = "Shop 2") -> list[str]:
        found = queries.available(sim_template.pk, text, holder=holder, now=now, location=location)
        return [item.identifier[-1] for item in found]

    assert offered() == ["3", "2"]
    assert offered(text="00002") == []
    assert offered(text="SIM-00002") == ["2"]
    assert offered(location="Shop 3") == ["3"]
    assert offered(location=None) == ["3", "1", "2"]
