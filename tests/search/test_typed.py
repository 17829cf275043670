from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alta.search.typed import LONGEST, Group, Typed, read


@pytest.mark.parametrize(
    ("text", "id_", "named"),
    [
        ("#456", 456, None),
        ("# 456", 456, None),
        ("pedido 12", 12, Group.ORDERS),
        ("Orden #12", 12, Group.ORDERS),
        ("order: 12", 12, Group.ORDERS),
        ("aprovisionamiento 456", 456, Group.JOBS),
        ("Servicio 789", 789, Group.SERVICES),
        ("cliente 123", 123, Group.CUSTOMERS),
    ],
)
def test_a_number_with_its_word_or_sign_is_an_id_and_nothing_else(
    text: str, id_: int, named: Group | None
) -> None:
    typed = read(text)
    assert (typed.id, typed.only_id, typed.named, typed.codes) == (id_, True, named, ())


def test_a_bare_number_may_be_an_id_the_beginning_or_the_end_of_something() -> None:
    assert read("0123") == Typed("0123", 123, words=("0123",), codes=("0123", "123", "~3210"), uuids=None)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("+44 7700 900123", ("447700900123",)),
        ("0044 7700 900123", ("00447700900123", "447700900123", "~3210090077" + "4400")),
        ("(07700) 900-123", ("07700900123", "7700900123", "~32100900770")),
        ("02:00:5e:01", ("02005E01", "~10E50020")),
        ("sim-00123", ("SIM00123", "~32100MIS")),
        ("ab", ()),
        ("00", ()),
    ],
)
def test_identifiers_are_read_as_they_are_filed(text: str, codes: tuple[str, ...]) -> None:
    assert read(text).codes == codes


def test_the_beginning_of_a_uuid_is_a_range() -> None:
    first, last = UUID("0a1b2c3d-4e00-0000-0000-000000000000"), UUID("0a1b2c3d-4eff-ffff-ffff-ffffffffffff")
    assert read("0A1B2C3D-4e").uuids == (first, last)
    assert read("0a1b2c3").uuids is None


@given(st.text(max_size=300))
def test_whatever_is_typed_is_read_and_bounded(text: str) -> None:
    typed = read(text)
    assert len(typed.text) <= LONGEST and "\x00" not in typed.text
    assert typed.id is None or 0 <= typed.id < 10**18
