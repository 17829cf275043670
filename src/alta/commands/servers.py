"""`alta serve`, `alta worker` and `alta migrate`: what runs an installation."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from argparse import Namespace
from typing import Any

from alta.commands.environment import Mistake, database
from alta.commands.watch import DatabaseWatch, end_with_parent, reap_database

POOL = "20"  # connections of one web process
STREAM_SECONDS = 2  # open streams are cut this long after SIGTERM: they would never end by themselves


def serve(options: Namespace) -> int:
    """Serves the browser and the API until SIGTERM or Ctrl+C."""
    import uvicorn

    from alta.commands.ports import is_taken

    if is_taken(options.host, options.port):
        raise Mistake(f"Port {options.port} is in use; choose another one with --port.")
    os.environ.setdefault("ALTA_DB_POOL", POOL)
    config = uvicorn.Config(
        "alta.asgi:application",
        host=options.host,
        port=options.port,
        http="h11",
        lifespan="off",
        access_log=False,
        log_level="warning",
        proxy_headers=True,
        timeout_graceful_shutdown=STREAM_SECONDS,
    )
    server = uvicorn.Server(config)
    logging.getLogger("uvicorn.error").addFilter(lambda record: not (server.should_exit and _cuts(record)))

    def stop(*_signal: Any) -> None:
        # uvicorn raises the signals it got once more when it has ended; by then there is nothing left to do.
        server.should_exit = True

    with database():
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        end_with_parent()
        with DatabaseWatch():
            server.run()
    return 0


def _cuts(record: logging.LogRecord) -> bool:
    """Whether uvicorn tells that it cuts a stream, which at the end is as it should be."""
    error = record.exc_info[1] if record.exc_info else None
    return isinstance(error, asyncio.CancelledError) or str(record.msg).startswith("Cancel ")


def worker(options: Namespace) -> int:
    """Runs jobs until SIGTERM or Ctrl+C."""
    if options.jobs < 1:
        raise Mistake("--jobs: 1 or more.")
    with database():
        from alta.runner.worker import run

        end_with_parent()
        reap_database()
        run(options.jobs)
    return 0


def migrate(options: Namespace) -> int:
    """Creates or updates the tables."""
    with database():
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=1)
    return 0
