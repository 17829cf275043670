"""Threads that look after a server process: its database comes back, and it ends with whoever started it."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from alta import postgres

logger = logging.getLogger(__name__)
DATABASE_SECONDS = 2.0
PARENT_SECONDS = 0.5
REAP_SECONDS = 0.2
LAST_SECONDS = 8.0  # to stop in order after the parent has gone


class DatabaseWatch:
    """Starts the embedded server again when it has gone. A database of your own is left to you."""

    def __init__(self, seconds: float = DATABASE_SECONDS) -> None:
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="database-watch")

    def __enter__(self) -> DatabaseWatch:
        if postgres.is_embedded():
            self._thread.start()
            reap_database()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                postgres.ensure_running()
            except Exception as error:  # a full disk may be emptied: try for ever
                logger.error("%s", error)


def reap_database() -> None:
    """Takes leave of the embedded server when it is killed, where this process is its parent.

    Until then the dead server keeps its process id, and PostgreSQL, taking it for alive, starts no other."""
    if postgres.is_embedded():
        threading.Thread(target=_reap, daemon=True, name="database-reaper").start()


def _reap() -> None:
    while True:
        time.sleep(REAP_SECONDS)
        with suppress(OSError, ValueError):  # no server, or another's child
            os.waitpid(
                int((postgres.data_dir() / "postmaster.pid").read_text().split("\n", 1)[0]), os.WNOHANG
            )


def end_with_parent() -> None:
    """Stops this process, as SIGTERM does, when the parent named by ALTA_PARENT_PID dies, even by kill -9."""
    parent = os.environ.get("ALTA_PARENT_PID", "")
    if parent.isdecimal():
        threading.Thread(
            target=_watch_parent, args=[int(parent), os.getppid], daemon=True, name="parent-watch"
        ).start()


def _watch_parent(parent: int, current: Callable[[], int]) -> None:
    while current() == parent:
        time.sleep(PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LAST_SECONDS)
    os._exit(1)
