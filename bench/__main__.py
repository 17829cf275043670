"""Runs the benchmarks, prints a table and writes var/bench.json.

Each figure with a floor is measured against it in the same run, so it says something on any machine."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from bench import database

RESULTS = Path(__file__).parent.parent / "var" / "bench.json"
# What we promise; `aim` is what we want.
LIMITS = {
    "job_ratio_to_floor": (">=", 0.4),
    "renewal_worker_peak_mb": ("<", 300),
    "commit_to_screen_p99_ms": ("<", 100),
    "slow_tasks_200_jobs_s": ("<", 4),
    "customer_search_p99_ms": ("<", 50),
    "everything_search_p99_ms": ("<", 50),
    "help_ms": ("<", 500),
    "import_7043_customers_s": ("<", 20),
}

PARTS = ("jobs", "renewals", "screen", "customers", "everything", "command")
USUAL_RENEWALS = 10_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="*", help=", ".join(PARTS))
    parser.add_argument(
        "--renewals", type=int, default=USUAL_RENEWALS, help="services due at once; 100000 for the full size"
    )
    arguments = parser.parse_args()
    chosen = set(arguments.only) or set(PARTS)
    began = time.monotonic()
    url = database.open_database()
    results: dict[str, Any] = {}
    try:
        if "jobs" in chosen:
            from bench import jobs

            jobs.publish()
            for part in (
                lambda: jobs.throughput(url),
                lambda: jobs.latency(url),
                jobs.slow_tasks,
                jobs.statements,
            ):
                results |= part()
        if "renewals" in chosen:
            from bench import renewals

            results |= renewals.renew_all(arguments.renewals)
        if "screen" in chosen:
            from bench import screen

            results |= screen.commit_to_screen(url)
        if "customers" in chosen:
            from bench import people

            results |= people.search_and_import()
        if "everything" in chosen:
            from bench import everything

            results |= everything.search_everything()
        if "command" in chosen:
            from bench import command

            results |= command.help_time()
    finally:
        database.close_database()
    results["bench_s"] = time.monotonic() - began
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    return _print(results)


def _print(results: dict[str, Any]) -> int:
    missed = 0
    for name, value in results.items():
        verdict = ""
        if name in LIMITS:
            sign, limit = LIMITS[name]
            good = value >= limit if sign == ">=" else value < limit
            missed += not good
            verdict = f"{'✓' if good else '✗'} {sign} {limit}"
        print(f"{name:<44} {value:>12.3f}  {verdict}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
