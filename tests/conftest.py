"""What all tests share: one PostgreSQL, a database of its own for every process, an engine, and real workers.

The server lives in var/test and serves all test processes that run at the time; the last one stops it.
With DATABASE_URL set, the tests use that server instead."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from alta import postgres
from alta.connectors import registry
from alta.runner.engine import Engine
from alta.runner.models import Job

REPOSITORY = Path(__file__).parent.parent
os.environ["ALTA_HOME"] = str(REPOSITORY / "var" / "test")
os.environ["ALTA_CONNECTORS"] = "tests.lab,tests.lab_effects,tests.lab_limits"
# The first process of a run names its databases; the processes of pytest-xdist inherit the name.
os.environ.setdefault("ALTA_TEST_RUN", str(os.getpid()))
# pytest-django has read the settings before this file could set the environment.
os.environ["ALTA_SECRET_KEY"] = settings.SECRET_KEY
settings.PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # the real one is slow on purpose
settings.DATABASES["default"].update(postgres.database_settings())
settings.DATABASES["default"]["TEST"]["NAME"] = f"test_alta_{os.environ['ALTA_TEST_RUN']}"
registry.connector_classes()

Wait = Callable[[Callable[[], object]], None]


@pytest.fixture(scope="session")
def database_server() -> Iterator[None]:
    """The server that the tests use. Nothing is lost when a test machine loses power, so it need not sync."""
    if postgres.is_embedded():
        postgres.ensure_running(
            postgres.data_dir(),
            {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "max_connections": "300",
            },
        )
        postgres.join()
        _drop_databases_of_killed_runs()
    yield
    postgres.leave()


def _drop_databases_of_killed_runs() -> None:
    host = str(postgres.socket_dir(postgres.data_dir()))
    with psycopg.connect(host=host, user="alta", dbname="postgres", autocommit=True) as server:
        for (name,) in server.execute("SELECT datname FROM pg_database").fetchall():
            run = re.match(r"test_alta_(\d+)", name)
            if run and not Path(f"/proc/{run[1]}").exists():
                server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    database_server: None, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Has the server run before the test database is made."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tests that commit end by emptying every table. The audit log refuses that, except here."""
    with django_db_blocker.unblock():
        make_audit_log_erasable()


APPEND_ONLY = ("audit_entry", "billing_transaction", "billing_posting")


def make_audit_log_erasable() -> None:
    """The ledger too."""
    with connection.cursor() as cursor:
        for table in APPEND_ONLY:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_truncate")


@pytest.fixture(autouse=True)
def _erasable_audit_log(request: pytest.FixtureRequest) -> None:
    """Whatever another test did to the trigger."""
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        request.getfixturevalue("transactional_db")
        make_audit_log_erasable()


@pytest.fixture
def wait_until() -> Wait:
    """Waits until something is true, for ten seconds at most."""

    def wait(true: Callable[[], object], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not true after {seconds:g} s")
            time.sleep(0.02)

    return wait


# --- running jobs ---


@pytest.fixture
def lab_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the lab notes how often it was asked."""
    path = tmp_path / "journal"
    monkeypatch.setenv("ALTA_LAB_JOURNAL", str(path))
    registry._instances.clear()
    yield path
    registry._instances.clear()


RunJobs = Callable[..., None]


@pytest.fixture
def run_jobs(transactional_db: None, lab_journal: Path) -> RunJobs:
    """Runs jobs in this process until each has ended or waits. `watch` looks after them as a worker does."""

    def run(
        *jobs: Job | int,
        now: Callable[[], datetime] = timezone.now,
        watch: bool = False,
        seconds: float = 20.0,
    ) -> None:
        async def advance() -> None:
            engine = Engine("test", now=now)
            await engine.start()
            watching = asyncio.create_task(engine.watch()) if watch else None
            try:
                for job in jobs:
                    await engine.accept(job if isinstance(job, int) else job.pk)
                async with asyncio.timeout(seconds):
                    await engine.drain()
            finally:
                if watching:
                    watching.cancel()
                    with suppress(asyncio.CancelledError):
                        await watching
                await engine.stop()

        asyncio.run(advance())

    return run


WORKER = """
import django
django.setup()
from alta.runner.worker import run
run()
"""


class WorkerProcesses:
    """Real workers on the test database."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.environment = environment
        self.log = log
        self.all: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", WORKER],
                cwd=REPOSITORY,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        self.all.append(process)
        return process

    def stop(self) -> None:
        for process in self.all:
            process.terminate()
        for process in self.all:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def test_database_url() -> str:
    """The test database, for other processes."""
    found = connection.settings_dict
    if not postgres.is_embedded():
        return re.sub(r"/[^/?]*(\?|$)", rf"/{found['NAME']}\1", os.environ["DATABASE_URL"], count=1)
    return f"postgresql://{found['USER']}@/{found['NAME']}?host={found['HOST']}&port={found['PORT']}"


test_database_url.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture
def worker_processes(transactional_db: None, lab_journal: Path, tmp_path: Path) -> Iterator[WorkerProcesses]:
    """Starts workers in processes of their own; all are stopped at the end. A failed test shows their log."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
    workers = WorkerProcesses(
        {"DATABASE_URL": test_database_url(), "DJANGO_SETTINGS_MODULE": "alta.settings"},
        tmp_path / "workers.log",
    )
    yield workers
    workers.stop()
    if workers.log.exists():
        sys.stderr.write(workers.log.read_text()[-8000:])
