"""What forms of several pages share: the fields that the operator added, and lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from alta.customers.fields import Field, FieldType

PREFIX = "custom_"  # of such a field's name in a form


def custom_field(field: Field, given: Mapping[str, Any]) -> dict[str, Any]:
    """One field as the template draws it; `given` is what was posted, or what is stored."""
    posted = isinstance(given, QueryDict)
    value = given.get(f"{PREFIX}{field.key}" if posted else field.key, "")
    options = [(choice, choice) for choice in field.choices]
    if field.type == FieldType.BOOLEAN:
        options = [("true", _("Yes")), ("false", _("No"))]
    if isinstance(value, bool):
        value = "true" if value else "false"
    return {
        "name": f"{PREFIX}{field.key}",
        "field": field,
        "value": str(value),
        "options": options,
        "input_type": "date" if field.type == FieldType.DATE else "text",
        "input_mode": "numeric" if field.type == FieldType.INTEGER else "text",
    }


def custom_given(post: QueryDict) -> dict[str, str]:
    """The posted values by key."""
    return {name.removeprefix(PREFIX): str(post[name]) for name in post if name.startswith(PREFIX)}


def shown(field: Field, values: Mapping[str, Any]) -> str:
    """A stored value as people read it."""
    value = values.get(field.key)
    if value is None:
        return "—"
    if field.type == FieldType.BOOLEAN:
        return _("Yes") if value else _("No")
    if field.type == FieldType.DATE:
        return date_format(date.fromisoformat(str(value)), "SHORT_DATE_FORMAT")
    return str(value)


def lines(text: str) -> list[str]:
    """One value a line; commas and semicolons part them too."""
    parts = text.replace(",", "\n").replace(";", "\n").splitlines()
    return [part.strip() for part in parts if part.strip()]
