"""Where Kea keeps reservations: asked through its host commands, or in its PostgreSQL, which it reads at every packet.

Debian's Kea 2.2 has no host commands; they come with Kea 3, and with 2.x as a hook that was sold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from typing import Any, Protocol

from pydantic import SecretStr

from alta.connectors.contract import Call, Connector
from alta.connectors.database import Database, conversation
from alta.connectors.dhcp.kea import Kea
from alta.connectors.dhcp.models import Identifier, Kind, Reservation

TYPES: dict[Kind, int] = {"hw-address": 0, "circuit-id": 2}


class Hosts(Protocol):
    """The reservations of one subnet."""

    async def find(self, identifier: Identifier) -> Reservation | None: ...

    async def holder(self, address: IPv4Address) -> Identifier | None: ...

    async def put(self, reservation: Reservation) -> None: ...

    async def remove(self, identifier: Identifier) -> None: ...


class HostCommands:
    def __init__(self, kea: Kea, subnet: int, call: Call) -> None:
        self._kea = kea
        self._subnet = subnet
        self._call = call

    async def find(self, identifier: Identifier) -> Reservation | None:
        return _read(await self._ask("reservation-get", _named(identifier)))

    async def holder(self, address: IPv4Address) -> Identifier | None:
        found = _read(await self._ask("reservation-get", {"ip-address": str(address)}))
        return found.identifier if found else None

    async def put(self, reservation: Reservation) -> None:
        """There is no one command that replaces: what was there goes first."""
        await self.remove(reservation.identifier)
        host: dict[str, Any] = {
            "subnet-id": self._subnet,
            "hostname": reservation.hostname,
            reservation.identifier.kind: reservation.identifier.value.hex(),
        }
        if reservation.address:
            host["ip-address"] = str(reservation.address)
        await self._kea.ask("reservation-add", {"reservation": host}, self._call)

    async def remove(self, identifier: Identifier) -> None:
        await self._ask("reservation-del", _named(identifier))

    async def _ask(self, command: str, which: dict[str, Any]) -> dict[str, Any] | None:
        return await self._kea.ask(command, {"subnet-id": self._subnet, **which}, self._call)


def _named(identifier: Identifier) -> dict[str, Any]:
    return {"identifier-type": identifier.kind, "identifier": identifier.value.hex()}


def _read(found: dict[str, Any] | None) -> Reservation | None:
    if not found:
        return None
    for kind in TYPES:
        if kind in found:
            identifier = Identifier(kind, bytes.fromhex(found[kind].replace(":", "")))
            address = found.get("ip-address", "0.0.0.0")  # noqa: S104 - how Kea says that there is none
            return Reservation(identifier, found.get("hostname", ""), _address(int(IPv4Address(address))))
    return None


def _address(number: int | None) -> IPv4Address | None:
    return IPv4Address(number) if number else None


class HostTable:
    def __init__(self, db: Database, subnet: int) -> None:
        self._db = db
        self._subnet = subnet

    async def find(self, identifier: Identifier) -> Reservation | None:
        rows = await self._db.run(
            "SELECT ipv4_address, hostname FROM hosts WHERE dhcp_identifier = %(identifier)s"
            " AND dhcp_identifier_type = %(kind)s AND dhcp4_subnet_id = %(subnet)s",
            **self._key(identifier),
        )
        for row in rows:
            return Reservation(identifier, row["hostname"] or "", _address(row["ipv4_address"]))
        return None

    async def holder(self, address: IPv4Address) -> Identifier | None:
        rows = await self._db.run(
            "SELECT encode(dhcp_identifier, 'hex') AS identifier, dhcp_identifier_type AS kind FROM hosts"
            " WHERE ipv4_address = %(address)s AND dhcp4_subnet_id = %(subnet)s",
            address=int(address),
            subnet=self._subnet,
        )
        kinds = {number: kind for kind, number in TYPES.items()}
        for row in rows:
            return Identifier(kinds.get(row["kind"], "hw-address"), bytes.fromhex(row["identifier"]))
        return None

    async def put(self, reservation: Reservation) -> None:
        await self.remove(reservation.identifier)
        await self._db.run(
            "INSERT INTO hosts (dhcp_identifier, dhcp_identifier_type, dhcp4_subnet_id, ipv4_address, hostname)"
            " VALUES (%(identifier)s, %(kind)s, %(subnet)s, %(address)s, %(hostname)s)",
            **self._key(reservation.identifier),
            address=int(reservation.address) if reservation.address else None,
            hostname=reservation.hostname,
        )

    async def remove(self, identifier: Identifier) -> None:
        await self._db.run(
            "DELETE FROM hosts WHERE dhcp_identifier = %(identifier)s"
            " AND dhcp_identifier_type = %(kind)s AND dhcp4_subnet_id = %(subnet)s",
            **self._key(identifier),
        )

    def _key(self, identifier: Identifier) -> dict[str, Any]:
        return {
            "identifier": identifier.value,
            "kind": TYPES[identifier.kind],
            "subnet": self._subnet,
        }


@asynccontextmanager
async def host_table(
    connector: Connector, database: SecretStr, subnet: int, call: Call
) -> AsyncIterator[HostTable]:
    """The table within one transaction; nobody else of Alta changes this subnet meanwhile, because no constraint keeps two
    from the same address."""
    async with conversation(connector, database, call) as db:
        await db.run(
            "SELECT pg_advisory_xact_lock(hashtextextended('alta.dhcp.' || %(subnet)s, 0))",
            subnet=str(subnet),
        )
        yield HostTable(db, subnet)
