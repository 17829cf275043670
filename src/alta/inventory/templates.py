"""Changing a kind of item. What its items rely on stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from alta.audit.log import record
from alta.inventory import shelving
from alta.inventory.fields import Field, read_fields
from alta.inventory.models import Item, Template
from alta.inventory.refusals import TEMPLATE_IN_USE, TEMPLATE_LABELS, TEMPLATE_LOW_STOCK

MOST_LOW_STOCK = 1_000_000
LONGEST_LABEL = 80


@transaction.atomic
def update_template(
    template_id: int,
    *,
    label_es: str,
    label_en: str,
    kind: str,
    after_use: str,
    low_stock: int | None,
    fields: Sequence[Mapping[str, Any]],
    actor: str,
) -> Template:
    """Changes a template. Once it has items, their fields stay (what a field is called may change), and new fields
    must be optional, because the items there are have none of their values. The name stays: playbooks use it."""
    template = shelving.locked_template(template_id)
    check_descriptions((label_es, label_en), low_stock)
    after = read_fields(fields)
    if Item.objects.filter(template=template).exists():
        _refuse_other_fields(read_fields(template.fields), after)
    before = {name: getattr(template, name) for name in _CHANGEABLE}
    template.label_es, template.label_en, template.kind = label_es, label_en, kind
    template.after_use, template.low_stock = after_use, low_stock
    template.fields = [field.model_dump(exclude_none=True) for field in after]
    if changed := [name for name in _CHANGEABLE if getattr(template, name) != before[name]]:
        template.save()
        record(actor, "inventory.template.changed", template, name=template.name, changed=changed)
    return template


_CHANGEABLE = ("label_es", "label_en", "kind", "after_use", "low_stock", "fields")


def check_descriptions(names: Sequence[str], low_stock: int | None) -> None:
    """Refuses names and thresholds that no template can have."""
    if not all(name.strip() and len(name) <= LONGEST_LABEL for name in names):
        raise TEMPLATE_LABELS()
    if low_stock is not None and not 0 <= low_stock <= MOST_LOW_STOCK:
        raise TEMPLATE_LOW_STOCK()


def _refuse_other_fields(before: Sequence[Field], after: Sequence[Field]) -> None:
    """Fields in use stay, apart from what they are called; others may only be optional."""
    kept = {field.name: field.model_copy(update={"label": None}) for field in after}
    for field in before:
        if kept.pop(field.name, None) != field.model_copy(update={"label": None}):
            raise TEMPLATE_IN_USE(field=field.name)
    for name, field in kept.items():
        if field.required:
            raise TEMPLATE_IN_USE(field=name)
