"""A double of the online charging system: the engine in memory behind the same wire protocol as the real one.

Start it by hand with `python -m alta.connectors.ocs.double --port 2080 --control-port 2081 --state ocs.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import signal
import time
from collections import deque
from pathlib import Path
from typing import Any, Literal

from alta.connectors.double import Double
from alta.connectors.ocs.client import PATH
from alta.connectors.ocs.control import control
from alta.connectors.ocs.engine import State, answer
from alta.connectors.ocs.http import HttpServer, Request, Response

Rudeness = Literal["error", "empty", "garbage"]

NOT_HERE = Response(b"404 page not found\n", 404, "text/plain; charset=utf-8")
NOT_AUTHORIZED = Response(
    b"Not authorized\n",
    401,
    "text/plain; charset=utf-8",
    (("WWW-Authenticate", 'Basic realm="Restricted"'),),
)
RUDE: dict[Rudeness, Response] = {
    "error": Response(b"Internal Server Error\n", 500, "text/plain; charset=utf-8"),
    "empty": Response(),
    "garbage": Response(b"<html>It works!</html>", 200, "text/html"),
}
SAVE_EVERY = 0.2  # seconds between a change and its file, at most


class OcsDouble(Double):
    """Speaks CGRateS's JSON-RPC. Besides `delay` (it works first, then lets you wait), `down()` and `up()`:

    `rude` gives a bad answer instead of working, to every `fail_every`-th request; `auth` demands a user
    and a password; `requests` are the last calls as (method, parameters); `peak_per_second()` is the most
    it got within any second. With `state`, a file, accounts and plans survive a restart."""

    name = "ocs"

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        auth: tuple[str, str] | None = None,
        state: Path | None = None,
    ) -> None:
        super().__init__(host, port)
        self.rude: Rudeness | None = None
        self.fail_every = 1
        self.auth = auth
        self.requests: deque[tuple[str, Any]] = deque(maxlen=10_000)
        self.engine = State()
        self._file = state
        self._saved = ""
        self._saver: asyncio.Task[None] | None = None
        self._times: deque[float] = deque(maxlen=100_000)
        self._count = 0
        self._server: HttpServer | None = None
        if state and state.exists():
            self.engine.load(state.read_text())

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}{PATH}"

    @property
    def is_up(self) -> bool:
        return self._server is not None and self._server.listening

    def environment(self) -> dict[str, str]:
        environment = {"ALTA_OCS_URL": self.url}
        if self.auth:
            environment |= {"ALTA_OCS_USERNAME": self.auth[0], "ALTA_OCS_PASSWORD": self.auth[1]}
        return environment

    def peak_per_second(self) -> int:
        """The most requests that came within one second, over the requests it remembers."""
        peak, times = 0, list(self._times)
        first = 0
        for last, moment in enumerate(times):
            while moment - times[first] >= 1:
                first += 1
            peak = max(peak, last - first + 1)
        return peak

    async def open(self) -> None:
        if self._server is None:
            self._server = HttpServer(self._serve, self.host, self.port)
        await self._server.open()
        self.port = self._server.port
        if self._file and self._saver is None:
            self._saver = asyncio.create_task(self._save_now_and_then(self._file))

    async def shut(self) -> None:
        if self._server:
            await self._server.close()
        if self._saver:
            self._saver.cancel()
            self._saver = None
        if self._file:
            self._save(self._file)

    async def _serve(self, request: Request) -> Response:
        if request.target.partition("?")[0] != PATH:
            return NOT_HERE
        self._times.append(time.monotonic())
        response = self._respond(request)
        await asyncio.sleep(self.delay)
        return response

    def _respond(self, request: Request) -> Response:
        if self.auth and request.headers.get("authorization") != _basic(*self.auth):
            return NOT_AUTHORIZED
        self._count += 1
        if self.rude and self._count % self.fail_every == 0:
            return RUDE[self.rude]
        body = request.body if request.method == "POST" else b""
        return Response(answer(self.engine, body, lambda name, params: self.requests.append((name, params))))

    async def _save_now_and_then(self, file: Path) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            self._save(file)

    def _save(self, file: Path) -> None:
        """Writes the file when something has changed; a crash leaves either the old or the new one."""
        text = self.engine.dump()
        if text == self._saved:
            return
        fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
        fresh.write_text(text)
        fresh.replace(file)
        self._saved = text


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def _run(double: OcsDouble, control_port: int | None) -> None:
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    panel = HttpServer(control(double), "127.0.0.1", control_port or 0)
    with double:
        print(f"OCS double on {double.url}", flush=True)
        if control_port is not None:
            await panel.open()
            print(f"its control panel on http://127.0.0.1:{panel.port}/", flush=True)
        await stopped.wait()
        await panel.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="alta.connectors.ocs.double", description="A double of the OCS")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2080)
    parser.add_argument("--control-port", type=int, help="where it can be told to be slow, down or rude")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keeps accounts and plans over a restart")
    options = parser.parse_args()
    asyncio.run(_run(OcsDouble(options.host, options.port, state=options.state), options.control_port))


if __name__ == "__main__":
    main()
