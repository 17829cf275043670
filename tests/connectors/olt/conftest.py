from __future__ import annotations

from collections.abc import Iterator

import pytest

from alta.connectors.olt.connector import Olt
from alta.connectors.olt.double import OltDouble
from alta.connectors.olt.models import OltSettings
from tests.network.netconf_server import NetconfServer, netconf_server


@pytest.fixture(params=["running", "candidate"])
def real(request: pytest.FixtureRequest) -> Iterator[NetconfServer]:
    """Edited in place, and with a candidate."""
    with netconf_server(request.param) as server:
        yield server


@pytest.fixture
def double() -> Iterator[OltDouble]:
    with OltDouble() as server:
        yield server


def connector(environment: dict[str, str], **more: object) -> Olt:
    names = {name.removeprefix("ALTA_OLT_").lower(): value for name, value in environment.items()}
    return Olt(OltSettings.model_validate({**names, **more}))


@pytest.fixture
def olt(double: OltDouble) -> Olt:
    return connector(double.environment())
