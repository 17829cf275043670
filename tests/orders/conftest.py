from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from alta.connectors import registry
from alta.connectors.hlr.double import HlrDouble
from alta.connectors.ocs.double import OcsDouble
from alta.connectors.payments.double import StripeDouble
from alta.demo.mail import MailSink
from tests.house_of_data import load_demo

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def now(db: None) -> datetime:
    load_demo(NOW)
    return NOW


@dataclass
class Outside:
    bank: StripeDouble
    hlr: HlrDouble
    ocs: OcsDouble
    mail: MailSink


@pytest.fixture
def outside(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outside]:
    load_demo(NOW)
    with ExitStack() as stack:
        mail = stack.enter_context(MailSink(tmp_path_factory.mktemp("mail")))
        doubles = (stack.enter_context(double()) for double in (StripeDouble, HlrDouble, OcsDouble))
        found = Outside(*doubles, mail)
        for double in (found.bank, found.hlr, found.ocs, mail):
            for name, value in double.environment().items():
                monkeypatch.setenv(name, value)
        registry._instances.clear()
        yield found
        registry._instances.clear()
