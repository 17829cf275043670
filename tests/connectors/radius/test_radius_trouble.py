"""A database that is away, and an access server that is silent, refuses, or doesn't know us."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from alta.connectors.contract import Call, Permanent, Transient
from alta.connectors.radius.double import RadiusDouble
from alta.connectors.radius.models import (
    Authorisation,
    Deletion,
    NewSubscriber,
    PlanOfSubscriber,
    Subscriber,
)
from tests.connectors.radius.conftest import connector

pytestmark = pytest.mark.asyncio
ME = Subscriber(username="trouble")


@pytest.fixture
def online(double: RadiusDouble) -> RadiusDouble:
    """With one session open."""
    with psycopg.connect(double.database) as db:
        db.execute("TRUNCATE radacct")
    double.connect("trouble", "T1")
    return double


@pytest.mark.parametrize("place", ["host=/nowhere", "host=127.0.0.1 port=9 password=hush-hush"])
async def test_a_database_that_is_away_may_be_tried_again_and_its_address_is_not_told(place: str) -> None:
    radius = connector({"ALTA_RADIUS_DATABASE": make_conninfo(place, dbname="x")})
    with pytest.raises(Transient) as error:
        await radius.delete_subscriber(Deletion(username="trouble"), Call(key="a"))
    assert error.value.kind.code == "connector.unreachable"
    assert "hush-hush" not in error.value.detail
    health = await radius.health()
    assert health.ok is False and "hush-hush" not in health.detail


async def test_a_database_without_the_tables_is_refused(double: RadiusDouble) -> None:
    elsewhere = make_conninfo(double.database, options="-c search_path=pg_catalog")
    with pytest.raises(Permanent) as error:
        await connector({"ALTA_RADIUS_DATABASE": elsewhere}).delete_subscriber(
            Deletion(username="trouble"), Call(key="a")
        )
    assert error.value.params["reason"] == 'relation "radcheck" does not exist'


async def test_a_user_somebody_else_is_changing_is_waited_for_until_the_time_is_over(
    double: RadiusDouble,
) -> None:
    radius = connector(double.environment())
    with psycopg.connect(double.database) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('alta.radius.usertrouble', 0))")
        begin = time.monotonic()
        with pytest.raises(Transient) as error:
            await radius.delete_subscriber(Deletion(username="trouble"), Call(key="a", timeout=0.3))
    assert error.value.kind.code == "connector.timed_out"
    assert 0.3 <= time.monotonic() - begin < 1.5


async def test_twenty_at_once_leave_one_row_of_each(double: RadiusDouble) -> None:
    radius = connector(double.environment())
    new = NewSubscriber.model_validate(
        {"username": "crowd", "password": "x" * 12, "plan": "crowd-plan", "limits": {"Filter-Id": "a"}}
    )
    for _ in range(5):
        await radius.delete_subscriber(Deletion(username="crowd"), Call(key="0"))
        await asyncio.gather(*(radius.set_subscriber(new, Call(key=str(n))) for n in range(20)))
        with psycopg.connect(double.database) as db:
            counted = [
                db.execute(query).fetchone()
                for query in (
                    "SELECT count(*) FROM radcheck WHERE username = 'crowd'",
                    "SELECT count(*) FROM radusergroup WHERE username = 'crowd'",
                    "SELECT count(*) FROM radgroupreply WHERE groupname = 'crowd-plan'",
                )
            ]
        assert counted == [(1,), (1,), (1,)]


async def test_a_session_is_ended_once_and_none_is_nothing_to_do(online: RadiusDouble) -> None:
    radius = connector(online.environment())
    assert (await radius.disconnect(ME, Call(key="a"))).sessions == 1
    assert online.requests == [{"disconnect": True, "User-Name": "trouble", "Acct-Session-Id": "T1"}]
    assert (await radius.disconnect(ME, Call(key="b"))).sessions == 0
    assert len(online.requests) == 1


async def test_a_user_who_is_deleted_with_disconnect_is_thrown_out(online: RadiusDouble) -> None:
    radius = connector(online.environment())
    await radius.delete_subscriber(Deletion(username="trouble", disconnect=True), Call(key="a"))
    assert [one["disconnect"] for one in online.requests] == [True]
    assert (await radius.get_subscriber(ME, Call(key="b"))).sessions == 0


@pytest.mark.parametrize("refuses_coa", [False, True])
async def test_a_plan_that_holds_at_once_changes_the_session_or_ends_it(
    online: RadiusDouble, refuses_coa: bool
) -> None:
    radius = connector(online.environment())
    slow = {"plan": "slow", "limits": {"Mikrotik-Rate-Limit": "1M/1M", "Filter-Id": "slow"}}
    new = NewSubscriber.model_validate({"username": "trouble", "password": "x" * 12, **slow})
    await radius.set_subscriber(new, Call(key="a"))
    fast = {"Mikrotik-Rate-Limit": "9M/9M", "Filter-Id": "fast"}
    online.refuses_coa = refuses_coa
    plan = PlanOfSubscriber(username="trouble", plan="fast", limits=fast, at_once=True)
    assert (await radius.set_plan(plan, Call(key="b"))).sessions == 1
    session = {"User-Name": "trouble", "Acct-Session-Id": "T1"}
    changed = {"disconnect": False, **session, **fast}
    assert online.requests == ([{"disconnect": True, **session}] if refuses_coa else [changed])


async def test_an_access_server_that_has_lost_the_session_has_nothing_to_end(online: RadiusDouble) -> None:
    online.refusal = 503
    call = Call(key="a")
    assert (await connector(online.environment()).disconnect(ME, call)).sessions == 0
    assert call.wire[-1] == {"received": {"packet": "Disconnect-NAK", "error_cause": 503}}


async def test_a_refusal_is_for_good_and_says_why(online: RadiusDouble) -> None:
    online.refusal = 501
    with pytest.raises(Permanent) as error:
        await connector(online.environment()).disconnect(ME, Call(key="a"))
    assert error.value.params["reason"] == "Disconnect-NAK 501 prohibited"


async def test_an_access_server_without_resources_may_be_tried_again(online: RadiusDouble) -> None:
    online.refusal = 506
    with pytest.raises(Transient):
        await connector(online.environment()).change_authorisation(
            Authorisation(username="trouble", filter_id="x"), Call(key="a")
        )


@pytest.mark.parametrize("silent", ["down", "another secret"])
async def test_silence_may_be_tried_again(online: RadiusDouble, silent: str) -> None:
    environment = online.environment()
    if silent == "down":
        await asyncio.to_thread(online.down)
    else:
        environment["ALTA_RADIUS_COA_SECRET"] = "wrong"
    with pytest.raises(Transient) as error:
        await connector(environment).disconnect(ME, Call(key="a"))
    assert error.value.kind.code in ("connector.timed_out", "connector.unreachable")


async def test_without_the_shared_secret_it_says_which_setting_is_missing(online: RadiusDouble) -> None:
    environment = {"ALTA_RADIUS_DATABASE": online.database}
    with pytest.raises(Permanent) as error:
        await connector(environment).disconnect(ME, Call(key="a"))
    assert error.value.params == {"system": "RADIUS", "variable": "ALTA_RADIUS_COA_SECRET"}


async def test_an_attribute_that_the_dictionary_does_not_know_is_refused(online: RadiusDouble) -> None:
    with pytest.raises(Permanent) as error:
        await connector(online.environment()).change_authorisation(
            Authorisation(username="trouble", attributes={"Colour": "red"}), Call(key="a")
        )
    assert "Colour" in error.value.params["reason"]


async def test_the_double_is_a_program(tables: str) -> None:
    command = [sys.executable, "-m", "alta.connectors.radius.double", "--port", "0", "--database", tables]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = [process.stdout.readline().strip() for _ in range(5)]
        radius = connector(dict(line.removeprefix("export ").split("=", 1) for line in lines[1:]))
        assert (await radius.health()).ok is True
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
