"""The engine under test: always the double, and a real CGRateS as well where CGRATES_URL says where it is."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from alta.connectors.contract import Call
from alta.connectors.ocs.connector import Ocs, OcsSettings
from alta.connectors.ocs.double import OcsDouble

REAL = os.environ.get("CGRATES_URL")
ENGINES = ["double", pytest.param("real", marks=pytest.mark.network)] if REAL else ["double"]


@pytest.fixture
def double() -> Iterator[OcsDouble]:
    with OcsDouble() as double:
        yield double


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "real":
        return str(REAL)
    double: OcsDouble = request.getfixturevalue("double")
    return double.url


@pytest_asyncio.fixture
async def ocs(url: str) -> AsyncIterator[Ocs]:
    """The connector, on whichever engine this test runs."""
    connector = Ocs(OcsSettings(url=url))
    yield connector
    await connector.close()


@pytest_asyncio.fixture
async def lone(double: OcsDouble) -> AsyncIterator[Ocs]:
    """The connector on the double, for what only a double can be told to do."""
    connector = Ocs(OcsSettings(url=double.url))
    yield connector
    await connector.close()


@pytest.fixture
def account() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def call() -> Call:
    return Call(key=uuid.uuid4().hex[:12], timeout=5)
