"""Assigning a plan, step by step. Every step reads the draft order and changes it by one use case, so going back, reloading
or a second tab loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alta.catalog.models import RequiredItem
from alta.catalog.rules import Kind
from alta.catalog.versions import bring_into_force
from alta.customers import queries as customer_queries
from alta.installations import queries as calendar
from alta.inventory import queries as stock
from alta.inventory.models import Item
from alta.inventory.rules import Kind as StockKind
from alta.inventory.rules import Shortage, why_none
from alta.inventory.rules import State as ItemState
from alta.orders import details as service_data
from alta.orders import services as orders
from alta.orders import visit
from alta.orders.changes import services_for_addon
from alta.orders.models import Order
from alta.orders.queries import customer_facts, order_by_uuid, required_item, required_items
from alta.orders.quoting import effective_at, quote, quote_choices
from alta.orders.refusals import INPUT_UNKNOWN, REASON_MISSING
from alta.orders.rules import SALES, WITH_REASON, Action, Step, next_step
from alta.refusal import Refusal
from alta.web import forms
from alta.web.views.assign_steps import go_on, past_draft, step_page
from alta.web.views.bundles import bundle_lines, bundle_progress
from alta.web.views.catalogue import Part, shelf
from alta.web.views.checks import checks_context
from alta.web.views.customers import create_address
from alta.web.views.jobs import progress_context
from alta.web.views.payments import charges_ahead

SHOWN = 12  # items of a picker; the search finds the others


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Starts an assignment from the catalogue or from a customer."""
    order = orders.begin(
        actor=_actor(request),
        now=timezone.now(),
        product_id=_number(request, "product"),
        customer_id=_number(request, "customer"),
        service_id=_number(request, "service"),
    )
    return go_on(order)


@require_safe
def resume(request: HttpRequest, order: UUID) -> HttpResponse:
    found = order_by_uuid(order)
    return past_draft(found) or go_on(found)


@require_http_methods(["GET", "HEAD", "POST"])
def product(request: HttpRequest, order: UUID) -> HttpResponse:
    if request.method == "POST":
        chosen = orders.choose_product(
            order, _number(request, "product") or 0, actor=_actor(request), now=timezone.now()
        )
        return go_on(chosen)
    found = order_by_uuid(order)
    if past := past_draft(found):
        return past
    replaced = found.service_id if found.action == Action.MODIFY else None
    facts = (
        customer_facts(found.customer_id, now=timezone.now(), without_service=replaced)
        if found.customer_id
        else None
    )
    context = shelf(request, facts, found.customer_id, _part(found))
    if request.headers.get("HX-Request"):
        return render(request, "web/catalogue_shelf.html", context | {"order": found})
    return step_page(request, found, Step.PRODUCT, **context)


def _part(order: Order) -> Part | None:
    """For something that goes to a service that is there: what fits it."""
    if order.service is None:
        return None
    if order.action == Action.MODIFY:
        return Part(Kind.PLAN, order.service.service_type, without=order.service.product_id)
    return Part(Kind.ADDON, order.service.service_type)


@require_http_methods(["GET", "HEAD", "POST"])
def service(request: HttpRequest, order: UUID) -> HttpResponse:
    """Which of the customer's services gets the add-on."""
    if request.method == "POST":
        return go_on(orders.choose_service(order, _number(request, "service") or 0))
    found = order_by_uuid(order)
    if past := past_draft(found):
        return past
    if found.product is None or found.customer is None:
        return go_on(found)
    return step_page(request, found, Step.SERVICE, services=services_for_addon(found)[:50])


@require_http_methods(["GET", "HEAD", "POST"])
def when(request: HttpRequest, order: UUID) -> HttpResponse:
    """When a change of plan happens, and what it costs then."""
    if request.method == "POST":
        return go_on(orders.choose_when(order, request.POST.get("when") == "term_end"))
    found = order_by_uuid(order)
    if past := past_draft(found):
        return past
    if found.product is None or found.service is None:
        return go_on(found)
    at_once, later = quote_choices(found, timezone.now())
    return step_page(request, found, Step.WHEN, at_once=at_once, later=later)


@require_http_methods(["GET", "HEAD", "POST"])
def customer(request: HttpRequest, order: UUID) -> HttpResponse:
    if request.method == "POST":
        return go_on(orders.choose_customer(order, _number(request, "customer") or 0))
    found = order_by_uuid(order)
    if past := past_draft(found):
        return past
    text = request.GET.get("q", "")[:120]
    context = {
        "text": text,
        "found": customer_queries.search(text),
        "choosing": True,
        "create_address": create_address(text, found),
    }
    if request.headers.get("HX-Request"):
        return render(request, "web/customer_results.html", context | {"order": found})
    return step_page(request, found, Step.CUSTOMER, **context)


def _picker(request: HttpRequest, order: Order, required: RequiredItem, text: str) -> dict[str, Any]:
    """The list of items for one required piece of stock. Things that can be carried are shown of one location, if
    somebody has chosen one."""
    places = stock.locations(required.template_id) if required.template.kind == StockKind.PHYSICAL else []
    location = request.session.get("stock_location")
    location = location if location in places else None
    found = stock.available(
        required.template_id,
        text,
        limit=SHOWN + 1,
        holder=order.holder,
        now=timezone.now(),
        location=location,
    )
    items = found[:SHOWN]
    chosen_id = order.selection.get(required.name)
    swapped = order.service if order.action == Action.SWAP else None
    current_id = swapped.items.get(required.name) if swapped else None
    return {
        "required": required,
        "id": required.name.replace(".", "--"),  # a dot means something else to whoever looks for an id
        "items": items,
        "more": len(found) > SHOWN,
        "text": text,
        "places": [place for place in places if place],
        "location": location,
        "chosen": Item.objects.filter(pk=chosen_id).first() if chosen_id else None,
        "current": Item.objects.filter(pk=current_id).first() if current_id else None,
        "may_leave": order.action == Action.SWAP or not required.required,
        "shortage": None if items or text else _shortage(required, location),
    }


def _shortage(required: RequiredItem, location: str | None) -> dict[str, Any]:
    """Why there is nothing to choose, and what there is instead."""
    counts = stock.explain_shortage(required.template_id)
    why = why_none(counts)
    return {
        "why": why.label,
        "states": [(ItemState(state).label, count) for state, count in counts.items() if count],
        "elsewhere": stock.free_by_location(required.template_id) if why == Shortage.ELSEWHERE else [],
        "location": location,
    }


def _note_location(request: HttpRequest) -> None:
    """Somebody works in one place: the location chosen once stays for the next assignments."""
    if "lugar" in request.GET:
        request.session["stock_location"] = request.GET["lugar"][:120]


@require_http_methods(["GET", "HEAD", "POST"])
def inventory(request: HttpRequest, order: UUID) -> HttpResponse:
    found = order_by_uuid(order)
    if past := past_draft(found):
        return past
    if found.product_id is None:
        return go_on(found)
    if request.method == "POST":
        if next_step(orders.facts(found)) != Step.INVENTORY:
            return go_on(found)
        missing = [
            one.label
            for one in required_items(found)
            if (one.required or found.action == Action.SWAP) and one.name not in found.selection
        ]
        return _inventory_page(request, found, missing)
    return _inventory_page(request, found, [])


def _inventory_page(request: HttpRequest, found: Order, missing: list[str]) -> HttpResponse:
    _note_location(request)
    pickers = [_picker(request, found, one, "") for one in required_items(found)]
    places = sorted({place for picker in pickers for place in picker["places"]})
    location = request.session.get("stock_location")
    context = {"pickers": pickers, "location": location, "places": places if len(places) > 1 else []}
    response = step_page(request, found, Step.INVENTORY, missing=missing, **context)
    response.status_code = 422 if missing else 200
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def items(request: HttpRequest, order: UUID, name: str) -> HttpResponse:
    """One picker of the inventory step: GET filters it, POST reserves what was chosen."""
    if request.method == "POST":
        who: dict[str, Any] = {"actor": _actor(request), "now": timezone.now()}
        if "leave" in request.POST:
            orders.leave_item(order, name, **who)
        else:
            orders.choose_item(order, name, _number(request, "item") or 0, **who)
    found = order_by_uuid(order)
    if past := past_draft(found):
        return past
    required = required_item(found, name)
    if required is None:
        raise INPUT_UNKNOWN(input=name)
    if not request.headers.get("HX-Request"):
        return redirect("assign_inventory", order=order)
    picker = _picker(request, found, required, request.GET.get("q", "")[:80])
    complete = next_step(orders.facts(found)) not in (Step.PRODUCT, Step.CUSTOMER, Step.INVENTORY)
    context = {"order": found, "picker": picker, "complete": complete, "swap": request.method == "POST"}
    return render(request, "web/assign_picker.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, order: UUID) -> HttpResponse:
    """The service's data: site, contacts, and the fields that the operator added."""
    refusal = None
    if request.method == "POST":
        try:
            return go_on(orders.answer_details(order, _answers(request)))
        except Refusal as error:
            refusal = error
    found = order_by_uuid(order)
    if past := past_draft(found):
        return past
    asks = service_data.asked(found)
    if asks is None:
        return go_on(found)
    offered = service_data.choices(found)
    given: Mapping[str, Any] = request.POST if refusal else found.custom or {}
    page = step_page(
        request,
        found,
        Step.DETAILS,
        asks=asks,
        offered=offered,
        fields=[forms.custom_field(field, given) for field in asks.fields],
        pickers=_contact_pickers(offered, request.POST if refusal else None),
        chosen_site=_number(request, "site") if refusal else offered.site,
        refusal=refusal,
    )
    page.status_code = refusal.kind.status if refusal else 200
    return page


def _answers(request: HttpRequest) -> service_data.Answers:
    return service_data.Answers(
        site_id=_number(request, "site"),
        billing_contact_id=_number(request, "billing_contact"),
        technical_contact_id=_number(request, "technical_contact"),
        custom=forms.custom_given(request.POST),
    )


def _contact_pickers(offered: service_data.Choices, given: QueryDict | None) -> list[dict[str, Any]]:
    rows = [
        ("billing_contact", _("Billing contact"), offered.billing),
        ("technical_contact", _("Technical contact"), offered.technical),
    ]
    return [
        {
            "name": name,
            "label": label,
            "chosen": given.get(name, "") if given is not None else str(chosen or ""),
        }
        for name, label, chosen in rows
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def renewal(request: HttpRequest, order: UUID) -> HttpResponse:
    if request.method == "POST":
        return go_on(orders.answer_renewal(order, request.POST.get("renew") == "yes"))
    found = order_by_uuid(order)
    return past_draft(found) or step_page(request, found, Step.RENEWAL)


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, order: UUID) -> HttpResponse:
    refusal = None
    if request.method == "POST":
        reason, seen = request.POST.get("reason", "")[:300], _number(request, "version")
        now = timezone.now()
        try:
            orders.confirm(order, actor=_actor(request), now=now, reason=reason, seen_version=seen)
        except Refusal as error:
            if error.code != REASON_MISSING.code:
                raise
            refusal = error
        else:
            return redirect("assign_progress", order=order)
    bring_into_force(timezone.now())
    found = order_by_uuid(order)
    if past := past_draft(found):
        return past
    if next_step(orders.facts(found)) != Step.REVIEW:
        return go_on(found)
    chosen = Item.objects.in_bulk(found.selection.values())
    lines = [
        {"label": one.label, "item": chosen.get(found.selection[one.name])}
        for one in required_items(found)
        if one.name in found.selection
    ]
    assert found.product is not None
    ahead = charges_ahead(found, found.product, timezone.now())
    ahead |= {"quote": quote(found, timezone.now()), "effective_at": effective_at(found), "refusal": refusal}
    ahead |= {"asks_reason": found.action in WITH_REASON, "sells": found.action in SALES}
    ahead |= checks_context(found) | {"members": bundle_lines(found)}
    asks = service_data.asked(found)
    fields = [(one.label, forms.shown(one, found.custom or {})) for one in asks.fields] if asks else []
    appointment = calendar.appointment_of(found.uuid) if visit.asked(found) else None
    page = step_page(
        request, found, Step.REVIEW, lines=lines, fields=fields, appointment=appointment, **ahead
    )
    page.status_code = refusal.kind.status if refusal else 200
    return page


@require_safe
def progress(request: HttpRequest, order: UUID) -> HttpResponse:
    found = order_by_uuid(order)
    if found.parent is not None:
        return redirect("assign_progress", order=found.parent.uuid)
    if found.bundle and found.confirmed_at is not None:
        return bundle_progress(request, found)
    if found.job_id is None:
        return go_on(found)
    return render(request, "web/assign_progress.html", {"order": found} | progress_context(found.job_id))


@require_POST
def cancel(request: HttpRequest, order: UUID) -> HttpResponse:
    found = orders.give_up(order, actor=_actor(request), now=timezone.now())
    if found.service_id is not None:
        return redirect("service", found.service_id)
    return redirect("customer", found.customer_id) if found.customer_id else redirect("products")
