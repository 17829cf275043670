"""What the stories need: real network elements, each skipped with a reason where it is missing, a bank and a mail server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from alta.connectors import registry
from alta.connectors.double import Double
from alta.connectors.payments.double import StripeDouble
from alta.demo.mail import MailSink
from tests.conftest import RunJobs
from tests.house_of_data import load_demo
from tests.network.freeradius import FreeRadius, freeradius
from tests.network.kamailio import Kamailio, kamailio
from tests.network.kea import Kea, kea
from tests.network.netconf_server import NetconfServer, netconf_server
from tests.network.shop import NOW, Shop


@dataclass(frozen=True)
class FibreNetwork:
    radius: FreeRadius
    dhcp: Kea
    olt: NetconfServer
    bank: StripeDouble


@pytest.fixture(scope="session")
def elements(database_server: None) -> Iterator[tuple[FreeRadius, Kea, NetconfServer]]:
    with ExitStack() as stack:
        yield (
            stack.enter_context(freeradius()),
            stack.enter_context(kea()),
            stack.enter_context(netconf_server("running")),
        )


@pytest.fixture
def network(
    elements: tuple[FreeRadius, Kea, NetconfServer],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[FibreNetwork]:
    """With a bank and a mail server of the tests' own."""
    with ExitStack() as stack:
        bank = stack.enter_context(StripeDouble())
        mail = stack.enter_context(MailSink(tmp_path_factory.mktemp("mail")))
        for one in (*elements, bank, mail):
            for name, value in one.environment().items():
                monkeypatch.setenv(name, value)
        registry._instances.clear()
        yield FibreNetwork(*elements, bank)
        registry._instances.clear()


@pytest.fixture
def shop(
    transactional_db: None,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    load_demo(NOW)
    with ExitStack() as stack:
        mail: MailSink = stack.enter_context(MailSink(tmp_path_factory.mktemp("mail")))
        bank: Double = stack.enter_context(StripeDouble())
        shop = Shop(run_jobs, mail.folder, monkeypatch)
        shop.use(bank.environment() | mail.environment())
        yield shop
        registry._instances.clear()


@pytest.fixture(scope="session")
def switch(database_server: None) -> Iterator[Kamailio]:
    with kamailio("stories") as found:
        yield found
