from __future__ import annotations

from datetime import datetime

import pytest
from django.utils import timezone

from tests.house_of_data import load_demo


@pytest.fixture
def now(db: None) -> datetime:
    instant = timezone.now()
    load_demo(instant)
    return instant
