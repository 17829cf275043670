"""Making and changing kinds of items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from alta.inventory import queries, services, templates
from alta.inventory.fields import FieldType
from alta.inventory.models import Item, Template
from alta.inventory.refusals import TEMPLATE_LOW_STOCK
from alta.inventory.rules import Kind
from alta.refusal import Refusal

MOST_FIELDS = 30
BLANK_ROWS = 3
AFTER_USE = ("", "in_stock", "quarantined", "retired")
FLAGS = ("required", "unique", "secret")


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, template_id: int) -> HttpResponse:
    return _form(request, queries.template_by_id(template_id))


def _form(request: HttpRequest, template: Template | None) -> HttpResponse:
    refusal = None
    if request.method == "POST":
        try:
            saved = _save(request, template)
        except Refusal as error:
            refusal = error
        else:
            messages.success(request, _("Saved: {template}").format(template=saved.label))
            return redirect("stock_items", saved.pk)
    shown = _typed(request.POST) if refusal else _stored(template)
    rows = [*shown["fields"], *({"required": True} for _blank in range(BLANK_ROWS))][:MOST_FIELDS]
    context = {
        "template": template,
        "shown": shown,
        "rows": rows,
        "in_use": _names_in_use(template),
        "refusal": refusal,
        "kinds": Kind.choices,
        "after_use": [(one, label) for one, label in _after_use() if one in AFTER_USE],
        "types": get_args(FieldType),
    }
    return render(request, "web/stock_template.html", context, status=refusal.kind.status if refusal else 200)


def _after_use() -> list[tuple[str, str]]:
    choices = Template._meta.get_field("after_use").choices or []
    usual = (("", _("Numbers to quarantine, equipment back to stock")),)
    return [*usual, *((str(value), str(label)) for value, label in choices if value)]


def _names_in_use(template: Template | None) -> set[str]:
    """The fields that can't change any more, because items have them."""
    if template is None or not Item.objects.filter(template=template).exists():
        return set()
    return {field["name"] for field in template.fields}


def _save(request: HttpRequest, template: Template | None) -> Template:
    given = _typed(request.POST)
    common: dict[str, Any] = {
        name: given[name] for name in ("label_es", "label_en", "kind", "after_use", "fields")
    }
    common |= {"low_stock": _threshold(given["low_stock"]), "actor": request.user.get_username()}
    if template is None:
        return services.create_template(given["name"], **common)
    return templates.update_template(template.pk, **common)


def _threshold(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise TEMPLATE_LOW_STOCK()
    return int(text)


def _typed(post: QueryDict) -> dict[str, Any]:
    """What the form says; a kind or state that isn't offered is the first that is."""
    kind, after_use = post.get("kind", ""), post.get("after_use", "")
    return {
        "name": post.get("name", "").strip(),
        "label_es": post.get("label_es", "").strip(),
        "label_en": post.get("label_en", "").strip(),
        "kind": kind if kind in Kind.values else Kind.PHYSICAL.value,
        "after_use": after_use if after_use in AFTER_USE else "",
        "low_stock": post.get("low_stock", "").strip(),
        "fields": [row for number in range(MOST_FIELDS) if (row := _typed_field(post, number))],
    }


def _typed_field(post: QueryDict, number: int) -> dict[str, Any] | None:
    name = post.get(f"name-{number}", "").strip()
    if not name:
        return None
    es, en = (post.get(f"{language}-{number}", "").strip()[:80] for language in ("es", "en"))
    flags: dict[str, Any] = {flag: f"{flag}-{number}" in post for flag in FLAGS}
    label = {"label": {"es": es or en, "en": en or es}} if es or en else {}
    return {"name": name, "type": post.get(f"type-{number}", "text")} | flags | label


def _stored(template: Template | None) -> Mapping[str, Any]:
    if template is None:
        return {"kind": Kind.PHYSICAL.value, "fields": []}
    return {
        "name": template.name,
        "label_es": template.label_es,
        "label_en": template.label_en,
        "kind": template.kind,
        "after_use": template.after_use,
        "low_stock": "" if template.low_stock is None else template.low_stock,
        "fields": template.fields,
    }
