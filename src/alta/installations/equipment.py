"""What a technician takes along: the physical items that the service holds."""

from __future__ import annotations

from collections.abc import Mapping

from alta.installations.models import WorkOrder
from alta.installations.refusals import SERIAL_DIFFERS, SERIAL_MISSING
from alta.installations.rules import same_serial
from alta.inventory.models import Item
from alta.inventory.rules import Kind


def equipment_of(work_order: WorkOrder) -> list[Item]:
    held = Item.objects.select_related("template").filter(holder=work_order.service.uuid)
    return list(held.filter(template__kind=Kind.PHYSICAL).order_by("template__name", "identifier"))


def confirmed_serials(work_order: WorkOrder, typed: Mapping[int, str]) -> dict[str, str]:
    """What was read on each piece, by its identifier. Refuses one that is missing or isn't the piece of the work order."""
    confirmed = {}
    for item in equipment_of(work_order):
        found = typed.get(item.pk, "").strip()[:80]
        if not found:
            raise SERIAL_MISSING(item=f"{item.template.label} {item.identifier}")
        if not same_serial(found, {item.identifier, item.unique_value or "", *_texts(item)}):
            raise SERIAL_DIFFERS(found=found, item=f"{item.template.label} {item.identifier}")
        confirmed[item.identifier] = found
    return confirmed


def _texts(item: Item) -> list[str]:
    return [value for value in item.values.values() if isinstance(value, str)]
