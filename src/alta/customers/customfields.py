"""Use cases of the fields that an operator adds, and the values that a customer has of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from alta.audit.log import record
from alta.customers.fields import Field, FieldType, Subject, read_value, read_values
from alta.customers.models import CustomField
from alta.customers.refusals import FIELD_DEFINITION, FIELD_EXISTS, FIELD_NOT_FOUND
from alta.refusal import Refusal


def fields_of_customer(kind: str) -> list[Field]:
    """The fields that a customer of this kind has."""
    return [
        row.field
        for row in CustomField.objects.filter(
            subject=Subject.CUSTOMER, customer_kind__in=["", kind], active=True
        )
    ]


def fields_of_order(kind: str, product_slug: str) -> list[Field]:
    """The fields that an order of this product by a customer of this kind has."""
    rows = CustomField.objects.filter(
        Q(product_slug="") | Q(product_slug=product_slug),
        subject=Subject.ORDER,
        customer_kind__in=["", kind],
        active=True,
    )
    return [row.field for row in rows]


def customer_values(kind: str, given: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """The `custom` of a customer: the given values, read by their fields, over what no field asks for any more."""
    fields = fields_of_customer(kind)
    kept = {key: value for key, value in stored.items() if key not in {field.key for field in fields}}
    return kept | read_values(fields, given)


@transaction.atomic
def save_field(
    key: str,
    *,
    subject: str,
    label_es: str,
    label_en: str,
    type: str,
    required: bool = False,
    pattern: str = "",
    example: str = "",
    choices: Sequence[str] = (),
    customer_kind: str = "",
    product_slug: str = "",
    position: int | None = None,
    help_es: str = "",
    help_en: str = "",
    new: bool = False,
    actor: str,
) -> CustomField:
    """Defines a field, or makes the one with this key and subject what is given. Stored values stay as they are; they
    are read by the new definition when they are next saved. Without a `position` a new one comes last, and one that is
    there keeps its own. With `new`, refuses (`customer.field.exists`) a key that is there.

    Refuses (`customer.field.definition`) what can't be, such as a pattern that its own example doesn't follow."""
    row = CustomField.objects.select_for_update().filter(subject=subject, key=key).first()
    if row and new:
        raise FIELD_EXISTS(field=key)
    action = "customer.field.changed" if row else "customer.field.created"
    row = row or CustomField(subject=subject, key=key)
    row.label_es, row.label_en, row.type, row.required = label_es, label_en, type, required
    row.pattern, row.example, row.choices = pattern, example, list(choices)
    row.customer_kind, row.product_slug = customer_kind, product_slug
    row.help_es, row.help_en = help_es, help_en
    if position is not None:
        row.position = position
    elif row.pk is None:
        row.position = CustomField.objects.filter(subject=subject).count()
    _check(row)
    row.save()
    record(actor, action, row, key=key)
    return row


def _check(row: CustomField) -> None:
    try:
        row.full_clean(validate_unique=False)
        re.compile(row.pattern)
    except ValidationError as error:
        raise FIELD_DEFINITION(field=row.key, reason=error.messages[0]) from error
    except re.error as error:
        raise FIELD_DEFINITION(field=row.key, reason=str(error)) from error
    if row.example and row.type == FieldType.TEXT:
        try:
            read_value(row.field, row.example)
        except Refusal as refusal:
            raise FIELD_DEFINITION(field=row.key, reason=str(refusal)) from refusal


def all_fields() -> list[CustomField]:
    """Every field of each subject in its order, those that are not asked for any more last."""
    return list(CustomField.objects.order_by("subject", "-active", "position", "id"))


def field_by_id(field_id: int) -> CustomField:
    """Refuses (`customer.field.not_found`)."""
    return _one(CustomField.objects.all(), field_id)


@transaction.atomic
def set_active(field_id: int, active: bool, *, actor: str) -> CustomField:
    """Asks for a field again, or no more. Repeating it changes nothing."""
    row = _one(CustomField.objects.select_for_update(), field_id)
    if row.active != active:
        row.active = active
        row.save(update_fields=["active"])
        record(
            actor, "customer.field.activated" if active else "customer.field.deactivated", row, key=row.key
        )
    return row


@transaction.atomic
def move_field(field_id: int, up: bool, *, actor: str) -> CustomField:
    """Changes places with the field before or behind it. The first stays first, and the last one last."""
    rows = list(CustomField.objects.select_for_update().filter(active=True).order_by("position", "id"))
    row = _one(CustomField.objects.all(), field_id)
    order = [one for one in rows if one.subject == row.subject]
    at = next((place for place, one in enumerate(order) if one.pk == row.pk), None)
    other = None if at is None else at - 1 if up else at + 1
    if at is None or other is None or not 0 <= other < len(order):
        return row
    order[at], order[other] = order[other], order[at]
    for place, one in enumerate(order):
        one.position = place
    CustomField.objects.bulk_update(order, ["position"])
    record(actor, "customer.field.moved", row, key=row.key)
    return row


def _one(rows: QuerySet[CustomField], field_id: int) -> CustomField:
    row = rows.filter(pk=field_id).first()
    if row is None:
        raise FIELD_NOT_FOUND()
    return row
