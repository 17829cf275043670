"""The worker process: `alta worker`. Survives the database going away, and stops in order on SIGTERM or
Ctrl+C."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket

from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector

from alta import postgres
from alta.runner.engine import Engine
from alta.runner.queue import QUEUE

logger = logging.getLogger(__name__)
FETCHERS = 50  # queue entries being handed over at the same time
RESTART_SECONDS = 0.5
POOL_SECONDS = 5.0  # how long the queue waits for a connection before it starts anew


async def work(most_jobs: int, stop: asyncio.Event) -> None:
    """Runs jobs until `stop` is set."""
    name = f"{socket.gethostname()}-{os.getpid()}"
    engine = Engine(name, most_jobs, revive=_revive_database)
    await _patiently(engine.start, stop)
    watch = asyncio.create_task(engine.watch())
    try:
        while not stop.is_set():
            await _fetch_until_trouble(engine, stop)
    finally:
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        await engine.stop()


async def _fetch_until_trouble(engine: Engine, stop: asyncio.Event) -> None:
    stopped = asyncio.ensure_future(stop.wait())
    try:
        connector = PsycopgConnector(kwargs=connector_params(), timeout=POOL_SECONDS)
        with app.replace_connector(connector):
            async with app.open_async():
                fetching = asyncio.ensure_future(
                    app.run_worker_async(
                        queues=[QUEUE],
                        name=engine.name,
                        concurrency=FETCHERS,
                        fetch_job_polling_interval=2,
                        delete_jobs="always",
                        additional_context={"engine": engine},
                        install_signal_handlers=False,
                        update_heartbeat_interval=5,
                        stalled_worker_timeout=15,
                        shutdown_graceful_timeout=2,
                    )
                )
                await asyncio.wait({fetching, stopped}, return_when=asyncio.FIRST_COMPLETED)
                if not fetching.done():
                    fetching.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await fetching
                else:
                    fetching.result()
    except Exception as error:
        logger.warning("the queue can't be reached: %s", str(error).strip().split("\n", 1)[0])
        await asyncio.to_thread(_revive_database)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), RESTART_SECONDS)
    finally:
        stopped.cancel()


async def _patiently(start, stop: asyncio.Event) -> None:  # type: ignore[no-untyped-def]
    while not stop.is_set():
        try:
            await start()
            return
        except Exception as error:
            logger.warning("the database can't be reached: %s", str(error).strip().split("\n", 1)[0])
            await asyncio.to_thread(_revive_database)
            await asyncio.sleep(RESTART_SECONDS)


def _revive_database() -> None:
    try:
        postgres.ensure_running()
    except Exception as error:
        logger.error("%s", error)


def run(most_jobs: int = 400) -> None:
    """Runs a worker until SIGTERM or Ctrl+C."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await work(most_jobs, stop)

    asyncio.run(main())
