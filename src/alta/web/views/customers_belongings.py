"""A customer's sites, contacts, notes, tags and default payment method."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from alta.customers import belongings, services
from alta.customers.models import Contact, Customer, Site
from alta.customers.refusals import CONTACT_NOT_FOUND, NOT_FOUND, SITE_NOT_FOUND
from alta.customers.rules import Role
from alta.refusal import Refusal

METHODS = ["GET", "HEAD", "POST"]
SITE_FIELDS = ("name", "line1", "line2", "city", "postal_code", "country")
CONTACT_FIELDS = ("name", "email", "phone")


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()


def _customer(customer_id: int) -> Customer:
    found = Customer.objects.filter(pk=customer_id).first()
    if found is None:
        raise NOT_FOUND(customer=customer_id)
    return found


def _tab(customer_id: int, tab: str) -> HttpResponseRedirect:
    return redirect(f"{reverse('customer', args=[customer_id])}?ver={tab}")


def _done(request: HttpRequest, customer_id: int, tab: str) -> HttpResponseRedirect:
    """Back to the assignment that lacked a site or a contact, else to the customer's tab."""
    try:
        return redirect("assign_details", order=UUID(request.POST.get("asignacion", "")))
    except ValueError:
        return _tab(customer_id, tab)


def _form(
    request: HttpRequest, template: str, values: Any, refusal: Refusal | None, **context: Any
) -> HttpResponse:
    shared = {"values": values, "refusal": refusal, "assignment": request.GET.get("asignacion", "")}
    return render(request, template, shared | context, status=refusal.kind.status if refusal else 200)


@require_http_methods(METHODS)
def site(request: HttpRequest, customer_id: int, site_id: int | None = None) -> HttpResponse:
    """Adds a site, or changes one."""
    customer, refusal = _customer(customer_id), None
    found = Site.objects.filter(pk=site_id, customer=customer).first() if site_id else Site(active=True)
    if found is None:
        raise SITE_NOT_FOUND(customer=customer.name)
    if request.method == "POST":
        try:
            belongings.save_site(
                customer_id,
                site_id=site_id,
                **{name: request.POST.get(name, "") for name in SITE_FIELDS},
                active=site_id is None or request.POST.get("active") == "yes",
                actor=_actor(request),
            )
            return _done(request, customer_id, "sitios")
        except Refusal as error:
            refusal = error
    values = request.POST if refusal else {name: getattr(found, name) for name in SITE_FIELDS}
    return _form(request, "web/customer_site.html", values, refusal, customer=customer, site=found)


@require_http_methods(METHODS)
def contact(request: HttpRequest, customer_id: int, contact_id: int | None = None) -> HttpResponse:
    """Adds a contact, or changes one."""
    customer, refusal = _customer(customer_id), None
    found = (
        Contact.objects.filter(pk=contact_id, customer=customer).first()
        if contact_id
        else Contact(active=True)
    )
    if found is None:
        raise CONTACT_NOT_FOUND(customer=customer.name)
    if request.method == "POST":
        try:
            belongings.save_contact(
                customer_id,
                contact_id=contact_id,
                **{name: request.POST.get(name, "") for name in CONTACT_FIELDS},
                roles=request.POST.getlist("roles"),
                active=contact_id is None or request.POST.get("active") == "yes",
                actor=_actor(request),
            )
            return _done(request, customer_id, "contactos")
        except Refusal as error:
            refusal = error
    values = request.POST if refusal else {name: getattr(found, name) for name in CONTACT_FIELDS}
    chosen = request.POST.getlist("roles") if refusal else found.roles
    roles = [(role.value, role.label, role.value in chosen) for role in Role]
    return _form(
        request, "web/customer_contact.html", values, refusal, customer=customer, contact=found, roles=roles
    )


@require_POST
def note(request: HttpRequest, customer_id: int) -> HttpResponse:
    belongings.add_note(customer_id, request.POST.get("text", ""), actor=_actor(request))
    return redirect("customer", customer_id)


@require_POST
def tag(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Puts a tag on, or takes the one named `remove` off."""
    remove = request.POST.get("remove", "")
    if remove.isascii() and remove.isdigit() and len(remove) < 19:
        belongings.remove_tag(customer_id, int(remove), actor=_actor(request))
    else:
        colour = request.POST.get("colour", "")
        belongings.add_tag(customer_id, request.POST.get("text", ""), colour=colour, actor=_actor(request))
    return redirect("customer", customer_id)


@require_POST
def default_payment(request: HttpRequest, customer_id: int) -> HttpResponse:
    method = request.POST.get("method", "")
    number = int(method) if method.isascii() and method.isdigit() and len(method) < 19 else 0
    services.set_default_payment_method(customer_id, number, actor=_actor(request))
    return _tab(customer_id, "pagos")
