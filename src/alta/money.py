"""Amounts are integers of minor units with an ISO 4217 currency; this module writes them for people, and reads what
people write."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language, to_locale


def format_amount(minor: int, currency: str) -> str:
    """£15.00 for 1500 GBP, with the digits and separators of the reader's language."""
    exponent = get_currency_precision(currency)
    amount = Decimal(minor).scaleb(-exponent)
    locale = to_locale(get_language() or "es")
    if currency == "GBP" and locale.startswith("es"):
        # The pound sign leads in the documents our users work from, in Spanish too: £15.00.
        locale = "en_GB"
    return format_currency(amount, currency, locale=locale)


def plain_amount(minor: int, currency: str) -> str:
    """15.00 for 1500 GBP: what stands in a field to be edited."""
    return f"{Decimal(minor).scaleb(-get_currency_precision(currency)):f}"


def minor_units(text: str, currency: str) -> int:
    """1500 for `15`, `15.00` or `15,00` GBP. Raises ValueError for anything else, such as more decimals than the currency
    has, or thousands set apart: 1.500 could be read in two ways."""
    digits = get_currency_precision(currency)
    found = re.fullmatch(r"([0-9]{1,12})(?:[.,]([0-9]+))?", text.strip(), re.ASCII)
    if found is None or len(found[2] or "") not in (0, digits):
        raise ValueError(f"{text} is no amount in {currency}")
    return int(found[1] + (found[2] or "0" * digits))
