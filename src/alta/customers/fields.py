"""The fields that an operator adds, and whether a value is one of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from alta.customers.refusals import (
    FIELD_CHOICE,
    FIELD_DATE,
    FIELD_INTEGER,
    FIELD_MISSING,
    FIELD_SHAPE,
    FIELD_TOO_LONG,
    FIELD_UNKNOWN,
)

LONGEST_VALUE = 200
FARTHEST_INTEGER = 10**15  # a JSON number that every program reads exactly
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class FieldType(TextChoices):
    TEXT = "text", pgettext_lazy("field", "Text")
    INTEGER = "integer", pgettext_lazy("field", "Whole number")
    DATE = "date", pgettext_lazy("field", "Date")
    CHOICE = "choice", pgettext_lazy("field", "One of a list")
    BOOLEAN = "boolean", pgettext_lazy("field", "Yes or no")


class Subject(TextChoices):
    CUSTOMER = "customer", _("Each customer")
    ORDER = "order", _("Each order")


Value = str | int | bool


@dataclass(frozen=True)
class Field:
    """One such field. `pattern` is a regular expression for the whole text, `example` what people are shown of it."""

    key: str
    label: str
    type: FieldType
    required: bool = False
    pattern: str = ""
    example: str = ""
    choices: tuple[str, ...] = ()
    help: str = ""


def read_values(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Value]:
    """The given values in their types; what was left empty is left out.

    Refuses, naming the field, one that is missing or malformed, and one that doesn't belong here."""
    known = {field.key: field for field in fields}
    for key in given:
        if key not in known:
            raise FIELD_UNKNOWN(field=key)
    values = {key: read_value(field, given.get(key)) for key, field in known.items()}
    return {key: value for key, value in values.items() if value is not None}


def read_value(field: Field, given: Any) -> Value | None:
    """One value in its type, or None where none was given. Dates are kept as 2025-12-31."""
    text = "" if given is None else str(given).replace("\x00", "").strip()
    if not text:
        if field.required:
            raise FIELD_MISSING(field=field.label)
        return None
    if len(text) > LONGEST_VALUE:
        raise FIELD_TOO_LONG(field=field.label, limit=LONGEST_VALUE)
    match field.type:
        case FieldType.INTEGER:
            return _integer(field, text)
        case FieldType.DATE:
            return _date(field, text)
        case FieldType.BOOLEAN:
            return _boolean(field, text)
        case FieldType.CHOICE:
            return _choice(field, text)
    return _text(field, text)


def _text(field: Field, text: str) -> str:
    if field.pattern and not re.fullmatch(field.pattern, text):
        raise FIELD_SHAPE(field=field.label, value=text, example=field.example or field.pattern)
    return text


def _integer(field: Field, text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,16}", text) or abs(int(text)) > FARTHEST_INTEGER:
        raise FIELD_INTEGER(field=field.label, value=text)
    return int(text)


def _date(field: Field, text: str) -> str:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise FIELD_DATE(field=field.label, value=text) from None


def _boolean(field: Field, text: str) -> bool:
    if text.lower() not in (*YES, *NO):
        raise FIELD_CHOICE(field=field.label, value=text, choices=f"{_('Yes')}, {_('No')}")
    return text.lower() in YES


def _choice(field: Field, text: str) -> str:
    if text not in field.choices:
        raise FIELD_CHOICE(field=field.label, value=text, choices=", ".join(field.choices))
    return text
