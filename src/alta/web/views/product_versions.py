"""The history of a product: each version, what it changed, and the ones that wait for their day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alta.catalog import queries
from alta.catalog.models import Product, ProductVersion
from alta.catalog.specification import differences
from alta.catalog.versions import bring_into_force, withdraw_version
from alta.inventory import queries as stock
from alta.money import format_amount
from alta.web.views.product_form import PRICES, title


@dataclass(frozen=True)
class Line:
    """A version as the history shows it. `state` is one of `in_force`, `pending`, `withdrawn`, `past`."""

    version: ProductVersion
    state: str
    changes: list[tuple[str, str, str]]  # what, before, after
    first: bool


@require_safe
def versions(request: HttpRequest, product_id: int) -> HttpResponse:
    now = timezone.now()
    bring_into_force(now)
    product = queries.product_by_id(product_id)
    rows = list(product.versions.order_by("number"))
    templates = {str(one.pk): one.label for one in stock.templates()}
    lines = [
        Line(row, _state(row, product, now), _changes(before, row, templates), before is None)
        for before, row in zip([None, *rows], rows, strict=False)
    ]
    return render(request, "web/product_versions.html", {"product": product, "lines": lines[::-1]})


def _state(row: ProductVersion, product: Product, now: datetime) -> str:
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.valid_from > now:
        return "pending"
    return "in_force" if row.number == product.version else "past"


def _changes(
    before: ProductVersion | None, after: ProductVersion, templates: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    if before is None:
        return []
    return [
        (
            title(change.field),
            _said(change.field, change.before, before.spec, templates),
            _said(change.field, change.after, after.spec, templates),
        )
        for change in differences(before.spec, after.spec)
    ]


def _said(field: str, value: Any, spec: Mapping[str, Any], templates: Mapping[str, str]) -> str:
    """A value of a specification as people read it."""
    currency = str(spec.get("currency", "GBP"))
    if value in (None, "", [], {}):
        return "—"
    if field in PRICES:
        return format_amount(value, currency)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field == "required_items":
        return ", ".join(f"{one['name']} ({templates.get(str(one['template_id']), '?')})" for one in value)
    if field == "members":
        return ", ".join(
            f"{one['product']} {format_amount(one['recurring_price'], currency)}" for one in value
        )
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {one}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    choices = {
        str(key): str(label)
        for column in Product._meta.fields
        if column.name == field
        for key, label in column.flatchoices
    }
    return choices.get(str(value), str(value))


@require_POST
def withdraw(request: HttpRequest, product_id: int, number: int) -> HttpResponse:
    withdraw_version(product_id, number, actor=request.user.get_username(), now=timezone.now())
    text = _("Version {number} is withdrawn: it will not come into force.")
    messages.success(request, text.format(number=number))
    return redirect("product_versions", product_id)
