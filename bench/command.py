"""How long `alta --help` takes, as a person at a prompt waits for it."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time


def help_time() -> dict[str, float]:
    taken = []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "alta.cli", "--help"], check=True, capture_output=True)
        taken.append(time.perf_counter() - began)
    return {"help_ms": statistics.median(taken) * 1000}
