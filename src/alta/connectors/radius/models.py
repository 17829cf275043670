"""What the actions of RADIUS take and give."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated

from pydantic import Field, SecretStr

from alta.connectors.contract import ConnectorSettings, Output, Params

Username = Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
Group = Annotated[str, Field(pattern=r"^[\w.:/-]{1,64}$")]
Attributes = Annotated[dict[str, str], Field(max_length=30)]


class RadiusSettings(ConnectorSettings):
    """`database` is the address of FreeRADIUS's PostgreSQL. `coa_secret` is shared with the access servers; `coa_host` is
    one that takes every request, where they don't take them themselves."""

    concurrency: int | None = 20
    database: SecretStr
    coa_secret: SecretStr | None = None
    coa_host: str | None = None
    coa_port: int = 3799
    dictionary: str | None = None


class Subscriber(Params):
    username: Username


class NewSubscriber(Subscriber):
    """`limits` are the reply attributes of the plan; without them the plan must be there."""

    password: SecretStr
    plan: Group
    limits: Attributes = {}
    address: IPv4Address | None = None


class Deletion(Subscriber):
    """`disconnect` ends open sessions too, once nobody can log in any more."""

    disconnect: bool = False


class PlanOfSubscriber(Subscriber):
    """`at_once` has it hold for the sessions that are open too."""

    plan: Group
    limits: Attributes = {}
    at_once: bool = False


class Suspension(Subscriber):
    """`walled_garden` is the group that a suspended customer gets; without it they are refused. `disconnect` ends open
    sessions too."""

    walled_garden: Group | None = None
    disconnect: bool = False


class Authorisation(Subscriber):
    """`attributes` are those of RFC 2865 and of the vendors in the dictionary, by name."""

    filter_id: str | None = None
    attributes: Attributes = {}


class SubscriberState(Output):
    exists: bool
    suspended: bool
    plan: str | None
    walled_garden: str | None
    address: str | None
    sessions: int


class Sessions(Output):
    """How many sessions it was done to."""

    sessions: int
