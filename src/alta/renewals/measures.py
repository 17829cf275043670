"""What a renewal has done in the network: a service that is not paid is suspended, resumed once it is, and ended where
there is no next period. Each is an order, so whoever looks at the service or the queue sees it like any other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alta.orders.bulk import change_services
from alta.orders.changes import open_changes
from alta.orders.models import Order
from alta.orders.rules import Action
from alta.refusal import Refusal
from alta.renewals import queries
from alta.renewals.models import Renewal
from alta.renewals.rules import MEASURE_PAUSE, Measure, applies
from alta.services import services
from alta.services.models import Service

logger = logging.getLogger(__name__)
ACTOR = "renewals"
# For a product that has no playbook for it: then nothing has to be done in a network.
ROWS: Mapping[Measure, Callable[..., Service]] = {
    Measure.SUSPEND: services.suspend,
    Measure.RESUME: services.resume,
    Measure.TERMINATE: services.expire,
}


@transaction.atomic
def take_measures(now: datetime) -> int:
    """Begins what some renewals want done. What another change of the service is in the way of is tried again later; what
    the service is already needs nothing. Returns how many were looked at."""
    due = queries.measures_due(now)
    busy = open_changes(one.service_id for one in due)
    by_measure: dict[Measure, list[Renewal]] = {measure: [] for measure in Measure}
    for renewal in due:
        measure, service = Measure(renewal.measure), renewal.service
        if service.pk in busy:
            renewal.measure_at = now + MEASURE_PAUSE
        elif not applies(measure, service.state):
            renewal.measure_at = None
        elif service.product.playbook_for(measure):
            by_measure[measure].append(renewal)
        else:
            ROWS[measure](service.pk, actor=ACTOR, now=now)
            renewal.measure_at = None
    for measure, renewals in by_measure.items():
        _order(measure, renewals, now)
    Renewal.objects.bulk_update(due, ["measure_at", "order"])
    return len(due)


def _order(measure: Measure, renewals: Sequence[Renewal], now: datetime) -> None:
    orders = _begin(measure, [one.service_id for one in renewals], now) if renewals else {}
    for renewal in renewals:
        order = orders.get(renewal.service_id)
        renewal.measure_at = None if order else now + MEASURE_PAUSE
        renewal.order = order or renewal.order


def _begin(measure: Measure, service_ids: Sequence[int], now: datetime) -> Mapping[int, Order]:
    """The orders by service. One that can't begin does not keep the others from it."""
    try:
        with transaction.atomic():
            return change_services(
                service_ids, Action(measure.value), reason=_reason(measure), actor=ACTOR, now=now
            )
    except Refusal as refusal:
        if len(service_ids) == 1:
            logger.warning("service %s: %s can't begin: %s", service_ids[0], measure.value, refusal)
            return {}
    found: dict[int, Order] = {}
    for service_id in service_ids:
        found |= _begin(measure, [service_id], now)
    return found


def _reason(measure: Measure) -> str:
    match measure:
        case Measure.SUSPEND:
            return _("The renewal was not paid")
        case Measure.RESUME:
            return _("The renewal was paid")
        case Measure.TERMINATE:
            return _("The term is over and was not renewed")
