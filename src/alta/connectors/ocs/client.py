"""The wire protocol of CGRateS: JSON-RPC 1.0 over HTTP.

Every answer has status 200, errors included; `error` is a string or null. A request that the engine can't
parse gets an empty body, so an empty body is an error of the protocol and never a result.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx

from alta.connectors.contract import Call

PATH = "/jsonrpc"
LOGGED_CHARACTERS = 4000


class EngineRefused(Exception):
    """The engine answered with an error; its text is the message."""


class Nonsense(Exception):
    """What came back isn't an answer to the request."""


class BadStatus(Exception):
    """The HTTP status says that the request did not get as far as the engine."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class EngineClient:
    """Asks the engine, over connections that are kept open between requests."""

    def __init__(self, url: str, auth: tuple[str, str] | None = None, connections: int | None = None) -> None:
        address = httpx.URL(url)
        self._url = address if address.path.strip("/") else address.copy_with(path=PATH)
        self._auth = auth
        self._limits = httpx.Limits(max_connections=None, max_keepalive_connections=connections)
        self._http: httpx.AsyncClient | None = None
        self._ids = itertools.count(1)

    async def ask(self, method: str, argument: dict[str, Any], call: Call) -> Any:
        """The engine's result. Raises EngineRefused, Nonsense, BadStatus, or httpx's errors of transport."""
        request = {"method": method, "params": [argument], "id": next(self._ids)}
        call.sent(request)
        if self._http is None:
            # An engine stands in the operator's own network: proxies and netrc of the environment aren't
            # for it.
            self._http = httpx.AsyncClient(auth=self._auth, limits=self._limits, trust_env=False)
        response = await self._http.post(self._url, json=request, timeout=call.timeout)
        call.received({"status": response.status_code, "body": response.text[:LOGGED_CHARACTERS]})
        if response.status_code != httpx.codes.OK:
            raise BadStatus(response.status_code)
        return _result(response.content, request["id"])

    async def close(self) -> None:
        if self._http is not None:
            http, self._http = self._http, None
            await http.aclose()


def _result(body: bytes, request_id: object) -> Any:
    if not body.strip():
        raise Nonsense("empty body")
    try:
        reply = json.loads(body)
    except ValueError as error:
        raise Nonsense(f"not JSON: {error}") from error
    if not isinstance(reply, dict) or not {"id", "result", "error"} <= reply.keys():
        raise Nonsense("not a JSON-RPC reply")
    if reply["id"] != request_id:
        raise Nonsense(f"answer to request {reply['id']!r} instead of {request_id!r}")
    if reply["error"] is not None:
        raise EngineRefused(str(reply["error"]))
    return reply["result"]
