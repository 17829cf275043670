"""The network of an internet service: real FreeRADIUS, Kea and netconfd, each skipped with a reason where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from alta.connectors import registry
from alta.connectors.payments.double import StripeDouble
from alta.demo.mail import MailSink
from tests.network.freeradius import FreeRadius, freeradius
from tests.network.kea import Kea, kea
from tests.network.netconf_server import NetconfServer, netconf_server


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
