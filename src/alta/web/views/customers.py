"""Finding customers, and a customer's page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from alta.audit.log import entries_about
from alta.customers import queries
from alta.customers.models import Customer
from alta.orders.models import Order
from alta.orders.refusals import CUSTOMER_NOT_FOUND
from alta.orders.rules import State
from alta.services.queries import services_of
from alta.web.views.payments import payments

TABS = ("servicios", "pagos", "actividad")


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:120]
    found = queries.search(text)
    template = "web/customer_results.html" if request.headers.get("HX-Request") else "web/customers.html"
    return render(request, template, {"text": text, "found": found})


@require_safe
def customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    found = (
        Customer.objects.prefetch_related("emails", "phones", "payment_methods")
        .filter(pk=customer_id)
        .first()
    )
    if found is None:
        raise CUSTOMER_NOT_FOUND()
    tab = request.GET.get("ver")
    context = {"customer": found, "tab": tab if tab in TABS else TABS[0]}
    if context["tab"] == "servicios":
        context["services"] = services_of(customer_id)[:100]
        context["held"] = Order.objects.select_related("product", "job").filter(
            customer_id=customer_id, state=State.HELD
        )[:20]
    elif context["tab"] == "pagos":
        context |= payments(found, request.GET.get("antes", ""))
    else:
        orders = Order.objects.select_related("product", "job").filter(customer_id=customer_id)
        context["orders"] = orders.order_by("-id")[:50]
        context["entries"] = entries_about(found)[:50]
    return render(request, "web/customer.html", context)
