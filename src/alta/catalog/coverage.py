"""Use cases and reads of coverage areas."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from alta.audit.log import record
from alta.catalog.models import CoverageArea
from alta.catalog.refusals import AREA_INVALID, AREA_NOT_FOUND
from alta.catalog.rules import Place, covered_types


@transaction.atomic
def add_area(
    service_type: str, *, country: str, city: str = "", postal_code: str = "", actor: str
) -> CoverageArea:
    """Says that a type of service can be had in a country, or of it in a city, or where postal codes begin in one way.

    Refuses (`catalog.area.invalid`) what names no place, and an area that is there already."""
    area = CoverageArea(
        service_type_id=service_type,
        country=country.strip().upper(),
        city=" ".join(city.split()),
        postal_code=postal_code.strip().upper(),
    )
    try:
        area.full_clean()
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        title = {one.name: str(one.verbose_name) for one in CoverageArea._meta.fields}.get(name, "")
        field = title[:1].upper() + title[1:] or str(CoverageArea._meta.verbose_name)
        raise AREA_INVALID(field=field, reason=messages[0]) from error
    area.save()
    record(actor, "catalog.area.added", area, area=str(area))
    return area


@transaction.atomic
def remove_area(area_id: int, *, actor: str) -> None:
    """Takes an area away; services in use there stay. Refuses (`catalog.area.not_found`)."""
    area = CoverageArea.objects.select_for_update().filter(pk=area_id).first()
    if area is None:
        raise AREA_NOT_FOUND()
    record(actor, "catalog.area.removed", area, area=str(area))
    area.delete()


def types_at(addresses: Sequence[Place]) -> frozenset[str]:
    """The types of service that reach one of these addresses."""
    if not addresses:
        return frozenset()
    rows = CoverageArea.objects.filter(country__in={one.country for one in addresses})
    areas = [(row.service_type_id, Place(row.country, row.city, row.postal_code)) for row in rows]
    return covered_types(areas, addresses)
