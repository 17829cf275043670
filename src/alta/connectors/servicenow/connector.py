"""What Alta does in ServiceNow: tickets for people outside, each found again by a name of Alta's own."""

from __future__ import annotations

import time
from typing import Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field, SecretStr

from alta.connectors.contract import (
    Call,
    Connector,
    ConnectorError,
    ConnectorSettings,
    Done,
    Health,
    Permanent,
    action,
)
from alta.connectors.servicenow import states
from alta.connectors.servicenow.models import (
    NewTicket,
    Ticket,
    TicketEnd,
    TicketQuery,
    TicketRef,
    Tickets,
    TicketUpdate,
)
from alta.connectors.servicenow.table import Record, TableApi
from alta.refusal import RefusalKind

NO_TICKET = RefusalKind(
    "servicenow.no_ticket",
    _("ServiceNow has no ticket {correlation} in its table {table}: open it first"),
    422,
)
NOT_KEPT = RefusalKind(
    "servicenow.not_kept",
    _("ServiceNow left the ticket {number} in state {state}: look there which rule keeps it from ending"),
    422,
)


class ServiceNowSettings(ConnectorSettings):
    """`url` is the instance's own: `https://example.service-now.com`. The limits are ours to choose: an instance counts
    requests by the hour."""

    url: str = Field(pattern=r"^https?://[^/\s]+/?$")
    username: SecretStr
    password: SecretStr
    concurrency: int | None = Field(default=5, ge=1)


class ServiceNow(Connector):
    name = "servicenow"
    title = "ServiceNow"
    Settings = ServiceNowSettings
    settings: ServiceNowSettings

    def __init__(self, settings: ServiceNowSettings) -> None:
        super().__init__(settings)
        auth = (settings.username.get_secret_value(), settings.password.get_secret_value())
        self._api = TableApi(self, settings.url, auth)

    async def close(self) -> None:
        await self._api.close()

    @action()
    async def open_ticket(self, params: NewTicket, call: Call) -> Ticket:
        """Opens a ticket in a table such as `incident`, `sc_task` or `change_request`.

        Refused where ServiceNow says so. Idempotent by `correlation`: where the table has a ticket of that name,
        closed ones included, it is given as it is, and none is opened.
        """
        if found := await self._find(params, call):
            return found
        values = {
            **params.values,
            "short_description": params.summary,
            "description": params.description,
            "correlation_id": params.correlation,
        }
        return self._ticket(params.table, await self._api.insert(params.table, values, call))

    @action(read_only=True)
    async def get_ticket(self, params: TicketRef, call: Call) -> Ticket:
        """What ServiceNow knows of a ticket. Refused where there is none of that name. Changes nothing."""
        return await self._get(params, call)

    @action(read_only=True)
    async def list_tickets(self, params: TicketQuery, call: Call) -> Tickets:
        """The tickets whose fields have the values given, oldest first, up to `limit`.

        Read in pages of 100. Refused where ServiceNow did not heed a condition: it ignores fields that a table
        hasn't got. Changes nothing.
        """
        found, total = await self._api.find(params.table, params.where, params.limit, call)
        return Tickets(tickets=[self._ticket(params.table, each) for each in found], total=total)

    @action()
    async def update_ticket(self, params: TicketUpdate, call: Call) -> Ticket:
        """Changes fields of a ticket, and adds a note or a comment.

        Refused where there is none of that name. Repeating it sets the same values again; a note or a comment whose
        answer was lost then stands there twice.
        """
        found = await self._get(params, call)
        notes = {"work_notes": params.note, "comments": params.comment}
        values = {**params.values, **{name: text for name, text in notes.items() if text}}
        return self._ticket(params.table, await self._api.update(params.table, found.sys_id, values, call))

    @action()
    async def close_ticket(self, params: TicketEnd, call: Call) -> Ticket:
        """Ends a ticket whose work is done: an incident is resolved, anything else closed complete.

        Refused where there is none of that name, and where a rule of ServiceNow's keeps it open
        (`servicenow.not_kept`). One that has ended already is given as it is.
        """
        return await self._end(params, states.done(params.table), await self._get(params, call), call)

    @action()
    async def cancel_ticket(self, params: TicketEnd, call: Call) -> Done:
        """Ends a ticket whose work is no longer wanted. Without ticket, or with one that has ended, there is nothing to
        do."""
        if found := await self._find(params, call):
            await self._end(params, states.cancelled(params.table), found, call)
        return Done()

    async def health(self) -> Health:
        """Asks for one incident: the answer shows that the instance and our login are good."""
        begin = time.perf_counter()
        try:
            await self._api.find("incident", {}, 1, Call(key="health", timeout=4))
        except ConnectorError as error:
            return Health(False, str(error))
        return Health(True, "Table API answers", (time.perf_counter() - begin) * 1000)

    async def _end(self, params: TicketEnd, usual: str, found: Ticket, call: Call) -> Ticket:
        state = params.state or usual
        if not found.active or found.state == state:
            return found
        values: dict[str, Any] = {"state": state, "close_notes": params.notes}
        if params.code is not None:
            values["close_code"] = params.code
        ended = self._ticket(params.table, await self._api.update(params.table, found.sys_id, values, call))
        if ended.state != state:
            raise Permanent(NOT_KEPT, number=ended.number, state=ended.state)
        return ended

    async def _get(self, params: TicketRef, call: Call) -> Ticket:
        if found := await self._find(params, call):
            return found
        raise Permanent(NO_TICKET, correlation=params.correlation, table=params.table)

    async def _find(self, params: TicketRef, call: Call) -> Ticket | None:
        """The oldest of that name: where a lost answer made two, everybody means the same one."""
        found, _total = await self._api.find(params.table, {"correlation_id": params.correlation}, 1, call)
        return self._ticket(params.table, found[0]) if found else None

    def _ticket(self, table: str, record: Record) -> Ticket:
        try:
            return Ticket(
                table=table,
                sys_id=str(record["sys_id"]),
                number=str(record["number"]),
                correlation=str(record["correlation_id"]),
                summary=str(record["short_description"]),
                state=str(record["state"]),
                active=str(record["active"]) == "true",
                updated=str(record["sys_updated_on"]),
                url=f"{self.settings.url.rstrip('/')}/{table}.do?sys_id={record['sys_id']}",
            )
        except KeyError as error:
            raise self.bad_answer(f"a record without {error}") from error
