"""Tickets in ServiceNow, over https as the real one is."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from alta.connectors.contract import Call, Done, Permanent, Transient, actions_of
from alta.connectors.servicenow.connector import ServiceNow
from alta.connectors.servicenow.double import ServiceNowDouble
from alta.connectors.servicenow.models import (
    NewTicket,
    Ticket,
    TicketEnd,
    TicketQuery,
    TicketRef,
    TicketUpdate,
)
from alta.connectors.servicenow.table import UNSAID, _seconds
from tests.connectors.servicenow.conftest import PASSWORD, settings

pytestmark = pytest.mark.asyncio

NAME = "5f3c.install"


def new(correlation: str = NAME, table: str = "incident", **values: Any) -> NewTicket:
    return NewTicket(
        correlation=correlation, table=table, summary="Install the fibre", description="At 10", values=values
    )


def ref(table: str = "incident") -> TicketRef:
    return TicketRef(correlation=NAME, table=table)


async def refusal(awaitable: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Permanent) as error:
        await awaitable
    return error.value.kind.code, error.value.params


def record(double: ServiceNowDouble, ticket: Ticket) -> dict[str, str]:
    return double.tables[ticket.table][ticket.sys_id]


@pytest.mark.parametrize(("table", "prefix"), [("incident", "INC"), ("sc_task", "SCTASK")])
async def test_a_ticket_is_opened_with_what_is_given(
    desk: ServiceNow, double: ServiceNowDouble, call: Call, table: str, prefix: str
) -> None:
    ticket = await desk.open_ticket(new(table=table, urgency=2, u_van=True), call)
    assert ticket == Ticket(
        table=table,
        sys_id=ticket.sys_id,
        number=f"{prefix}0010001",
        correlation=NAME,
        summary="Install the fibre",
        state="1",
        active=True,
        updated=ticket.updated,
        url=f"{double.base_url}/{table}.do?sys_id={ticket.sys_id}",
    )
    kept = record(double, ticket)
    assert (kept["description"], kept["urgency"], kept["u_van"]) == ("At 10", "2", "true")
    assert await desk.get_ticket(ref(table), call) == ticket


async def test_opening_again_gives_the_same_ticket_also_when_the_answer_was_lost(
    desk: ServiceNow, double: ServiceNowDouble, call: Call
) -> None:
    double.losing = 2  # the question whether there is one, then the order to make it
    for _attempt in range(2):
        with pytest.raises(Transient):
            await desk.open_ticket(new(), call)
    assert [each.split(" ")[0] for each in double.requests] == ["GET", "GET"]
    double.losing = 0
    double.requests.clear()
    first = await desk.open_ticket(new(), call)
    assert await desk.open_ticket(new(), call) == first
    await desk.close_ticket(TicketEnd(correlation=NAME), call)
    assert (await desk.open_ticket(new(), call)).number == first.number
    assert len(double.tables["incident"]) == 1


async def test_a_ticket_made_although_its_answer_was_lost_is_found_again(
    desk: ServiceNow, double: ServiceNowDouble, call: Call
) -> None:
    real = double.respond

    def lose_the_creation(request: Any) -> Any:
        double.losing = int(request.method == "POST")
        return real(request)

    double.respond = lose_the_creation  # type: ignore[method-assign]
    with pytest.raises(Transient):
        await desk.open_ticket(new(), call)
    double.respond = real  # type: ignore[method-assign]
    assert (await desk.open_ticket(new(), call)).number == "INC0010001"
    assert len(double.tables["incident"]) == 1


async def test_a_ticket_is_changed_and_noted(desk: ServiceNow, double: ServiceNowDouble, call: Call) -> None:
    opened = await desk.open_ticket(new(), call)
    update = TicketUpdate(correlation=NAME, values={"state": "2"}, note="On the way", comment="Today")
    changed = await desk.update_ticket(update, call)
    assert (changed.state, changed.active) == ("2", True)
    kept = record(double, opened)
    assert (kept["work_notes"], kept["comments"]) == ("On the way\n", "Today\n")


@pytest.mark.parametrize(
    ("table", "done", "cancelled"),
    [("incident", "6", "8"), ("sc_task", "3", "4"), ("change_request", "3", "4")],
)
async def test_a_ticket_is_closed_or_cancelled_in_the_states_of_its_table(
    desk: ServiceNow, double: ServiceNowDouble, call: Call, table: str, done: str, cancelled: str
) -> None:
    opened = await desk.open_ticket(new(table=table), call)
    end = TicketEnd(correlation=NAME, table=table, code="Solved", notes="Light is on")
    for _attempt in range(2):
        assert (await desk.close_ticket(end, call)).state == done
    kept = record(double, opened)
    assert (kept["close_code"], kept["close_notes"]) == ("Solved", "Light is on")
    kept["state"], kept["active"] = "1", "true"
    for _attempt in range(2):
        assert await desk.cancel_ticket(TicketEnd(correlation=NAME, table=table), call) == Done()
    assert kept["state"] == cancelled


async def test_one_that_ended_some_other_way_stays_as_it_is(
    desk: ServiceNow, double: ServiceNowDouble, call: Call
) -> None:
    await desk.open_ticket(new(), call)
    await desk.cancel_ticket(TicketEnd(correlation=NAME), call)
    assert (await desk.close_ticket(TicketEnd(correlation=NAME), call)).state == "8"


async def test_an_operator_s_own_state_is_reached(desk: ServiceNow, call: Call) -> None:
    await desk.open_ticket(new(), call)
    assert (await desk.close_ticket(TicketEnd(correlation=NAME, state="7"), call)).active is False


async def test_a_rule_that_keeps_a_ticket_open_is_told(
    desk: ServiceNow, double: ServiceNowDouble, call: Call
) -> None:
    opened = await desk.open_ticket(new(), call)
    double.stuck.add(opened.number)
    refused = desk.close_ticket(TicketEnd(correlation=NAME), call)
    assert await refusal(refused) == ("servicenow.not_kept", {"number": opened.number, "state": "1"})


async def test_without_ticket_only_cancelling_is_fine(desk: ServiceNow, call: Call) -> None:
    assert await desk.cancel_ticket(TicketEnd(correlation=NAME), call) == Done()
    for awaitable in (
        desk.get_ticket(ref(), call),
        desk.update_ticket(TicketUpdate(correlation=NAME, values={"state": "2"}), call),
        desk.close_ticket(TicketEnd(correlation=NAME), call),
    ):
        missing = {"correlation": NAME, "table": "incident"}
        assert await refusal(awaitable) == ("servicenow.no_ticket", missing)


async def test_a_list_is_read_page_by_page(desk: ServiceNow, double: ServiceNowDouble, call: Call) -> None:
    for number in range(230):
        values = {"category": "fibre" if number % 2 == 0 else "tv", "correlation_id": str(number)}
        double._create("incident", values)
    found = await desk.list_tickets(TicketQuery(where={"category": "fibre"}, limit=1000), call)
    assert [ticket.correlation for ticket in found.tickets] == [str(2 * n) for n in range(115)]
    assert (found.total, len(double.requests)) == (115, 2)
    some = await desk.list_tickets(TicketQuery(limit=150), call)
    assert (len(some.tickets), some.total, len(double.requests)) == (150, 230, 4)
    none = await desk.list_tickets(TicketQuery(where={"category": "none"}), call)
    assert (none.tickets, none.total) == ([], 0)


async def test_a_condition_that_servicenow_ignores_is_refused(
    desk: ServiceNow, double: ServiceNowDouble, call: Call
) -> None:
    """Otherwise every ticket there is would count as found."""
    await desk.open_ticket(new(), call)
    asked = desk.list_tickets(TicketQuery(where={"colour": "red"}), call)
    assert await refusal(asked) == (
        "connector.rejected",
        {"system": "ServiceNow", "reason": "incident: colour?"},
    )


@pytest.mark.parametrize("in_seconds", [True, False])
async def test_a_short_wait_that_servicenow_asks_for_is_kept_and_then_it_works(
    desk: ServiceNow, double: ServiceNowDouble, call: Call, in_seconds: bool
) -> None:
    double.refusing = 1
    if not in_seconds:
        double.retry_after = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    began = time.monotonic()
    both = [desk.open_ticket(new(name), call) for name in ("a", "b")]
    await both[0]
    assert 0.9 <= time.monotonic() - began < 3
    await both[1]
    assert [ticket["correlation_id"] for ticket in double.tables["incident"].values()] == ["a", "b"]


async def test_a_long_wait_is_left_to_later_tries_and_nobody_asks_in_between(
    desk: ServiceNow, double: ServiceNowDouble, call: Call
) -> None:
    double.refusing, double.retry_after = 1, "3600"
    for _attempt in range(3):
        with pytest.raises(Transient) as error:
            await desk.open_ticket(new(), call)
        assert error.value.kind.code == "connector.overloaded"
        assert error.value.detail == "ServiceNow asks to wait 3600 s"
    assert len(double.requests) == 1
    assert (await desk.health()).ok is False
    assert double.tables["incident"] == {}


async def test_a_wait_that_is_not_said_or_makes_no_sense_has_a_length_too() -> None:
    assert [_seconds(said) for said in (None, "soon", "7", "-1")] == [UNSAID, UNSAID, 7.0, UNSAID]
    assert _seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


async def test_a_wrong_login_won_t_help_when_tried_again(double: ServiceNowDouble, call: Call) -> None:
    desk = ServiceNow(settings(double, password="wrong"))
    code = ("connector.not_accepted", {"system": "ServiceNow"})
    assert await refusal(desk.open_ticket(new(), call)) == code
    assert (await desk.health()).ok is False
    await desk.close()


async def test_a_table_that_is_not_there_is_refused_in_servicenow_s_words(
    desk: ServiceNow, call: Call
) -> None:
    refused = desk.open_ticket(new(table="u_nothing"), call)
    reason = "Invalid table u_nothing"
    assert await refusal(refused) == ("connector.rejected", {"system": "ServiceNow", "reason": reason})


@pytest.mark.parametrize(("status", "code"), [(200, "bad_answer"), (500, "bad_answer"), (503, "overloaded")])
async def test_an_instance_in_trouble_may_be_tried_again(
    desk: ServiceNow, double: ServiceNowDouble, call: Call, status: int, code: str
) -> None:
    double.broken = status
    with pytest.raises(Transient) as error:
        await desk.open_ticket(new(), call)
    assert error.value.kind.code == f"connector.{code}"


async def test_one_that_is_down_or_slow_may_be_tried_again(
    desk: ServiceNow, double: ServiceNowDouble, call: Call
) -> None:
    await asyncio.to_thread(double.down)
    with pytest.raises(Transient) as error:
        await desk.open_ticket(new(), call)
    assert error.value.kind.code == "connector.unreachable"
    await asyncio.to_thread(double.up)
    double.delay = 2
    with pytest.raises(Transient) as error:
        await desk.open_ticket(new(), Call(key="slow", timeout=0.2))
    assert error.value.kind.code == "connector.timed_out"


async def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to(
    desk: ServiceNow, double: ServiceNowDouble, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Transient) as error:
        await desk.open_ticket(new(), call)
    assert "CERTIFICATE_VERIFY_FAILED" in error.value.detail
    assert len(double.requests) == 0


async def test_the_password_is_in_no_log_and_no_error(desk: ServiceNow, call: Call) -> None:
    await desk.open_ticket(new(), call)
    said = json.dumps([call.wire], default=str)
    assert "Install the fibre" in said
    assert PASSWORD not in said


async def test_its_health_is_good(desk: ServiceNow) -> None:
    health = await desk.health()
    assert (health.ok, health.detail) == (True, "Table API answers")


@pytest.mark.parametrize("name", ["", "a^active=true", "a b", "a=b", "a\n", "x" * 101])
async def test_a_name_that_would_change_the_question_never_reaches_the_wire(name: str) -> None:
    with pytest.raises(ValidationError):
        TicketRef(correlation=name)


@pytest.mark.parametrize("value", ["a^active=true", "a\n", "x" * 256])
async def test_a_value_that_would_add_a_condition_never_reaches_the_wire(value: str) -> None:
    with pytest.raises(ValidationError):
        TicketQuery(where={"category": value})


async def test_the_actions_are_these_and_two_of_them_only_read() -> None:
    assert {action.name: action.read_only for action in actions_of(ServiceNow)} == {
        "servicenow.open_ticket": False,
        "servicenow.update_ticket": False,
        "servicenow.close_ticket": False,
        "servicenow.cancel_ticket": False,
        "servicenow.get_ticket": True,
        "servicenow.list_tickets": True,
    }


async def test_the_double_keeps_its_tickets(tmp_path: Path, call: Call) -> None:
    file = tmp_path / "desk.json"
    with ServiceNowDouble(state=file) as before:
        desk = ServiceNow(settings(before))
        ticket = await desk.open_ticket(new(), call)
        await desk.close()
    with ServiceNowDouble(state=file) as after:
        desk = ServiceNow(settings(after))
        assert (await desk.get_ticket(ref(), call)).number == ticket.number
        await desk.close()
