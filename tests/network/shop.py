"""Where the stories sell: the demo's customers and stock, and services that are sold and changed through Alta."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from alta.catalog.models import Product
from alta.connectors import registry
from alta.customers.models import Customer
from alta.orders import services as orders
from alta.orders.rules import Action
from alta.runner.models import Job
from alta.runner.services import undo_job
from alta.services.models import Service
from tests.conftest import RunJobs
from tests.house_of_data import item

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@dataclass
class Shop:
    """Sells to the demo's customers, and lets the jobs run."""

    run_jobs: RunJobs
    mails: Path
    monkeypatch: pytest.MonkeyPatch

    def use(self, environment: Mapping[str, str]) -> None:
        """Makes Alta work with these systems from now on."""
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)
        registry._instances.clear()

    def sell(self, product: str, items: Mapping[str, str], customer: int = 123) -> Job:
        """An order for the product with these items of stock by input, confirmed and run."""
        order = orders.begin(
            actor="agente",
            now=NOW,
            product_id=Product.objects.get(slug=product).pk,
            customer_id=Customer.objects.get(pk=customer).pk,
        )
        for name, identifier in items.items():
            orders.choose_item(order.uuid, name, item(identifier).pk, actor="agente", now=NOW)
        orders.answer_renewal(order.uuid, False)
        return self.run(orders.confirm(order.uuid, actor="agente", now=NOW))

    def change(self, service: Service, action: Action, items: Mapping[str, str] | None = None) -> Job:
        """A change of the service with these items of stock by input, confirmed and run."""
        order = orders.begin_change(service.pk, action, actor="agente", now=NOW)
        for name, identifier in (items or {}).items():
            orders.choose_item(order.uuid, name, item(identifier).pk, actor="agente", now=NOW)
        return self.run(orders.confirm(order.uuid, actor="agente", now=NOW, reason="asked for"))

    def change_plan(self, service: Service, product: str) -> Job:
        order = orders.begin_change(service.pk, Action.MODIFY, actor="agente", now=NOW)
        orders.choose_product(order.uuid, Product.objects.get(slug=product).pk, actor="agente", now=NOW)
        orders.choose_when(order.uuid, False)
        return self.run(orders.confirm(order.uuid, actor="agente", now=NOW))

    def add(self, service: Service, addon: str) -> Job:
        product = Product.objects.get(slug=addon).pk
        order = orders.begin(actor="agente", now=NOW, service_id=service.pk, product_id=product)
        if order.product and order.product.auto_renew == "asked":
            orders.answer_renewal(order.uuid, False)
        return self.run(orders.confirm(order.uuid, actor="agente", now=NOW))

    def undo(self, job: Job) -> Job:
        undo_job(job.pk, actor="agente", now=NOW)
        return self.run(job)

    def run(self, job: Job) -> Job:
        self.run_jobs(job, now=lambda: NOW)
        job.refresh_from_db()
        return job

    def service(self, job: Job) -> Service:
        return Service.objects.get(uuid=job.variables["service"]["uuid"])


def everything_stored() -> Iterator[tuple[str, Any]]:
    """Every row of every table as text, with the table's name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                yield table, row
