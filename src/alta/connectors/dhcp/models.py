"""What the actions of DHCP take and give, and what a reservation is."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from alta.connectors.contract import ConnectorSettings, Output, Params

MAC = r"^([0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}$"
Hostname = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$")]
Kind = Literal["circuit-id", "hw-address"]


class DhcpSettings(ConnectorSettings):
    """`url` is Kea's control agent. `hosts_database` is the PostgreSQL where Kea keeps reservations; without it they are
    made by Kea's host commands. `subnet` is the number of the subnet that subscribers are in."""

    concurrency: int | None = 20
    url: str = Field(pattern=r"^https?://[^/\s]+")
    username: SecretStr | None = None
    password: SecretStr | None = None
    hosts_database: SecretStr | None = None
    subnet: int = Field(default=1, ge=1)


@dataclass(frozen=True)
class Identifier:
    """By what Kea knows who asks: the line (option 82's circuit-id) or the modem (its MAC address)."""

    kind: Kind
    value: bytes

    def __str__(self) -> str:
        return self.value.decode(errors="replace") if self.kind == "circuit-id" else self.value.hex(":")


@dataclass(frozen=True)
class Reservation:
    identifier: Identifier
    hostname: str
    address: IPv4Address | None = None


class Client(Params):
    """Whose reservation it is: `circuit_id`, the text that the access network puts into option 82, or `mac`. `subnet` is
    that of the settings unless given."""

    circuit_id: str | None = Field(default=None, min_length=1, max_length=120)
    mac: str | None = Field(default=None, pattern=MAC)
    subnet: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def one_of_both(self) -> Client:
        if (self.circuit_id is None) == (self.mac is None):
            raise ValueError("give either `circuit_id` or `mac`")
        return self

    @property
    def identifier(self) -> Identifier:
        if self.circuit_id is not None:
            return Identifier("circuit-id", self.circuit_id.encode())
        return Identifier("hw-address", bytes.fromhex((self.mac or "").replace(":", "").replace("-", "")))


class NewReservation(Client):
    """`hostname` is also the name under which its lease is found. Without `address` Kea chooses one from the pool."""

    hostname: Hostname
    address: IPv4Address | None = None


class ReservationState(Output):
    """`lease` is the address in use now, `mac` the modem that has it, `until` when it ends (UTC)."""

    exists: bool
    hostname: str | None = None
    address: str | None = None
    lease: str | None = None
    mac: str | None = None
    until: str | None = None


class Released(Output):
    """How many leases were taken back."""

    leases: int
