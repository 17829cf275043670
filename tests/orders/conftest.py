from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.house_of_data import load_demo

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def now(db: None) -> datetime:
    load_demo(NOW)
    return NOW
