"""Reading services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Q, QuerySet, Sum

from alta.audit.models import Entry
from alta.customers.models import Customer
from alta.services.models import Addon, Service
from alta.services.refusals import NOT_FOUND
from alta.services.rules import AddonState


def services_of(customer_id: int) -> QuerySet[Service]:
    """A customer's services, newest first."""
    return Service.objects.select_related("product").filter(customer_id=customer_id).order_by("-id")


def service_by_id(service_id: int) -> Service:
    """A service with what its page shows. Refuses (`service.not_found`)."""
    service = (
        Service.objects.select_related("product", "customer", "site", "billing_contact", "technical_contact")
        .filter(pk=service_id)
        .first()
    )
    if service is None:
        raise NOT_FOUND()
    return service


def activity_of(customer_id: int, before: int | None = None, limit: int = 50) -> list[Entry]:
    """What happened to a customer, to those merged into it, and to its services, newest first; `before` is the number of
    the last entry of the page before."""
    merged = Customer.objects.filter(merged_into_id=customer_id).values_list("pk", flat=True)
    services = Service.objects.filter(customer_id=customer_id).values_list("pk", flat=True)
    about = Q(
        object_type=Customer._meta.label_lower, object_id__in=[str(pk) for pk in (customer_id, *merged)]
    ) | Q(object_type=Service._meta.label_lower, object_id__in=[str(pk) for pk in services])
    found = Entry.objects.filter(about).order_by("-id")
    return list((found.filter(pk__lt=before) if before else found)[:limit])


def addons_of(service_ids: Iterable[int]) -> Mapping[int, list[Addon]]:
    """What these services have beside their plans, in the order in which it came, each with its product: one statement."""
    found: dict[int, list[Addon]] = defaultdict(list)
    active = Addon.objects.filter(service__in=list(service_ids), state=AddonState.ACTIVE)
    for addon in active.select_related("product").order_by("pk"):
        found[addon.service_id].append(addon)
    return found


def addons_price(service: Service) -> int:
    """What the add-ons of a service cost a period, in minor units of its currency."""
    active = service.addons.filter(state=AddonState.ACTIVE)
    return active.aggregate(total=Sum("recurring_price"))["total"] or 0
