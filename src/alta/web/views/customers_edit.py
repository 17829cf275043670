"""Creating, editing and merging customers, and changing their status."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from alta.customers import queries, rules, services
from alta.customers.customfields import fields_of_customer
from alta.customers.merging import merge_customers
from alta.customers.models import Customer
from alta.customers.refusals import DUPLICATES, MERGE_UNSURE, NOT_FOUND, STATUS_REASON, STATUS_UNKNOWN
from alta.customers.registration import NewCustomer, duplicates_of, register_customer
from alta.orders import services as orders
from alta.orders.models import Order
from alta.orders.queries import order_by_uuid
from alta.refusal import Refusal
from alta.web import forms

METHODS = ["GET", "HEAD", "POST"]


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()


def _customer(customer_id: int) -> Customer:
    found = (
        Customer.objects.select_related("merged_into")
        .prefetch_related("emails", "phones")
        .filter(pk=customer_id)
        .first()
    )
    if found is None:
        raise NOT_FOUND(customer=customer_id)
    return found


def _assignment(request: HttpRequest) -> Order | None:
    """The assignment in whose middle the customer is created."""
    try:
        uuid = UUID(request.GET.get("asignacion") or request.POST.get("asignacion") or "")
    except ValueError:
        return None
    return order_by_uuid(uuid)


def _new(post: QueryDict, currency: str) -> NewCustomer:
    return NewCustomer(
        name=post.get("name", ""),
        kind=post.get("kind", ""),
        emails=tuple(forms.lines(post.get("email", ""))),
        phones=tuple(forms.lines(post.get("phone", ""))),
        tax_id=post.get("tax_id", ""),
        language=post.get("language", "es"),
        currency=currency,
        custom=_custom_of_kind(post, post.get("kind", "")),
        anyway=post.get("anyway") == "yes",
    )


def _custom_of_kind(post: QueryDict, kind: str) -> dict[str, str]:
    """Without JavaScript the fields of both kinds of customer are there; only those of this kind count."""
    wanted = {field.key for field in fields_of_customer(kind)}
    return {key: value for key, value in forms.custom_given(post).items() if key in wanted}


@require_http_methods(METHODS)
def new(request: HttpRequest) -> HttpResponse:
    """Somebody who isn't there yet. What was searched for is already in the right field."""
    order = _assignment(request)
    currency = order.product.currency if order and order.product else "GBP"
    refusal = None
    if request.method == "POST":
        wanted = _new(request.POST, currency)
        try:
            if order is not None:
                orders.register_and_choose(order.uuid, wanted, actor=_actor(request))
                return redirect("assign", order=order.uuid)
            return redirect("customer", register_customer(wanted, actor=_actor(request)).pk)
        except Refusal as error:
            refusal = error
    values = request.POST if refusal else _first_values(request, order)
    similar = duplicates_of(wanted) if refusal and refusal.kind == DUPLICATES else []
    kinds = order.product.customer_kinds if order and order.product else rules.Kind.values
    context = {
        "values": values,
        "kinds": [(kind.value, kind.label) for kind in rules.Kind if kind in kinds],
        "fields": _fields_by_kind(values),
        "order": order,
        "refusal": refusal,
        "similar": similar,
    }
    status = refusal.kind.status if refusal else 200
    return render(request, "web/customer_new.html", context, status=status)


def _first_values(request: HttpRequest, order: Order | None) -> dict[str, str]:
    typed = " ".join(request.GET.get("q", "")[:120].split())
    kind = order.product.customer_kinds[0] if order and order.product else "individual"
    language = getattr(request, "LANGUAGE_CODE", "es")[:2]
    return {"kind": kind, "language": language, rules.field_of(typed): typed}


def _fields_by_kind(values: Any) -> list[dict[str, Any]]:
    """The operator's fields of both kinds of customer, each once."""
    rows: dict[str, dict[str, Any]] = {}
    for kind in rules.Kind:
        for field in fields_of_customer(kind):
            row = rows.setdefault(field.key, {**forms.custom_field(field, values), "only": kind.label})
            row["only"] = row["only"] if row["only"] == kind.label else ""
    return list(rows.values())


@require_http_methods(METHODS)
def edit(request: HttpRequest, customer_id: int) -> HttpResponse:
    found = _customer(customer_id)
    refusal = None
    if request.method == "POST":
        try:
            services.update_customer(
                customer_id,
                name=request.POST.get("name", ""),
                tax_id=request.POST.get("tax_id", ""),
                language=request.POST.get("language", ""),
                emails=forms.lines(request.POST.get("emails", "")),
                phones=forms.lines(request.POST.get("phones", "")),
                custom=forms.custom_given(request.POST),
                actor=_actor(request),
            )
            return redirect("customer", customer_id)
        except Refusal as error:
            refusal = error
    given = request.POST if refusal else None
    context = {
        "customer": found,
        "values": given or _stored_values(found),
        "fields": [
            forms.custom_field(field, given or found.custom) for field in fields_of_customer(found.kind)
        ],
        "refusal": refusal,
    }
    status = refusal.kind.status if refusal else 200
    return render(request, "web/customer_edit.html", context, status=status)


def _stored_values(customer: Customer) -> dict[str, str]:
    emails = sorted(customer.emails.all(), key=lambda one: (not one.primary, one.pk))
    phones = sorted(customer.phones.all(), key=lambda one: (not one.primary, one.pk))
    return {
        "name": customer.name,
        "tax_id": customer.tax_id,
        "language": customer.language,
        "emails": "\n".join(one.address for one in emails),
        "phones": "\n".join(one.e164 for one in phones),
    }


@require_POST
def status(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Another status, with the reason."""
    wanted, reason = request.POST.get("status", ""), request.POST.get("reason", "").strip()[:500]
    if wanted not in rules.Status.values:
        raise STATUS_UNKNOWN(status=wanted)
    if not reason:
        raise STATUS_REASON()
    services.change_status(customer_id, rules.Status(wanted), actor=_actor(request), reason=reason)
    return redirect("customer", customer_id)


@require_http_methods(METHODS)
def merge(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Finds the other record, shows both side by side, and merges once somebody ticked having compared them."""
    found, refusal = _customer(customer_id), None
    text = request.GET.get("q", "")[:120]
    number = request.POST.get("otro") or request.GET.get("otro", "")
    other = _customer(int(number)) if number.isascii() and number.isdigit() and len(number) < 19 else None
    if request.method == "POST" and other is not None:
        try:
            if request.POST.get("compared") != "yes":
                raise MERGE_UNSURE()
            merge_customers(customer_id, other.pk, actor=_actor(request))
            return redirect("customer", customer_id)
        except Refusal as error:
            refusal = error
    context = {
        "customer": found,
        "other": other,
        "text": text,
        "found": [one for one in queries.search(text) if one.id != customer_id] if text else [],
        "both": [_compared(one) for one in (found, other)] if other else [],
        "refusal": refusal,
    }
    page_status = refusal.kind.status if refusal else 200
    return render(request, "web/customer_merge.html", context, status=page_status)


def _compared(customer: Customer) -> dict[str, Any]:
    """What tells one record from the other."""
    return {
        "customer": customer,
        "emails": [one.address for one in customer.emails.all()],
        "phones": [one.e164 for one in customer.phones.all()],
        "services": customer.services.count(),
        "orders": customer.orders.count(),
        "sites": customer.sites.count(),
        "contacts": customer.contacts.count(),
        "methods": customer.payment_methods.count(),
    }
