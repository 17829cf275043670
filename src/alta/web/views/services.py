"""A service's page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from alta.audit.log import entries_about
from alta.customers.customfields import fields_of_order
from alta.inventory.models import Item
from alta.runner.models import Job
from alta.services import queries
from alta.web.forms import shown


@require_safe
def service(request: HttpRequest, service_id: int) -> HttpResponse:
    found = queries.service_by_id(service_id)
    known = fields_of_order(found.customer.kind, found.product.slug) if found.custom else []
    context = {
        "service": found,
        "fields": [(one.label, shown(one, found.custom)) for one in known],
        "items": Item.objects.select_related("template").filter(holder=found.uuid).order_by("template__name"),
        "appointment": found.appointments.order_by("-id").first(),
        "work_orders": found.work_orders.select_related("technician").order_by("-id"),
        "jobs": Job.objects.filter(service=found).order_by("-id")[:20],
        "entries": entries_about(found)[:50],
    }
    return render(request, "web/service.html", context)
