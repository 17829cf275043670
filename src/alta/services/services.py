"""Use cases about services. Each is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from alta.audit.log import record
from alta.catalog.rules import Period
from alta.services.models import Addon, Service
from alta.services.refusals import NOT_FOUND, TERM_MOVED, WRONG_STATE
from alta.services.rules import AddonState, State, may_become, takes_addons, term_end


@dataclass(frozen=True)
class Terms:
    """What a service is, and what it costs a period in minor units of its currency."""

    product_id: int
    recurring_price: int


@transaction.atomic
def create_service(
    *,
    uuid: UUID,
    customer_id: int,
    product_id: int,
    service_type: str,
    name: str,
    auto_renew: bool,
    setup_price: int,
    recurring_price: int,
    currency: str,
    site_id: int | None = None,
    billing_contact_id: int | None = None,
    technical_contact_id: int | None = None,
    custom: Mapping[str, Any] | None = None,
    period: str = Period.MONTH,
    items: Mapping[str, int] | None = None,
    actor: str,
    now: datetime,
) -> Service:
    """A service in preparation: its stock is reserved, nothing works yet."""
    service = Service.objects.create(
        uuid=uuid,
        customer_id=customer_id,
        product_id=product_id,
        service_type=service_type,
        name=name,
        auto_renew=auto_renew,
        setup_price=setup_price,
        recurring_price=recurring_price,
        currency=currency,
        site_id=site_id,
        billing_contact_id=billing_contact_id,
        technical_contact_id=technical_contact_id,
        custom=dict(custom or {}),
        period=period,
        items=dict(items or {}),
        created_at=now,
    )
    record(actor, "service.created", service, customer=customer_id, product=product_id)
    return service


def activate(service_id: int, *, actor: str, now: datetime, name: str = "") -> Service:
    """The service works from now on, and its first term begins. Repeating it changes nothing."""
    return _move(service_id, State.ACTIVE, actor=actor, now=now, name=name)


def terminate(service_id: int, *, actor: str, now: datetime) -> Service:
    """The service is over, or never came to be. Repeating it changes nothing."""
    return _move(service_id, State.TERMINATED, actor=actor, now=now)


def suspend(service_id: int, *, actor: str, now: datetime) -> Service:
    """The service rests, for instance because it was not paid. Repeating it changes nothing."""
    return _move(service_id, State.SUSPENDED, actor=actor, now=now)


def resume(service_id: int, *, actor: str, now: datetime) -> Service:
    """The service works again. Repeating it changes nothing."""
    return _move(service_id, State.ACTIVE, actor=actor, now=now)


def expire(service_id: int, *, actor: str, now: datetime) -> Service:
    """The term of the service is over and there is no next one. Repeating it changes nothing."""
    return _move(service_id, State.INACTIVE, actor=actor, now=now)


@transaction.atomic
def extend_term(service_id: int, period_start: datetime, *, actor: str, now: datetime) -> Service:
    """Adds one period to the term that ends at `period_start`. Repeating it changes nothing, because the term ends
    elsewhere by then (`service.term_moved`)."""
    service = _locked(service_id)
    if service.term_ends_at != period_start:
        raise TERM_MOVED()
    service.term_began_at = period_start
    service.term_ends_at = end_of_term(service, period_start)
    service.save(update_fields=["term_began_at", "term_ends_at"])
    record(actor, "service.extended", service, until=service.term_ends_at.isoformat())
    return service


def end_of_term(service: Service, start: datetime) -> datetime:
    """Where the term of this service ends that begins at `start`, on the operator's calendar."""
    zone = operator_zone()
    first = service.activated_at.astimezone(zone).day if service.activated_at else None
    return term_end(start, Period(service.period), zone, first)


def operator_zone() -> ZoneInfo:
    """The time zone by whose calendar the operator bills."""
    return ZoneInfo(settings.TIME_ZONE)


@transaction.atomic
def change_product(service_id: int, terms: Terms, *, actor: str, now: datetime) -> Terms:
    """The service is another plan's from now on, at its price. Gives what it was before, to go back to; repeating it
    changes nothing."""
    service = _locked(service_id)
    before = Terms(service.product_id, service.recurring_price)
    if before != terms:
        service.product_id, service.recurring_price = terms.product_id, terms.recurring_price
        service.save(update_fields=["product", "recurring_price"])
        record(actor, "service.plan_changed", service, before=before.product_id, after=terms.product_id)
    return before


@transaction.atomic
def move(service_id: int, site_id: int | None, *, actor: str, now: datetime) -> int | None:
    """The service is at another site. Gives the one before; the database sees to it that the site is the customer's."""
    service = _locked(service_id)
    before = service.site_id
    if before != site_id:
        service.site_id = site_id
        service.save(update_fields=["site"])
        record(actor, "service.moved", service, before=before, after=site_id)
    return before


@transaction.atomic
def replace_items(service_id: int, items: Mapping[str, int], *, actor: str, name: str = "") -> dict[str, int]:
    """Notes which pieces of stock now serve as these inputs, and where one of them is in the service's name, the new name.
    Gives those that served before."""
    service = _locked(service_id)
    before = {name: service.items[name] for name in items if name in service.items}
    if before != dict(items):
        service.items = {**service.items, **items}
        service.name = name or service.name
        service.save(update_fields=["items", "name"])
        record(actor, "service.items_replaced", service, before=before, after=dict(items))
    return before


@transaction.atomic
def add_addon(
    service_id: int,
    key: UUID,
    product_id: int,
    *,
    name: str,
    recurring_price: int,
    items: Mapping[str, int],
    order_id: int | None = None,
    actor: str,
    now: datetime,
) -> Addon:
    """The service has something more. Adding it again (the same `key`) changes nothing.

    Refuses (`service.wrong_state`) a service that is not active."""
    service = _locked(service_id)
    found = Addon.objects.filter(key=key).first()
    if found is not None:
        return found
    if not takes_addons(service.state):
        raise WRONG_STATE(state=State(service.state).label)
    addon = Addon.objects.create(
        key=key,
        service=service,
        product_id=product_id,
        name=name,
        recurring_price=recurring_price,
        items=dict(items),
        order_id=order_id,
        added_at=now,
    )
    record(actor, "service.addon_added", service, addon=addon.pk, product=product_id)
    return addon


@transaction.atomic
def end_addon(key: UUID, *, actor: str, now: datetime) -> bool:
    """The add-on is over. False where there is none, or it ended before."""
    addon = Addon.objects.select_for_update(of=("self",)).select_related("service").filter(key=key).first()
    if addon is None or addon.state == AddonState.ENDED:
        return False
    addon.state, addon.ended_at = AddonState.ENDED, now
    addon.save(update_fields=["state", "ended_at"])
    record(actor, "service.addon_ended", addon.service, addon=addon.pk)
    return True


@transaction.atomic
def set_auto_renew(service_id: int, auto_renew: bool, *, actor: str) -> Service:
    """Whether the service goes on by itself when its term ends."""
    service = _locked(service_id)
    if service.auto_renew != auto_renew:
        service.auto_renew = auto_renew
        service.save(update_fields=["auto_renew"])
        record(actor, "service.auto_renew", service, auto_renew=auto_renew)
    return service


def _locked(service_id: int) -> Service:
    service = Service.objects.select_for_update().filter(pk=service_id).first()
    if service is None:
        raise NOT_FOUND()
    return service


@transaction.atomic
def _move(service_id: int, state: State, *, actor: str, now: datetime, name: str = "") -> Service:
    service = _locked(service_id)
    before = State(service.state)
    if before == state:
        return service
    if not may_become(before, state):
        raise WRONG_STATE(state=before.label)
    service.state = state
    service.name = name or service.name
    if state == State.ACTIVE and service.activated_at is None:
        service.activated_at = now
    if state == State.ACTIVE and service.term_ends_at is None:
        service.term_began_at = now
        service.term_ends_at = end_of_term(service, now)
    if state in (State.TERMINATED, State.INACTIVE):
        service.ended_at = now
        Addon.objects.filter(service=service, state=AddonState.ACTIVE).update(
            state=AddonState.ENDED, ended_at=now
        )
    service.save()
    record(actor, f"service.{state.value}", service, before=before.value)
    return service
