from __future__ import annotations

from collections.abc import Iterator

import pytest

from alta.connectors.dhcp.connector import Dhcp
from alta.connectors.dhcp.double import KeaDouble
from alta.connectors.dhcp.models import DhcpSettings
from tests.network.kea import Kea, kea

REAL = pytest.param("real", marks=[pytest.mark.network, pytest.mark.xdist_group("dhcp")])


@pytest.fixture(scope="session")
def real(database_server: None) -> Iterator[Kea]:
    with kea() as server:
        yield server


@pytest.fixture
def double() -> Iterator[KeaDouble]:
    with KeaDouble() as server:
        yield server


def connector(environment: dict[str, str], **more: object) -> Dhcp:
    names = {name.removeprefix("ALTA_DHCP_").lower(): value for name, value in environment.items()}
    return Dhcp(DhcpSettings.model_validate({**names, **more}))


@pytest.fixture(params=["double", REAL])
def dhcp(request: pytest.FixtureRequest) -> Dhcp:
    """The connector before the double, by host commands, and before the real thing, by its database: what holds for one
    holds for the other."""
    system: KeaDouble | Kea = request.getfixturevalue(request.param)
    return connector(system.environment())
