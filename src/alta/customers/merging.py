"""Merging two records of one customer. Whatever refers to the one that goes refers to the one that stays afterwards, also
rows of apps that this one doesn't know; nothing is deleted but what both had."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import ForeignKey, ForeignObjectRel, Model, QuerySet

from alta.audit.log import record
from alta.customers.models import Customer, Email, PaymentMethod, Phone, SearchKey, Site
from alta.customers.refusals import MERGE_CURRENCY, MERGE_GONE, MERGE_SAME, NOT_FOUND
from alta.customers.rules import Status
from alta.customers.services import file_customer

# What moves in its own way: see `_move_*`. Search keys are filed anew.
BY_HAND: tuple[type[Model], ...] = (Email, Phone, PaymentMethod, Site, SearchKey, Customer.tags.through)
Reference = tuple[type[Model], str]


def references() -> list[Reference]:
    """Every model that refers to a customer, with the name of its field: those that have rows to move."""
    found: list[Reference] = []
    for relation in Customer._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and isinstance(relation.field, ForeignKey):
            model: Any = relation.related_model
            if model not in BY_HAND:
                found.append((model, relation.field.name))
    return found


@transaction.atomic
def merge_customers(keep_id: int, other_id: int, *, actor: str) -> Customer:
    """Gives everything that `other` has to `keep`, and archives `other`. What only one of them knows, such as a tax id or
    a custom field, `keep` knows afterwards; where they differ, `keep` is right and the archived one still says what it
    said."""
    if keep_id == other_id:
        raise MERGE_SAME()
    for model, name in references():
        list(_rows(model, name, other_id).order_by("pk").select_for_update().values_list("pk", flat=True))
    rows = {
        row.pk: row
        for row in Customer.objects.select_for_update().filter(pk__in=[keep_id, other_id]).order_by("pk")
    }
    for wanted in (keep_id, other_id):
        if wanted not in rows:
            raise NOT_FOUND(customer=wanted)
    keep, other = rows[keep_id], rows[other_id]
    _refuse(keep, other)
    moved = {model._meta.label_lower: _move(model, name, keep, other) for model, name in references()}
    _move_sites(keep, other)
    _move_ways_to_reach(Email, "address", keep, other)
    _move_ways_to_reach(Phone, "e164", keep, other)
    _move_payment_methods(keep, other)
    keep.tags.add(*other.tags.all())
    other.tags.clear()
    _complete(keep, other)
    other.status, other.merged_into = Status.ARCHIVED, keep
    other.save()
    keep.save()
    file_customer(other)
    file_customer(keep)
    record(
        actor,
        "customer.merged",
        keep,
        other=other.pk,
        name=other.name,
        moved={k: n for k, n in moved.items() if n},
    )
    record(actor, "customer.merged_into", other, into=keep.pk, name=keep.name)
    return keep


def _refuse(keep: Customer, other: Customer) -> None:
    for customer in (keep, other):
        if customer.merged_into_id is not None or customer.status == Status.ARCHIVED:
            raise MERGE_GONE(customer=customer.name)
    if keep.currency != other.currency:
        raise MERGE_CURRENCY(
            customer=keep.name, currency=keep.currency, other=other.name, other_currency=other.currency
        )


def _rows(model: type[Model], name: str, customer_id: int) -> QuerySet[Any]:
    return model._base_manager.filter(**{f"{name}_id": customer_id})


def _move(model: type[Model], name: str, keep: Customer, other: Customer) -> int:
    return _rows(model, name, other.pk).update(**{name: keep})


def _move_sites(keep: Customer, other: Customer) -> None:
    """Two sites of one name stay two sites; the one that comes says where it is from."""
    taken = set(keep.sites.values_list("name", flat=True))
    for site in other.sites.all():
        if site.name in taken:
            site.name = f"{site.name[:100]} (ID: {other.pk}-{site.pk})"
        site.customer = keep
        site.save()


def _move_ways_to_reach(model: type[Email | Phone], value: str, keep: Customer, other: Customer) -> None:
    """The kept one's primary stays primary; what both have is there once."""
    manager: Any = model._default_manager
    theirs = manager.filter(customer=other)
    theirs.filter(**{f"{value}__in": manager.filter(customer=keep).values(value)}).delete()
    if manager.filter(customer=keep, primary=True).exists():
        theirs.update(customer=keep, primary=False)
    else:
        theirs.update(customer=keep)


def _move_payment_methods(keep: Customer, other: Customer) -> None:
    if keep.payment_methods.filter(is_default=True).exists():
        other.payment_methods.update(customer=keep, is_default=False)
    else:
        other.payment_methods.update(customer=keep)


def _complete(keep: Customer, other: Customer) -> None:
    """What only the other one knows. An external id belongs to one row, so it is taken, not copied."""
    keep.tax_id = keep.tax_id or other.tax_id
    keep.attributes = {**other.attributes, **keep.attributes}
    keep.custom = {**other.custom, **keep.custom}
    if keep.external_id is None and other.external_id is not None:
        keep.external_id, other.external_id = other.external_id, None
