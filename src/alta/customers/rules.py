"""Who may be served, and how addresses and numbers are written. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alta.customers.refusals import EMAIL_MALFORMED, PHONE_MALFORMED


class Kind(TextChoices):
    INDIVIDUAL = "individual", _("Individual")
    BUSINESS = "business", _("Business")


class Status(TextChoices):
    OPEN = "open", pgettext_lazy("customer", "Open")
    SUSPENDED = "suspended", pgettext_lazy("customer", "Suspended")
    CLOSED = "closed", pgettext_lazy("customer", "Closed")
    ARCHIVED = "archived", pgettext_lazy("customer", "Archived")


class Role(TextChoices):
    """What a contact is asked about."""

    BILLING = "billing", pgettext_lazy("contact", "Billing")
    TECHNICAL = "technical", pgettext_lazy("contact", "Technical")
    ADMINISTRATIVE = "administrative", pgettext_lazy("contact", "Administrative")
    COMMERCIAL = "commercial", pgettext_lazy("contact", "Commercial")
    LEGAL = "legal", pgettext_lazy("contact", "Legal")


class TagColour(TextChoices):
    """The grounds on which our pages keep a contrast of 4.5:1, in light and in dark."""

    GREY = "grey", _("Grey")
    BLUE = "blue", _("Blue")
    GREEN = "green", _("Green")
    YELLOW = "yellow", _("Yellow")
    RED = "red", _("Red")


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset({Status.SUSPENDED, Status.CLOSED}),
    Status.SUSPENDED: frozenset({Status.OPEN, Status.CLOSED}),
    Status.CLOSED: frozenset({Status.OPEN, Status.ARCHIVED}),
    Status.ARCHIVED: frozenset(),
}


FEWEST_DIGITS = 5  # of a phone number; less is an ID, a street number, a mistake


@dataclass(frozen=True)
class PhoneNumber:
    """A number in E.164 (+447700900123) and as people dial it at home, without trunk prefix (7700900123)."""

    e164: str
    national: str


def may_be_served(status: Status) -> bool:
    return status == Status.OPEN


def may_become(status: Status, target: Status) -> bool:
    return target in TRANSITIONS[status]


def has_expired(exp_year: int | None, exp_month: int | None, today: date) -> bool:
    """Cards are good to the end of their month; what bears no date doesn't expire."""
    return (
        exp_year is not None and exp_month is not None and (exp_year, exp_month) < (today.year, today.month)
    )


def read_email(text: str) -> str:
    """The address in lower case. Refuses (`customer.email.malformed`) what isn't one."""
    address = text.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise EMAIL_MALFORMED(email=text) from error
    if len(address) > 254:
        raise EMAIL_MALFORMED(email=text)
    return address


def stored_phone(e164: str) -> PhoneNumber:
    """A number that is stored already, however it got there: it is never refused, so its customer can be changed."""
    try:
        return PhoneNumber(e164, phonenumbers.national_significant_number(phonenumbers.parse(e164)))
    except phonenumbers.NumberParseException:
        return PhoneNumber(e164, e164.lstrip("+"))


def read_phone(text: str, region: str | None = None) -> PhoneNumber:
    """The number, with + and country code, or of `region` (ISO, such as BO). Refuses what cannot be one.

    Possible numbers pass, allotted or not: ranges open before public tables know them."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise PHONE_MALFORMED(phone=text) from error
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise PHONE_MALFORMED(phone=text)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return PhoneNumber(e164, phonenumbers.national_significant_number(number))


def field_of(typed: str) -> str:
    """Which field of a new customer somebody's search term belongs in: email, phone or name."""
    text = typed.strip()
    if "@" in text:
        return "email"
    digits = sum(letter.isdigit() for letter in text)
    if digits >= FEWEST_DIGITS and all(letter.isdigit() or letter in "+ ()-./" for letter in text):
        return "phone"
    return "name"
