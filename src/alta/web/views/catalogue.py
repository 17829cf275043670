"""The catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from alta.catalog import queries
from alta.catalog.rules import CustomerFacts, CustomerKind, Kind
from alta.catalog.versions import bring_into_force
from alta.web.waysout import way_out

VIEWS = ("cuadricula", "carrusel")
MOST_HIDDEN = 8


@dataclass(frozen=True)
class Part:
    """The only part of the catalogue that comes into question, as for an add-on to a mobile service."""

    kind: str
    service_type: str
    without: int | None = None  # a product left out


@dataclass(frozen=True)
class Filters:
    """What the catalogue's toggles and search box say."""

    customer_kind: str
    kind: str
    service_type: str
    search: str

    @classmethod
    def read(
        cls,
        query: QueryDict,
        service_types: list[str],
        customer: CustomerFacts | None = None,
        only: Part | None = None,
    ) -> Filters:
        """The filters in an address; what makes no sense counts as not given."""
        own_kind = customer.kind if customer else CustomerKind.INDIVIDUAL
        return cls(
            customer_kind=_one_of(CustomerKind.values, query.get("cliente", "")) or own_kind,
            kind=only.kind if only else _one_of(Kind.values, query.get("tipo", "")) or Kind.PLAN,
            service_type=only.service_type if only else _one_of(service_types, query.get("servicio", "")),
            search=query.get("q", "")[:80],
        )


def _one_of(values: list[str], given: str) -> str:
    """What was given, where it is one of the values; otherwise nothing."""
    return given if given in values else ""


def _view(request: HttpRequest) -> str:
    """`cuadricula` or `carrusel`: as chosen now, else as chosen last."""
    asked = request.GET.get("vista", "")
    if asked in VIEWS and request.session.get("vista") != asked:
        request.session["vista"] = asked
    return str(request.session.get("vista", VIEWS[0]))


def shelf(
    request: HttpRequest,
    customer: CustomerFacts | None = None,
    customer_id: int | None = None,
    only: Part | None = None,
) -> dict[str, Any]:
    """What the catalogue shows: products to choose, products that can't be provisioned yet, and why the rest is hidden."""
    bring_into_force(timezone.now())
    types = queries.service_types()
    filters = Filters.read(request.GET, [one.slug for one in types], customer, only)
    browsed = queries.browse(
        filters.customer_kind, filters.kind, filters.service_type, filters.search, customer=customer
    )
    may_edit = "catalogue.edit" in getattr(request.user, "rights", ())
    rest = sorted((one for one in browsed.hidden if not one.unready), key=lambda one: len(one.reasons))
    return {
        "filters": filters,
        "view": _view(request),
        "only": only,
        "products": [one for one in browsed.shown if only is None or one.pk != only.without],
        "unready": [one.product for one in browsed.hidden if one.unready],
        "hidden": [
            way_out(one, filters.customer_kind, may_edit=may_edit, customer_id=customer_id)
            for one in rest[:MOST_HIDDEN]
        ],
        "hidden_more": max(0, len(rest) - MOST_HIDDEN),
        "customer_kinds": CustomerKind.choices,
        "service_types": types,
        "other_kind": CustomerKind.BUSINESS
        if filters.customer_kind == CustomerKind.INDIVIDUAL
        else CustomerKind.INDIVIDUAL,
    }


@require_safe
def products(request: HttpRequest) -> HttpResponse:
    template = "web/catalogue_shelf.html" if request.headers.get("HX-Request") else "web/catalogue.html"
    return render(request, template, shelf(request))
