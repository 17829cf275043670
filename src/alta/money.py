"""Amounts are integers of minor units with an ISO 4217 currency; this module only writes them for people."""

from __future__ import annotations

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
