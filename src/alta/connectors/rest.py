"""Asking a system that has a REST interface: one client, and what goes wrong as errors for the runner."""

from __future__ import annotations

import asyncio
import json as jsonlib
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from django.utils.translation import gettext_lazy as _

from alta.connectors.contract import OVERLOADED, Call, Connector, Permanent, Transient
from alta.connectors.http.connector import masked
from alta.refusal import RefusalKind

NOT_ACCEPTED = RefusalKind(
    "connector.not_accepted",
    _("{system} does not accept the user and password of the settings: correct them and run «alta check»"),
    502,
)

MAX_ANSWER = 4 * 1024 * 1024  # bytes
LOGGED_CHARACTERS = 4000


@dataclass(frozen=True)
class Answer:
    """`body` where the answer is JSON, otherwise None; the headers' names are in small letters."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Rest:
    """Speaks with one system for its connector, over connections that are kept open between requests."""

    def __init__(self, connector: Connector, base_url: str, auth: tuple[str, str] | None = None) -> None:
        self._connector = connector
        self.base_url = base_url.rstrip("/")
        self._auth = auth
        self._client: httpx.AsyncClient | None = None

    async def ask(
        self,
        method: str,
        path: str,
        call: Call,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str | list[str]] | None = None,
        json: Any = None,
        accept: Collection[int] = (),
    ) -> Answer:
        """The answer. A status of overload, of a server's failure or of a refused login is an error unless it is in
        `accept`; what any other status means is for the caller to say."""
        url = self.base_url + path
        call.sent({"method": method, "url": url, "query": query, "body": masked(form or json)})
        try:
            async with asyncio.timeout(call.timeout):
                answer = await self._exchange(
                    self._open().build_request(
                        method, url, params=query, data=form, json=json, timeout=call.timeout
                    )
                )
        except (httpx.TimeoutException, TimeoutError) as error:
            raise self._connector.timed_out(f"{method} {url}") from error
        except httpx.TransportError as error:
            raise self._connector.unreachable(f"{method} {url}: {error}") from error
        shown = masked(answer.body)
        if len(text := jsonlib.dumps(shown, ensure_ascii=False)) > LOGGED_CHARACTERS:
            shown = text[:LOGGED_CHARACTERS]
        call.received({"status": answer.status, "body": shown})
        if answer.status not in accept:
            self._check(answer.status, f"{method} {url}: status {answer.status}")
        return answer

    async def close(self) -> None:
        if self._client:
            client, self._client = self._client, None
            await client.aclose()

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                auth=self._auth,
                headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Alta"},
                verify=ssl.create_default_context(),  # the system's authorities, or those of SSL_CERT_FILE
                trust_env=False,
                follow_redirects=False,
            )
        return self._client

    async def _exchange(self, request: httpx.Request) -> Answer:
        """Reads no more than an answer may have, and not compressed: a small one could unpack to anything."""
        response = await self._open().send(request, stream=True)
        try:
            content = bytearray()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > MAX_ANSWER:
                    raise self._connector.rejected(f"> {MAX_ANSWER // 1024} KiB", detail=str(request.url))
        finally:
            await response.aclose()
        try:
            body = jsonlib.loads(content) if content else None
        except ValueError:
            body = None
        return Answer(response.status_code, body, response.headers)

    def _check(self, status: int, detail: str) -> None:
        system = self._connector.title
        if status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
            raise Transient(OVERLOADED, detail=detail, system=system)
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise self._connector.bad_answer(detail)
        if status == httpx.codes.UNAUTHORIZED:
            raise Permanent(NOT_ACCEPTED, detail=detail, system=system)
