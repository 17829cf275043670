"""Use cases of what belongs to a customer: sites, contacts, notes and tags. Each is one transaction, written to the log."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from alta.audit.log import record
from alta.customers import rules
from alta.customers.models import Contact, Customer, Note, Site, Tag
from alta.customers.refusals import (
    CONTACT_NOT_FOUND,
    NOTE_EMPTY,
    SITE_NAME_TAKEN,
    SITE_NOT_FOUND,
    TAG_EMPTY,
)
from alta.customers.services import check_row, locked_customer


@transaction.atomic
def save_site(
    customer_id: int,
    *,
    site_id: int | None = None,
    name: str,
    line1: str,
    line2: str = "",
    city: str = "",
    postal_code: str = "",
    country: str = "",
    active: bool = True,
    actor: str,
) -> Site:
    """Adds a site, or makes the one with `site_id` what is given. `country` is its ISO code of two letters.

    Refuses a site of another customer and a name that this customer's other site has."""
    customer = locked_customer(customer_id)
    site = _own_site(customer, site_id) if site_id is not None else Site(customer=customer)
    site.name, site.line1, site.line2 = _tidy(name), _tidy(line1), _tidy(line2)
    site.city, site.postal_code, site.country = _tidy(city), _tidy(postal_code), country.strip().upper()
    site.active = active
    if Site.objects.filter(customer=customer, name=site.name).exclude(pk=site.pk).exists():
        raise SITE_NAME_TAKEN(customer=customer.name, name=site.name)
    check_row(site)
    site.save()
    record(
        actor,
        "customer.site.added" if site_id is None else "customer.site.changed",
        customer,
        site=site.pk,
        name=site.name,
    )
    return site


@transaction.atomic
def save_contact(
    customer_id: int,
    *,
    contact_id: int | None = None,
    name: str,
    email: str = "",
    phone: str = "",
    roles: Iterable[str] = (),
    active: bool = True,
    region: str | None = None,
    actor: str,
) -> Contact:
    """Adds a contact, or makes the one with `contact_id` what is given. Refuses a contact of another customer."""
    customer = locked_customer(customer_id)
    contact = _own_contact(customer, contact_id) if contact_id is not None else Contact(customer=customer)
    contact.name = _tidy(name)
    contact.email = rules.read_email(email) if email.strip() else ""
    if phone.strip() != contact.phone:
        contact.phone = rules.read_phone(phone, region).e164 if phone.strip() else ""
    wanted = set(roles)
    contact.roles = [role for role in rules.Role.values if role in wanted]
    contact.active = active
    check_row(contact)
    contact.save()
    record(
        actor,
        "customer.contact.added" if contact_id is None else "customer.contact.changed",
        customer,
        contact=contact.pk,
        name=contact.name,
    )
    return contact


@transaction.atomic
def add_note(customer_id: int, text: str, *, actor: str) -> Note:
    """Writes a note. Nobody changes it afterwards; whoever was wrong writes another."""
    customer = locked_customer(customer_id)
    if not text.strip():
        raise NOTE_EMPTY()
    note = Note(customer=customer, author=actor, text=text.strip())
    check_row(note)
    note.save()
    record(actor, "customer.note.added", customer, note=note.pk)
    return note


@transaction.atomic
def add_tag(customer_id: int, text: str, *, colour: str = "", actor: str) -> Tag:
    """Marks a customer with a tag, a new one where nobody used it before. A colour given for a new tag is its own from
    then on; a tag that is there keeps its colour. Twice is once."""
    customer = locked_customer(customer_id)
    words = _tidy(text)
    if not words:
        raise TAG_EMPTY()
    tag = Tag.objects.filter(text__iexact=words).first()
    if tag is None:
        new = Tag(text=words, colour=colour or rules.TagColour.GREY)
        check_row(new)
        Tag.objects.bulk_create([new], ignore_conflicts=True)  # somebody else may make it right now
        tag = Tag.objects.get(text__iexact=words)
    if not customer.tags.filter(pk=tag.pk).exists():
        customer.tags.add(tag)
        record(actor, "customer.tag.added", customer, tag=tag.text)
    return tag


@transaction.atomic
def remove_tag(customer_id: int, tag_id: int, *, actor: str) -> None:
    """Takes a tag off a customer; off already is as well."""
    customer = locked_customer(customer_id)
    tag = customer.tags.filter(pk=tag_id).first()
    if tag is not None:
        customer.tags.remove(tag)
        record(actor, "customer.tag.removed", customer, tag=tag.text)


def _own_site(customer: Customer, site_id: int) -> Site:
    site = Site.objects.filter(pk=site_id, customer=customer).first()
    if site is None:
        raise SITE_NOT_FOUND(customer=customer.name)
    return site


def _own_contact(customer: Customer, contact_id: int) -> Contact:
    contact = Contact.objects.filter(pk=contact_id, customer=customer).first()
    if contact is None:
        raise CONTACT_NOT_FOUND(customer=customer.name)
    return contact


def _tidy(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())
