from __future__ import annotations

from collections.abc import Iterator

import pytest

from alta.connectors.radius.connector import Radius
from alta.connectors.radius.double import RadiusDouble
from alta.connectors.radius.models import RadiusSettings
from tests.network.daemons import drop_database, own_database
from tests.network.freeradius import FreeRadius, freeradius

REAL = pytest.param("real", marks=[pytest.mark.network, pytest.mark.xdist_group("radius")])


@pytest.fixture(scope="session")
def real(database_server: None) -> Iterator[FreeRadius]:
    with freeradius() as server:
        yield server


@pytest.fixture(scope="session")
def tables(database_server: None) -> Iterator[str]:
    database = own_database("radius_double")
    yield database
    drop_database(database)


@pytest.fixture
def double(tables: str) -> Iterator[RadiusDouble]:
    with RadiusDouble(tables) as server:
        yield server


def connector(environment: dict[str, str], **more: object) -> Radius:
    names = {name.removeprefix("ALTA_RADIUS_").lower(): value for name, value in environment.items()}
    return Radius(RadiusSettings.model_validate({**names, **more}))


@pytest.fixture(params=["double", REAL])
def radius(request: pytest.FixtureRequest) -> Radius:
    """The connector before the double and before the real thing: what holds for one holds for the other."""
    system: RadiusDouble | FreeRadius = request.getfixturevalue(request.param)
    return connector(system.environment())
