"""Finding customers, and a customer's page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from alta.customers import queries, rules
from alta.customers.customfields import fields_of_customer
from alta.customers.models import Customer, Email, Phone, Tag
from alta.documents.models import Document
from alta.documents.rules import ENDINGS, MOST_MEGABYTES, Kind
from alta.inventory.models import Item
from alta.orders.models import Order
from alta.orders.refusals import CUSTOMER_NOT_FOUND
from alta.orders.rules import State
from alta.services.models import Service
from alta.services.queries import activity_of, services_of
from alta.web.forms import shown
from alta.web.views.payments import payments

TABS = {
    "servicios": _("Services"),
    "ordenes": _("Orders"),
    "inventario": _("Inventory"),
    "contactos": _("Contacts"),
    "sitios": _("Sites"),
    "pagos": _("Payments"),
    "documentos": _("Documents"),
    "actividad": _("Activity"),
}
ROWS = 100
ENTRIES = 50


def create_address(text: str, order: Order | None = None) -> str:
    """Where «Create customer» leads, with what was typed; from an assignment, to the way back to it."""
    query = {"q": text, "asignacion": str(order.uuid) if order else ""}
    return f"{reverse('customer_new')}?{urlencode({name: value for name, value in query.items() if value})}"


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:120]
    context = {"text": text, "found": queries.search(text), "create_address": create_address(text)}
    template = "web/customer_results.html" if request.headers.get("HX-Request") else "web/customers.html"
    return render(request, template, context)


@require_safe
def customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The head that every tab shows, and one tab's rows."""
    found = (
        Customer.objects.select_related("merged_into")
        .prefetch_related(
            Prefetch("emails", Email.objects.order_by("-primary", "id")),
            Prefetch("phones", Phone.objects.order_by("-primary", "id")),
            "tags",
        )
        .filter(pk=customer_id)
        .first()
    )
    if found is None:
        raise CUSTOMER_NOT_FOUND()
    tab = request.GET.get("ver", "")
    tab = tab if tab in TABS else "servicios"
    status = rules.Status(found.status)
    context = {
        "customer": found,
        "tab": tab,
        "tabs": TABS.items(),
        "notes": found.notes.all()[:20],
        "all_tags": Tag.objects.all()[:200],
        "colours": rules.TagColour.choices,
        "statuses": [(one.value, one.label) for one in rules.Status if rules.may_become(status, one)],
        "custom": [(one.label, shown(one, found.custom)) for one in fields_of_customer(found.kind)],
    }
    return render(request, "web/customer.html", context | _rows(request, found, tab))


def _rows(request: HttpRequest, customer: Customer, tab: str) -> dict[str, Any]:
    match tab:
        case "ordenes":
            orders = Order.objects.select_related("product", "job").filter(customer=customer)
            return {"orders": orders.order_by("-id")[:ROWS]}
        case "inventario":
            holders = Service.objects.filter(customer=customer).values("uuid")
            items = Item.objects.select_related("template").filter(holder__in=holders)
            return {"items": items.order_by("template__name", "identifier")[:ROWS]}
        case "contactos":
            return {"contacts": customer.contacts.all()[:ROWS]}
        case "sitios":
            return {"sites": customer.sites.all()[:ROWS]}
        case "pagos":
            methods = customer.payment_methods.order_by("-is_default", "id")[:ROWS]
            return {"methods": methods} | payments(customer, request.GET.get("antes", ""))
        case "documentos":
            return _documents(customer)
        case "actividad":
            return _activity(request, customer)
    held = Order.objects.select_related("product", "job").filter(customer=customer, state=State.HELD)
    return {"services": services_of(customer.pk)[:ROWS], "held": held[:20]}


def _documents(customer: Customer) -> dict[str, Any]:
    return {
        "documents": Document.objects.filter(customer=customer, removed_at__isnull=True)[:ROWS],
        "document_kinds": Kind.choices,
        "document_endings": ENDINGS,
        "document_megabytes": MOST_MEGABYTES,
    }


def _activity(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """A page of what happened; one entry more is read to know whether there are older ones."""
    before = request.GET.get("antes", "")
    last = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    entries = activity_of(customer.pk, last, ENTRIES + 1)
    older = entries[ENTRIES - 1].pk if len(entries) > ENTRIES else None
    return {"entries": entries[:ENTRIES], "older": older, "newer": last is not None}
