"""The catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alta.catalog import queries
from alta.catalog.queries import Hidden
from alta.catalog.refusals import (
    CURRENCY,
    CUSTOMER_KIND,
    DISABLED,
    NEEDS_OTHER_SERVICE,
    NEEDS_PAYMENT,
    NEEDS_SERVICE,
    NO_ADDRESS,
    NO_LONGER,
    NO_MATCH,
    NO_PLAYBOOK,
    NOT_READY,
    NOT_YET,
    OTHER_KIND,
    OTHER_SERVICE_TYPE,
)
from alta.catalog.rules import CustomerFacts, CustomerKind, Kind
from alta.catalog.versions import bring_into_force
from alta.refusal import Refusal

VIEWS = ("cuadricula", "carrusel")
MOST_HIDDEN = 8


@dataclass(frozen=True)
class Filters:
    """What the catalogue's toggles and search box say."""

    customer_kind: str
    kind: str
    service_type: str
    search: str

    @classmethod
    def read(
        cls, query: QueryDict, service_types: list[str], customer: CustomerFacts | None = None
    ) -> Filters:
        """The filters in an address; what makes no sense counts as not given."""
        own_kind = customer.kind if customer else CustomerKind.INDIVIDUAL
        return cls(
            customer_kind=_one_of(CustomerKind.values, query.get("cliente", "")) or own_kind,
            kind=_one_of(Kind.values, query.get("tipo", "")) or Kind.PLAN,
            service_type=_one_of(service_types, query.get("servicio", "")),
            search=query.get("q", "")[:80],
        )


def _one_of(values: list[str], given: str) -> str:
    """What was given, where it is one of the values; otherwise nothing."""
    return given if given in values else ""


@dataclass(frozen=True)
class WayOut:
    """A product that isn't shown, why, and where a click shows it or mends it; `address` is empty where nothing can be
    clicked."""

    name: str
    reason: Refusal
    address: str
    label: str


FILTER_CODES = {CUSTOMER_KIND.code, OTHER_KIND.code, OTHER_SERVICE_TYPE.code, NO_MATCH.code}
MEND_CODES = {DISABLED.code, NO_PLAYBOOK.code, NOT_READY.code, NOT_YET.code, NO_LONGER.code, CURRENCY.code}


def _way_out(one: Hidden, filters: Filters, may_edit: bool, customer_id: int | None) -> WayOut:
    """What the filters hide, other filters show; what the product lacks, its form mends; what the customer lacks is added
    on the customer's page."""
    product, codes = one.product, {reason.code for reason in one.reasons}
    own = [reason for reason in one.reasons if reason.code not in FILTER_CODES]
    if not own and (customer_id is None or CUSTOMER_KIND.code not in codes):
        kind = filters.customer_kind if CUSTOMER_KIND.code not in codes else product.customer_kinds[0]
        query = urlencode({"cliente": kind, "tipo": product.kind, "servicio": product.service_type})
        return WayOut(product.name, one.nearest, f"?{query}", _("Show it"))
    reason = own[0] if own else one.nearest
    if reason.code in MEND_CODES and may_edit:
        return WayOut(product.name, reason, reverse("product_edit", args=[product.pk]), _("Open the product"))
    if reason.code in (NEEDS_SERVICE.code, NEEDS_OTHER_SERVICE.code):
        query = urlencode({"cliente": filters.customer_kind, "tipo": Kind.PLAN.value})
        return WayOut(product.name, reason, f"?{query}", _("Show the plans"))
    if customer_id is not None and reason.code in (NEEDS_PAYMENT.code, NO_ADDRESS.code):
        tab = "pagos" if reason.code == NEEDS_PAYMENT.code else "sitios"
        address = f"{reverse('customer', args=[customer_id])}?ver={tab}"
        return WayOut(product.name, reason, address, _("Open the customer"))
    return WayOut(product.name, reason, "", "")


def _view(request: HttpRequest) -> str:
    """`cuadricula` or `carrusel`: as chosen now, else as chosen last."""
    asked = request.GET.get("vista", "")
    if asked in VIEWS and request.session.get("vista") != asked:
        request.session["vista"] = asked
    return str(request.session.get("vista", VIEWS[0]))


def shelf(
    request: HttpRequest, customer: CustomerFacts | None = None, customer_id: int | None = None
) -> dict[str, Any]:
    """What the catalogue shows: products to choose, products that can't be provisioned yet, and why the rest is hidden."""
    bring_into_force(timezone.now())
    types = queries.service_types()
    filters = Filters.read(request.GET, [one.slug for one in types], customer)
    browsed = queries.browse(
        filters.customer_kind, filters.kind, filters.service_type, filters.search, customer=customer
    )
    may_edit = "catalogue.edit" in getattr(request.user, "rights", ())
    rest = sorted((one for one in browsed.hidden if not one.unready), key=lambda one: len(one.reasons))
    return {
        "filters": filters,
        "view": _view(request),
        "products": browsed.shown,
        "unready": [one.product for one in browsed.hidden if one.unready],
        "hidden": [_way_out(one, filters, may_edit, customer_id) for one in rest[:MOST_HIDDEN]],
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
