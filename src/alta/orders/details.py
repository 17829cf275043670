"""«Service data»: where the service goes, whom to ask about it, and the fields that the operator added to orders. These
functions are parts of the use cases in `orders.services`, which hold the lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alta.catalog.rules import SiteNeeded
from alta.customers.customfields import fields_of_order
from alta.customers.fields import Field, read_values
from alta.customers.models import Contact, Site
from alta.customers.refusals import CONTACT_NOT_FOUND, SITE_NOT_FOUND
from alta.customers.rules import Role
from alta.orders.models import Order
from alta.orders.queries import sold_products
from alta.orders.refusals import CONTACT_NOT_IN_USE, SAME_SITE, SITE_MISSING, SITE_NOT_IN_USE
from alta.orders.rules import Action
from alta.refusal import Refusal


@dataclass(frozen=True)
class Asked:
    """What an order is asked for. Contacts are always optional; a site is, unless the product needs one."""

    site: bool
    site_needed: bool
    fields: tuple[Field, ...]
    contacts: bool = True


@dataclass(frozen=True)
class Answers:
    """What somebody answered: ids of the customer's site and contacts, and values of the custom fields by key."""

    site_id: int | None = None
    billing_contact_id: int | None = None
    technical_contact_id: int | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)


def asked(order: Order) -> Asked | None:
    """What this order is asked for, or None where neither its product nor its kind of customer asks for anything."""
    if order.product is None or order.customer is None:
        return None
    if order.action == Action.MOVE:
        return Asked(site=True, site_needed=True, fields=(), contacts=False)
    if order.action != Action.CREATE:
        return None
    fields: dict[str, Field] = {}
    for product in sold_products(order):
        fields |= {field.key: field for field in fields_of_order(order.customer.kind, product.slug)}
    needed = {SiteNeeded(product.site_needed) for product in (order.product, *sold_products(order))}
    if needed == {SiteNeeded.NO} and not fields:
        return None
    return Asked(needed != {SiteNeeded.NO}, SiteNeeded.NEEDED in needed, tuple(fields.values()))


def is_complete(order: Order, asks: Asked) -> bool:
    """Whether somebody answered, and nothing needed is missing by now: a field may have been added since."""
    if order.custom is None or (asks.site_needed and order.site_id is None):
        return False
    try:
        read_values(asks.fields, {f.key: order.custom.get(f.key) for f in asks.fields})
    except Refusal:
        return False
    return True


def put(order: Order, answers: Answers) -> None:
    """Writes the answers into the order, whose lock the caller holds."""
    asks = asked(order)
    if asks is None or order.product is None:
        forget(order)
        return
    if asks.site_needed and answers.site_id is None:
        raise SITE_MISSING(product=order.product.name)
    if order.service is not None and order.service.site_id == answers.site_id:
        raise SAME_SITE(service=order.service.name)
    order.site = _site(order, answers.site_id) if asks.site else None
    order.billing_contact = _contact(order, answers.billing_contact_id)
    order.technical_contact = _contact(order, answers.technical_contact_id)
    order.custom = read_values(asks.fields, answers.custom)


def forget(order: Order) -> None:
    """Nothing is answered: the order is another customer's now, or isn't asked any more."""
    order.site = order.billing_contact = order.technical_contact = order.custom = None


def refuse_outdated(order: Order) -> None:
    """What was chosen must still be in use when the order is confirmed. An order that isn't asked any more keeps none of
    what it said before."""
    if asked(order) is None:
        forget(order)
    _site(order, order.site_id)
    _contact(order, order.billing_contact_id)
    _contact(order, order.technical_contact_id)


def _site(order: Order, site_id: int | None) -> Site | None:
    if site_id is None:
        return None
    site = Site.objects.filter(pk=site_id, customer_id=order.customer_id or 0).first()
    if site is None:
        raise SITE_NOT_FOUND(customer=_customer_name(order))
    if not site.active:
        raise SITE_NOT_IN_USE(site=site.name)
    return site


def _contact(order: Order, contact_id: int | None) -> Contact | None:
    if contact_id is None:
        return None
    contact = Contact.objects.filter(pk=contact_id, customer_id=order.customer_id or 0).first()
    if contact is None:
        raise CONTACT_NOT_FOUND(customer=_customer_name(order))
    if not contact.active:
        raise CONTACT_NOT_IN_USE(contact=contact.name)
    return contact


def _customer_name(order: Order) -> str:
    return order.customer.name if order.customer else ""


@dataclass(frozen=True)
class Choices:
    """What the step offers: the customer's sites and contacts in use, and which one is meant unless somebody says else."""

    sites: list[Site]
    contacts: list[Contact]
    billing: int | None
    technical: int | None
    site: int | None


def choices(order: Order) -> Choices:
    """The only site, and the only contact with a role, are chosen beforehand; an earlier answer comes first."""
    sites = list(Site.objects.filter(customer_id=order.customer_id or 0, active=True))
    contacts = list(Contact.objects.filter(customer_id=order.customer_id or 0, active=True))
    answered = order.custom is not None

    def only(role: Role) -> int | None:
        found = [one.pk for one in contacts if role in one.roles]
        return found[0] if len(found) == 1 else None

    return Choices(
        sites=sites,
        contacts=contacts,
        billing=order.billing_contact_id if answered else only(Role.BILLING),
        technical=order.technical_contact_id if answered else only(Role.TECHNICAL),
        site=order.site_id if answered else (sites[0].pk if len(sites) == 1 else None),
    )
