"""The actions of the DHCP connector, by Kea's host commands and by its database."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from alta.connectors.contract import Call, Permanent
from alta.connectors.dhcp.connector import Dhcp
from alta.connectors.dhcp.models import Client, NewReservation

pytestmark = pytest.mark.asyncio


def new(line: str, **more: Any) -> NewReservation:
    return NewReservation.model_validate({"circuit_id": line, "hostname": f"host-{line}", **more})


async def known(dhcp: Dhcp, line: str) -> tuple[bool, str | None, str | None]:
    state = await dhcp.get_reservation(Client(circuit_id=line), Call(key="look"))
    return state.exists, state.hostname, state.address


async def test_a_reservation_is_there_once_made_and_repeating_writes_nothing(dhcp: Dhcp) -> None:
    assert await known(dhcp, "a1") == (False, None, None)
    await dhcp.set_reservation(new("a1"), Call(key="a"))
    second = Call(key="b")
    await dhcp.set_reservation(new("a1"), second)
    assert await known(dhcp, "a1") == (True, "host-a1", None)
    sent = str([entry["sent"] for entry in second.wire if "sent" in entry])
    assert "reservation-add" not in sent and "INSERT" not in sent


async def test_another_address_replaces_the_one_before(dhcp: Dhcp) -> None:
    await dhcp.set_reservation(new("a2", address="100.64.0.21"), Call(key="a"))
    await dhcp.set_reservation(new("a2", address="100.64.0.22"), Call(key="b"))
    assert await known(dhcp, "a2") == (True, "host-a2", "100.64.0.22")
    await dhcp.set_reservation(new("a2"), Call(key="c"))
    assert await known(dhcp, "a2") == (True, "host-a2", None)
    await dhcp.delete_reservation(Client(circuit_id="a2"), Call(key="d"))


async def test_an_address_of_somebody_else_is_refused_and_nothing_changes(dhcp: Dhcp) -> None:
    await dhcp.set_reservation(new("a3", address="100.64.0.31"), Call(key="a"))
    await dhcp.set_reservation(new("a4"), Call(key="b"))
    with pytest.raises(Permanent) as error:
        await dhcp.set_reservation(new("a4", address="100.64.0.31"), Call(key="c"))
    assert (error.value.kind.code, error.value.params) == (
        "dhcp.address_taken",
        {"address": "100.64.0.31", "holder": "a3"},
    )
    assert await known(dhcp, "a4") == (True, "host-a4", None)


async def test_the_same_name_in_another_subnet_is_another_reservation(dhcp: Dhcp) -> None:
    await dhcp.set_reservation(new("a5"), Call(key="a"))
    elsewhere = Client(circuit_id="a5", subnet=77)
    assert (await dhcp.get_reservation(elsewhere, Call(key="b"))).exists is False
    await dhcp.delete_reservation(elsewhere, Call(key="c"))
    assert await known(dhcp, "a5") == (True, "host-a5", None)


async def test_deleting_twice_is_once(dhcp: Dhcp) -> None:
    await dhcp.set_reservation(new("a6"), Call(key="a"))
    for _ in range(2):
        released = await dhcp.delete_reservation(Client(circuit_id="a6"), Call(key="b"))
        assert released.leases == 0
        assert await known(dhcp, "a6") == (False, None, None)


@pytest.mark.parametrize("mac", ["02:00:5E:01:00:0a", "02-00-5e-01-00-0a", "02005e01000a"])
async def test_a_modem_may_be_written_in_any_form(dhcp: Dhcp, mac: str) -> None:
    await dhcp.set_reservation(NewReservation(mac="02:00:5e:01:00:0a", hostname="m"), Call(key="a"))
    assert (await dhcp.get_reservation(Client(mac=mac), Call(key="b"))).hostname == "m"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"mac": "02:00:5e:01:00:0a", "circuit_id": "a"},
        {"mac": "02:00:5e"},
        {"circuit_id": ""},
        {"circuit_id": "a", "hostname": "no blanks"},
        {"circuit_id": "a", "hostname": "h", "address": "100.64.0.300"},
    ],
)
async def test_what_makes_no_sense_is_not_sent(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        NewReservation.model_validate({"hostname": "h", **wrong})


async def test_circuits_may_have_any_characters(dhcp: Dhcp) -> None:
    line = "OLT-1 xpon 0/1/3/17.10 'ñ';--"
    await dhcp.set_reservation(NewReservation(circuit_id=line, hostname="odd"), Call(key="a"))
    assert await known(dhcp, line) == (True, "odd", None)
    await dhcp.delete_reservation(Client(circuit_id=line), Call(key="b"))


async def test_it_is_well(dhcp: Dhcp) -> None:
    health = await dhcp.health()
    assert health.ok is True
    assert health.detail.endswith("answers")
