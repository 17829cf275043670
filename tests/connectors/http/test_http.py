"""Requests to a small server that records what it gets and answers what the test wants."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import ValidationError

from alta.connectors.contract import Call, ConnectorError, Permanent, Transient, actions_of
from alta.connectors.http.connector import MAX_ANSWER, Answer, Get, Http, HttpSettings, Request

Reply = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """`seen` has method, target, headers and body of every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.reply: Reply = answer(200, {"ok": True})
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers, body))
        self.server.reply(self)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def log_message(self, format: str, *args: Any) -> None:
        pass


def answer(status: int, body: Any = None, **headers: str) -> Reply:
    """JSON, or what is given as bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {"Content-Type": "text/plain" if isinstance(body, bytes) else "application/json"}

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in (kind | {"Content-Length": str(len(content))} | named).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return reply


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server
        server.shutdown()


def connector(server: Server, base: str = "", **settings: Any) -> Http:
    return Http(HttpSettings.model_validate({"base_url": server.address + base} | settings))


def request(**values: Any) -> Request:
    return Request.model_validate({"method": "POST", "path": "/orders"} | values)


async def failure(
    server: Server, kind: type[ConnectorError], seconds: float = 5, **values: Any
) -> ConnectorError:
    http = connector(server)
    with pytest.raises(kind) as error:
        await http.request(request(**values), Call(key="job-1.order", timeout=seconds))
    await http.close()
    return error.value


@pytest.mark.asyncio
async def test_a_request_carries_what_was_asked_and_gives_json_back(server: Server) -> None:
    server.reply = answer(201, {"id": 7})
    http = connector(server, "/api/v1/", token="let-me-in")
    asked = request(query={"a": "x y", "b": [1, 2]}, json={"name": "Ñ"}, headers={"X-Tenant": "7"})
    call = Call(key="job-1.order")
    assert await http.request(asked, call) == Answer(status=201, json={"id": 7})
    await http.close()
    ((method, target, headers, body),) = server.seen
    assert (method, target) == ("POST", "/api/v1/orders?a=x+y&b=1&b=2")
    assert json.loads(body) == {"name": "Ñ"}
    wanted = ("authorization", "idempotency-key", "x-tenant", "content-type")
    assert [headers[name] for name in wanted] == ["Bearer let-me-in", "job-1.order", "7", "application/json"]
    assert "let-me-in" not in json.dumps(call.wire)


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_what_changes_something_has_the_same_key_on_every_attempt(server: Server, method: str) -> None:
    http = connector(server)
    for _attempt in range(2):
        await http.request(request(method=method), Call(key="job-1.order"))
    await http.close()
    assert [headers["idempotency-key"] for _, _, headers, _ in server.seen] == ["job-1.order"] * 2


@pytest.mark.asyncio
async def test_reading_has_no_key_and_no_body(server: Server) -> None:
    http = connector(server)
    assert (await http.get(Get(path="/orders/7"), Call(key="a"))).body == {"ok": True}
    await http.request(request(method="GET"), Call(key="a"))
    await http.close()
    assert [method for method, *_ in server.seen] == ["GET", "GET"]
    assert all("idempotency-key" not in headers and not body for _, _, headers, body in server.seen)


@pytest.mark.asyncio
async def test_an_answer_that_is_not_json_is_text(server: Server) -> None:
    http = connector(server)
    server.reply = answer(200, "Tarragó".encode("latin-1"), Content_Type="text/plain; charset=latin-1")
    assert await http.request(request(), Call(key="a")) == Answer(status=200, text="Tarragó")
    server.reply = answer(204, b"")
    assert await http.request(request(), Call(key="a")) == Answer(status=204, text="")
    server.reply = answer(200, b"[1]", Content_Type="application/vnd.order+json; charset=utf-8")
    assert await http.request(request(), Call(key="a")) == Answer(status=200, json=[1])
    await http.close()


def test_an_answer_is_kept_under_the_name_json() -> None:
    assert Answer(status=200, json=[1]).model_dump(mode="json") == {"status": 200, "json": [1], "text": None}
    assert request(json=[1]).model_dump()["json"] == [1]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (429, Transient, "connector.overloaded"),
        (503, Transient, "connector.overloaded"),
        (500, Transient, "http.failed"),
        (504, Transient, "http.failed"),
        (400, Permanent, "connector.rejected"),
        (404, Permanent, "connector.rejected"),
        (409, Permanent, "connector.rejected"),
    ],
)
async def test_a_status_says_whether_to_try_again(
    server: Server, status: int, kind: type[ConnectorError], code: str
) -> None:
    server.reply = answer(status, {"error": "x"})
    error = await failure(server, kind)
    assert error.kind.code == code
    if code == "connector.rejected":
        assert error.params == {"system": "HTTP", "reason": str(status)}


@pytest.mark.asyncio
async def test_a_status_that_is_expected_is_an_answer_and_another_is_not(server: Server) -> None:
    http = connector(server)
    server.reply = answer(404, {"error": "gone"})
    got = await http.request(request(method="DELETE", expect_status=[204, 404]), Call(key="a"))
    assert got == Answer(status=404, json={"error": "gone"})
    await http.close()
    server.reply = answer(200, {})
    assert (await failure(server, Permanent, expect_status=[201])).params["reason"] == "200"


@pytest.mark.asyncio
@pytest.mark.parametrize("where", ["/elsewhere", "http://127.0.0.1:1/steal"])
async def test_a_redirect_is_not_followed(server: Server, where: str) -> None:
    server.reply = answer(302, b"", Location=where)
    assert (await failure(server, Permanent)).params["reason"] == "302"
    assert len(server.seen) == 1


@pytest.mark.asyncio
async def test_the_answer_may_have_256_kib_and_no_more(server: Server) -> None:
    server.reply = answer(200, b"x" * MAX_ANSWER)
    http = connector(server)
    assert len((await http.get(Get(path="/"), Call(key="a"))).text or "") == 262_144
    await http.close()
    server.reply = answer(200, b"x" * (MAX_ANSWER + 1))
    error = await failure(server, Permanent)
    assert (error.kind.code, error.params) == ("http.too_large", {"system": "HTTP", "kib": 256})


@pytest.mark.asyncio
async def test_an_answer_that_would_unpack_is_not_unpacked(server: Server) -> None:
    server.reply = answer(200, gzip.compress(b"x" * 10_000_000), Content_Encoding="gzip")
    assert (await failure(server, Transient)).kind.code == "connector.bad_answer"
    assert server.seen[0][2]["accept-encoding"] == "identity"


@pytest.mark.asyncio
async def test_broken_json_makes_no_sense_but_hides_no_error_status(server: Server) -> None:
    server.reply = answer(200, b"{", Content_Type="application/json")
    assert (await failure(server, Transient)).kind.code == "connector.bad_answer"
    server.reply = answer(400, b"{", Content_Type="application/json")
    assert (await failure(server, Permanent)).params["reason"] == "400"


@pytest.mark.asyncio
async def test_a_server_that_hangs_up_may_be_tried_again(server: Server) -> None:
    server.reply = lambda handler: handler.connection.close()
    assert (await failure(server, Transient)).kind.code == "connector.unreachable"


@pytest.mark.asyncio
async def test_no_server_may_be_tried_again(server: Server) -> None:
    server.shutdown()
    server.server_close()
    assert (await failure(server, Transient)).kind.code == "connector.unreachable"
    assert (await connector(server).health()).ok is False


@pytest.mark.asyncio
async def test_an_answer_in_drops_is_given_up_when_the_time_is_over(server: Server) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    server.reply = drip
    begin = time.monotonic()
    assert (await failure(server, Transient, seconds=0.3)).kind.code == "connector.timed_out"
    assert time.monotonic() - begin < 1.5


@pytest.mark.parametrize(
    "path",
    [
        "",
        "orders",
        "http://evil.example/",
        "//evil.example/",
        "/../admin",
        "/a/../../admin",
        "/a/./b",
        "/%2e%2e/admin",
        "/%252e%252e/admin",
        "/..%2fadmin",
        "/..;/admin",
        "/..%3B/admin",
        "/a\\..\\b",
        "/a%5c..%5cb",
        "/a?b=c",
        "/a#b",
        "/a b",
        "/a%0d%0aX: y",
        "/a\r\nX: y",
        "@evil.example/",
    ],
)
def test_a_path_stays_below_the_base_address(path: str) -> None:
    with pytest.raises(ValidationError):
        request(path=path)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "target"),
    [("/", "/api/"), ("/a%20b/c..d", "/api/a%20b/c..d"), ("/ñ", "/api/%C3%B1"), ("/@x:1", "/api/@x:1")],
)
async def test_an_ordinary_path_goes_out_as_it_is(server: Server, path: str, target: str) -> None:
    http = connector(server, "/api")
    await http.get(Get(path=path), Call(key="a"))
    await http.close()
    assert server.seen[0][1] == target


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer mine"},
        {"host": "evil.example"},
        {"Idempotency-Key": "mine"},
        {"Transfer-Encoding": "chunked"},
        {"Proxy-Authorization": "x"},
        {"X-A": "b\r\nX-C: d"},
        {"X A": "b"},
        {"X-A:": "b"},
    ],
)
def test_headers_that_are_not_for_a_playbook_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        request(headers=headers)


@pytest.mark.parametrize(
    "base", ["ftp://a.example", "a.example", "http://u:p@a.example", "http://a.example/?x=1"]
)
def test_a_base_address_is_plain_http_or_https(base: str) -> None:
    with pytest.raises(ValidationError):
        HttpSettings(base_url=base)


@pytest.mark.asyncio
async def test_what_is_named_like_a_secret_is_masked_in_the_log(server: Server) -> None:
    server.reply = answer(200, {"access_token": "xyzzy", "n": 1})
    http = connector(server)
    call = Call(key="a")
    await http.request(
        request(query={"api_key": "xyzzy"}, json={"user": {"password": "xyzzy"}, "ki": "xyzzy"}), call
    )
    await http.close()
    assert call.wire[0]["sent"]["json"] == {"user": {"password": "•••"}, "ki": "•••"}
    assert "xyzzy" not in json.dumps(call.wire)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "ok"), [(200, True), (404, True), (302, True), (401, False), (500, False)]
)
async def test_its_health_is_good_unless_the_server_fails_or_the_token_does(
    server: Server, status: int, ok: bool
) -> None:
    server.reply = answer(status, {})
    http = connector(server)
    health = await http.health()
    await http.close()
    assert (health.ok, health.detail) == (ok, f"status {status}")


@pytest.mark.asyncio
async def test_a_closed_connector_may_be_used_again(server: Server) -> None:
    http = connector(server)
    for _turn in range(2):
        await http.get(Get(path="/"), Call(key="a"))
        await http.close()
    assert len(server.seen) == 2


def test_the_actions_are_these() -> None:
    assert {action.name: action.read_only for action in actions_of(Http)} == {
        "http.request": False,
        "http.get": True,
    }
