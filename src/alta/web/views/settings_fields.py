"""The fields that the operator adds to customers and orders: the list, one of them with a preview, and their order."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alta.catalog.models import Product
from alta.customers import customfields
from alta.customers.fields import FieldType, Subject
from alta.customers.models import CustomField
from alta.customers.rules import Kind
from alta.refusal import Refusal
from alta.web.forms import custom_field, lines

TEXTS = ("label_es", "label_en", "help_es", "help_en", "pattern", "example")


@require_safe
def fields(request: HttpRequest) -> HttpResponse:
    rows = customfields.all_fields()
    groups = [
        (subject.label, [row for row in rows if row.subject == subject], subject.value) for subject in Subject
    ]
    names = {product.slug: product.name for product in Product.objects.filter(slug__in=_products(rows))}
    return render(request, "web/settings_fields.html", {"groups": groups, "product_names": names})


def _products(rows: list[CustomField]) -> set[str]:
    return {row.product_slug for row in rows if row.product_slug}


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    subject = request.GET.get("para", "")
    return _form(
        request,
        CustomField(
            subject=subject if subject in Subject.values else Subject.CUSTOMER.value,
            type=FieldType.TEXT.value,
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, field_id: int) -> HttpResponse:
    return _form(request, customfields.field_by_id(field_id))


def _form(request: HttpRequest, row: CustomField) -> HttpResponse:
    """What is typed is shown as people will see it; «Preview» saves nothing."""
    refusal = None
    if request.method == "POST":
        row = _typed(row, request.POST)
        if "preview" not in request.POST:
            try:
                _save(row, request.user.get_username())
            except Refusal as error:
                refusal = error
            else:
                messages.success(request, _("Saved: {field}").format(field=row.field.label))
                return redirect("settings_fields")
    context: dict[str, Any] = {
        "row": row,
        "choices": "\n".join(row.choices),
        "preview": custom_field(row.field, {}) if row.label_es or row.label_en else None,
        "refusal": refusal,
        "subjects": Subject.choices,
        "types": FieldType.choices,
        "kinds": Kind.choices,
        "products": Product.objects.order_by("position", "id"),
    }
    return render(request, "web/settings_field.html", context, status=refusal.kind.status if refusal else 200)


def _typed(row: CustomField, post: QueryDict) -> CustomField:
    """The field as the form says. Whose it is and its name in programs stay, once it is there."""
    for name in TEXTS:
        setattr(row, name, " ".join(post.get(name, "").replace("\x00", "").split())[:200])
    row.label_es, row.label_en = row.label_es or row.label_en, row.label_en or row.label_es
    kind, product, type_ = post.get("customer_kind", ""), post.get("product_slug", ""), post.get("type", "")
    if row.pk is None:
        subject = post.get("subject", "")
        row.subject = subject if subject in Subject.values else row.subject
        row.key = _key(post.get("key", "").strip() or row.label_es)
    row.type = type_ if type_ in FieldType.values else FieldType.TEXT.value
    row.required = "required" in post
    row.choices = lines(post.get("choices", ""))[:100] if row.type == FieldType.CHOICE else []
    row.pattern = row.pattern if row.type == FieldType.TEXT else ""
    row.customer_kind = kind if kind in Kind.values else ""
    row.product_slug = product[:80] if row.subject == Subject.ORDER else ""
    return row


def _key(text: str) -> str:
    """Número de Orden becomes numero_de_orden."""
    return re.sub(r"^[^a-z]+", "", slugify(text).replace("-", "_"))[:40]


def _save(row: CustomField, actor: str) -> None:
    customfields.save_field(
        row.key,
        subject=row.subject,
        label_es=row.label_es,
        label_en=row.label_en,
        type=row.type,
        required=row.required,
        pattern=row.pattern,
        example=row.example,
        choices=row.choices,
        customer_kind=row.customer_kind,
        product_slug=row.product_slug,
        help_es=row.help_es,
        help_en=row.help_en,
        new=row.pk is None,
        actor=actor,
    )


@require_POST
def change(request: HttpRequest, field_id: int) -> HttpResponse:
    """Up, down, off or on again."""
    actor = request.user.get_username()
    match request.POST.get("action"):
        case "up" | "down" as direction:
            customfields.move_field(field_id, direction == "up", actor=actor)
        case "off" | "on" as wanted:
            customfields.set_active(field_id, wanted == "on", actor=actor)
    return redirect("settings_fields")
