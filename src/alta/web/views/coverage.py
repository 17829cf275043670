"""Where services can be had: the areas, with a form for the next."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alta.catalog import queries
from alta.catalog.coverage import add_area, remove_area
from alta.refusal import Refusal

LONGEST = 100
FIELDS = ("country", "city", "postal_code")


@require_http_methods(["GET", "HEAD", "POST"])
def coverage(request: HttpRequest) -> HttpResponse:
    """What was refused is said above the form, which keeps what was typed."""
    refusal, given = None, request.POST
    if request.method == "POST":
        values = {name: given.get(name, "")[:LONGEST] for name in FIELDS}
        try:
            area = add_area(given.get("service_type", ""), **values, actor=request.user.get_username())
        except Refusal as error:
            refusal = error
        else:
            messages.success(request, _("Added: {item}").format(item=area))
            return redirect("coverage")
    context = {
        "areas": queries.coverage_areas(),
        "types": queries.service_types(),
        "typed": given if refusal else QueryDict(),
        "refusal": refusal,
    }
    return render(request, "web/coverage.html", context, status=refusal.kind.status if refusal else 200)


@require_POST
def remove(request: HttpRequest, area_id: int) -> HttpResponse:
    remove_area(area_id, actor=request.user.get_username())
    messages.success(request, _("The area is removed. Services in use there stay."))
    return redirect("coverage")
