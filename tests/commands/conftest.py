from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone, translation

from alta import cli, postgres
from alta.commands import check, environment
from alta.connectors import registry
from alta.demo import data

Alta = Callable[..., int]


@pytest.fixture
def alta(monkeypatch: pytest.MonkeyPatch) -> Iterator[Alta]:
    """The command line in this process, on the test's database. Returns the exit code."""
    for name in ("join", "leave"):
        monkeypatch.setattr(postgres, name, lambda: None)
    for module in (environment, check):
        monkeypatch.setattr(module, "disconnect", lambda: None)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("ALTA_CONNECTORS", raising=False)
    with translation.override(None):
        yield lambda *arguments: cli.main([str(argument) for argument in arguments])
    registry._instances.clear()


@pytest.fixture
def demo_data(request: pytest.FixtureRequest) -> None:
    """The demo's customers, products and stock, in the database that the test has chosen."""
    if "transactional_db" not in request.fixturenames:
        request.getfixturevalue("db")
    data.load(timezone.now())
