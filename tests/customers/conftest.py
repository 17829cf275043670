from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from alta.customers import services
from alta.customers.models import Customer

MakeCustomer = Callable[..., Customer]


@pytest.fixture
def make(db: None) -> MakeCustomer:
    def make_customer(name: str, **values: Any) -> Customer:
        return services.create_customer(name=name, **{"actor": "ana", **values})

    return make_customer


@pytest.fixture
def john(make: MakeCustomer) -> Customer:
    return make(
        "John Smith",
        emails=["John.Smith@Example.com", "jsmith@work.example"],
        phones=["+44 7700 900123"],
        external_id="7590-VHVEG",
    )
