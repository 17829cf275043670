"""Which changes a service allows now. Asked when a change begins and again when it is confirmed."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from alta.catalog.models import Product
from alta.orders.models import Order
from alta.orders.refusals import CANT_BE_CHANGED, CHANGE_UNDER_WAY, NO_PLAYBOOK_FOR
from alta.orders.rules import SALES, Action, State
from alta.services.models import Service
from alta.services.rules import CHANGES, takes_addons
from alta.services.rules import State as ServiceState


def open_change(service_id: int) -> Order | None:
    """The change of this service that is under way, or waits for somebody."""
    return (
        Order.objects.filter(service_id=service_id, state__in=[State.IN_PROGRESS, State.HELD])
        .exclude(action__in=SALES)
        .first()
    )


def open_changes(service_ids: Iterable[int]) -> set[int]:
    """Those of these services that another change is under way for, or waits for somebody."""
    found = Order.objects.filter(service__in=list(service_ids), state__in=[State.IN_PROGRESS, State.HELD])
    numbers = found.exclude(action__in=SALES).values_list("service_id", flat=True)
    return {number for number in numbers if number is not None}


def possible_changes(service: Service) -> list[Action]:
    """What can be done with the service in its state, as far as its product has playbooks for it."""
    return [
        Action(verb.value)
        for verb in CHANGES[ServiceState(service.state)]
        if service.product.playbook_for(verb)
    ]


def refuse_change(service: Service, action: Action) -> None:
    """Refuses what the state of the service forbids, what its product has no playbook for, and a second change at once."""
    if action.value not in {verb.value for verb in CHANGES[ServiceState(service.state)]}:
        raise CANT_BE_CHANGED(action=str(action.label), state=str(ServiceState(service.state).label))
    if not service.product.playbook_for(action):
        raise NO_PLAYBOOK_FOR(action=str(action.label), product=service.product.name)
    refuse_second(service)


def refuse_second(service: Service) -> None:
    """Refuses a change while another of the same service is under way, be it done or undone."""
    if under_way := open_change(service.pk):
        raise CHANGE_UNDER_WAY(action=str(under_way.get_action_display()), order=under_way.pk)


def refuse_addon(service: Service) -> None:
    if not takes_addons(service.state):
        raise CANT_BE_CHANGED(action=str(Action.ADDON.label), state=str(ServiceState(service.state).label))


def fits(addon: Product, service: Service) -> bool:
    """Whether this product can be added to this service: an add-on of its type, in its currency."""
    return addon.service_type == service.service_type and addon.currency == service.currency


def services_for_addon(order: Order) -> QuerySet[Service]:
    """The customer's services that can have the add-on of this order, newest first."""
    assert order.product is not None
    return Service.objects.filter(
        customer_id=order.customer_id or 0,
        service_type=order.product.service_type,
        currency=order.product.currency,
        state=ServiceState.ACTIVE,
    ).order_by("-id")
