"""The database of the benchmarks: a durable PostgreSQL of its own, as in production, in var/bench."""

from __future__ import annotations

import os
from pathlib import Path

HOME = Path(__file__).parent.parent / "var" / "bench"
NAME = "alta_bench"


def open_database() -> str:
    """Starts the server with an empty, migrated database; points Django at it; returns its URL."""
    os.environ["ALTA_HOME"] = str(HOME)
    os.environ.pop("DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "alta.settings"
    os.environ["ALTA_CONNECTORS"] = "tests.lab"
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HOME.parent.parent), os.environ.get("PYTHONPATH", "")])
    import psycopg

    from alta import postgres

    postgres.join()
    folder = postgres.socket_dir(postgres.data_dir())
    with psycopg.connect(host=str(folder), user="alta", dbname="postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {NAME}")
    url = f"postgresql://alta@/{NAME}?host={folder}"
    os.environ["DATABASE_URL"] = url
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return url


def close_database() -> None:
    from django.db import connections

    from alta import postgres

    connections.close_all()
    os.environ.pop("DATABASE_URL", None)
    postgres.leave()


def server_log() -> Path:
    return HOME / "postgres.log"
