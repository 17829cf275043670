"""Use cases about services. Each is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from alta.audit.log import record
from alta.catalog.rules import Period
from alta.services.models import Service
from alta.services.refusals import NOT_FOUND, TERM_MOVED, WRONG_STATE
from alta.services.rules import State, may_become, term_end


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
    service = Service.objects.select_for_update().filter(pk=service_id).first()
    if service is None:
        raise NOT_FOUND()
    if service.term_ends_at != period_start:
        raise TERM_MOVED()
    service.term_ends_at = end_of_term(service, period_start)
    service.save(update_fields=["term_ends_at"])
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
def _move(service_id: int, state: State, *, actor: str, now: datetime, name: str = "") -> Service:
    service = Service.objects.select_for_update().filter(pk=service_id).first()
    if service is None:
        raise NOT_FOUND()
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
        service.term_ends_at = end_of_term(service, now)
    if state in (State.TERMINATED, State.INACTIVE):
        service.ended_at = now
    service.save()
    record(actor, f"service.{state.value}", service, before=before.value)
    return service
