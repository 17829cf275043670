"""Seen from the network: a modem is refused, works once Alta has provisioned it, is refused again."""

from __future__ import annotations

import psycopg
import pytest

from alta.connectors.contract import Call
from alta.connectors.radius.models import (
    Authorisation,
    Deletion,
    NewSubscriber,
    PlanOfSubscriber,
    Subscriber,
    Suspension,
)
from tests.connectors.radius.conftest import connector
from tests.network.freeradius import FreeRadius

pytestmark = [pytest.mark.asyncio, pytest.mark.network, pytest.mark.xdist_group("radius")]

USER, PASSWORD = "proof-1@alta.example", "Tr0mbone-Quartz"
FIBRE = {"Mikrotik-Rate-Limit": "100M/100M"}


def session(real: FreeRadius, number: str) -> tuple[str | None, str | None]:
    """The Filter-Id that was last asked for, and why the session ended."""
    with psycopg.connect(real.database) as db:
        row = db.execute(
            "SELECT connectinfo_stop, acctterminatecause FROM radacct WHERE acctsessionid = %s", [number]
        ).fetchone()
    assert row
    return row[0], row[1]


async def test_a_modem_gets_and_loses_the_network_through_the_actions(real: FreeRadius) -> None:
    radius = connector(real.environment())
    me = Subscriber(username=USER)
    new = NewSubscriber.model_validate(
        {
            "username": USER,
            "password": PASSWORD,
            "plan": "fibre-100",
            "limits": FIBRE,
            "address": "100.64.0.23",
        }
    )
    assert real.log_in(USER, PASSWORD) is None

    await radius.set_subscriber(new, Call(key="create"))
    granted = {"Mikrotik-Rate-Limit": "100M/100M", "Framed-IP-Address": "100.64.0.23"}
    assert real.log_in(USER, PASSWORD) == granted
    assert real.log_in(USER, "another") is None

    await radius.suspend(Suspension(username=USER), Call(key="suspend"))
    assert real.log_in(USER, PASSWORD) is None
    await radius.resume(me, Call(key="resume"))
    assert real.log_in(USER, PASSWORD) == granted

    faster = PlanOfSubscriber(username=USER, plan="fibre-500", limits={"Mikrotik-Rate-Limit": "500M/500M"})
    await radius.set_plan(faster, Call(key="plan"))
    assert real.log_in(USER, PASSWORD) == granted | {"Mikrotik-Rate-Limit": "500M/500M"}

    await radius.delete_subscriber(Deletion(username=USER, disconnect=True), Call(key="delete"))
    assert real.log_in(USER, PASSWORD) is None


async def test_a_walled_garden_lets_a_customer_in_with_its_own_limits(real: FreeRadius) -> None:
    radius = connector(real.environment())
    user = "proof-2@alta.example"
    await radius.set_subscriber(
        NewSubscriber.model_validate(
            {"username": user, "password": PASSWORD, "plan": "fibre-100", "limits": FIBRE}
        ),
        Call(key="a"),
    )
    with psycopg.connect(real.database) as db:
        db.execute(
            "INSERT INTO radgroupreply (groupname, attribute, op, value)"
            " VALUES ('pay-first', 'Filter-Id', ':=', 'portal-only')"
        )
    await radius.suspend(Suspension(username=user, walled_garden="pay-first"), Call(key="b"))
    assert real.log_in(user, PASSWORD) == {"Filter-Id": "portal-only"}
    await radius.resume(Subscriber(username=user), Call(key="c"))
    assert real.log_in(user, PASSWORD) == FIBRE


async def test_an_open_session_is_changed_and_ended(real: FreeRadius) -> None:
    radius = connector(real.environment())
    user = "proof-3@alta.example"
    await radius.set_subscriber(
        NewSubscriber.model_validate(
            {"username": user, "password": PASSWORD, "plan": "fibre-100", "limits": FIBRE}
        ),
        Call(key="a"),
    )
    real.start_session(user, "S3")
    state = await radius.get_subscriber(Subscriber(username=user), Call(key="b"))
    assert state.model_dump() == {
        "exists": True,
        "suspended": False,
        "plan": "fibre-100",
        "walled_garden": None,
        "address": None,
        "sessions": 1,
    }

    changed = await radius.change_authorisation(
        Authorisation(username=user, filter_id="fibre-300"), Call(key="c")
    )
    assert (changed.sessions, session(real, "S3")) == (1, ("fibre-300", None))
    ended = await radius.disconnect(Subscriber(username=user), Call(key="d"))
    assert (ended.sessions, session(real, "S3")) == (1, ("fibre-300", "Admin-Reset"))
    again = await radius.disconnect(Subscriber(username=user), Call(key="e"))
    assert again.sessions == 0
