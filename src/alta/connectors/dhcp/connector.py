"""What Alta does in DHCP: lets a line or a modem have an address, and takes it back."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from alta.connectors.contract import Call, Connector, ConnectorError, Done, Health, Permanent, action
from alta.connectors.database import conversation
from alta.connectors.dhcp.hosts import HostCommands, Hosts, host_table
from alta.connectors.dhcp.kea import Kea, Unsupported
from alta.connectors.dhcp.models import (
    Client,
    DhcpSettings,
    NewReservation,
    Released,
    Reservation,
    ReservationState,
)
from alta.connectors.rest import Rest
from alta.refusal import RefusalKind

ADDRESS_TAKEN = RefusalKind(
    "dhcp.address_taken",
    _("In DHCP the address {address} is reserved for {holder}: remove it there or choose another"),
)
NO_COMMANDS = RefusalKind(
    "dhcp.no_commands",
    _("This Kea has no command {command}: load its hook, or set ALTA_DHCP_HOSTS_DATABASE for reservations"),
)


class Dhcp(Connector):
    name = "dhcp"
    title = "DHCP"
    Settings = DhcpSettings
    settings: DhcpSettings

    def __init__(self, settings: DhcpSettings) -> None:
        super().__init__(settings)
        auth = None
        if settings.username and settings.password:
            auth = (settings.username.get_secret_value(), settings.password.get_secret_value())
        self._rest = Rest(self, settings.url, auth)
        self._kea = Kea(self, self._rest)

    @action()
    async def set_reservation(self, params: NewReservation, call: Call) -> Done:
        """Lets a line (`circuit_id`) or a modem (`mac`) have an address: `address`, or one that Kea chooses.

        Holds for the next DISCOVER. Refused where the address is reserved for somebody else. What was reserved for the
        same line or modem is replaced. Repeating it changes nothing.
        """
        wanted = Reservation(params.identifier, params.hostname, params.address)
        async with self._hosts(params, call) as hosts:
            if await hosts.find(wanted.identifier) == wanted:
                return Done()
            if wanted.address:
                holder = await hosts.holder(wanted.address)
                if holder not in (None, wanted.identifier):
                    raise Permanent(ADDRESS_TAKEN, address=str(wanted.address), holder=str(holder))
            await hosts.put(wanted)
        return Done()

    @action()
    async def delete_reservation(self, params: Client, call: Call) -> Released:
        """Takes a reservation and its leases back: the next renewal is refused. One that isn't there counts as deleted."""
        async with self._hosts(params, call) as hosts:
            found = await hosts.find(params.identifier)
            await hosts.remove(params.identifier)
        leases = await self._leases(found.hostname, call) if found else []
        for lease in leases:
            await self._ask("lease4-del", {"ip-address": lease["ip-address"]}, call)
        return Released(leases=len(leases))

    @action()
    async def release_leases(self, params: Client, call: Call) -> Released:
        """Takes the leases of a reservation back and leaves the reservation: the next renewal gets what it says now.
        Without reservation or lease there is nothing to do."""
        async with self._hosts(params, call) as hosts:
            found = await hosts.find(params.identifier)
        leases = await self._leases(found.hostname, call) if found else []
        for lease in leases:
            await self._ask("lease4-del", {"ip-address": lease["ip-address"]}, call)
        return Released(leases=len(leases))

    @action(read_only=True)
    async def get_reservation(self, params: Client, call: Call) -> ReservationState:
        """What DHCP knows of a line or modem: its reservation, and the lease in use. One that isn't there has
        `exists: false`."""
        async with self._hosts(params, call) as hosts:
            found = await hosts.find(params.identifier)
        if found is None:
            return ReservationState(exists=False)
        state = ReservationState(
            exists=True,
            hostname=found.hostname,
            address=str(found.address) if found.address else None,
        )
        for lease in await self._leases(found.hostname, call):
            ends = datetime.fromtimestamp(lease["cltt"] + lease["valid-lft"], UTC)
            state.lease, state.mac, state.until = lease["ip-address"], lease["hw-address"], ends.isoformat()
        return state

    async def health(self) -> Health:
        """Asks Kea for its version through the agent, and the database of reservations where there is one."""
        begin = time.perf_counter()
        call = Call(key="health", timeout=2)
        try:
            found = await self._ask("version-get", None, call)
            if self.settings.hosts_database:
                async with conversation(self, self.settings.hosts_database, call) as db:
                    await db.run("SELECT host_id FROM hosts LIMIT 1")
        except ConnectorError as error:
            return Health(False, error.detail or str(error.params.get("reason", error.kind.code)))
        version = str((found or {}).get("extended", "")).partition("\n")[0] or "Kea"
        return Health(True, f"{version} answers", (time.perf_counter() - begin) * 1000)

    async def close(self) -> None:
        await self._rest.close()

    @asynccontextmanager
    async def _hosts(self, client: Client, call: Call) -> AsyncIterator[Hosts]:
        subnet = client.subnet or self.settings.subnet
        if self.settings.hosts_database:
            async with host_table(self, self.settings.hosts_database, subnet, call) as table:
                yield table
            return
        try:
            yield HostCommands(self._kea, subnet, call)
        except Unsupported as error:
            raise Permanent(NO_COMMANDS, detail=str(error), command="reservation-…") from error

    async def _leases(self, hostname: str, call: Call) -> list[dict[str, Any]]:
        found = await self._ask("lease4-get-by-hostname", {"hostname": hostname}, call) if hostname else None
        leases = (found or {}).get("leases", [])
        return [lease for lease in leases if lease.get("state", 0) == 0]

    async def _ask(self, command: str, arguments: dict[str, Any] | None, call: Call) -> dict[str, Any] | None:
        try:
            return await self._kea.ask(command, arguments, call)
        except Unsupported as error:
            raise Permanent(NO_COMMANDS, detail=str(error), command=command) from error
