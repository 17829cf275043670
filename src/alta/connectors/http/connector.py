"""Requests to any system with a REST interface that has no connector of its own."""

from __future__ import annotations

import asyncio
import json as jsonlib
import re
import ssl
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

import httpx
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from alta.connectors.contract import (
    OVERLOADED,
    Call,
    Connector,
    ConnectorSettings,
    Health,
    Output,
    Params,
    Permanent,
    Transient,
    action,
)
from alta.connectors.http import address
from alta.refusal import RefusalKind

FAILED = RefusalKind("http.failed", _("{system} failed with status {status}; trying again later"), 502)
TOO_LARGE = RefusalKind("http.too_large", _("{system} answered with more than {kib} KiB"), 502)

MAX_ANSWER = 256 * 1024  # bytes

Scalar = str | int | float | bool


class HttpSettings(ConnectorSettings):
    """`token` goes out as `Authorization: Bearer …`."""

    base_url: Annotated[str, AfterValidator(address.base)]
    token: SecretStr | None = None


class Get(Params):
    """`path` is below the base address. Without `expect_status` any 2xx is expected."""

    path: Annotated[str, AfterValidator(address.path)]
    query: dict[str, Scalar | list[Scalar]] = {}
    headers: Annotated[dict[str, str], AfterValidator(address.headers)] = {}
    expect_status: list[int] = []


class Request(Get):
    # `json` is the name in playbooks; as an attribute it would hide one of pydantic's.
    model_config = ConfigDict(serialize_by_alias=True)

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    body: Any = Field(default=None, alias="json")


class Answer(Output):
    """`json` where the answer is JSON, otherwise `text`."""

    model_config = ConfigDict(serialize_by_alias=True)

    status: int
    body: Any = Field(default=None, alias="json")
    text: str | None = None


def masked(value: Any) -> Any:
    """JSON as it may be logged: what is named like a secret is stars."""
    if isinstance(value, Mapping):
        secret = re.compile(r"pass|secret|token|credential|api_?key|^(pin|puk|ki?|opc)$", re.IGNORECASE)
        return {name: "•••" if secret.search(str(name)) else masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    return value


class Http(Connector):
    name = "http"
    title = "HTTP"
    Settings = HttpSettings
    settings: HttpSettings
    _client: httpx.AsyncClient | None = None

    @action()
    async def request(self, params: Request, call: Call) -> Answer:
        """Makes a request to a path below the base address.

        The answer may have 256 KiB; redirects are not followed. A status that isn't expected is refused for
        good; 429, 5xx, lost connections and time-outs are tried again. Everything but GET carries the task's
        key as `Idempotency-Key`; where the other system doesn't know that header, use PUT, or look first with
        `http.get`.
        """
        return await self._exchange(params.method, params, params.body, call)

    @action(read_only=True)
    async def get(self, params: Get, call: Call) -> Answer:
        """Reads from a path below the base address. Answers and errors are those of `http.request`."""
        return await self._exchange("GET", params, None, call)

    async def health(self) -> Health:
        """Asks for the base address. Any answer will do but a server's error or a token not taken."""
        begin = time.perf_counter()
        try:
            async with asyncio.timeout(4), self._open().stream("GET", self.settings.base_url) as response:
                status = response.status_code
        except (httpx.TransportError, TimeoutError) as error:
            return Health(False, f"{type(error).__name__} {error}".strip())
        ok = status < 500 and status != HTTPStatus.UNAUTHORIZED
        return Health(ok, f"status {status}", (time.perf_counter() - begin) * 1000)

    async def close(self) -> None:
        if self._client:
            await self._client.aclose()
        self._client = None

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            token = self.settings.token
            self._client = httpx.AsyncClient(
                headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Alta"}
                | ({"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}),
                verify=ssl.create_default_context(),  # the system's authorities, or those of SSL_CERT_FILE
                trust_env=False,
                follow_redirects=False,
            )
        return self._client

    async def _exchange(self, method: str, params: Get, body: Any, call: Call) -> Answer:
        url = self.settings.base_url + params.path
        call.sent({"method": method, "url": url, "query": masked(params.query), "json": masked(body)})
        try:
            async with asyncio.timeout(call.timeout):
                response, content = await self._send(
                    self._open().build_request(
                        method,
                        url,
                        params=params.query or None,
                        json=body,
                        headers=params.headers | ({} if method == "GET" else {"Idempotency-Key": call.key}),
                        timeout=call.timeout,
                    )
                )
        except (httpx.TimeoutException, TimeoutError) as error:
            raise self.timed_out(url) from error
        except httpx.TransportError as error:
            raise self.unreachable(f"{url}: {error}") from error
        answer = self._read(response, content)
        call.received({"status": answer.status, "json": masked(answer.body), "text": answer.text})
        self._check(answer.status, params.expect_status, url)
        return answer

    async def _send(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        """Reads no more than an answer may have. Not compressed: a small one could unpack to anything."""
        response = await self._open().send(request, stream=True)
        try:
            content = bytearray()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > MAX_ANSWER:
                    raise Permanent(TOO_LARGE, system=self.title, kib=MAX_ANSWER // 1024)
            return response, bytes(content)
        finally:
            await response.aclose()

    def _read(self, response: httpx.Response, content: bytes) -> Answer:
        status = response.status_code
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise self.bad_answer(f"status {status}, compressed although it was asked for as it is")
        if re.match(r"application/([\w.-]+\+)?json\b", response.headers.get("Content-Type", "")) and content:
            try:
                return Answer(status=status, json=jsonlib.loads(content))
            except ValueError as error:
                if response.is_success:
                    raise self.bad_answer(f"status {status}, broken JSON: {error}") from error
        return Answer(status=status, text=content.decode(response.charset_encoding or "utf-8", "replace"))

    def _check(self, status: int, expected: list[int], url: str) -> None:
        if status in expected or (not expected and 200 <= status < 300):
            return
        detail = f"{url}: status {status}"
        if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            raise Transient(OVERLOADED, detail=detail, system=self.title)
        if status >= 500:
            raise Transient(FAILED, detail=detail, system=self.title, status=status)
        raise self.rejected(str(status), detail=detail)
