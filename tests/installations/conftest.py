from __future__ import annotations

from datetime import UTC, date, datetime, time
from uuid import uuid4

import pytest

from alta.accounts.models import User
from alta.catalog.models import Product
from alta.customers.belongings import save_site
from alta.installations.models import Slot
from alta.services.models import Service
from alta.services.services import create_service
from tests.house_of_data import load_demo

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday
MONDAY = date(2026, 11, 23)


@pytest.fixture
def now(db: None) -> datetime:
    """The demo's data, without its calendar."""
    load_demo(NOW)
    Slot.objects.all().delete()
    return NOW


def slot(weekday: int = 0, start: int = 9, end: int = 12, capacity: int = 2, **more: object) -> Slot:
    return Slot.objects.create(weekday=weekday, start=time(start), end=time(end), capacity=capacity, **more)


def service(now: datetime, customer: int = 123) -> Service:
    """A service of fibre in preparation, with an installation site."""
    site = save_site(
        customer,
        name=f"Casa {uuid4().hex[:6]}",
        line1="1 High St",
        city="London",
        postal_code="EC1A 1BB",
        actor="a",
    )
    product = Product.objects.get(slug="fibre-100")
    return create_service(
        uuid=uuid4(),
        customer_id=customer,
        product_id=product.pk,
        service_type="internet",
        name="Fibra",
        auto_renew=False,
        setup_price=0,
        recurring_price=0,
        currency="GBP",
        site_id=site.pk,
        actor="a",
        now=now,
    )


def technician() -> User:
    return User.objects.get(username="tecnico")
