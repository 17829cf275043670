"""The fields of a kind of item, and how their values are written. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import phonenumbers
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Limits

from alta.inventory.refusals import (
    ITEM_FIELD_UNKNOWN,
    ITEM_IDENTIFIER,
    ITEM_IDENTIFIER_MISSING,
    ITEM_VALUE,
    ITEM_VALUE_MISSING,
    TEMPLATE_FIELDS,
)

FieldType = Literal["iccid", "imsi", "e164", "mac", "serial", "hex32", "text"]
TAKEN_NAMES = frozenset({"id", "identifier"})  # playbooks read these of every item
MASK = "•••"
LONGEST_KEY = 64  # of identifiers and of unique values


class Malformed(ValueError):
    """A value that is not what its type says. `reason` is for people."""

    def __init__(self, reason: str | Promise) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Label(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    es: str
    en: str


class Field(BaseModel):
    """One field. A `secret` one is kept encrypted and never shown; the `unique` one tells an item from any
    other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Limits(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    type: FieldType = "text"
    required: bool = True
    secret: bool = False
    unique: bool = False
    label: Label | None = None

    @property
    def caption(self) -> str:
        """What the field is called in the reader's language."""
        if self.label is None:
            return self.name.replace("_", " ")
        return self.label.en if (get_language() or "es").startswith("en") else self.label.es


@dataclass(frozen=True)
class Values:
    """An item's values, normalised, apart by who may see them."""

    public: dict[str, str]
    secret: dict[str, str]
    unique: str | None


def luhn_digit(digits: str) -> str:
    """The check digit that follows these digits."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _compact(text: str) -> str:
    return re.sub(r"[\s.\-]", "", text)


def iccid(text: str) -> str:
    """19 or 20 digits beginning with 89, the last a check digit; a filler F of the chip's own notation is
    dropped."""
    digits = re.sub(r"(?i)f$", "", _compact(text))
    if not re.fullmatch(r"89[0-9]{17,18}", digits):
        raise Malformed(_("an ICCID has 19 or 20 digits and begins with 89"))
    if luhn_digit(digits[:-1]) != digits[-1]:
        raise Malformed(_("the check digit does not match; compare it with the card"))
    return digits


def imsi(text: str) -> str:
    digits = _compact(text)
    if not re.fullmatch(r"[0-9]{14,15}", digits):
        raise Malformed(_("an IMSI has 14 or 15 digits"))
    return digits


def e164(text: str) -> str:
    """+447700900123. Possible numbers pass, allotted or not: operators open ranges before public tables know
    them."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException as error:
        raise Malformed(_("write the number with + and the country code")) from error
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise Malformed(_("no number of this country has this length"))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mac(text: str) -> str:
    digits = re.sub(r"[\s.:\-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", digits):
        raise Malformed(_("a MAC address has 12 hexadecimal digits"))
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def serial(text: str) -> str:
    code = text.strip().upper()
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9./_\-]{3,39}", code):
        raise Malformed(_("a serial number has 4 to 40 letters and digits"))
    return code


def hex32(text: str) -> str:
    digits = re.sub(r"\s", "", text).upper()
    if not re.fullmatch(r"[0-9A-F]{32}", digits):
        raise Malformed(_("this key has 32 hexadecimal digits"))
    return digits


def plain(text: str) -> str:
    line = " ".join(text.split())
    if not line.isprintable() or len(line) > 200:
        raise Malformed(_("at most 200 characters"))
    return line


WRITERS: dict[FieldType, Callable[[str], str]] = {
    "iccid": iccid,
    "imsi": imsi,
    "e164": e164,
    "mac": mac,
    "serial": serial,
    "hex32": hex32,
    "text": plain,
}


def read_fields(raw: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
    """A template's fields. Refuses (`inventory.template.fields`) what is not a list of well-formed fields."""
    try:
        fields = tuple(Field.model_validate(one) for one in raw)
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
        raise TEMPLATE_FIELDS(reason=reason) from error
    names = [field.name for field in fields]
    if doubled := [name for name in names if names.count(name) > 1 or name in TAKEN_NAMES]:
        raise TEMPLATE_FIELDS(reason=str(_("the name {name} is taken")).format(name=doubled[0]))
    if sum(field.unique for field in fields) > 1:
        raise TEMPLATE_FIELDS(reason=str(_("only one field can be unique")))
    if any(field.unique and field.secret for field in fields):
        raise TEMPLATE_FIELDS(reason=str(_("a secret field cannot be unique")))
    return fields


def read_values(item: str, fields: Sequence[Field], raw: Mapping[str, str]) -> Values:
    """Normalises an item's values. Refuses one that is malformed, missing or not a field; never repeats a
    secret."""
    if unknown := raw.keys() - {field.name for field in fields}:
        raise ITEM_FIELD_UNKNOWN(item=item, field=min(unknown))
    values = Values({}, {}, None)
    unique = None
    for field in fields:
        text = raw.get(field.name, "").strip()
        if not text:
            if field.required:
                raise ITEM_VALUE_MISSING(item=item, field=field.name)
            continue
        try:
            written = WRITERS[field.type](text)
            if field.unique and len(written) > LONGEST_KEY:
                raise Malformed(_("at most 64 characters"))
        except Malformed as error:
            shown = MASK if field.secret else text[:LONGEST_KEY]
            raise ITEM_VALUE(item=item, field=field.name, value=shown, reason=str(error.reason)) from None
        (values.secret if field.secret else values.public)[field.name] = written
        if field.unique:
            unique = written
    return Values(values.public, values.secret, unique)


def read_identifier(typed: str, fields: Sequence[Field], values: Values) -> str:
    """The identifier as typed. An empty one is the unique value, a phone number as people read it."""
    text = " ".join(typed.split()) or _from_unique(fields, values)
    if not text:
        raise ITEM_IDENTIFIER_MISSING()
    if len(text) > LONGEST_KEY or not text.isprintable():
        raise ITEM_IDENTIFIER(value=text[:LONGEST_KEY])
    return text


def _from_unique(fields: Sequence[Field], values: Values) -> str:
    if values.unique is None:
        return ""
    if any(field.unique and field.type == "e164" for field in fields):
        number = phonenumbers.parse(values.unique)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return values.unique
