"""Seen from the network: a modem gets no address, gets one once Alta has reserved it, gets none again."""

from __future__ import annotations

import pytest

from alta.connectors.contract import Call
from alta.connectors.dhcp.models import Client, NewReservation
from tests.connectors.dhcp.conftest import connector
from tests.network.kea import Kea

pytestmark = [pytest.mark.asyncio, pytest.mark.network, pytest.mark.xdist_group("dhcp")]

LINE = "6f9619ff-8b86-4d11-b42d-00c04fc964ff"  # circuits are called as the service is
MODEM, OTHER_MODEM = "02:00:5e:01:00:01", "02:00:5e:01:00:02"


async def test_a_line_gets_and_loses_an_address_through_the_actions(real: Kea) -> None:
    dhcp = connector(real.environment())
    line = Client(circuit_id=LINE)
    with real.relay() as relay:
        assert relay.get_address(MODEM, LINE) is None

        await dhcp.set_reservation(NewReservation(circuit_id=LINE, hostname=LINE), Call(key="a"))
        granted = relay.get_address(MODEM, LINE)
        assert granted is not None
        assert granted.address.startswith("100.64.")
        assert (granted.circuit_id, granted.seconds) == (LINE, 3600)
        assert relay.get_address(MODEM, "another line") is None
        assert relay.get_address(OTHER_MODEM) is None

        state = await dhcp.get_reservation(line, Call(key="b"))
        assert (state.exists, state.lease, state.mac) == (True, granted.address, MODEM)

        released = await dhcp.delete_reservation(line, Call(key="c"))
        assert released.leases == 1
        assert relay.get_address(MODEM, LINE) is None
        assert relay.renew(MODEM, granted.address, LINE) is None
    assert (await dhcp.get_reservation(line, Call(key="d"))).model_dump(exclude_none=True) == {
        "exists": False
    }


async def test_a_modem_with_a_fixed_address_gets_just_that(real: Kea) -> None:
    dhcp = connector(real.environment())
    new = NewReservation.model_validate({"mac": OTHER_MODEM, "hostname": "office", "address": "100.64.1.23"})
    with real.relay() as relay:
        await dhcp.set_reservation(new, Call(key="a"))
        granted = relay.get_address(OTHER_MODEM)
        assert granted and granted.address == "100.64.1.23"
        await dhcp.delete_reservation(Client(mac=OTHER_MODEM), Call(key="b"))
        assert relay.get_address(OTHER_MODEM) is None


async def test_a_modem_that_is_exchanged_has_the_line_and_its_fixed_address_at_once(real: Kea) -> None:
    dhcp = connector(real.environment())
    new = NewReservation.model_validate(
        {"circuit_id": "line-2", "hostname": "line-2", "address": "100.64.1.24"}
    )
    await dhcp.set_reservation(new, Call(key="a"))
    with real.relay() as relay:
        first = relay.get_address(MODEM, "line-2")
        assert first and first.address == "100.64.1.24"
        released = await dhcp.release_leases(Client(circuit_id="line-2"), Call(key="b"))
        assert released.leases == 1
        second = relay.get_address(OTHER_MODEM, "line-2")
        assert second and second.address == "100.64.1.24"
    await dhcp.delete_reservation(Client(circuit_id="line-2"), Call(key="c"))
