from __future__ import annotations

import re

import phonenumbers
import pytest
from django.utils import translation
from hypothesis import assume, given
from hypothesis import strategies as st

from alta.inventory.fields import (
    MASK,
    Field,
    Malformed,
    e164,
    hex32,
    iccid,
    imsi,
    luhn_digit,
    mac,
    plain,
    read_fields,
    read_values,
    serial,
)
from alta.refusal import Refusal

bodies = st.text("0123456789", min_size=16, max_size=17).map(lambda rest: f"89{rest}")
spacing = st.sampled_from(["", " ", "-"])


def separated(digits: str, separator: str, every: int = 4) -> str:
    return separator.join(re.findall(f".{{1,{every}}}", digits))


@given(bodies, spacing, st.booleans())
def test_an_iccid_with_its_check_digit_is_kept_without_separators_or_filler(
    body: str, separator: str, filler: bool
) -> None:
    whole = body + luhn_digit(body)
    assert iccid(separated(whole, separator) + ("F" if filler else "")) == whole


@given(bodies, st.integers(0, 16), st.integers(1, 9))
def test_an_iccid_with_one_wrong_digit_is_refused(body: str, place: int, shift: int) -> None:
    whole = body + luhn_digit(body)
    wrong = whole[:place] + str((int(whole[place]) + shift) % 10) + whole[place + 1 :]
    with pytest.raises(Malformed):
        iccid(wrong)


@given(bodies, st.integers(2, 15))
def test_an_iccid_with_two_neighbouring_digits_swapped_is_refused(body: str, place: int) -> None:
    whole = body + luhn_digit(body)
    left, right = whole[place], whole[place + 1]
    assume(left != right and {left, right} != {"0", "9"})  # the one swap that Luhn cannot see
    with pytest.raises(Malformed):
        iccid(whole[:place] + right + left + whole[place + 2 :])


@given(st.text(max_size=30))
def test_an_iccid_is_19_or_20_digits_or_malformed(text: str) -> None:
    try:
        assert re.fullmatch(r"89[0-9]{17,18}", iccid(text))
    except Malformed:
        pass


REGIONS = ["GB", "ES", "BO", "MX", "US", "AR"]


@st.composite
def example_numbers(draw: st.DrawFn) -> phonenumbers.PhoneNumber:
    number = phonenumbers.example_number_for_type(
        draw(st.sampled_from(REGIONS)), phonenumbers.PhoneNumberType.MOBILE
    )
    assert number is not None
    return number


@given(example_numbers())
def test_a_number_written_for_people_and_its_e164_are_the_same(number: phonenumbers.PhoneNumber) -> None:
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    plain_form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    assert e164(written) == plain_form
    assert e164(e164(written)) == plain_form


@given(st.text(max_size=30))
def test_whatever_is_taken_for_a_number_is_e164(text: str) -> None:
    try:
        assert re.fullmatch(r"\+[1-9][0-9]{4,14}", e164(text))
    except Malformed:
        pass


def test_a_number_of_the_range_kept_for_fiction_is_possible() -> None:
    assert e164("+44 7700 900123") == "+447700900123"


@pytest.mark.parametrize("text", ["7700900123", "+44 77", "+1234567890", "hello", "+447700900123x9"])
def test_a_number_without_country_or_of_an_impossible_length_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        e164(text)


@pytest.mark.parametrize(
    ("write", "text", "written"),
    [
        (imsi, "234 10 0000000001", "234100000000001"),
        (mac, "00-1A-2B-3C-4D-5E", "00:1a:2b:3c:4d:5e"),
        (mac, "001a.2b3c.4d5e", "00:1a:2b:3c:4d:5e"),
        (serial, " sn-12ab ", "SN-12AB"),
        (hex32, "465b5ce8 b199b49f aa5f0a2e e238a6bc", "465B5CE8B199B49FAA5F0A2EE238A6BC"),
        (plain, "  two   words ", "two words"),
    ],
)
def test_values_are_written_in_one_way(write: object, text: str, written: str) -> None:
    assert callable(write)
    assert write(text) == written
    assert write(written) == written


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (imsi, "1234567890123"),
        (imsi, "1234567890123456"),
        (mac, "00:1a:2b:3c:4d"),
        (mac, "00:1a:2b:3c:4d:5g"),
        (serial, "abc"),
        (serial, "a b c d"),
        (hex32, "465B"),
        (plain, "x" * 201),
        (plain, "a\x00b"),
    ],
)
def test_malformed_values_are_refused(write: object, text: str) -> None:
    assert callable(write)
    with pytest.raises(Malformed):
        write(text)


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "x", "type": "colour"}],
        [{"name": "Bad Name"}],
        [{"name": "x", "colour": "red"}],
        [{"name": "x"}, {"name": "x"}],
        [{"name": "id"}],
        [{"name": "identifier"}],
        [{"name": "x", "unique": True}, {"name": "y", "unique": True}],
        [{"name": "x", "unique": True, "secret": True}],
    ],
)
def test_fields_that_make_no_sense_are_refused(fields: list[dict[str, object]]) -> None:
    with pytest.raises(Refusal) as refusal:
        read_fields(fields)
    assert refusal.value.code == "inventory.template.fields"


FIELDS = (
    Field(name="iccid", type="iccid", unique=True),
    Field(name="ki", type="hex32", secret=True),
    Field(name="note", required=False),
)
GOOD = {"iccid": "8944100000000000019", "ki": "0" * 32}


def test_values_are_parted_by_who_may_see_them() -> None:
    body = "894410000000000001"
    whole = body + luhn_digit(body)
    values = read_values("SIM-1", FIELDS, {"iccid": whole, "ki": "ab" * 16})
    assert values.public == {"iccid": whole}
    assert values.secret == {"ki": "AB" * 16}
    assert values.unique == whole


def test_a_malformed_secret_is_refused_without_repeating_it() -> None:
    body = "894410000000000001"
    with pytest.raises(Refusal) as refusal, translation.override("en"):
        read_values("SIM-1", FIELDS, {"iccid": body + luhn_digit(body), "ki": "cafe"})
    assert refusal.value.code == "inventory.item.value"
    assert refusal.value.params["value"] == MASK
    assert "cafe" not in str(refusal.value)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"iccid": "123", "ki": "0" * 32}, "inventory.item.value"),
        ({"ki": "0" * 32}, "inventory.item.value_missing"),
        ({**GOOD, "colour": "red"}, "inventory.item.field_unknown"),
    ],
)
def test_values_that_do_not_fit_the_template_are_refused(values: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_values("SIM-1", FIELDS, values)
    assert refusal.value.code == code
