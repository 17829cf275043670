"""From the commit of a task to the moment an agent's browser shows it: real server, real Chromium."""

from __future__ import annotations

import random
import re
import socket
import subprocess
import sys
import time
import urllib.request

import psycopg

from bench.floor import percentile
from bench.jobs import prepare, publish

CHANGES = 150
# Notes when the progress in the page says something new, by the clock that both processes share.
OBSERVE = """
() => {
  window.seen = {};
  const look = () => { const text = document.querySelector(".progress-words").textContent.trim();
    if (!(text in window.seen)) window.seen[text] = performance.timeOrigin + performance.now(); };
  const job = document.querySelector("#job");
  new MutationObserver(look).observe(job, {childList: true, subtree: true, characterData: true});
}
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def commit_to_screen(url: str) -> dict[str, float]:
    """Finishes tasks of watched jobs one by one, at irregular moments, and asks the page when it showed each."""
    from playwright.sync_api import sync_playwright
    from tests.browser.conftest import ARGUMENTS
    from tests.browser.house import chromium

    from alta.accounts.models import User

    User.objects.create_user("bench", password="bench-bench-bench", roles=["agent"])
    publish()
    jobs = prepare("bench-nothing", CHANGES // 5)
    port = _free_port()
    server = subprocess.Popen([sys.executable, "-m", "alta.cli", "serve", "--port", str(port)])
    late: list[float] = []
    rng = random.Random(1)
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz")
        with sync_playwright() as playwright, psycopg.connect(url, autocommit=True) as database:
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            page = browser.new_page(base_url=f"http://127.0.0.1:{port}")
            page.goto("/entrar/")
            page.fill("#id_username", "bench")
            page.fill("#id_password", "bench-bench-bench")
            page.click("main form button.btn-primary")
            for job_id in jobs:
                page.goto(f"/trabajos/{job_id}/")
                page.wait_for_timeout(150)
                page.evaluate(OBSERVE)
                late += _watch(page, database, job_id, rng)
            browser.close()
    finally:
        server.terminate()
        server.wait()
    return {
        "commit_to_screen_p50_ms": percentile(late, 0.5),
        "commit_to_screen_p99_ms": percentile(late, 0.99),
        "commit_to_screen_samples": len(late),
    }


def _watch(
    page: object, database: psycopg.Connection[tuple[object, ...]], job_id: int, rng: random.Random
) -> list[float]:
    tasks = database.execute(
        "SELECT id FROM runner_task WHERE job_id = %s ORDER BY position", [job_id]
    ).fetchall()
    committed = []
    for number, (task_id,) in enumerate(tasks[:5], 1):
        with database.transaction():
            database.execute(
                "UPDATE runner_task SET state = 'done', ended_at = now() WHERE id = %s", [task_id]
            )
            database.execute("UPDATE runner_job SET seq = seq + 1 WHERE id = %s", [job_id])
        committed.append((number, time.time() * 1000))
        time.sleep(rng.uniform(0.12, 0.25))
    seen: dict[str, float] = page.evaluate("window.seen")  # type: ignore[attr-defined]
    shown = {int(found[0]): at for text, at in seen.items() if (found := re.search(r"\d+", text))}
    # Two changes that come close together may be shown as one: then the later one is what the person saw.
    return [min(when for n, when in shown.items() if n >= number) - at for number, at in committed]


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
