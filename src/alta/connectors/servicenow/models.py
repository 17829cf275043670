"""What ServiceNow is asked and what it knows of a ticket."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from alta.connectors.contract import Output, Params

# These become parts of addresses and of queries, in which ^ separates conditions.
Table = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,79}$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
Correlation = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,100}$")]
Condition = Annotated[str, Field(pattern=r"^[^^\x00-\x1f]{0,255}$")]
Values = dict[FieldName, str | int | bool]


class TicketRef(Params):
    """`correlation` is Alta's own name of the ticket, which ServiceNow keeps as `correlation_id`."""

    correlation: Correlation
    table: Table = "incident"


class NewTicket(TicketRef):
    """`summary` becomes `short_description`; `values` are any other fields of the table."""

    summary: Annotated[str, Field(min_length=1, max_length=160)]
    description: str = ""
    values: Values = {}


class TicketUpdate(TicketRef):
    """`note` is for the people who work on the ticket, `comment` for the customer too."""

    values: Values = {}
    note: str | None = None
    comment: str | None = None


class TicketEnd(TicketRef):
    """`state` is the table's own number of the state to reach."""

    notes: str = ""
    code: str | None = None
    state: str | None = None


class TicketQuery(Params):
    """`where` are fields and the values that they must have."""

    table: Table = "incident"
    where: dict[FieldName, Condition] = {}
    limit: int = Field(default=100, ge=1, le=1000)


class Ticket(Output):
    """`state` is ServiceNow's number. `active` is false once nobody has to do anything any more."""

    table: str
    sys_id: str
    number: str
    correlation: str
    summary: str
    state: str
    active: bool
    updated: str
    url: str


class Tickets(Output):
    """`total` counts also those beyond the limit."""

    tickets: list[Ticket]
    total: int
