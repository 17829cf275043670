"""The actions of the RADIUS connector, in the double and in the real tables."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from pydantic import SecretStr, ValidationError

from alta.connectors.contract import Call, Permanent
from alta.connectors.radius.connector import Radius
from alta.connectors.radius.models import Deletion, NewSubscriber, PlanOfSubscriber, Subscriber, Suspension

pytestmark = pytest.mark.asyncio
PASSWORD = "Tr0mbone-Quartz"
LIMITS = {"Mikrotik-Rate-Limit": "100M/100M", "Session-Timeout": "86400"}


def new(username: str, **more: Any) -> NewSubscriber:
    values = {"username": username, "password": PASSWORD, "plan": "fibre-100", "limits": LIMITS}
    return NewSubscriber.model_validate(values | more)


def rows(radius: Radius, username: str) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with psycopg.connect(radius.settings.database.get_secret_value()) as db:
        for table, columns in (
            ("radcheck", "attribute, op, value"),
            ("radreply", "attribute, op, value"),
            ("radusergroup", "groupname, priority"),
        ):
            query = f"SELECT {columns} FROM {table} WHERE username = %s ORDER BY 1, 2"
            found[table] = db.execute(query, [username]).fetchall()  # type: ignore[call-overload]
    return found


def plan(radius: Radius, name: str) -> dict[str, str]:
    with psycopg.connect(radius.settings.database.get_secret_value()) as db:
        query = "SELECT attribute, value FROM radgroupreply WHERE groupname = %s"
        return dict(db.execute(query, [name]).fetchall())


async def test_a_new_user_has_password_plan_and_address_and_repeating_changes_nothing(radius: Radius) -> None:
    for _ in range(2):
        await radius.set_subscriber(new("act-1", address="100.64.0.9"), Call(key="a"))
        assert rows(radius, "act-1") == {
            "radcheck": [("Cleartext-Password", ":=", PASSWORD)],
            "radreply": [("Framed-IP-Address", ":=", "100.64.0.9")],
            "radusergroup": [("fibre-100", 1)],
        }
    assert plan(radius, "fibre-100") == LIMITS


async def test_the_same_user_again_becomes_what_is_asked_and_stays_suspended(radius: Radius) -> None:
    await radius.set_subscriber(new("act-2", address="100.64.0.9"), Call(key="a"))
    await radius.suspend(Suspension(username="act-2"), Call(key="b"))
    await radius.set_subscriber(new("act-2", password="another-one"), Call(key="c"))
    assert rows(radius, "act-2") == {
        "radcheck": [("Auth-Type", ":=", "Reject"), ("Cleartext-Password", ":=", "another-one")],
        "radreply": [],
        "radusergroup": [("fibre-100", 1)],
    }


async def test_a_plan_whose_limits_changed_is_corrected_and_the_same_is_not_written_again(
    radius: Radius,
) -> None:
    await radius.set_subscriber(new("act-3", plan="p3"), Call(key="a"))
    second = Call(key="b")
    await radius.set_subscriber(new("act-3", plan="p3"), second)
    written = [str(entry["sent"]["sql"]) for entry in second.wire if "sent" in entry]
    assert [one for one in written if one.startswith(("DELETE FROM radgroup", "INSERT INTO radgroup"))] == []
    await radius.set_subscriber(new("act-3", plan="p3", limits={"Filter-Id": "slow"}), Call(key="c"))
    assert plan(radius, "p3") == {"Filter-Id": "slow"}


async def test_a_plan_without_limits_is_refused_and_nothing_is_written(radius: Radius) -> None:
    with pytest.raises(Permanent) as error:
        await radius.set_subscriber(new("act-4", plan="unheard-of", limits={}), Call(key="a"))
    assert (error.value.kind.code, error.value.params) == ("radius.no_plan", {"plan": "unheard-of"})
    assert rows(radius, "act-4") == {"radcheck": [], "radreply": [], "radusergroup": []}


async def test_suspending_and_resuming_twice_is_once(radius: Radius) -> None:
    await radius.set_subscriber(new("act-5"), Call(key="a"))
    me = Subscriber(username="act-5")
    for _ in range(2):
        await radius.suspend(Suspension(username="act-5"), Call(key="b"))
        assert rows(radius, "act-5")["radcheck"][0] == ("Auth-Type", ":=", "Reject")
        assert (await radius.get_subscriber(me, Call(key="c"))).suspended is True
    for _ in range(2):
        await radius.resume(me, Call(key="d"))
        assert rows(radius, "act-5")["radcheck"] == [("Cleartext-Password", ":=", PASSWORD)]
        assert (await radius.get_subscriber(me, Call(key="e"))).suspended is False


async def test_a_walled_garden_stands_before_the_plan_and_goes_with_it_kept(radius: Radius) -> None:
    await radius.set_subscriber(new("garden-keeper", plan="garden"), Call(key="a"))
    await radius.set_subscriber(new("act-6"), Call(key="b"))
    await radius.suspend(Suspension(username="act-6", walled_garden="garden"), Call(key="c"))
    assert rows(radius, "act-6")["radusergroup"] == [("fibre-100", 1), ("garden", 0)]
    state = await radius.get_subscriber(Subscriber(username="act-6"), Call(key="d"))
    assert (state.suspended, state.plan, state.walled_garden) == (True, "fibre-100", "garden")
    await radius.resume(Subscriber(username="act-6"), Call(key="e"))
    assert rows(radius, "act-6")["radusergroup"] == [("fibre-100", 1)]


async def test_deleting_twice_is_once_and_leaves_others_and_the_plan(radius: Radius) -> None:
    await radius.set_subscriber(new("act-7"), Call(key="a"))
    await radius.set_subscriber(new("act-8"), Call(key="b"))
    for _ in range(2):
        await radius.delete_subscriber(Deletion(username="act-7"), Call(key="c"))
        assert rows(radius, "act-7") == {"radcheck": [], "radreply": [], "radusergroup": []}
    assert (await radius.get_subscriber(Subscriber(username="act-7"), Call(key="d"))).model_dump() == {
        "exists": False,
        "suspended": False,
        "plan": None,
        "walled_garden": None,
        "address": None,
        "sessions": 0,
    }
    assert (await radius.get_subscriber(Subscriber(username="act-8"), Call(key="e"))).exists is True
    assert plan(radius, "fibre-100") == LIMITS


@pytest.mark.parametrize("action", ["suspend", "resume", "set_plan"])
async def test_a_user_that_is_not_there_is_refused(radius: Radius, action: str) -> None:
    params = {
        "suspend": Suspension(username="nobody"),
        "resume": Subscriber(username="nobody"),
        "set_plan": PlanOfSubscriber(username="nobody", plan="fibre-100", limits=LIMITS),
    }[action]
    with pytest.raises(Permanent) as error:
        await getattr(radius, action)(params, Call(key="a"))
    assert (error.value.kind.code, error.value.params) == ("radius.no_subscriber", {"username": "nobody"})
    assert rows(radius, "nobody") == {"radcheck": [], "radreply": [], "radusergroup": []}


async def test_the_password_is_not_on_the_wire_log(radius: Radius) -> None:
    call = Call(key="a")
    await radius.set_subscriber(new("act-9"), call)
    assert PASSWORD not in str(call.wire)
    assert {"attribute": "Cleartext-Password", "username": "act-9", "value": "•••"} in [
        entry["sent"]["values"] for entry in call.wire if "sent" in entry
    ]


async def test_names_that_would_mean_something_else_to_sql_or_radius_stay_names(radius: Radius) -> None:
    name = "o'hara%(x)s;--@alta"
    await radius.set_subscriber(new(name), Call(key="a"))
    assert (await radius.get_subscriber(Subscriber(username=name), Call(key="b"))).exists is True
    for wrong in ("", "with blank", "x" * 65, "ñandú"):
        with pytest.raises(ValidationError):
            Subscriber(username=wrong)


async def test_it_is_well(radius: Radius) -> None:
    health = await radius.health()
    assert (health.ok, health.detail) == (True, "its tables answer")


async def test_secrets_of_the_settings_are_not_shown(radius: Radius) -> None:
    assert isinstance(radius.settings.database, SecretStr)
    assert isinstance(radius.settings.coa_secret, SecretStr)
