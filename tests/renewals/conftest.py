from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from alta.catalog.models import Product
from alta.connectors import registry
from alta.connectors.payments.double import StripeDouble
from alta.customers.models import Customer, Email, PaymentMethod
from alta.playbooks.services import publish_library
from alta.renewals.housekeeping import measure, renew
from alta.runner.models import Job
from alta.services.models import Addon, Service
from tests.conftest import RunJobs

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
END = NOW - timedelta(minutes=5)


@pytest.fixture
def bank(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeDouble]:
    """Stripe, and the playbooks of renewals."""
    publish_library("test", NOW)
    with StripeDouble() as double:
        for name, value in double.environment().items():
            monkeypatch.setenv(name, value)
        registry._instances.clear()
        yield double
        registry._instances.clear()


def product() -> Product:
    return Product.objects.get_or_create(
        slug="line",
        defaults={
            "name_es": "Línea",
            "name_en": "Line",
            "kind": "plan",
            "service_type": "voip",
            "customer_kinds": ["individual"],
        },
    )[0]


def services(
    number: int = 1, *, auto_renew: bool = True, price: int = 900, ends: datetime = END
) -> list[Service]:
    """Services in use whose term has just ended, each of a customer with a card."""
    sold = product()
    customers = Customer.objects.bulk_create(
        Customer(kind="individual", name=f"C {n}") for n in range(number)
    )
    PaymentMethod.objects.bulk_create(
        PaymentMethod(customer=one, provider="stripe", token=f"pm_{one.pk}", is_default=True)
        for one in customers
    )
    Email.objects.bulk_create(
        Email(customer=one, address=f"c{one.pk}@example.com", primary=True) for one in customers
    )
    return Service.objects.bulk_create(
        Service(
            uuid=uuid4(),
            customer=one,
            product=sold,
            service_type="voip",
            name=f"Line {one.pk}",
            state="active",
            auto_renew=auto_renew,
            recurring_price=price,
            currency="GBP",
            created_at=NOW,
            activated_at=ends - timedelta(days=28),
            term_ends_at=ends,
        )
        for one in customers
    )


def addon(service: Service, name: str, price: int) -> Addon:
    """Something more that the service has had for a while."""
    return Addon.objects.create(
        key=uuid4(),
        order_id=7,
        service=service,
        product=service.product,
        name=name,
        recurring_price=price,
        added_at=END - timedelta(days=9),
    )


def keep_house(run_jobs: RunJobs, now: datetime) -> None:
    """One minute of a worker at that time, and the jobs that it starts."""
    for work, at in ((renew, now), (measure, now + timedelta(minutes=1))):
        work(at)
        run_jobs(*Job.objects.filter(state="queued").values_list("pk", flat=True), now=clock(at))


def clock(start: datetime) -> Callable[[], datetime]:
    """A clock that begins at `start`."""
    begin = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - begin)


def mails(service: Service) -> list[str]:
    """The templates of the mails that were tried to be sent; there is no mail server here."""
    found = []
    for job in Job.objects.filter(service=service).order_by("pk"):
        for task in job.tasks.filter(key__endswith="mail").exclude(state__in=["skipped", "pending"]):
            found += [attempt.request["template"] for attempt in task.tries.all()[:1]]
    return found
