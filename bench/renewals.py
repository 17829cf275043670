"""Services that are all due at the same moment, renewed by two workers against a bank that keeps books of its own.

The bank is Stripe's double: what it took is the evidence that nobody was charged twice. It answers at once, so the figures
are Alta's, with a call over a socket for each renewal; how many a second a real bank allows is another matter."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

from bench.jobs import Worker

WORKERS = 2
PRICE = 900
SECONDS_EACH = 0.05  # slower than this is taken for stuck


def renew_all(size: int) -> dict[str, Any]:
    """Renews `size` services, and checks that each was charged once, by our books and by the bank's."""
    from alta.connectors.payments.double import StripeDouble
    from alta.playbooks.services import publish_library
    from alta.renewals.models import Renewal

    due = fill(size)
    with StripeDouble() as bank, ExitStack() as workers:
        os.environ.update(bank.environment())
        publish_library("bench", due)
        began = time.monotonic()
        processes = [workers.enter_context(Worker()).process for _ in range(WORKERS)]
        first = max(_resident(one.pid, "VmRSS") for one in processes)
        while Renewal.objects.filter(state="paid").count() < size:
            if time.monotonic() - began > 60 + size * SECONDS_EACH:
                raise TimeoutError("the renewals did not end")
            time.sleep(1)
        _wait_for_jobs()
        seconds = time.monotonic() - began
        busy = sum(_processor_seconds(one.pid) for one in processes)
        memory = {
            "start": first,
            "end": max(_resident(one.pid, "VmRSS") for one in processes),
            "peak": max(_resident(one.pid, "VmHWM") for one in processes),
        }
        check(size, due, [one for one in bank.intents.values() if one["status"] == "succeeded"])
    return {
        "renewals": size,
        "renewals_s": seconds,
        "renewals_per_second": size / seconds,
        "renewal_worker_cpu_ms": busy / size * 1000,
        **{f"renewal_worker_{when}_mb": value for when, value in memory.items()},
    }


def fill(size: int) -> datetime:
    """Customers with a card, each with one service whose term ended an hour ago. Gives that moment."""
    from uuid import uuid4

    from django.db import connection
    from django.utils import timezone

    from alta.catalog.models import Product
    from alta.customers.models import Customer, PaymentMethod
    from alta.services.models import Service

    due = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    product = Product.objects.create(
        slug="bench-line", name_es="Línea", name_en="Line", kind="plan", service_type="voip",
        customer_kinds=["individual"],
    )  # fmt: skip
    customer = Customer.objects.create(kind="individual", name="Due")
    card = PaymentMethod.objects.create(customer=customer, provider="stripe", token="pm_due", is_default=True)
    service = Service.objects.create(
        uuid=uuid4(), customer=customer, product=product, service_type="voip", name="Line", state="active",
        auto_renew=True, recurring_price=PRICE, currency="GBP", created_at=due, term_ends_at=due,
        activated_at=due - timedelta(days=28),
    )  # fmt: skip
    another = f"{customer.pk} + n"
    _copy(customer, size - 1, id=another)
    _copy(card, size - 1, customer_id=another, token="'pm_due_' || n")
    _copy(service, size - 1, customer_id=another, uuid="gen_random_uuid()")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE customers_customer, customers_paymentmethod, services_service")
    return due


def _copy(row: Any, times: int, **columns: str) -> None:
    """Copies a row in one statement. `columns` are expressions of what differs, in which `n` counts from 1."""
    from django.db import connection

    table = row._meta.db_table
    changes = {"id": f"nextval(pg_get_serial_sequence('{table}', 'id'))"} | columns
    pairs = ", ".join(f"'{name}', {expression}" for name, expression in changes.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} SELECT copy.* FROM generate_series(1, %s) n, {table} one, "
            f"LATERAL jsonb_populate_record(one, jsonb_build_object({pairs})) copy WHERE one.id = %s",
            [times, row.pk],
        )


def check(size: int, due: datetime, taken: list[dict[str, Any]]) -> None:
    """One charge for each service and period, paid once at the bank, and books that balance."""
    from django.db.models import Count, Sum

    from alta.billing.models import Charge, Payment, Posting
    from alta.runner.models import Job
    from alta.services.models import Service

    references = Counter(one["metadata"]["reference"] for one in taken)
    period = f"{due:%Y%m%dT%H%M%S}"
    expected = {f"{uuid}.{period}" for uuid in Service.objects.values_list("uuid", flat=True)}
    assert (set(references), set(references.values())) == (expected, {1})
    assert sum(one["amount"] for one in taken) == size * PRICE
    charged = Charge.objects.filter(kind="recurring", amount=PRICE, period_start=due)
    assert charged.count() == Charge.objects.count() == size
    assert charged.aggregate(services=Count("service_uuid", distinct=True)) == {"services": size}
    assert Payment.objects.filter(state="captured", amount=PRICE).count() == Payment.objects.count() == size
    per_account = Posting.objects.values("account__kind").annotate(total=Sum("amount"))
    assert {row["account__kind"]: row["total"] for row in per_account} == {
        "receivable": 0,
        "revenue": -size * PRICE,
        "clearing": size * PRICE,
    }
    [(end, extended)] = Service.objects.values_list("term_ends_at").annotate(number=Count("pk"))
    assert extended == size and timedelta(days=27) < end - due < timedelta(days=32)
    assert Job.objects.filter(playbook__name="renew-service").count() == size


def _wait_for_jobs() -> None:
    from alta.runner.models import Job

    while Job.objects.filter(playbook__name="renew-service").exclude(state="done").exists():
        time.sleep(0.2)


def _resident(pid: int, which: str) -> float:
    """Megabytes of memory that a process has in use (`VmRSS`), or had at most (`VmHWM`)."""
    with open(f"/proc/{pid}/status") as file:
        [line] = [line for line in file if line.startswith(which)]
    return int(line.split()[1]) / 1024


def _processor_seconds(pid: int) -> float:
    """What a process has used of the processors since it began."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
