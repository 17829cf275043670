"""Keeping the catalogue: the list with what keeps each product from being sold, the form, and what is done with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alta.catalog import queries, services
from alta.catalog.models import Product
from alta.catalog.provisioning import applies
from alta.catalog.refusals import NOT_READY
from alta.catalog.rules import AutoRenew, CustomerKind, Installation, Kind, Period, SiteNeeded, Verb, matches
from alta.catalog.specification import ProductSpec, spec_of
from alta.catalog.versions import bring_into_force
from alta.inventory import queries as stock
from alta.playbooks.definitions import Definition
from alta.playbooks.queries import definitions
from alta.refusal import Refusal
from alta.web.templatetags.alta import in_language
from alta.web.views import product_form

BLANK_ROWS = 1
MORE_ROWS = 3
STATES = {
    "on_sale": gettext_lazy("On sale"),
    "scheduled": gettext_lazy("Not yet on sale"),
    "ended": gettext_lazy("No longer on sale"),
    "not_sold": gettext_lazy("A member is not on sale"),
    "unready": gettext_lazy("Can't be provisioned"),
    "off": gettext_lazy("Disabled"),
}


@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """Every product, also those that nobody can buy, with prices, margins and state."""
    now = timezone.now()
    bring_into_force(now)
    everything, given = queries.kept_products(now), request.GET
    filters = {name: given.get(name, "")[:80] for name in ("q", "servicio", "tipo", "estado")}
    found = [
        one
        for one in everything
        if matches(one.product.facts.words, filters["q"])
        and filters["servicio"] in ("", one.product.service_type)
        and filters["tipo"] in ("", one.product.kind)
        and filters["estado"] in ("", one.state)
    ]
    context = {
        "kept": [(one, STATES[one.state]) for one in found],
        "any": bool(everything),
        "filters": filters,
        "types": queries.service_types(),
        "kinds": Kind.choices,
        "states": STATES.items(),
    }
    return render(request, "web/products_kept.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, product_id: int) -> HttpResponse:
    bring_into_force(timezone.now())
    return _form(request, queries.product_by_id(product_id))


def _form(request: HttpRequest, product: Product | None) -> HttpResponse:
    """The form, as it is stored or as it was typed. «More rows» and other choices only draw it again."""
    refusal = None
    if request.method == "POST" and "redraw" not in request.POST:
        try:
            return _saved(request, product)
        except Refusal as error:
            refusal = error
    if request.method == "POST":
        shown = product_form.typed(request.POST)
    elif product is not None:
        shown = product_form.stored(spec_of(product))
    else:
        shown = product_form.stored(_blank())
    more = MORE_ROWS if request.POST.get("redraw") == "more" else BLANK_ROWS
    context = _choices(shown, product) | {
        "product": product,
        "shown": shown,
        "newest": request.POST.get("newest", "") or (services.latest_number(product) if product else 0),
        "refusal": refusal,
        "reasons": refusal.params["reasons"] if refusal and refusal.code == NOT_READY.code else (),
        **{
            rows: [*shown[rows], *({"required": "on"} for _row in range(more))]
            for rows in ("features", "items", "members")
        },
    }
    return render(request, "web/product_form.html", context, status=refusal.kind.status if refusal else 200)


def _blank() -> ProductSpec:
    """What the form of a new product begins with."""
    first = queries.service_types()[:1]
    return ProductSpec("", "", "", Kind.PLAN, first[0].slug if first else "", [CustomerKind.INDIVIDUAL])


def _saved(request: HttpRequest, product: Product | None) -> HttpResponse:
    shown = product_form.typed(request.POST)
    newest = request.POST.get("newest", "")
    if product is not None:
        shown["slug"] = product.slug
    saved = services.save_product(
        product_form.specification(shown, spec_of(product) if product else _blank()),
        actor=request.user.get_username(),
        now=timezone.now(),
        valid_from=product_form.valid_from(shown["valid_from"]),
        expected=int(newest) if newest.isascii() and newest.isdigit() and len(newest) < 10 else 0,
    )
    messages.success(request, _("Saved: {name}").format(name=saved.name))
    return redirect("product_versions" if shown["valid_from"] else "product_edit", saved.pk)


def _playbooks(
    published: Mapping[str, Definition], shown: dict[str, Any], verb: str, chosen: str
) -> list[tuple[str, str]]:
    """The playbooks that do this for such a product, and the chosen one whatever it is for."""
    fitting = [
        (name, in_language(found.playbook.title.model_dump()))
        for name, found in sorted(published.items())
        if found.playbook
        and (verb != Verb.CREATE or found.playbook.applies_to.category)
        and applies(found.playbook.applies_to, shown["service_type"], shown["kind"], verb)
    ]
    if chosen and chosen not in dict(fitting):
        fitting.append((chosen, _("not for this product")))
    return fitting


def _choices(shown: dict[str, Any], product: Product | None) -> dict[str, Any]:
    """What can be chosen. Playbooks are those for this type and kind, and the chosen one whatever it is for."""
    published = definitions()
    verbs = []
    for verb in product_form.CHANGES:
        chosen = shown["verbs"].get(verb, "")
        verbs.append((verb.value, str(verb.label), chosen, _playbooks(published, shown, verb, chosen)))
    others = Product.objects.exclude(pk=product.pk) if product else Product.objects.all()
    return {
        "kinds": Kind.choices,
        "types": queries.service_types(),
        "customer_kinds": CustomerKind.choices,
        "periods": Period.choices,
        "renewals": AutoRenew.choices,
        "site_choices": SiteNeeded.choices,
        "installation_choices": Installation.choices,
        "playbooks": _playbooks(published, shown, Verb.CREATE, shown["playbook"]),
        "verbs": verbs if shown["kind"] == Kind.PLAN else [],
        "feature_types": product_form.FEATURE_TYPES,
        "templates": stock.templates(),
        "others": others,
        "parts": [other for other in others if other.kind != Kind.BUNDLE],
    }


@require_POST
def enable(request: HttpRequest, product_id: int) -> HttpResponse:
    enabled = request.POST.get("enabled") == "yes"
    product = services.set_enabled(product_id, enabled, actor=request.user.get_username())
    text = _("{name} is enabled.") if enabled else _("{name} is disabled; services in use stay as they are.")
    messages.success(request, text.format(name=product.name))
    return redirect("product_edit", product_id)


@require_POST
def duplicate(request: HttpRequest, product_id: int) -> HttpResponse:
    copy = services.duplicate_product(product_id, actor=request.user.get_username(), now=timezone.now())
    messages.success(request, _("This is the copy. It is disabled until you enable it."))
    return redirect("product_edit", copy.pk)
