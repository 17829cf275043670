"""Search everywhere: results while somebody types, and a page of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from alta.accounts.access import rule_for
from alta.accounts.models import User
from alta.orders.rules import State as OrderState
from alta.search.found import Found, Hit
from alta.search.queries import FEW, MANY, search
from alta.search.typed import LONGEST, Group
from alta.web.permissions import TABLE
from alta.web.views.customers import create_address

# The page of what is found. Who may open it may find it.
PAGES: Mapping[Group, str] = {
    Group.CUSTOMERS: "customer",
    Group.SERVICES: "service",
    Group.ORDERS: "assign_progress",
    Group.JOBS: "job",
    Group.PRODUCTS: "products",
    Group.ITEMS: "stock_item",
}


@dataclass(frozen=True)
class Linked:
    """A group with the address of each hit; an order that is a draft has another page, which not everybody may open."""

    found: Found
    hits: list[tuple[Hit, str]]


@require_safe
def everything(request: HttpRequest) -> HttpResponse:
    """A part of the page for a search box that asks while somebody types; for Enter the whole page, or straight on to the
    only thing found, as a scanner wants it."""
    text = request.GET.get("q", "")[:LONGEST]
    part = bool(request.headers.get("HX-Request"))
    groups = [group for group, page in PAGES.items() if _may(request, page)]
    results = search(text, groups, FEW if part else MANY)
    linked = [Linked(found, _links(request, found)) for found in results.groups]
    if "ir" in request.GET and not part and results.only and linked[0].hits:
        return HttpResponseRedirect(linked[0].hits[0][1])
    context = {
        "text": results.text,
        "results": results,
        "groups": linked,
        "total": sum(len(one.hits) for one in linked),
        "searched": [group.label for group in groups],
        "create_address": create_address(results.text) if _may(request, "customer_new") else "",
    }
    return render(request, "web/search_options.html" if part else "web/search.html", context)


def _may(request: HttpRequest, page: str) -> bool:
    rule, user = rule_for(TABLE, page, "GET"), request.user
    return rule is not None and isinstance(user, User) and rule.allows(user, lambda: None)


def _links(request: HttpRequest, found: Found) -> list[tuple[Hit, str]]:
    links = ((hit, _address(request, found.group, hit)) for hit in found.hits)
    return [(hit, address) for hit, address in links if address]


def _address(request: HttpRequest, group: Group, hit: Hit) -> str:
    if group == Group.PRODUCTS:
        return f"{reverse('products')}?{urlencode({'q': hit.key})}"
    if group == Group.ORDERS and hit.state == OrderState.DRAFT:
        return reverse("assign", args=[hit.key]) if _may(request, "assign") else ""
    return reverse(PAGES[group], args=[hit.key])
