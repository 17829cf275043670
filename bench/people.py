"""Finding one customer among a million, and importing a file of 7,043."""

from __future__ import annotations

import csv
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.customers import fill, search_p99

PEOPLE = 1_000_000
QUERIES = 2_000
ROWS = 7_043
COLUMNS = (
    "customerID",
    "gender",
    "SeniorCitizen",
    "Partner",
    "Dependents",
    "tenure",
    "PhoneService",
    "MultipleLines",
    "InternetService",
    "Contract",
    "PaymentMethod",
    "MonthlyCharges",
    "TotalCharges",
)


def search_and_import() -> dict[str, Any]:
    from django.db import connection

    results: dict[str, Any] = {"import_7043_customers_s": _import()}
    results["customers_fill_s"] = fill(connection, PEOPLE)
    found = search_p99(QUERIES)
    for name in ("median", "p99", "slowest"):
        results[f"customer_search_{name}_ms"] = found[name]
    return results


def _import() -> float:
    from alta.customers.importer import import_customers

    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for number in range(ROWS):
                writer.writerow(_row(number, rng))
        began = time.perf_counter()
        report = import_customers(path)
        seconds = time.perf_counter() - began
    assert (report.created, report.refused_count) == (ROWS, 0), report
    return seconds


def _row(number: int, rng: random.Random) -> list[Any]:
    tenure, monthly = rng.randint(0, 72), rng.randint(1800, 11800) / 100
    return [
        f"{number:04d}-BENCH", rng.choice(["Female", "Male"]), 0, "No", "No", tenure, "Yes", "No",
        rng.choice(["DSL", "Fiber optic", "No"]), rng.choice(["Month-to-month", "One year", "Two year"]),
        rng.choice(["Electronic check", "Mailed check"]), monthly, round(monthly * tenure, 2),
    ]  # fmt: skip
