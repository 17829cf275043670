"""Use cases of the fields that an operator adds, and the values that a customer has of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from alta.audit.log import record
from alta.customers.fields import Field, FieldType, Subject, read_value, read_values
from alta.customers.models import CustomField
from alta.customers.refusals import FIELD_DEFINITION
from alta.refusal import Refusal


def fields_of_customer(kind: str) -> list[Field]:
    """The fields that a customer of this kind has."""
    return [
        row.field
        for row in CustomField.objects.filter(subject=Subject.CUSTOMER, customer_kind__in=["", kind])
    ]


def fields_of_order(kind: str, product_slug: str) -> list[Field]:
    """The fields that an order of this product by a customer of this kind has."""
    rows = CustomField.objects.filter(
        Q(product_slug="") | Q(product_slug=product_slug),
        subject=Subject.ORDER,
        customer_kind__in=["", kind],
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
    position: int = 0,
    actor: str,
) -> CustomField:
    """Defines a field, or makes the one with this key and subject what is given. Stored values stay as they are; they
    are read by the new definition when they are next saved.

    Refuses (`customer.field.definition`) what can't be, such as a pattern that its own example doesn't follow."""
    row = CustomField.objects.select_for_update().filter(subject=subject, key=key).first()
    action = "customer.field.changed" if row else "customer.field.created"
    row = row or CustomField(subject=subject, key=key)
    row.label_es, row.label_en, row.type, row.required = label_es, label_en, type, required
    row.pattern, row.example, row.choices = pattern, example, list(choices)
    row.customer_kind, row.product_slug, row.position = customer_kind, product_slug, position
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
