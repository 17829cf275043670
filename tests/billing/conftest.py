from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import connection

from alta.billing.services import Money
from alta.customers.models import Customer
from alta.customers.services import create_customer

NOW = datetime(2026, 1, 31, 15, 0, tzinfo=UTC)
SERVICE = UUID("11111111-1111-4111-8111-111111111111")


@pytest.fixture
def customer(db: None) -> Customer:
    return create_customer(name="John Smith", actor="test")


def money(amount: int = 1500, key: str = "", **more: object) -> Money:
    key = key or uuid4().hex
    values = {
        "key": key,
        "provider": "stripe",
        "amount": amount,
        "currency": "GBP",
        "ref": f"pi_{key}",
        "service_uuid": SERVICE,
    }
    return Money(**(values | more))  # type: ignore[arg-type]


def check_now() -> None:
    """Has the database check what it otherwise checks at the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
