"""What the real network elements of the tests have in common: a process of their own that dies with the test's, free ports,
and a database of their own on the tests' PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from alta import postgres
from alta.connectors.database import database_beside

HOST = "127.0.0.1"


def needed(*binaries: str) -> list[str]:
    """Where the binaries are. Skips the test where one is not installed."""
    found = {name: shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in binaries}
    for name, path in found.items():
        if path is None:
            pytest.skip(f"{name} is not installed")
    return [path for path in found.values() if path]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def own_database(name: str, *scripts: Path) -> str:
    """A new database with what the scripts make; runs that were killed have theirs dropped with the others."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    address = database_beside(f"test_alta_{os.environ['ALTA_TEST_RUN']}_{name}{worker}")
    with psycopg.connect(address, autocommit=True) as db:
        db.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        for script in scripts:
            db.execute(script.read_bytes())
    return address


def drop_database(address: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(address)["dbname"]
    settings = postgres.database_settings()
    server = make_conninfo(address, dbname=settings["NAME"] if not postgres.is_embedded() else "postgres")
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def running(
    command: Sequence[str],
    folder: Path,
    answers: Callable[[], bool],
    environment: dict[str, str] | None = None,
    seconds: float = 15.0,
) -> Iterator[Path]:
    """The process, once it answers; gives the file with what it wrote. It is killed with its whole group."""
    setpriv = shutil.which("setpriv")
    dies_with_us = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
    written = folder / f"{Path(command[0]).name}.out"
    with written.open("w") as log:
        process = subprocess.Popen(
            [*dies_with_us, *command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        limit = time.monotonic() + seconds
        while not answers():
            if time.monotonic() > limit or process.poll() is not None:
                raise RuntimeError(f"{command[0]} did not start:\n{written.read_text()[-4000:]}")
            time.sleep(0.02)
        yield written
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
