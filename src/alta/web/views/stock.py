"""The stock: kinds of items, the items of a kind, one item, and what a stock keeper does with them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alta.inventory import keeping, listing, queries, services
from alta.inventory.fields import Field, read_fields
from alta.inventory.listing import Filters
from alta.inventory.models import Item, Template
from alta.inventory.rules import MOVABLE, Move, State, first_state, moves_from
from alta.orders.holders import holders
from alta.refusal import Refusal

LONGEST_SEARCH = 80
MOST_HISTORY = 500
NOWHERE = "-"  # the filter for items without a location


@require_safe
def kinds(request: HttpRequest) -> HttpResponse:
    """The kinds of items with their counts, those that run low first."""
    return render(request, "web/stock.html", {"kinds": queries.stock_by_template(), "states": State.choices})


@require_safe
def items(request: HttpRequest, template_id: int) -> HttpResponse:
    template = queries.template_by_id(template_id)
    state, place = request.GET.get("estado", ""), request.GET.get("lugar", "")
    filters = Filters(
        text=request.GET.get("q", "")[:LONGEST_SEARCH],
        state=state if state in State.values else "",
        location=None if not place else "" if place == NOWHERE else place,
    )
    page = listing.page_of_items(template_id, filters, request.GET.get("despues", "")[:LONGEST_SEARCH])
    context = {
        "template": template,
        "page": page,
        "fields": [field for field in read_fields(template.fields) if not field.secret],
        "filters": filters,
        "place": place,
        "nowhere": NOWHERE,
        "places": queries.locations(template_id),
        "states": State.choices,
    }
    return render(request, "web/stock_items.html", context)


@require_safe
def item(request: HttpRequest, item_id: int) -> HttpResponse:
    found = queries.item_by_id(item_id)
    history = list(found.history.order_by("-id")[:MOST_HISTORY])
    known = holders([one.holder for one in history if one.holder] + ([found.holder] if found.holder else []))
    context = {
        "item": found,
        "values": queries.values_for_people(found),
        "holder": known.get(found.holder) if found.holder else None,
        "history": [(one, known.get(one.holder) if one.holder else None) for one in history],
        "places": queries.locations(found.template_id) if found.state in MOVABLE else [],
        **_possible(found),
    }
    return render(request, "web/stock_item.html", context)


def _possible(found: Item) -> dict[str, bool]:
    """Which of the buttons the item's state allows."""
    moves = moves_from(State(found.state))
    return {
        "can_carry": found.state in MOVABLE,
        "can_stock": Move.STOCK in moves,
        "can_retire": Move.RETIRE in moves,
        "rests": found.state == State.QUARANTINED,
    }


@require_POST
def change(request: HttpRequest, template_id: int) -> HttpResponse:
    """What is to be done with the selected items: one from its own page, several from the list."""
    ids = [
        int(one) for one in request.POST.getlist("item") if one.isascii() and one.isdigit() and len(one) < 19
    ]
    reason, now, actor = request.POST.get("reason", ""), timezone.now(), request.user.get_username()
    match request.POST.get("action"):
        case "carry":
            count = keeping.carry(ids, request.POST.get("location", ""), now, actor=actor)
        case "stock":
            count = keeping.put_in_stock(ids, reason, now, actor=actor)
        case "retire":
            count = keeping.retire(ids, reason, now, actor=actor)
        case _:
            return _back(request, template_id)
    messages.success(request, ngettext("{n} item changed.", "{n} items changed.", count).format(n=count))
    return _back(request, template_id)


def _back(request: HttpRequest, template_id: int) -> HttpResponseRedirect:
    """To the page with the button, its filters as they were."""
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(back)
    return redirect("stock_items", template_id)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, template_id: int) -> HttpResponse:
    """Adds one item and stays for the next. What was wrong is said above the form, which keeps what was typed."""
    template = queries.template_by_id(template_id)
    fields = read_fields(template.fields)
    refusal = None
    if request.method == "POST":
        try:
            return _added(request, template, fields)
        except Refusal as error:
            refusal = error
    context = {
        "template": template,
        "inputs": _inputs(request, fields, refusal),
        "refusal": refusal,
        "location": request.POST.get("location", request.GET.get("lugar", ""))[:200],
        "places": queries.locations(template_id),
    }
    return render(request, "web/stock_add.html", context, status=refusal.kind.status if refusal else 200)


def _added(request: HttpRequest, template: Template, fields: tuple[Field, ...]) -> HttpResponse:
    new = services.NewItem(
        request.POST.get("identifier", ""),
        {field.name: request.POST.get(f"field-{field.name}", "") for field in fields},
        request.POST.get("location", ""),
    )
    [made] = services.add_items(
        template.pk,
        [new],
        timezone.now(),
        state=first_state(template.kind),
        actor=request.user.get_username(),
    )
    messages.success(request, _("Added: {item}").format(item=made.identifier))
    place = {"lugar": made.location} if made.location else {}
    return HttpResponseRedirect(f"{reverse('stock_add', args=[template.pk])}?{urlencode(place)}")


def _inputs(request: HttpRequest, fields: tuple[Field, ...], refusal: Refusal | None) -> list[dict[str, Any]]:
    """The form's inputs, in the order in which a scanner meets them: an identifier that may be left out comes last."""
    wrong = refusal.params.get("field", "identifier") if refusal else None
    inputs = [
        {
            "name": f"field-{field.name}",
            "caption": field.caption,
            "required": field.required,
            "secret": field.secret,
            "value": "" if field.secret else request.POST.get(f"field-{field.name}", "")[:300],
            "wrong": wrong == field.name,
        }
        for field in fields
    ]
    own_name = {
        "name": "identifier",
        "caption": _("Identifier"),
        "required": not any(field.unique and field.required for field in fields),
        "secret": False,
        "value": request.POST.get("identifier", "")[:300],
        "wrong": wrong == "identifier",
    }
    inputs.insert(0 if own_name["required"] else len(inputs), own_name)
    focused = next((one for one in inputs if one["wrong"]), inputs[0])
    focused["focused"] = True
    return inputs
