"""`alta check`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from alta.catalog.models import Product
from alta.connectors import registry
from alta.connectors.hlr.double import HlrDouble
from tests.commands.conftest import Alta


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [
        n for n in os.environ if n.startswith(("ALTA_OCS_", "ALTA_HLR_", "ALTA_MAIL_", "ALTA_HTTP_"))
    ]:
        monkeypatch.delenv(name)
    registry._instances.clear()
    yield
    registry._instances.clear()


def _lines(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What was said, by the thing it was said about."""
    return {
        line[2:].partition(": ")[0]: f"{line[0]} {line.partition(': ')[2]}"
        for line in capsys.readouterr().out.splitlines()
    }


def test_a_missing_variable_is_named(alta: Alta, demo_data: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert alta("check") == 1
    lines = _lines(capsys)
    assert lines["ocs"] == "✗ not configured; set ALTA_OCS_URL"
    assert lines["mail"] == "✗ not configured; set ALTA_MAIL_HOST, set ALTA_MAIL_SENDER"
    assert lines["http"] == "– not configured; set ALTA_HTTP_BASE_URL (no product on sale needs it)"
    assert lines["tables"] == "✓ up to date"
    assert lines["playbook mobile-plan"] == "✓ version 1"


def test_a_wrong_variable_is_told_from_a_missing_one(
    alta: Alta, demo_data: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALTA_OCS_URL", "nonsense")
    alta("check")
    assert _lines(capsys)["ocs"].startswith("✗ not configured; ALTA_OCS_URL is wrong: ")


def test_systems_are_asked_how_they_are(
    alta: Alta, demo_data: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with HlrDouble() as hlr:
        for name, value in hlr.environment().items():
            monkeypatch.setenv(name, value)
        alta("check")
        assert _lines(capsys)["hlr"].startswith("✓ ")
    alta("check")
    assert _lines(capsys)["hlr"].startswith("✗ ")


def test_a_playbook_that_nobody_published(
    alta: Alta, demo_data: None, capsys: pytest.CaptureFixture[str]
) -> None:
    Product.objects.filter(slug="fibre-100").update(playbook="fibre")
    assert alta("check") == 1
    assert _lines(capsys)["playbook fibre"] == "✗ not published; run `alta playbook publish FILE`"
