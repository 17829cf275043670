"""A Kea that is down, behind an agent that can't reach it, or without the commands; and what the double tells a modem."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from alta.connectors.contract import Call, Permanent, Transient
from alta.connectors.dhcp.double import KeaDouble
from alta.connectors.dhcp.models import Client, NewReservation
from alta.connectors.httpdouble import HttpDouble, json_response
from alta.connectors.ocs.http import Request, Response
from tests.connectors.dhcp.conftest import connector

pytestmark = pytest.mark.asyncio
LINE = Client(circuit_id="line")
NEW = NewReservation(circuit_id="line", hostname="line")
MODEM = "02:00:5e:01:00:01"


class Saying(HttpDouble):
    """Says the same to whatever it is asked."""

    name = "saying"
    body: Any = None

    def respond(self, request: Request) -> Response:
        return json_response(200, self.body)


@pytest.mark.parametrize(
    ("body", "code", "transient"),
    [
        (
            [{"result": 1, "text": "unable to forward command to the dhcp4 service: No such file"}],
            "connector.unreachable",
            True,
        ),
        ([{"result": 1, "text": "no subnet with id 1"}], "connector.rejected", False),
        ([], "connector.bad_answer", True),
        ("hello", "connector.bad_answer", True),
        ([{"text": "no result"}], "connector.bad_answer", True),
    ],
)
async def test_what_kea_says_is_sorted_into_what_may_pass_and_what_will_not(
    body: Any, code: str, transient: bool
) -> None:
    with Saying() as server:
        server.body = body
        dhcp = connector({"ALTA_DHCP_URL": server.base_url})
        with pytest.raises(Transient if transient else Permanent) as error:
            await dhcp.get_reservation(LINE, Call(key="a"))
        assert error.value.kind.code == code
        assert (await dhcp.health()).ok is False
        await dhcp.close()


async def test_a_kea_without_agent_answers_an_element_in_place_of_a_list() -> None:
    with Saying() as server:
        server.body = {"result": 3, "text": "Host not found."}
        state = await connector({"ALTA_DHCP_URL": server.base_url}).get_reservation(LINE, Call(key="a"))
        assert state.exists is False


async def test_an_older_kea_calls_what_is_gone_an_error_and_it_counts_as_gone() -> None:
    with Saying() as server:
        server.body = [{"result": 1, "text": "Host not deleted (not found)."}]
        released = await connector({"ALTA_DHCP_URL": server.base_url}).delete_reservation(LINE, Call(key="a"))
        assert released.leases == 0


async def test_a_kea_without_host_commands_says_what_to_do(double: KeaDouble) -> None:
    double.without_host_commands = True
    with pytest.raises(Permanent) as error:
        await connector(double.environment()).set_reservation(NEW, Call(key="a"))
    assert error.value.kind.code == "dhcp.no_commands"


async def test_an_agent_that_is_down_may_be_tried_again_and_comes_back_with_its_data(
    double: KeaDouble,
) -> None:
    dhcp = connector(double.environment())
    await dhcp.set_reservation(NEW, Call(key="a"))
    await asyncio.to_thread(double.down)
    with pytest.raises(Transient) as error:
        await dhcp.get_reservation(LINE, Call(key="b"))
    assert error.value.kind.code == "connector.unreachable"
    await asyncio.to_thread(double.up)
    assert (await dhcp.get_reservation(LINE, Call(key="c"))).exists is True


async def test_an_answer_that_was_lost_is_made_up_for_by_trying_again(double: KeaDouble) -> None:
    dhcp = connector(double.environment())
    await dhcp.set_reservation(NEW, Call(key="a"))
    for action, params in ((dhcp.delete_reservation, LINE), (dhcp.set_reservation, NEW)):
        double.losing = 1
        with pytest.raises(Transient):
            await action(params, Call(key="b"))  # type: ignore[arg-type]
        await action(params, Call(key="b"))  # type: ignore[arg-type]
    assert [host["hostname"] for host in double.hosts] == ["line"]


async def test_the_double_gives_addresses_to_whom_a_reservation_knows(double: KeaDouble) -> None:
    dhcp = connector(double.environment())
    assert double.offer(MODEM, "line") is None
    await dhcp.set_reservation(NEW, Call(key="a"))
    address = double.offer(MODEM, "line")
    assert address == "100.64.1.0"
    assert double.offer(MODEM, "line") == address
    state = await dhcp.get_reservation(LINE, Call(key="b"))
    assert (state.lease, state.mac) == (address, MODEM)
    assert (await dhcp.delete_reservation(LINE, Call(key="c"))).leases == 1
    assert double.offer(MODEM, "line") is None


async def test_the_double_is_a_program_that_keeps_its_data(tmp_path: Path) -> None:
    file = tmp_path / "dhcp.json"
    command = [sys.executable, "-m", "alta.connectors.dhcp.double", "--port", "0", "--state", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        name, _, url = process.stdout.readline().strip().removeprefix("export ").partition("=")
        dhcp = connector({name: url})
        await dhcp.set_reservation(NEW, Call(key="a"))
        await dhcp.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    assert KeaDouble(state=file).hosts[0]["hostname"] == "line"
