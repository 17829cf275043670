from __future__ import annotations

from collections.abc import Iterator

import pytest

from alta.connectors.hlr.connector import Hlr, HlrSettings
from alta.connectors.hlr.double import HlrDouble
from tests.network.osmo_hlr import OsmoHlr, osmo_hlr

REAL = pytest.param("real", marks=[pytest.mark.network, pytest.mark.xdist_group("hlr")])


@pytest.fixture
def real() -> Iterator[OsmoHlr]:
    with osmo_hlr() as hlr:
        yield hlr


@pytest.fixture
def double() -> Iterator[HlrDouble]:
    with HlrDouble() as hlr:
        yield hlr


@pytest.fixture(params=["double", REAL])
def hlr(request: pytest.FixtureRequest) -> Hlr:
    """The connector before the double and before the real thing: what holds for one holds for the other."""
    system: HlrDouble | OsmoHlr = request.getfixturevalue(request.param)
    return Hlr(HlrSettings(host=system.host, port=system.port))
