"""The catalogue's screens for those who keep it, through the web client."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client

from alta.accounts.models import User
from alta.catalog.models import ServiceType

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client: Client, now: datetime) -> Client:
    """Somebody who may change the catalogue, reading Spanish."""
    client.force_login(User.objects.get(username="ingeniera"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "es"
    return client


RADIO = {"slug": "fixed-wireless", "name_es": "Radio fija", "name_en": "Fixed wireless", "icon": "antenna"}


def test_a_service_type_is_added_and_removed_on_the_screen(keeper: Client) -> None:
    page = keeper.post("/productos/tipos/", RADIO, follow=True).content.decode()
    assert "Guardado: Radio fija" in page
    assert "Radio fija" in keeper.get("/productos/").content.decode()
    page = keeper.post("/productos/tipos/fixed-wireless/quitar/", follow=True).content.decode()
    assert not ServiceType.objects.filter(slug="fixed-wireless").exists()


def test_a_refused_service_type_is_said_with_what_was_typed(keeper: Client) -> None:
    answer = keeper.post("/productos/tipos/", RADIO | {"slug": "Fixed wireless"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "entre 2 y 20 letras minúsculas" in page
    assert 'value="Fixed wireless"' in page
    assert not ServiceType.objects.filter(name_en="Fixed wireless").exists()
