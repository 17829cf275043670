"""Importing items from a file: what its preview says, what confirming does, and what is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from alta.audit.log import entries_about
from alta.inventory import imports, services
from alta.inventory.csvfile import MOST_MEGABYTES
from alta.inventory.imports import Preview
from alta.inventory.models import ImportFile, Item, ItemHistory, Template
from alta.refusal import Refusal

from .conftest import KI, iccid

HEADER = "identifier,iccid,imsi,ki,location"


def line(number: int, *, identifier: str | None = None, ki: str = KI, location: str = "") -> str:
    name = f"SIM-{number:05d}" if identifier is None else identifier
    return f"{name},{iccid(number)},23410{number:010d},{ki},{location}"


def text(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


def upload(template: Template, content: bytes, now: datetime, **options: str) -> ImportFile:
    return imports.upload(template.pk, "sims.csv", content, now, actor="ana", **options)


def look(template: Template, content: bytes, now: datetime) -> Preview:
    seen = imports.preview(upload(template, content, now))
    assert seen is not None
    return seen


def reasons(seen: Preview) -> list[tuple[int, str]]:
    return [(one.line, one.reason.code) for one in seen.refused]


def refused(code: str, call: Callable[[], object]) -> Refusal:
    """The call is refused with this code, and nothing has changed."""
    before = (Item.objects.count(), ItemHistory.objects.count(), list(ImportFile.objects.values()))
    with pytest.raises(Refusal) as refusal:
        call()
    assert refusal.value.code == code
    assert str(refusal.value)
    assert (Item.objects.count(), ItemHistory.objects.count(), list(ImportFile.objects.values())) == before
    return refusal.value


def test_good_rows_go_in_and_bad_ones_stay_out_with_their_line_and_reason(
    sim_template: Template, now: datetime
) -> None:
    broken = iccid(3)[:-1] + str((int(iccid(3)[-1]) + 1) % 10)
    content = text(
        line(1, location="Shop 1"),
        line(2),
        f"SIM-00003,{broken},234100000000003,{KI},",
        line(1, identifier="SIM-00004"),
        f"SIM-00002,{iccid(5)},234100000000005,{KI},",
        f"SIM-00006,{iccid(6)},234100000000006,xyz,",
        f"SIM-00007,{iccid(7)},,{KI},",
        "SIM-00008,1",
    )
    with translation.override("en"):
        seen = look(sim_template, content, now)
    assert [item.identifier for item in seen.new] == ["SIM-00001", "SIM-00002"]
    assert seen.unchanged == 0
    assert reasons(seen) == [
        (4, "inventory.item.value"),
        (5, "inventory.item.twice"),
        (6, "inventory.item.twice"),
        (7, "inventory.item.value"),
        (8, "inventory.item.value_missing"),
        (9, "inventory.row.columns"),
    ]
    with translation.override("en"):
        assert [str(one.reason) for one in seen.refused] == [
            f"SIM-00003: iccid «{broken}» is wrong: the check digit does not match; compare it with the card",
            f"Line 2 has {iccid(1)} already; leave one of the two out",
            "Line 3 has SIM-00002 already; leave one of the two out",
            "SIM-00006: ki «•••» is wrong: this key has 32 hexadecimal digits",
            "SIM-00007: imsi is required",
            "This row has 2 cells where the first line has 5",
        ]
    assert not Item.objects.exists()

    file = upload(sim_template, content, now, location="Warehouse")
    done = imports.confirm(file.uuid, now, actor="ana")
    assert (done.added, done.unchanged, done.refused) == (2, 0, 6)
    assert list(Item.objects.order_by("id").values_list("identifier", "state", "location")) == [
        ("SIM-00001", "new", "Shop 1"),
        ("SIM-00002", "new", "Warehouse"),
    ]
    assert list(ItemHistory.objects.order_by("id").values_list("to_state", "actor", "to_location")) == [
        ("new", "ana", "Shop 1"),
        ("new", "ana", "Warehouse"),
    ]
    assert entries_about(sim_template)[0].detail == {
        "file": "sims.csv",
        "added": 2,
        "unchanged": 0,
        "refused": 6,
    }


def test_the_same_file_again_changes_nothing(sim_template: Template, now: datetime) -> None:
    content = text(line(1), line(2))
    imports.confirm(upload(sim_template, content, now).uuid, now, actor="ana")
    Item.objects.filter(identifier="SIM-00001").update(location="Shop 2", state="in_stock")
    before, history = list(Item.objects.order_by("id").values()), ItemHistory.objects.count()
    again = imports.confirm(upload(sim_template, content, now).uuid, now, actor="ana")
    assert (again.added, again.unchanged, again.refused) == (0, 2, 0)
    assert (list(Item.objects.order_by("id").values()), ItemHistory.objects.count()) == (before, history)


def test_confirming_twice_is_confirming_once(sim_template: Template, now: datetime) -> None:
    file = upload(sim_template, text(line(1)), now)
    imports.confirm(file.uuid, now, actor="ana")
    again = imports.confirm(file.uuid, now, actor="eva")
    assert (again.added, again.unchanged) == (1, 0)
    assert (Item.objects.count(), ItemHistory.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (line(9, identifier="SIM-00001"), "iccid"),
        (line(1, identifier="OTHER"), "identifier"),
        (line(1, ki="0" * 32), "ki"),
        (f"SIM-00001,{iccid(1)},234109999999999,{KI},", "imsi"),
    ],
)
def test_another_item_under_a_name_in_stock_is_refused(
    row: str, field: str, sims: list[Item], sim_template: Template, now: datetime
) -> None:
    before = list(Item.objects.order_by("id").values())
    seen = look(sim_template, text(row), now)
    [one] = seen.refused
    assert (one.reason.code, one.reason.params) == (
        "inventory.item.differs",
        {"item": "SIM-00001", "field": field},
    )
    imports.confirm(ImportFile.objects.latest("id").uuid, now, actor="ana")
    assert list(Item.objects.order_by("id").values()) == before


def test_what_was_added_since_the_preview_is_not_added_again(sim_template: Template, now: datetime) -> None:
    file = upload(sim_template, text(line(1), line(2)), now)
    seen = imports.preview(file)
    assert seen is not None and len(seen.new) == 2
    services.add_items(
        sim_template.pk,
        [services.NewItem("SIM-00001", {"iccid": iccid(1), "imsi": "234100000000001", "ki": KI}, "Shop 1")],
        now,
        actor="eva",
    )
    done = imports.confirm(file.uuid, now, actor="ana")
    assert (done.added, done.unchanged, done.refused) == (1, 1, 0)


@pytest.mark.parametrize(
    ("content", "code", "params"),
    [
        (b"", "inventory.file.empty", {}),
        (b"\n \n", "inventory.file.empty", {}),
        (HEADER.encode(), "inventory.file.empty", {}),
        ("identifier,iccid,imsi,ki\nSIMÓN".encode("latin-1"), "inventory.file.encoding", {}),
        ("identifier,iccid".encode("utf-16"), "inventory.file.encoding", {}),
        (b"identifier,\0", "inventory.file.encoding", {}),
        (text('SIM-1,"89', header=HEADER), "inventory.file.unreadable", {"line": 2}),
        (
            b"name,iccid,imsi,ki,puk\nx,1,2,3,4",
            "inventory.file.columns_unknown",
            {"columns": "«name», «puk»", "expected": "identifier, iccid, imsi, ki, location"},
        ),
        (
            b"identifier,iccid\nx,1",
            "inventory.file.columns_missing",
            {"columns": "imsi, ki", "expected": "identifier, iccid, imsi, ki, location"},
        ),
        (b"iccid,imsi,ki,ICCID\nx", "inventory.file.column_twice", {"column": "iccid"}),
        (
            b"x" * (MOST_MEGABYTES * 1_000_000 + 1),
            "inventory.file.too_large",
            {"megabytes": MOST_MEGABYTES},
        ),
        (text(*["x"] * 50_001), "inventory.file.too_long", {"most": 50_000}),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_at_once(
    content: bytes, code: str, params: dict[str, object], sim_template: Template, now: datetime
) -> None:
    assert refused(code, lambda: upload(sim_template, content, now)).params == params


def test_a_spreadsheets_own_way_of_writing_csv_is_read(number_template: Template, now: datetime) -> None:
    content = "\ufeffIdentificador;e164;Ubicación\r\n;+44 7700 900123;Tienda 1\r\n\r\n;+44 7700 900124;\r\n"
    seen = look(number_template, content.encode(), now)
    assert [(item.identifier, item.values.unique, item.location) for item in seen.new] == [
        ("+44 7700 900123", "+447700900123", "Tienda 1"),
        ("+44 7700 900124", "+447700900124", ""),
    ]
    imports.confirm(ImportFile.objects.latest("id").uuid, now, actor="ana")
    assert set(Item.objects.values_list("state", flat=True)) == {"in_stock"}


def test_a_row_over_two_lines_is_counted_from_its_first(sim_template: Template, now: datetime) -> None:
    seen = look(sim_template, text('"SIM\n1",x,y,z,', line(2, identifier="=")), now)
    assert reasons(seen) == [(2, "inventory.item.value")]
    assert [item.identifier for item in seen.new] == ["="]


def test_an_item_without_a_name_takes_its_unique_value_or_is_refused(
    sim_template: Template, now: datetime
) -> None:
    seen = look(sim_template, text(line(1, identifier="")), now)
    assert [item.identifier for item in seen.new] == [iccid(1)]
    plain = services.create_template(
        "Cable", label_es="Cable", label_en="Cable", kind="physical", actor="ana"
    )
    assert reasons(look(plain, b"identifier,location\n,Shop 1\nC-1,\n" + b"x" * 65 + b",", now)) == [
        (2, "inventory.item.identifier_missing"),
        (4, "inventory.item.identifier"),
    ]


def test_refused_rows_come_back_as_a_file_without_secrets_and_formulas(
    sim_template: Template, now: datetime
) -> None:
    with translation.override("en"):
        seen = look(sim_template, text(f"=SIM,x,+234,{KI},@home", f"SIM-2,y,-z,,{'+'}1"), now)
        rows = list(csv.reader(io.StringIO(seen.refused_csv())))
    assert rows == [
        ["line", "reason", "identifier", "iccid", "imsi", "ki", "location"],
        [
            "2",
            "'=SIM: iccid «x» is wrong: an ICCID has 19 or 20 digits and begins with 89",
            "'=SIM",
            "x",
            "+234",
            "•••",
            "'@home",
        ],
        [
            "3",
            "SIM-2: iccid «y» is wrong: an ICCID has 19 or 20 digits and begins with 89",
            "SIM-2",
            "y",
            "'-z",
            "",
            "+1",
        ],
    ]


def test_the_list_of_refused_rows_can_be_corrected_and_uploaded(
    number_template: Template, now: datetime
) -> None:
    seen = look(number_template, b"e164\n+44 7700 9001234567890\n", now)
    assert [
        item.identifier
        for item in look(
            number_template, seen.refused_csv().replace("9001234567890", "900123").encode(), now
        ).new
    ] == ["+44 7700 900123"]


def test_the_kept_file_is_sealed(sim_template: Template, now: datetime) -> None:
    file = upload(sim_template, text(line(1)), now)
    file.refresh_from_db()
    assert KI.encode() not in bytes(file.content or b"")


def test_a_file_is_kept_for_a_day(sim_template: Template, now: datetime) -> None:
    waiting, confirmed = (upload(sim_template, text(line(1)), now) for _ in range(2))
    imports.confirm(confirmed.uuid, now, actor="ana")
    end = now + timedelta(days=1)
    assert imports.forget_files(end - timedelta(seconds=1)) == 0
    assert imports.find(waiting.uuid, end - timedelta(seconds=1)) == waiting
    refused("inventory.file.not_found", lambda: imports.find(waiting.uuid, end))
    refused("inventory.file.not_found", lambda: imports.confirm(waiting.uuid, end, actor="ana"))
    assert imports.forget_files(end) == 2
    assert imports.forget_files(end) == 0
    kept = ImportFile.objects.get()
    assert (kept.uuid, kept.content, kept.added) == (confirmed.uuid, None, 1)
    assert imports.preview(imports.find(kept.uuid, end)) is None


def test_what_does_not_exist_is_refused(sim_template: Template, now: datetime) -> None:
    refused("inventory.file.not_found", lambda: imports.confirm(UUID(int=1), now, actor="ana"))
    missing = sim_template.pk + 100
    refused(
        "inventory.template.not_found",
        lambda: imports.upload(missing, "x", text(line(1)), now, actor="ana"),
    )
    refused("inventory.item.location", lambda: upload(sim_template, text(line(1)), now, location="x" * 121))


@pytest.mark.parametrize("change", [{"content": None}, {"confirmed_at": "2026-01-01T00:00Z"}, {"added": 1}])
def test_the_database_refuses_a_file_in_between(
    change: dict[str, object], sim_template: Template, now: datetime
) -> None:
    file = upload(sim_template, text(line(1)), now)
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportFile.objects.filter(pk=file.pk).update(**change)


def test_the_number_of_statements_does_not_grow_with_the_rows(
    sim_template: Template, now: datetime, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    small = upload(sim_template, text(line(1)), now)
    large = upload(sim_template, text(*(line(n) for n in range(2, 402))), now)
    for file in (small, large):
        with django_assert_max_num_queries(12):
            imports.confirm(file.uuid, now, actor="ana")
    assert Item.objects.count() == 401


def test_a_name_that_is_no_uuid_of_ours_finds_nothing(db: None, now: datetime) -> None:
    refused("inventory.file.not_found", lambda: imports.find(uuid4(), now))
