from __future__ import annotations

import re
from datetime import date

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alta.customers import rules
from alta.customers.keys import LONGEST_KEY, fold, keys_of, name_keys, read_search
from alta.customers.rules import PhoneNumber, Status, read_email, read_phone
from alta.refusal import Refusal


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("John Smith", "john smith"),
        ("  José-María  O'Brien, S.L. ", "jose maria obrien s l"),
        ("MÜLLER Straße", "muller strasse"),
        ("Peña Ñáñez", "pena nanez"),
        ("Ольга Ёлкина", "ольга елкина"),
        ("!!!", ""),
        ("a_b", "a b"),
    ],
)
def test_names_are_folded_to_what_people_type(name: str, folded: str) -> None:
    assert fold(name) == folded


@given(st.text(max_size=80))
def test_folding_twice_is_folding_once(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert fold(text.upper()) == fold(fold(text.upper()))


def test_a_name_is_filed_under_each_rotation() -> None:
    assert [key for _kind, key in name_keys("María José García")] == [
        "maria jose garcia",
        "jose garcia maria",
        "garcia maria jose",
    ]


@given(st.text(min_size=1, max_size=200))
def test_keys_are_bounded_whatever_the_name(name: str) -> None:
    found = keys_of(name, name, [], [])
    assert len(found) <= 9
    assert all(0 < len(key) <= LONGEST_KEY for _kind, key in found)


REGIONS = ["GB", "ES", "BO", "MX", "US", "AR", "PE"]


@given(st.sampled_from(REGIONS), st.booleans())
def test_however_a_number_is_written_its_search_finds_its_key(region: str, international: bool) -> None:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.FIXED_LINE)
    assert example is not None
    style = (
        phonenumbers.PhoneNumberFormat.INTERNATIONAL
        if international
        else phonenumbers.PhoneNumberFormat.NATIONAL
    )
    written = phonenumbers.format_number(example, style)
    number = read_phone(written, region)
    filed = {key for kind, key in keys_of("", None, [], [number]) if kind == "phone"}
    wanted = read_search(written).prefixes
    trunk = region not in ("AR", "MX")  # numbers with a prefix other than 0 in between
    assert any(key.startswith(prefix) for key in filed for prefix in wanted) or not trunk
    assert phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164) == number.e164


@given(st.text("0123456789+ -()", max_size=20), st.sampled_from([None, *REGIONS]))
def test_whatever_is_taken_for_a_number_is_e164_and_reads_as_itself(text: str, region: str | None) -> None:
    try:
        number = read_phone(text, region)
    except Refusal:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{4,14}", number.e164)
    assert read_phone(number.e164) == number
    assert number.e164.endswith(number.national)


@pytest.mark.parametrize("text", ["John@Example.COM", " john@example.com "])
def test_an_address_is_kept_in_lower_case(text: str) -> None:
    assert read_email(text) == "john@example.com"


@pytest.mark.parametrize("text", ["", "john", "john@", "@x.com", "a b@x.com", "john@x", f"{'a' * 250}@x.com"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_email(text)
    assert refusal.value.code == "customer.email.malformed"


@pytest.mark.parametrize(
    ("typed", "id_", "prefixes", "words"),
    [
        ("123", 123, ("123", "~321"), ()),
        ("12", 12, ("12",), ()),
        ("+44 7700-900123", None, ("447700900123", "+44 7700-900123"), ()),
        ("0044 7700", 447700, ("00447700", "447700", "0447700", "0044 7700", "~00774400", "*00447700"), ()),
        ("Smith  JO", None, ("smith jo",), ("smith", "jo")),
        ("O'Brien", None, ("obrien", "o'brien"), ()),
        ("Jane@acme", None, ("jane acme", "jane@acme"), ("jane", "acme")),
        ("7590-VHVEG", None, ("7590 vhveg", "7590-vhveg"), ("7590", "vhveg")),
        ("9" * 30, None, ("9" * 30, "~" + "9" * 30, "*" + "9" * 30), ()),
        ("   ", None, (), ()),
        ("\x00", None, (), ()),
        ("%", None, ("%",), ()),
    ],
)
def test_typing_is_read_as_beginnings_of_keys(
    typed: str, id_: int | None, prefixes: tuple[str, ...], words: tuple[str, ...]
) -> None:
    wanted = read_search(typed)
    assert (wanted.id, wanted.prefixes, wanted.words) == (id_, prefixes, words)


def test_only_an_open_customer_is_served() -> None:
    assert {status for status in Status if rules.may_be_served(status)} == {Status.OPEN}


def test_a_closed_customer_comes_back_until_archived() -> None:
    assert {status for status in Status if not rules.TRANSITIONS[status]} == {Status.ARCHIVED}
    assert rules.may_become(Status.CLOSED, Status.OPEN)
    assert not rules.may_become(Status.OPEN, Status.ARCHIVED)


@pytest.mark.parametrize(
    ("year", "month", "expired"), [(2026, 3, False), (2026, 2, True), (2025, 12, True), (None, None, False)]
)
def test_a_card_is_good_to_the_end_of_its_month(year: int | None, month: int | None, expired: bool) -> None:
    assert rules.has_expired(year, month, date(2026, 3, 31)) is expired


def test_a_phone_is_read_in_its_region() -> None:
    assert read_phone("07700 900123", "GB") == PhoneNumber("+447700900123", "7700900123")
    assert read_phone("71234567", "BO") == PhoneNumber("+59171234567", "71234567")
