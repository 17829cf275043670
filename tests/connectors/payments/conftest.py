"""Stripe under test: the double, and localstripe, a server of its own in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from alta.connectors.contract import Call
from alta.connectors.payments.connector import Payments, PaymentsSettings
from alta.connectors.payments.double import StripeDouble

CARDS = {"good": "4242424242424242", "declined": "4000000000000341"}


@dataclass
class Server:
    """A Stripe. `card` gives the token of a new card: `good` or `declined`."""

    url: str
    card: Callable[[str], str]


@pytest.fixture(scope="session")
def localstripe() -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    http = httpx.Client(base_url=url, auth=("sk_test_12345", ""), trust_env=False)

    def card(kind: str) -> str:
        card = {"number": CARDS[kind], "exp_month": "12", "exp_year": "2040", "cvc": "123"}
        form = {"type": "card"} | {f"card[{name}]": value for name, value in card.items()}
        return str(http.post("/v1/payment_methods", data=form).json()["id"])

    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                http.get("/v1/balance")
                break
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield Server(url, card)
    finally:
        http.close()
        process.terminate()
        process.wait(10)


@pytest.fixture
def double() -> Iterator[StripeDouble]:
    with StripeDouble() as double:
        yield double


@pytest.fixture(params=["double", "localstripe"])
def server(request: pytest.FixtureRequest) -> Server:
    if request.param == "localstripe":
        found: Server = request.getfixturevalue("localstripe")
        return found
    double: StripeDouble = request.getfixturevalue("double")
    return Server(double.url, lambda kind: f"pm_{kind}_{uuid.uuid4().hex[:8]}")


async def _payments(url: str, key: str) -> AsyncIterator[Payments]:
    connector = Payments(PaymentsSettings.model_validate({"stripe_key": key, "stripe_url": url}))
    yield connector
    await connector.close()


@pytest_asyncio.fixture
async def payments(server: Server) -> AsyncIterator[Payments]:
    """The connector, on each Stripe in turn."""
    async for connector in _payments(server.url, StripeDouble.key):
        yield connector


@pytest_asyncio.fixture
async def lone(double: StripeDouble) -> AsyncIterator[Payments]:
    """The connector on the double, for what only a double can be told to do."""
    async for connector in _payments(double.url, double.key):
        yield connector


@pytest.fixture
def call() -> Call:
    return Call(key=uuid.uuid4().hex[:12], timeout=5, language="en")
