"""Use cases about services. Each is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from alta.audit.log import record
from alta.services.models import Service
from alta.services.refusals import NOT_FOUND, WRONG_STATE
from alta.services.rules import State, may_become


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
        created_at=now,
    )
    record(actor, "service.created", service, customer=customer_id, product=product_id)
    return service


def activate(service_id: int, *, actor: str, now: datetime, name: str = "") -> Service:
    """The service works from now on. Repeating it changes nothing."""
    return _move(service_id, State.ACTIVE, actor=actor, now=now, name=name)


def terminate(service_id: int, *, actor: str, now: datetime) -> Service:
    """The service is over, or never came to be. Repeating it changes nothing."""
    return _move(service_id, State.TERMINATED, actor=actor, now=now)


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
    if state == State.TERMINATED:
        service.ended_at = now
    service.save()
    record(actor, f"service.{state.value}", service, before=before.value)
    return service
