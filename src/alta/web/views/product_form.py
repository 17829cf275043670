"""The form of a product: what it says, as a specification, and a specification as the form shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from django.utils.timezone import get_default_timezone, make_aware
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alta.catalog.models import Product
from alta.catalog.refusals import PRODUCT_INVALID
from alta.catalog.rules import Verb
from alta.catalog.specification import MemberSpec, ProductSpec, RequiredSpec
from alta.money import minor_units, plain_amount
from alta.refusal import Refusal

MOST_ROWS = 60
LONGEST = 400
TEXTS = (
    "slug",
    "name_es",
    "name_en",
    "kind",
    "service_type",
    "playbook",
    "summary_es",
    "summary_en",
    "currency",
)
CHOICES = ("period", "auto_renew", "site_needed", "installation")
PRICES = ("setup_price", "recurring_price", "wholesale_setup_price", "wholesale_recurring_price")
NUMBERS = ("contract_months", "most_per_customer", "position")
DAYS = ("sale_from", "sale_until")
FLAGS = ("enabled", "auto_renew_default", "needs_payment_method", "needs_coverage")
LISTS = ("customer_kinds", "needs_services", "excludes")
FEATURE_TYPES = (
    ("text", gettext_lazy("Text")),
    ("number", gettext_lazy("Number")),
    ("boolean", gettext_lazy("Yes or no")),
    ("json", "JSON"),
)
FEATURE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
CHANGES = tuple(verb for verb in Verb if verb != Verb.CREATE)
YES = frozenset({"true", "yes", "sí", "si", "1", "x"})
NO = frozenset({"false", "no", "0"})
Row = dict[str, Any]


def stored(spec: ProductSpec) -> dict[str, Any]:
    """A specification in the words of the form."""
    shown: dict[str, Any] = {name: getattr(spec, name) for name in (*TEXTS, *CHOICES, *FLAGS, *LISTS)}
    shown |= {name: plain_amount(getattr(spec, name), spec.currency) for name in PRICES}
    shown |= {name: "" if getattr(spec, name) is None else str(getattr(spec, name)) for name in NUMBERS}
    shown |= {name: day.isoformat() if (day := getattr(spec, name)) else "" for name in DAYS}
    shown["verbs"] = dict(spec.verb_playbooks)
    shown["features"] = [_shown_feature(name, value) for name, value in spec.features.items()]
    shown["items"] = [
        {
            "name": item.name,
            "template": str(item.template_id),
            "es": item.label_es,
            "en": item.label_en,
            "required": item.required,
        }
        for item in spec.required_items
    ]
    shown["members"] = [
        {
            "product": member.product,
            "setup": plain_amount(member.setup_price, spec.currency),
            "recurring": plain_amount(member.recurring_price, spec.currency),
        }
        for member in spec.members
    ]
    return shown


def _shown_feature(name: str, value: Any) -> Row:
    if isinstance(value, bool):
        return {"name": name, "type": "boolean", "value": _("yes") if value else _("no")}
    if isinstance(value, int | float):
        return {"name": name, "type": "number", "value": str(value)}
    if isinstance(value, str):
        return {"name": name, "type": "text", "value": value}
    return {"name": name, "type": "json", "value": json.dumps(value, ensure_ascii=False)}


def typed(post: QueryDict) -> dict[str, Any]:
    """What somebody typed, as it was typed."""
    shown: dict[str, Any] = {
        name: post.get(name, "").strip()[:LONGEST] for name in (*TEXTS, *CHOICES, *PRICES, *NUMBERS, *DAYS)
    }
    shown |= {name: name in post for name in FLAGS}
    shown |= {name: post.getlist(name)[:MOST_ROWS] for name in LISTS}
    shown["valid_from"] = post.get("valid_from", "").strip()[:LONGEST]
    names = {verb: post.get(f"playbook-{verb}", "")[:LONGEST] for verb in CHANGES}
    shown["verbs"] = {verb: name for verb, name in names.items() if name}
    shown["features"] = _rows(post, "feature", ("name", "type", "value"))
    shown["items"] = _rows(post, "item", ("name", "template", "es", "en", "required"))
    shown["members"] = _rows(post, "member", ("product", "setup", "recurring"))
    return shown


def _rows(post: QueryDict, prefix: str, columns: Sequence[str]) -> list[Row]:
    """The rows of which the first column is filled in."""
    rows = (
        {column: post.get(f"{prefix}-{column}-{number}", "").strip()[:LONGEST] for column in columns}
        for number in range(MOST_ROWS)
    )
    return [row for row in rows if row[columns[0]]]


def specification(shown: Mapping[str, Any], base: ProductSpec) -> ProductSpec:
    """The specification that the form says; what the form has no field for is as in `base`. Refuses
    (`catalog.product.invalid`), by its name, what can't be read."""
    currency = shown["currency"].upper()
    values: dict[str, Any] = {name: shown[name] for name in (*TEXTS, *CHOICES, *FLAGS)}
    values |= {name: _price(shown[name], currency, title(name)) for name in PRICES}
    values |= {name: tuple(shown[name]) for name in LISTS}
    values |= {name: _day(shown[name], title(name)) for name in DAYS}
    values |= {name: _number(shown[name], title(name)) for name in NUMBERS}
    values |= {name: values[name] or 0 for name in NUMBERS if name != "most_per_customer"}
    values["currency"] = currency
    values["verb_playbooks"] = dict(shown["verbs"])
    values["features"] = {row["name"]: _feature(row) for row in shown["features"]}
    values["required_items"] = [_item(row) for row in shown["items"]]
    values["members"] = [_member(row, currency) for row in shown["members"]]
    return replace(base, **values)


def _item(row: Row) -> RequiredSpec:
    template = _number(row["template"], title("required_items")) or 0
    return RequiredSpec(row["name"], template, row["es"], row["en"], bool(row["required"]))


def _member(row: Row, currency: str) -> MemberSpec:
    setup = _price(row["setup"], currency, title("setup_price"))
    return MemberSpec(row["product"], setup, _price(row["recurring"], currency, title("recurring_price")))


def valid_from(text: str) -> datetime | None:
    """The instant from which it shall hold, in the operator's time; None is at once."""
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
        return make_aware(instant, get_default_timezone()) if instant.tzinfo is None else instant
    except (ValueError, OverflowError):
        raise _invalid(_("Valid from"), _("write a day and a time")) from None


def title(name: str) -> str:
    """What a field is called on the form."""
    columns = {
        one.name: str(one.verbose_name) for one in [*Product._meta.fields, *Product._meta.many_to_many]
    }
    columns |= {
        "needs_services": columns["needed_types"],
        "required_items": _("Required inventory"),
        "members": _("Members"),
        "features": _("Features"),
    }
    text = columns.get(name, name)
    return text[:1].upper() + text[1:]


def _invalid(field: str, reason: str) -> Refusal:
    return PRODUCT_INVALID(field=field, reason=reason)


def _price(text: str, currency: str, field: str) -> int:
    try:
        return minor_units(text or "0", currency)
    except ValueError:
        example = plain_amount(1500, currency)
        raise _invalid(field, _("write an amount such as {example}").format(example=example)) from None


def _number(text: str, field: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _invalid(field, _("write a whole number"))
    return int(text)


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _invalid(field, _("write a day")) from None


def _feature(row: Row) -> Any:
    """The value in its type: numbers stay numbers."""
    name, text = row["name"], row["value"]
    if not FEATURE_NAME.fullmatch(name):
        raise _invalid(title("features"), _("«{name}»: small letters, digits and _ only").format(name=name))
    match row["type"]:
        case "number":
            return _feature_number(name, text)
        case "boolean" if text.lower() in YES | NO:
            return text.lower() in YES
        case "boolean":
            raise _invalid(name, _("write yes or no"))
        case "json":
            return _feature_json(name, text)
    return text


def _feature_number(name: str, text: str) -> int | float:
    if re.fullmatch(r"-?[0-9]{1,15}", text):
        return int(text)
    if re.fullmatch(r"-?[0-9]{1,12}[.,][0-9]{1,9}", text):
        return float(text.replace(",", "."))
    raise _invalid(name, _("write a number"))


def _feature_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise _invalid(name, _("this is no JSON")) from None
