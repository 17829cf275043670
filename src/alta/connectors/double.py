"""Base of the doubles: small servers that speak a system's protocol, for the demo and for tests.

A double listens on a real socket, so the connector under test is the one that runs in production. It can be told to be
slow, down or rude while it runs.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, ClassVar


class Double:
    """A server in a thread of its own. Subclasses implement `open` and `shut`, which run on the thread's event loop.

    Used as a context manager or with `start` and `stop`. `down()` closes the listening socket and every connection, as a
    killed system would; `up()` listens again on the same port with the same data. `environment()` gives the ALTA_… variables
    that make the connector use it."""

    name: ClassVar[str]
    delay: float = 0.0  # seconds before every answer

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def open(self) -> None:
        """Listens on (host, port); sets `port` when it was 0."""
        raise NotImplementedError

    async def shut(self) -> None:
        """Stops listening and drops every connection; keeps the data."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        raise NotImplementedError

    def start(self) -> Any:
        started = threading.Event()

        def run() -> None:
            self._loop = asyncio.new_event_loop()
            self._loop.call_soon(started.set)
            self._loop.run_forever()
            self._loop.close()

        self._thread = threading.Thread(target=run, daemon=True, name=f"double-{self.name}")
        self._thread.start()
        started.wait(5)
        self.up()
        return self

    def stop(self) -> None:
        self.down()
        assert self._loop and self._thread
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def up(self) -> None:
        self._run(self.open)

    def down(self) -> None:
        self._run(self.shut)

    def _run(self, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
        assert self._loop
        future: Future[None] = asyncio.run_coroutine_threadsafe(function(), self._loop)
        future.result(10)

    def __enter__(self) -> Any:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()
