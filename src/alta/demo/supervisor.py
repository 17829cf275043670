"""`alta demo`: everything at once, kept running until Ctrl+C.

The supervisor holds the embedded database and the simulated networks, and keeps a web server and a worker
running as processes of their own. Whatever is killed comes back; when the supervisor itself is killed, the
others end by themselves."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from alta import postgres
from alta.commands.environment import Mistake, database, disconnect
from alta.commands.ports import is_taken
from alta.commands.watch import DatabaseWatch
from alta.demo.children import Child

HOST = "127.0.0.1"
LOOK_SECONDS = 0.2
START_SECONDS = 60.0
STOP_SECONDS = 5.0
LEAVING_SECONDS = 10.0  # for the processes of a demo that was killed
MOST_DEATHS = 3  # while starting


class Stop(BaseException):
    """SIGTERM or Ctrl+C."""


def demo(options: Namespace) -> int:
    return run(options.port)


def run(port: int) -> int:
    """Runs until SIGTERM or Ctrl+C. Refuses (Mistake) a port in use, and a second demo on the same data."""
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        signal.signal(number, _raise_stop)
    with ExitStack() as stack:
        try:
            _run(port, stack)
        except Stop:
            pass
        finally:  # a second Ctrl+C doesn't disturb the stopping
            for number in signals:
                signal.signal(number, signal.SIG_IGN)
    return 0


def _raise_stop(*_signal: Any) -> None:
    raise Stop


def _run(port: int, stack: ExitStack) -> None:
    folder = postgres.home() / "demo"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the HLR keeps the keys of SIM cards there
    url = f"http://localhost:{port}"
    was_killed = stack.enter_context(_only_one(folder / "lock", url))
    _refuse_port_in_use(port, LEAVING_SECONDS if was_killed else 0)
    print("Preparando Alta… / Preparing Alta…", flush=True)
    stack.enter_context(database())
    _prepare_data()
    stack.enter_context(DatabaseWatch())

    from alta.demo.banner import banner
    from alta.demo.networks import networks

    outside = stack.enter_context(networks(folder))
    environment = {**outside.environment, "ALTA_PARENT_PID": str(os.getpid())}
    alta = [sys.executable, "-m", "alta.cli"]
    web = Child("web", [*alta, "serve", "--host", HOST, "--port", str(port)], folder / "web.log", environment)
    worker = Child("worker", [*alta, "worker"], folder / "worker.log", environment)
    children = [*outside.children, web, worker]
    stack.callback(_stop, children)
    for child in children:
        child.start()
    _wait_for_web(web, children, f"http://{HOST}:{port}/healthz")
    print(banner(url, outside), flush=True)
    while True:
        time.sleep(LOOK_SECONDS)
        _look_after(children)


@contextmanager
def _only_one(path: Path, url: str) -> Iterator[bool]:
    """Holds the lock file, which says where the demo is. Gives whether the one before was killed."""
    with path.open("a+") as lock:
        before = _lock(lock)
        lock.seek(0)
        lock.truncate()
        lock.write(url)
        lock.flush()
        yield bool(before)
        lock.seek(0)
        lock.truncate()


def _lock(lock: IO[str]) -> str:
    lock.seek(0)
    before = lock.read()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Mistake(
            f"The demo with the data in {postgres.home()} is running already: {before}\n"
            "For a second one, set ALTA_HOME to another folder."
        ) from None
    return before


def _refuse_port_in_use(port: int, patience: float) -> None:
    deadline = time.monotonic() + patience
    while is_taken(HOST, port):
        if time.monotonic() >= deadline:
            raise Mistake(
                f"Port {port} is in use. Choose another one: alta demo --port {port + 80}"
                f" (or make demo PORT={port + 80})."
            )
        time.sleep(0.2)


def _prepare_data() -> None:
    from django.core.management import call_command
    from django.utils import timezone

    from alta.demo import data

    call_command("migrate", interactive=False, verbosity=0)
    if not postgres.is_embedded():
        data.refuse_foreign_data()
    data.load(timezone.now())
    disconnect()


def _wait_for_web(web: Child, children: list[Child], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        if web.deaths_in_a_row >= MOST_DEATHS or time.monotonic() > deadline:
            raise Mistake(f"The web server does not start. The end of {web.log}:\n{web.last_words()}")
        time.sleep(0.1)
        _look_after(children)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _look_after(children: list[Child]) -> None:
    for child in children:
        if news := child.look_after():
            print(news, file=sys.stderr, flush=True)


def _stop(children: list[Child]) -> None:
    """Web and worker at once, then the networks that they may still need."""
    for group in (children[-2:], children[:-2]):
        for child in group:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in group:
            child.stop(deadline)
