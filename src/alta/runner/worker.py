"""The worker process: `alta worker`. Survives the database going away, and stops in order on SIGTERM or
Ctrl+C."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket

from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector

from alta import postgres
from alta.runner.engine import Engine
from alta.runner.queue import BULK_QUEUE, QUEUE

logger = logging.getLogger(__name__)
FETCHERS = {QUEUE: 50, BULK_QUEUE: 4}  # entries of each queue being handed over at the same time
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
        # An app of its own: what this process puts into the queue goes through Django's connection as everywhere else, and
        # so is part of the transaction that it belongs to.
        async with app.with_connector(connector).open_async() as queues:
            fetching = {asyncio.create_task(_fetch(queues, engine, name)) for name in FETCHERS}
            done, _ = await asyncio.wait({stopped, *fetching}, return_when=asyncio.FIRST_COMPLETED)
            for one in fetching:
                one.cancel()
            await asyncio.gather(*fetching, return_exceptions=True)
            for one in fetching & done:
                one.result()
    except Exception as error:
        logger.warning("the queue can't be reached: %s", str(error).strip().split("\n", 1)[0])
        await asyncio.to_thread(_revive_database)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), RESTART_SECONDS)
    finally:
        stopped.cancel()


async def _fetch(queues: App, engine: Engine, queue: str) -> None:
    """Hands the entries of a queue to the engine, for ever."""
    await queues.run_worker_async(
        queues=[queue],
        name=f"{engine.name}.{queue}",
        concurrency=FETCHERS[queue],
        fetch_job_polling_interval=2,
        delete_jobs="always",
        additional_context={"engine": engine},
        install_signal_handlers=False,
        update_heartbeat_interval=5,
        stalled_worker_timeout=15,
        shutdown_graceful_timeout=2,
    )


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
