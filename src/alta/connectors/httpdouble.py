"""Base of the doubles that speak HTTP with JSON: their server, their trouble, and the file that keeps what they know."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
from collections import deque
from pathlib import Path
from typing import Any

from alta.connectors.double import Double
from alta.connectors.ocs.http import HttpServer, Request, Response


class HttpDouble(Double):
    """Subclasses implement `respond`, and `dump` and `load` where they keep a state.

    Besides `delay`, `down()` and `up()`: `broken` is a status that answers everything; `losing` does the next
    requests and never answers them. `requests` are the last ones as `METHOD target`. With a `state` file what it
    knows outlives the process."""

    scheme = "http"

    def __init__(self, host: str = "127.0.0.1", port: int = 0, state: Path | None = None) -> None:
        super().__init__(host, port)
        self.broken: int | None = None
        self.losing = 0
        self.requests: deque[str] = deque(maxlen=10_000)
        self._file = state
        self._saved = ""
        self._server: HttpServer | None = None
        if state and state.exists():
            self.load(json.loads(state.read_text()))

    @property
    def base_url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def respond(self, request: Request) -> Response:
        raise NotImplementedError

    def dump(self) -> Any:
        """What the state file keeps, as JSON."""
        return None

    def load(self, known: Any) -> None:
        """Takes what `dump` gave."""

    def server(self) -> HttpServer:
        return HttpServer(self._serve, self.host, self.port)

    async def open(self) -> None:
        if self._server is None:
            self._server = self.server()
        await self._server.open()
        self.port = self._server.port

    async def shut(self) -> None:
        if self._server:
            await self._server.close()

    async def _serve(self, request: Request) -> Response:
        self.requests.append(f"{request.method} {request.target}")
        await asyncio.sleep(self.delay)
        if self.broken:
            return Response(b"<html>It does not work!</html>", self.broken, "text/html")
        response = self.respond(request)
        self._save()
        if self.losing:
            self.losing -= 1
            raise ConnectionResetError
        return response

    def _save(self) -> None:
        """Writes the file when something has changed; a crash leaves either the old or the new one."""
        if self._file is None or (text := json.dumps(self.dump())) == self._saved:
            return
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}.new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        fresh.replace(self._file)
        self._saved = text


def json_response(status: int, body: Any, *headers: tuple[str, str]) -> Response:
    return Response(json.dumps(body).encode(), status, "application/json;charset=UTF-8", headers)


def basic(user: str, password: str) -> str:
    """The `Authorization` header that HTTP Basic asks for."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def run(double: Double, what: str) -> None:
    """Runs a double until SIGTERM or SIGINT."""

    async def serve() -> None:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await double.open()
        print(f"{what} on {double.host}:{double.port}", flush=True)
        for name, value in double.environment().items():
            print(f"  export {name}={value}", flush=True)
        await ended.wait()
        await double.shut()

    asyncio.run(serve())
