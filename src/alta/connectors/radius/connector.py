"""What Alta does in RADIUS: accounts with a plan, suspending them, and the sessions that are open."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from django.utils.translation import gettext_lazy as _
from pyrad import packet
from pyrad.client import Timeout

from alta.connectors.contract import (
    NOT_CONFIGURED,
    Call,
    Connector,
    ConnectorError,
    Done,
    Health,
    Permanent,
    action,
)
from alta.connectors.database import Database, conversation
from alta.connectors.radius import coa, tables
from alta.connectors.radius.coa import NAMES, Answer, Nas
from alta.connectors.radius.models import (
    Authorisation,
    Deletion,
    NewSubscriber,
    PlanOfSubscriber,
    RadiusSettings,
    Sessions,
    Subscriber,
    SubscriberState,
    Suspension,
)
from alta.refusal import RefusalKind

NO_SUBSCRIBER = RefusalKind(
    "radius.no_subscriber", _("RADIUS has no user {username}: create it before, or repeat its activation")
)
NO_PLAN = RefusalKind(
    "radius.no_plan",
    _("RADIUS has no plan {plan}: name its limits in the playbook, or create the group in RADIUS"),
)


class Radius(Connector):
    name = "radius"
    title = "RADIUS"
    Settings = RadiusSettings
    settings: RadiusSettings

    @action()
    async def set_subscriber(self, params: NewSubscriber, call: Call) -> Done:
        """Creates a user with password and plan, or makes one what is given here.

        `limits` are the reply attributes of the plan, such as `Mikrotik-Rate-Limit: 20M/100M`: the group is made or
        corrected. Without them a plan that has none is refused, because its users would have no limit. `address` is a
        fixed IPv4 address. Holds for the next login. A suspended user stays suspended. Repeating it changes nothing.
        """
        async with self._tables(params.username, call) as db:
            await self._set_plan(db, params)
            await tables.set_check(db, params.username, tables.PASSWORD, params.password)
            address = str(params.address) if params.address else None
            await tables.set_reply(db, params.username, tables.ADDRESS, address)
        return Done()

    @action()
    async def set_plan(self, params: PlanOfSubscriber, call: Call) -> Sessions:
        """Gives a user another plan, from the next login on; with `at_once` the sessions that are open get its limits by
        CoA, or are ended where their access server refuses that, so that the modem logs in anew.

        `limits` as in `set_subscriber`. Refused where there is no such user. Repeating it changes nothing.
        """
        async with self._tables(params.username, call) as db:
            await self._refuse_missing(db, params.username)
            await self._set_plan(db, params)
            limits = await tables.attributes_of(db, params.plan)
        if not params.at_once:
            return Sessions(sessions=0)
        try:
            return await self._tell_sessions(packet.CoARequest, params.username, limits, call)
        except Permanent:
            return await self._tell_sessions(packet.DisconnectRequest, params.username, {}, call)

    @action()
    async def suspend(self, params: Suspension, call: Call) -> Done:
        """Refuses a user's logins, or with `walled_garden` lets them in with that group in place of their plan.

        Sessions that are open stay, unless `disconnect` is true. Refused where there is no such user, and for a walled
        garden without limits. Repeating it changes nothing.
        """
        async with self._tables(params.username, call) as db:
            await self._refuse_missing(db, params.username)
            if params.walled_garden:
                await self._refuse_limitless(db, params.walled_garden)
            await tables.set_check(
                db, params.username, tables.REJECT, None if params.walled_garden else "Reject"
            )
            await tables.set_group(db, params.username, params.walled_garden, tables.WALLED_GARDEN)
        if params.disconnect:
            await self._tell_sessions(packet.DisconnectRequest, params.username, {}, call)
        return Done()

    @action()
    async def resume(self, params: Subscriber, call: Call) -> Done:
        """Takes `suspend` back. A walled session has to be ended with `disconnect`. Refused where there is no such user.
        Repeating it changes nothing."""
        async with self._tables(params.username, call) as db:
            await self._refuse_missing(db, params.username)
            await tables.set_check(db, params.username, tables.REJECT, None)
            await tables.set_group(db, params.username, None, tables.WALLED_GARDEN)
        return Done()

    @action()
    async def delete_subscriber(self, params: Deletion, call: Call) -> Done:
        """Deletes a user, and with `disconnect` ends their sessions; without, those stay. One that isn't there counts as
        deleted. Plans stay."""
        async with self._tables(params.username, call) as db:
            await tables.delete(db, params.username)
        if params.disconnect:
            await self._tell_sessions(packet.DisconnectRequest, params.username, {}, call)
        return Done()

    @action(read_only=True)
    async def get_subscriber(self, params: Subscriber, call: Call) -> SubscriberState:
        """What RADIUS knows of a user, their password left out, and how many sessions are open. One that isn't there
        has `exists: false`."""
        async with conversation(self, self.settings.database, call) as db:
            row = await tables.state(db, params.username)
        suspended = row.pop("rejected") or row["walled_garden"] is not None
        return SubscriberState(suspended=suspended, **row)

    @action()
    async def disconnect(self, params: Subscriber, call: Call) -> Sessions:
        """Ends every session of a user, by Disconnect-Request to the access server of each.

        Without a session there is nothing to do. Refused where an access server says no.
        """
        return await self._tell_sessions(packet.DisconnectRequest, params.username, {}, call)

    @action()
    async def change_authorisation(self, params: Authorisation, call: Call) -> Sessions:
        """Changes the sessions that a user has open, by CoA-Request to the access server of each: `filter_id` names the
        policy that it, or the DPI behind it, applies; `attributes` are any others.

        Without a session there is nothing to do: the next login brings what the tables say. Refused where an access
        server says no. Repeating it changes nothing.
        """
        attributes = dict(params.attributes)
        if params.filter_id is not None:
            attributes["Filter-Id"] = params.filter_id
        return await self._tell_sessions(packet.CoARequest, params.username, attributes, call)

    async def health(self) -> Health:
        """Asks the database for the tables' columns; access servers are not asked."""
        begin = time.perf_counter()
        try:
            call = Call(key="health", timeout=4)
            async with conversation(self, self.settings.database, call) as db:
                await tables.state(db, "")
        except ConnectorError as error:
            return Health(False, error.detail or str(error.params.get("reason", error.kind.code)))
        return Health(True, "its tables answer", (time.perf_counter() - begin) * 1000)

    @asynccontextmanager
    async def _tables(self, username: str, call: Call) -> AsyncIterator[Database]:
        async with conversation(self, self.settings.database, call) as db:
            await tables.lock(db, "user", username)
            yield db

    async def _set_plan(self, db: Database, params: NewSubscriber | PlanOfSubscriber) -> None:
        if params.limits:
            await tables.set_attributes(db, params.plan, params.limits)
        else:
            await self._refuse_limitless(db, params.plan)
        await tables.set_group(db, params.username, params.plan, tables.PLAN)

    @staticmethod
    async def _refuse_missing(db: Database, username: str) -> None:
        if not await tables.exists(db, username):
            raise Permanent(NO_SUBSCRIBER, username=username)

    @staticmethod
    async def _refuse_limitless(db: Database, group: str) -> None:
        if not await tables.attributes_of(db, group):
            raise Permanent(NO_PLAN, plan=group)

    async def _tell_sessions(
        self, code: int, username: str, attributes: Mapping[str, Any], call: Call
    ) -> Sessions:
        async with conversation(self, self.settings.database, call) as db:
            sessions = await tables.open_sessions(db, username)
        told = 0
        for address, session in sessions:
            request = {"User-Name": username, "Acct-Session-Id": session, **attributes}
            told += await self._tell(self._nas(address), code, request, call)
        return Sessions(sessions=told)

    def _nas(self, address: str) -> Nas:
        settings = self.settings
        if settings.coa_secret is None:
            raise Permanent(NOT_CONFIGURED, system=self.title, variable="ALTA_RADIUS_COA_SECRET")
        secret = settings.coa_secret.get_secret_value()
        return Nas(settings.coa_host or address, settings.coa_port, secret, settings.dictionary)

    async def _tell(self, nas: Nas, code: int, attributes: Mapping[str, Any], call: Call) -> bool:
        """Whether the session was there. Raises where the access server refuses, or does not answer."""
        where = f"{nas.host}:{nas.port}"
        call.sent({"to": where, "packet": NAMES[code], "attributes": dict(attributes)})
        try:
            answer = await asyncio.to_thread(coa.ask, nas, code, attributes)
        except Timeout as error:
            raise self.timed_out(where) from error
        except OSError as error:
            raise self.unreachable(f"{where}: {error}") from error
        except (KeyError, ValueError, TypeError) as error:
            raise self.rejected(f"an attribute can't be sent: {error}") from error
        call.received({"packet": answer.packet, "error_cause": answer.cause})
        return self._judge(answer, where)

    def _judge(self, answer: Answer, where: str) -> bool:
        if answer.is_done:
            return True
        if answer.has_no_session:
            return False
        if answer.cause in coa.PASSING:
            raise self.unreachable(f"{where}: {answer.reason}")
        raise self.rejected(answer.reason, detail=where)
