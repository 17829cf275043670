from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from alta.accounts.models import User
from tests.house_of_data import load_demo


@pytest.fixture
def now(db: None) -> datetime:
    instant = timezone.now()
    load_demo(instant)
    return instant


@pytest.fixture
def agent(client: Client, now: datetime) -> Client:
    """A signed-in agent's browser."""
    client.force_login(User.objects.get(username="agente"))
    return client
