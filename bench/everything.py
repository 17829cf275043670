"""Searching everything: among a million customers, half a million services and three million items."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any

from bench import customers, stock
from bench.floor import percentile
from bench.people import PEOPLE
from bench.stock import ITEMS, KINDS, SERVICES

QUERIES = 1_500
SIMS, NUMBERS, MODEMS, _BOXES = (kind.how_many for kind in KINDS)


def search_everything() -> dict[str, Any]:
    """Adds services and items to a million customers, which it makes where they are missing, and searches."""
    from django.db import connection

    from alta.customers.models import Customer

    results: dict[str, Any] = {}
    if Customer.objects.count() < PEOPLE:
        results["customers_fill_s"] = customers.fill(connection, PEOPLE)
    results["everything_fill_s"] = stock.fill(connection)
    return results | search_p99()


def search_p99() -> dict[str, Any]:
    """Milliseconds of searches as people type them, the whole of all groups: median, 99th percentile, slowest."""
    from alta.search.queries import search
    from alta.search.typed import Group

    rng = random.Random(11)
    typed = [_typed(rng) for _ in range(QUERIES)]
    times: list[tuple[float, str, str]] = []
    nothing = 0
    for kind, text in typed:
        began = time.perf_counter()
        results = search(text, list(Group))
        times.append(((time.perf_counter() - began) * 1000, kind, text))
        assert not results.slow, text
        nothing += not results.total
    times.sort()
    print(f"slowest: {times[-1][1]} «{times[-1][2]}»; nothing found: {nothing} of {QUERIES}")
    of_kind: dict[str, list[float]] = {}
    for milliseconds, kind, _text in times:
        of_kind.setdefault(kind, []).append(milliseconds)
    for kind, values in sorted(of_kind.items()):
        print(f"  {kind:<32} {percentile(values, 0.5):8.2f} {values[-1]:8.2f}")
    milliseconds_each = [one for one, _kind, _text in times]
    return {
        "everything_search_items": ITEMS,
        "everything_search_median_ms": percentile(milliseconds_each, 0.5),
        "everything_search_p99_ms": percentile(milliseconds_each, 0.99),
        "everything_search_slowest_ms": milliseconds_each[-1],
    }


def _typed(rng: random.Random) -> tuple[str, str]:
    """What somebody may type, and of which kind it is."""
    number = str(7_000_000_000 + rng.randint(1, NUMBERS) * 619 % 900_000_000)
    iccid = "8944" + str(rng.randint(1, SIMS) * 7919).zfill(15)
    imsi = "90170" + str(rng.randint(1, SIMS) * 104729).zfill(10)
    mac = f"02:00:5e:{rng.randint(1, MODEMS):06x}"
    begin = rng.randint(0, 5)
    choices: Sequence[tuple[str, str]] = (
        ("number", f"+44 {number[:4]} {number[4:]}"),
        ("number as dialled at home", f"0{number}"),
        ("beginning of a number", f"+44 {number[: rng.randint(2, 8)]}"),
        ("end of a number", number[-rng.randint(4, 7) :]),
        ("part of a number", number[begin : begin + rng.randint(4, 5)]),
        ("ICCID", iccid),
        ("beginning of an ICCID", iccid[: rng.randint(3, 15)]),
        ("end of an ICCID", iccid[-rng.randint(4, 8) :]),
        ("end of an IMSI", imsi[-rng.randint(4, 8) :]),
        ("MAC", f"{mac[:11]}:{mac[11:13]}:{mac[13:]}"),
        ("end of a MAC", f"{mac[11:13]}:{mac[13:]}"),
        ("beginning of a serial", "CPE-" + f"{rng.randrange(16**4):04x}"),
        ("SIM", f"SIM-{rng.randint(1, SIMS):08}"),
        ("beginning of a SIM", f"sim-{rng.randint(1, SIMS):08}"[: rng.randint(3, 10)]),
        ("id", str(rng.randint(1, SERVICES))),
        ("id with its word", f"pedido {rng.randint(1, SERVICES)}"),
        ("id with its sign", f"#{rng.randint(1, SERVICES)}"),
        ("name", rng.choice(("maria", "juan per", "smith jo", "garcia lopez", "ana", "jo", "consultores"))),
        ("words of a service", rng.choice(("movil", f"movil {number[:4]}", f"{number[4:]} movil"))),
        ("words of a product", f"plan {rng.randint(1, 200)}gb"),
        ("nothing", rng.choice(("zzqx", "movil zq", "998877665544332211", "garcia zq", "zq zq zq"))),
        ("e-mail", f"maria.garcia{rng.randint(1, 9)}"),
    )
    return rng.choice(choices)
