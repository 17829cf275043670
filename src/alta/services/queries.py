"""Reading services."""

from __future__ import annotations

from django.db.models import QuerySet

from alta.services.models import Service
from alta.services.refusals import NOT_FOUND


def services_of(customer_id: int) -> QuerySet[Service]:
    """A customer's services, newest first."""
    return Service.objects.select_related("product").filter(customer_id=customer_id).order_by("-id")


def service_by_id(service_id: int) -> Service:
    """A service with what its page shows. Refuses (`service.not_found`)."""
    service = Service.objects.select_related("product", "customer").filter(pk=service_id).first()
    if service is None:
        raise NOT_FOUND()
    return service
