from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from alta.connectors.contract import Call
from alta.connectors.iptv.connector import Iptv, IptvSettings
from alta.connectors.iptv.double import IptvDouble

PASSWORD = "middleware-secret"


@pytest.fixture
def double() -> Iterator[IptvDouble]:
    with IptvDouble(auth=("crm", PASSWORD)) as double:
        yield double


def settings(double: IptvDouble, **more: Any) -> IptvSettings:
    found = {name.removeprefix("ALTA_IPTV_").lower(): value for name, value in double.environment().items()}
    return IptvSettings.model_validate(found | more)


@pytest_asyncio.fixture
async def iptv(double: IptvDouble) -> AsyncIterator[Iptv]:
    connector = Iptv(settings(double))
    yield connector
    await connector.close()


@pytest.fixture
def call() -> Call:
    return Call(key="job-1.task", timeout=5)
