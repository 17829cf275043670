from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from alta.connectors.contract import Call
from alta.connectors.voip.connector import Voip, VoipSettings
from alta.connectors.voip.double import VoipDouble
from tests.network.daemons import drop_database, own_database
from tests.network.kamailio import Kamailio, kamailio

Switch = VoipDouble | Kamailio


@pytest.fixture(scope="package")
def real_switch(database_server: None) -> Iterator[Kamailio]:
    with kamailio("actions") as switch:
        yield switch


@pytest.fixture(scope="package")
def double_switch(database_server: None) -> Iterator[VoipDouble]:
    database = own_database("voip_double")
    with VoipDouble(database) as switch:
        yield switch
    drop_database(database)


@pytest.fixture(params=["double", pytest.param("real", marks=pytest.mark.network)])
def switch(request: pytest.FixtureRequest) -> Switch:
    """The switch, empty: what holds for the double holds for the real one."""
    found: Switch = request.getfixturevalue(f"{request.param}_switch")
    with psycopg.connect(found.database) as connection:
        connection.execute("DELETE FROM subscriber")
        connection.execute("DELETE FROM dbaliases")
    return found


@pytest.fixture
def double(double_switch: VoipDouble) -> Iterator[VoipDouble]:
    """For what only a double can be told to do."""
    yield double_switch
    double_switch.broken, double_switch.delay, double_switch.losing = None, 0, 0


def settings(switch: Switch, **more: Any) -> VoipSettings:
    found = {name.removeprefix("ALTA_VOIP_").lower(): value for name, value in switch.environment().items()}
    return VoipSettings.model_validate(found | more)


@pytest_asyncio.fixture
async def voip(switch: Switch) -> AsyncIterator[Voip]:
    connector = Voip(settings(switch))
    yield connector
    await connector.close()


@pytest_asyncio.fixture
async def lone(double: VoipDouble) -> AsyncIterator[Voip]:
    connector = Voip(settings(double))
    yield connector
    await connector.close()


@pytest.fixture
def call() -> Call:
    return Call(key="job-1.task", timeout=5)
