"""Lines and numbers in the VoIP switch: the double and a real Kamailio alike."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from alta.connectors.contract import Call, Done, Permanent, Transient, actions_of
from alta.connectors.voip.connector import Voip
from alta.connectors.voip.credentials import Credentials
from alta.connectors.voip.double import VoipDouble
from alta.connectors.voip.models import (
    Line,
    LineQuestion,
    LineState,
    LineWithNumber,
    LineWithPassword,
    NewLine,
)
from tests.connectors.voip.conftest import Switch, settings

pytestmark = [pytest.mark.asyncio, pytest.mark.xdist_group("voip")]

DOMAIN = "voip.example"
LINE, OTHER = "line-7", "line-8"
PASSWORD = "Qm4hV9tRzK2n"
NUMBER, SPARE = "442079460100", "442079460101"


def new(username: str = LINE, password: str = PASSWORD, number: str | None = None) -> NewLine:
    return NewLine.model_validate({"username": username, "password": password, "number": number})


def known(password: str = PASSWORD) -> LineWithPassword:
    return LineWithPassword.model_validate({"username": LINE, "password": password})


def state(**found: Any) -> LineState:
    values = {"username": LINE, "domain": DOMAIN, "numbers": [], "active": True, "registered": False}
    return LineState(**{**values, "contacts": [], "password_right": None, **found})


async def read(voip: Voip, password: str | None = None) -> LineState:
    question = LineQuestion.model_validate({"username": LINE, "password": password})
    return await voip.get_subscriber(question, Call(key="read"))


async def refusal(awaitable: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Permanent) as error:
        await awaitable
    return error.value.kind.code, error.value.params


async def phone(switch: Switch, password: str = PASSWORD, username: str = LINE) -> int:
    return await asyncio.to_thread(switch.register, username, password)


def stored(switch: Switch) -> tuple[list[Any], list[Any]]:
    with psycopg.connect(switch.database) as rows:
        lines = rows.execute("SELECT username, password, ha1, ha1b FROM subscriber ORDER BY 1").fetchall()
        aliases = rows.execute("SELECT alias_username, username FROM dbaliases ORDER BY 1").fetchall()
    return lines, aliases


async def test_a_phone_gets_and_loses_its_line(voip: Voip, switch: Switch, call: Call) -> None:
    assert await phone(switch) == 401
    await voip.create_subscriber(new(number=NUMBER), call)
    assert (await phone(switch), await phone(switch, "wrong")) == (200, 401)
    found = await read(voip, PASSWORD)
    assert found == state(numbers=[NUMBER], registered=True, contacts=found.contacts, password_right=True)
    assert [contact.split("@")[0] for contact in found.contacts] == [f"sip:{LINE}"]

    await voip.suspend_subscriber(Line(username=LINE), call)
    assert await read(voip, PASSWORD) == state(numbers=[NUMBER], active=False, password_right=False)
    assert await phone(switch) == 401

    await voip.resume_subscriber(known(), call)
    assert await phone(switch) == 200
    await voip.delete_subscriber(Line(username=LINE), call)
    assert await phone(switch) == 401
    assert stored(switch) == ([], [])


async def test_creating_twice_is_once(voip: Voip, switch: Switch, call: Call) -> None:
    for _attempt in range(2):
        assert await voip.create_subscriber(new(number=f"+{NUMBER}"), call) == Done()
    assert await read(voip) == state(numbers=[NUMBER])
    assert [len(rows) for rows in stored(switch)] == [1, 1]


async def test_a_line_with_another_password_is_not_taken_over(voip: Voip, switch: Switch, call: Call) -> None:
    await voip.create_subscriber(new(), call)
    before = stored(switch)
    refused = voip.create_subscriber(new(password="another-one", number=NUMBER), call)
    assert await refusal(refused) == ("voip.other_password", {"username": LINE})
    assert stored(switch) == before


async def test_a_number_of_another_line_is_refused_and_nothing_changes(
    voip: Voip, switch: Switch, call: Call
) -> None:
    await voip.create_subscriber(new(OTHER, number=NUMBER), call)
    before = stored(switch)
    taken = ("voip.number_taken", {"number": NUMBER, "username": OTHER})
    assert await refusal(voip.create_subscriber(new(number=NUMBER), call)) == taken
    assert stored(switch) == before
    await voip.create_subscriber(new(number=SPARE), call)
    refused = voip.set_number(LineWithNumber(username=LINE, number=NUMBER), call)
    assert await refusal(refused) == taken
    assert (await read(voip)).numbers == [SPARE]


async def test_one_number_never_rings_at_two_lines_however_they_race(
    voip: Voip, switch: Switch, call: Call
) -> None:
    for _round in range(10):
        tries = (voip.create_subscriber(new(name, number=NUMBER), Call(key=name)) for name in (LINE, OTHER))
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["Done", "Permanent"]
        assert len(stored(switch)[1]) == 1
        for name in (LINE, OTHER):
            await voip.delete_subscriber(Line(username=name), call)


async def test_another_number_takes_the_place_of_the_first_and_the_phone_stays(
    voip: Voip, switch: Switch, call: Call
) -> None:
    await voip.create_subscriber(new(number=NUMBER), call)
    await phone(switch)
    for _attempt in range(2):
        await voip.set_number(LineWithNumber(username=LINE, number=SPARE), call)
    found = await read(voip)
    assert (found.numbers, found.registered) == ([SPARE], True)
    await voip.create_subscriber(new(OTHER, number=NUMBER), call)


async def test_a_cleared_number_rings_nowhere(voip: Voip, call: Call) -> None:
    await voip.create_subscriber(new(number=NUMBER), call)
    await voip.clear_number(LineWithNumber(username=LINE, number=SPARE), call)
    assert (await read(voip)).numbers == [NUMBER]
    for _attempt in range(2):
        await voip.clear_number(LineWithNumber(username=LINE, number=NUMBER), call)
    assert (await read(voip)).numbers == []


async def test_suspending_twice_is_once(voip: Voip, switch: Switch, call: Call) -> None:
    await voip.create_subscriber(new(), call)
    await voip.suspend_subscriber(Line(username=LINE), call)
    before = stored(switch)
    await voip.suspend_subscriber(Line(username=LINE), call)
    assert stored(switch) == before
    for _attempt in range(2):
        await voip.resume_subscriber(known(), call)
    assert await read(voip, PASSWORD) == state(password_right=True)


async def test_a_phone_that_is_thrown_out_may_come_back(voip: Voip, switch: Switch, call: Call) -> None:
    await voip.create_subscriber(new(), call)
    await phone(switch)
    for _attempt in range(2):
        await voip.unregister(Line(username=LINE), call)
    assert (await read(voip)).registered is False
    assert await phone(switch) == 200
    await voip.delete_subscriber(Line(username=LINE), call)


async def test_without_line_only_taking_away_is_fine(voip: Voip, call: Call) -> None:
    me = Line(username=LINE)
    assert await voip.delete_subscriber(me, call) == Done()
    assert await voip.unregister(me, call) == Done()
    assert await voip.clear_number(LineWithNumber(username=LINE, number=NUMBER), call) == Done()
    for awaitable in (
        read(voip),
        voip.set_number(LineWithNumber(username=LINE, number=NUMBER), call),
        voip.suspend_subscriber(me, call),
        voip.resume_subscriber(known(), call),
    ):
        assert await refusal(awaitable) == ("voip.no_line", {"username": LINE})


async def test_neither_password_nor_digest_is_in_the_log_or_an_error(
    voip: Voip, switch: Switch, call: Call
) -> None:
    await voip.create_subscriber(new(number=NUMBER), call)
    await voip.suspend_subscriber(Line(username=LINE), call)
    nobody = [column for row in stored(switch)[0] for column in row[1:]]
    await voip.resume_subscriber(known(), call)
    await read(voip, PASSWORD)
    with pytest.raises(Permanent) as error:
        await voip.create_subscriber(new(password="another-one"), call)
    said = json.dumps([call.wire, str(error.value), error.value.detail, error.value.params], default=str)
    mine = Credentials.of(LINE, DOMAIN, PASSWORD)
    other = Credentials.of(LINE, DOMAIN, "another-one")
    secrets = [made.get_secret_value() for each in (mine, other) for made in (each.ha1, each.ha1b)]
    for secret in [PASSWORD, "another-one", *secrets, *nobody]:
        assert secret
        assert secret not in said
    assert "INSERT INTO subscriber" in said
    assert '"ha1": "•••"' in json.loads(json.dumps(said)).replace("\\u2022", "•")
    row = stored(switch)[0][0]
    assert PASSWORD not in str(row)
    assert row == (LINE, "", mine.ha1.get_secret_value(), mine.ha1b.get_secret_value())


async def test_a_table_that_refuses_a_row_does_not_tell_the_row(voip: Voip, switch: Switch) -> None:
    """PostgreSQL's detail quotes the whole row, digests and all."""
    call = Call(key="refused")
    with psycopg.connect(switch.database, autocommit=True) as rows:
        rows.execute("ALTER TABLE subscriber ADD CONSTRAINT closed CHECK (username <> 'line-7')")
        try:
            with pytest.raises(Permanent) as error:
                await voip.create_subscriber(new(), call)
        finally:
            rows.execute("ALTER TABLE subscriber DROP CONSTRAINT closed")
    assert error.value.kind.code == "connector.rejected"
    assert 'violates check constraint "closed"' in error.value.params["reason"]
    said = json.dumps([call.wire, str(error.value), error.value.detail, error.value.params], default=str)
    assert Credentials.of(LINE, DOMAIN, PASSWORD).ha1.get_secret_value() not in said


async def test_its_health_is_good(voip: Voip) -> None:
    health = await voip.health()
    assert (health.ok, "kamailio" in health.detail) == (True, True)


async def test_a_database_that_is_not_there_may_be_tried_again(double: VoipDouble, call: Call) -> None:
    voip = Voip(settings(double, database="host=127.0.0.1 port=1 user=alta password=db-secret dbname=x"))
    for awaitable in (voip.create_subscriber(new(), call), read(voip)):
        with pytest.raises(Transient) as error:
            await awaitable
        assert (error.value.kind.code, error.value.params) == ("connector.unreachable", {"system": "VoIP"})
        assert "db-secret" not in str(error.value)
    assert (await voip.health()).ok is False
    await voip.close()


async def test_a_missing_table_is_not_tried_again(double: VoipDouble, call: Call) -> None:
    database = psycopg.conninfo.make_conninfo(double.database, options="-c search_path=nowhere")
    voip = Voip(settings(double, database=database))
    code, params = await refusal(voip.create_subscriber(new(), call))
    assert (code, "subscriber" in params["reason"]) == ("connector.rejected", True)
    assert (await voip.health()).ok is False
    await voip.close()


async def test_a_switch_that_is_down_is_suspended_when_it_is_tried_again(
    lone: Voip, double: VoipDouble, call: Call
) -> None:
    await lone.create_subscriber(new("line-9"), call)
    assert await phone(double, username="line-9") == 200
    await asyncio.to_thread(double.down)
    with pytest.raises(Transient) as error:
        await lone.suspend_subscriber(Line(username="line-9"), call)
    assert error.value.kind.code == "connector.unreachable"
    assert (await lone.health()).ok is False
    await asyncio.to_thread(double.up)
    await lone.suspend_subscriber(Line(username="line-9"), call)
    assert double.registered == {}


@pytest.mark.parametrize(
    ("status", "code"), [(200, "bad_answer"), (500, "bad_answer"), (502, "bad_answer"), (503, "overloaded")]
)
async def test_nonsense_may_be_tried_again(
    lone: Voip, double: VoipDouble, call: Call, status: int, code: str
) -> None:
    double.broken = status
    with pytest.raises(Transient) as error:
        await lone.unregister(Line(username=LINE), call)
    assert error.value.kind.code == f"connector.{code}"


async def test_a_slow_switch_is_given_up_when_the_call_has_no_time_left(
    lone: Voip, double: VoipDouble
) -> None:
    double.delay = 2
    with pytest.raises(Transient) as error:
        await lone.unregister(Line(username=LINE), Call(key="slow", timeout=0.2))
    assert error.value.kind.code == "connector.timed_out"


@pytest.mark.parametrize("username", ["", "a@b", "a b", "'; --", "a\n"])
async def test_a_name_that_is_none_never_reaches_the_switch(username: str) -> None:
    with pytest.raises(ValidationError):
        Line(username=username)


async def test_the_actions_are_these_and_one_of_them_only_reads() -> None:
    assert {action.name: action.read_only for action in actions_of(Voip)} == {
        "voip.create_subscriber": False,
        "voip.set_number": False,
        "voip.clear_number": False,
        "voip.suspend_subscriber": False,
        "voip.resume_subscriber": False,
        "voip.unregister": False,
        "voip.delete_subscriber": False,
        "voip.get_subscriber": True,
    }
