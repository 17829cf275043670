from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from ruamel.yaml import YAML

from alta.connectors import registry
from alta.connectors.hlr.double import HlrDouble
from alta.connectors.ocs.double import OcsDouble
from alta.connectors.payments.double import StripeDouble
from alta.playbooks.services import LIBRARY, publish
from tests.house_of_data import load_demo
from tests.stories.town import Town

BEGIN = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
AT_ONCE = {"attempts": 1, "backoff": "0s"}


def hasty(text: str) -> str:
    """The playbook, without the pauses before a task is tried or taken back again."""
    yaml = YAML()
    playbook = yaml.load(text)
    for task in playbook["tasks"]:
        for one in (task, *task.get("rescue", ())):
            if "do" in one:
                one["retry"] = dict(AT_ONCE)
    found = io.StringIO()
    yaml.dump(playbook, found)
    return found.getvalue()


@pytest.fixture
def town(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """The demo with next to no stock, real systems outside, and playbooks that try once and do not sleep before they try
    again. There is no mail server, and no breaker opens."""
    load_demo(BEGIN)
    for path in LIBRARY.glob("*.yaml"):
        publish(hasty(path.read_text()), "test", BEGIN)
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
