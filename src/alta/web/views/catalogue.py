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


def shelf(
    query: QueryDict, customer: CustomerFacts | None = None, only: Part | None = None
) -> dict[str, Any]:
    """What the catalogue shows: products to choose, products that can't be provisioned yet, and why the rest is hidden."""
    bring_into_force(timezone.now())
    types = queries.service_types()
    filters = Filters.read(query, [one.slug for one in types], customer, only)
    wanted = (filters.customer_kind, filters.kind, filters.service_type, filters.search)
    browsed = queries.browse(*wanted, customer=customer)
    hidden = browsed.hidden
    return {
        "filters": filters,
        "products": [one for one in browsed.shown if only is None or one.pk != only.without],
        "only": only,
        "unready": [one.product for one in hidden if one.unready],
        "hidden": [one for one in hidden if not one.unready],
        "customer_kinds": CustomerKind.choices,
        "kinds": [(Kind.PLAN.value, "plan"), (Kind.ADDON.value, "addon")],
        "service_types": types,
        "other_kind": CustomerKind.BUSINESS
        if filters.customer_kind == CustomerKind.INDIVIDUAL
        else CustomerKind.INDIVIDUAL,
    }


@require_safe
def products(request: HttpRequest) -> HttpResponse:
    template = "web/catalogue_shelf.html" if request.headers.get("HX-Request") else "web/catalogue.html"
    return render(request, template, shelf(request.GET))
