"""A service's page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from alta.audit.log import entries_about
from alta.inventory.models import Item
from alta.runner.models import Job
from alta.services import queries


@require_safe
def service(request: HttpRequest, service_id: int) -> HttpResponse:
    found = queries.service_by_id(service_id)
    context = {
        "service": found,
        "items": Item.objects.select_related("template").filter(holder=found.uuid).order_by("template__name"),
        "jobs": Job.objects.filter(service=found).order_by("-id")[:20],
        "entries": entries_about(found)[:50],
    }
    return render(request, "web/service.html", context)
