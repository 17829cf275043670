from __future__ import annotations

import pytest

from alta.money import minor_units, plain_amount


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("15", "GBP", 1500),
        ("15.00", "GBP", 1500),
        (" 0,05 ", "EUR", 5),
        ("500", "JPY", 500),
        ("1.250", "KWD", 1250),
    ],
)
def test_amounts_are_read_in_the_currency_s_own_decimals(text: str, currency: str, minor: int) -> None:
    assert minor_units(text, currency) == minor
    assert minor_units(plain_amount(minor, currency), currency) == minor


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1.500", "1.500,00", "15 £", "1e3", "٣", "5.0.0"])
def test_what_could_be_read_in_two_ways_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        minor_units(text, "GBP")


def test_currencies_without_decimals_take_none() -> None:
    with pytest.raises(ValueError, match="no amount"):
        minor_units("500.00", "JPY")
