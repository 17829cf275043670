"""Use cases of service types: the four that every installation begins with, and those that an operator adds."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from alta.audit.log import record
from alta.catalog.models import Product, ServiceType
from alta.catalog.refusals import SERVICE_TYPE_IN_USE, SERVICE_TYPE_INVALID, SERVICE_TYPE_NOT_FOUND
from alta.refusal import Refusal

FIRST = (
    ("mobile", "Móvil", "Mobile"),
    ("internet", "Internet", "Internet"),
    ("iptv", "IPTV", "IPTV"),
    ("voip", "VoIP", "VoIP"),
)
# What `icons.svg` has for them.
ICONS = ("mobile", "internet", "iptv", "voip", "antenna", "wallet", "shield", "cloud")


def begin() -> None:
    """Fills the table of an installation that has no service type at all."""
    if (
        ServiceType._meta.db_table not in connection.introspection.table_names()
        or ServiceType.objects.exists()
    ):
        return
    ServiceType.objects.bulk_create(
        ServiceType(slug=slug, name_es=es, name_en=en, icon=slug, position=position)
        for position, (slug, es, en) in enumerate(FIRST)
    )


@transaction.atomic
def save_service_type(
    slug: str, *, name_es: str, name_en: str, icon: str, position: int | None = None, actor: str
) -> ServiceType:
    """Adds the service type with this slug, or changes its names, drawing and place among the others (at the end, where
    no place is given).

    Refuses (`catalog.service_type.invalid`) values that no type can have."""
    row = ServiceType.objects.select_for_update().filter(slug=slug).first()
    action = "catalog.service_type.changed" if row else "catalog.service_type.created"
    if position is None:
        position = row.position if row else ServiceType.objects.count()
    row = row or ServiceType(slug=slug)
    row.name_es, row.name_en, row.icon, row.position = name_es.strip(), name_en.strip(), icon, position
    try:
        row.full_clean(validate_unique=False)
        if icon not in ICONS:
            raise ValidationError({"icon": _("choose one of the drawings")})
    except ValidationError as error:
        raise _invalid(row, error) from error
    row.save()
    record(actor, action, row, slug=slug)
    return row


def _invalid(row: ServiceType, error: ValidationError) -> Refusal:
    name, messages = next(iter(error.message_dict.items()))
    if name == "slug":
        return SERVICE_TYPE_INVALID(
            field=_("Name in playbooks"),
            reason=_("write 2 to 20 small letters, digits or hyphens, beginning with a letter"),
        )
    titles = {"name_es": _("Name in Spanish"), "name_en": _("Name in English"), "icon": _("Icon")}
    return SERVICE_TYPE_INVALID(field=titles.get(name, name), reason=messages[0])


@transaction.atomic
def remove_service_type(slug: str, *, actor: str) -> None:
    """Removes a service type. Refuses (`catalog.service_type.in_use`) one that products have."""
    row = ServiceType.objects.select_for_update().filter(slug=slug).first()
    if row is None:
        raise SERVICE_TYPE_NOT_FOUND(slug=slug)
    if products := Product.objects.filter(service_type=slug).count():
        raise SERVICE_TYPE_IN_USE(name=row.name, products=products)
    record(actor, "catalog.service_type.removed", row, slug=slug)
    row.delete()
