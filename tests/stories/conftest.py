from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from alta.connectors import registry
from alta.connectors.hlr.double import HlrDouble
from alta.connectors.ocs.double import OcsDouble
from alta.connectors.payments.double import StripeDouble
from alta.playbooks.services import LIBRARY, publish
from tests.house_of_data import load_demo
from tests.stories.town import Town

BEGIN = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
PAUSES = re.compile(r"retry: \{[^}]*\}")


@pytest.fixture
def town(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """The demo with next to no stock, real systems outside, and playbooks that try once and do not sleep before they try
    again. There is no mail server, and no breaker opens."""
    load_demo(BEGIN)
    for path in LIBRARY.glob("*.yaml"):
        publish(PAUSES.sub("retry: {attempts: 1, backoff: 0s}", path.read_text()), "test", BEGIN)
    with ExitStack() as stack:
        town = Town(
            BEGIN, *(stack.enter_context(double()) for double in (StripeDouble, HlrDouble, OcsDouble))
        )
        for double in (town.bank, town.hlr, town.ocs):
            for name, value in double.environment().items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv(f"ALTA_{double.name}_BREAKER_FAILURES".upper(), "100000")
        registry._instances.clear()
        yield town
        registry._instances.clear()
