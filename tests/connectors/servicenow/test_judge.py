"""The vendor's own client talks to the double as it would to the real ServiceNow, and understands every answer."""

from __future__ import annotations

import pytest
from pysnc import ServiceNowClient
from pysnc.exceptions import AuthenticationException, RequestException

from alta.connectors.servicenow.double import ServiceNowDouble
from tests.connectors.servicenow.conftest import PASSWORD


@pytest.fixture
def client(double: ServiceNowDouble) -> ServiceNowClient:
    return ServiceNowClient(double.base_url, ("crm", PASSWORD))


def test_it_opens_finds_changes_and_deletes(client: ServiceNowClient, double: ServiceNowDouble) -> None:
    made = client.GlideRecord("incident")
    made.initialize()
    made.short_description, made.correlation_id, made.urgency = "Install", "5f3c.install", "2"
    sys_id = made.insert()
    assert [each["number"] for each in double.tables["incident"].values()] == ["INC0010001"]

    found = client.GlideRecord("incident")
    found.add_query("correlation_id", "5f3c.install")
    found.query()
    assert [(str(each.number), str(each.sys_id)) for each in found] == [("INC0010001", str(sys_id))]

    one = client.GlideRecord("incident")
    assert one.get(str(sys_id))
    one.state = "2"
    one.update()
    assert double.tables["incident"][str(sys_id)]["state"] == "2"
    assert one.get_value("sys_mod_count") == "1"
    assert one.delete()
    assert double.tables["incident"] == {}


def test_it_pages_through_many(client: ServiceNowClient, double: ServiceNowDouble) -> None:
    for number in range(25):
        double._create("sc_task", {"correlation_id": str(number)})
    many = client.GlideRecord("sc_task", batch_size=10)
    many.query()
    assert [each.get_value("correlation_id") for each in many] == [str(number) for number in range(25)]
    assert many.get_row_count() == 25


def test_it_understands_a_refusal(client: ServiceNowClient, double: ServiceNowDouble) -> None:
    assert client.GlideRecord("incident").get("f" * 32) is False
    nowhere = client.GlideRecord("u_nothing")
    nowhere.initialize()
    with pytest.raises(RequestException, match="Invalid table u_nothing"):
        nowhere.insert()
    stranger = ServiceNowClient(double.base_url, ("crm", "wrong")).GlideRecord("incident")
    with pytest.raises(AuthenticationException, match="User Not Authenticated"):
        stranger.query()
