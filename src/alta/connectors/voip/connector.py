"""What Alta does in the VoIP switch: lines with which phones register, and the numbers that ring there."""

from __future__ import annotations

import time
from dataclasses import dataclass
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
from alta.connectors.database import Database, conversation
from alta.connectors.voip.credentials import SUSPENDED, Credentials
from alta.connectors.voip.models import (
    Line,
    LineQuestion,
    LineState,
    LineWithNumber,
    LineWithPassword,
    NewLine,
)
from alta.connectors.voip.rpc import Rpc
from alta.refusal import RefusalKind

NO_LINE = RefusalKind("voip.no_line", _("The VoIP switch has no line {username}: create it first"), 422)
OTHER_PASSWORD = RefusalKind(
    "voip.other_password",
    _("The VoIP switch has a line {username} with another password: delete it there and repeat"),
    422,
)
NUMBER_TAKEN = RefusalKind(
    "voip.number_taken",
    _("In the VoIP switch the number {number} rings at line {username}: remove it there or choose another"),
    422,
)


class VoipSettings(ConnectorSettings):
    """`database` is the address of the switch's PostgreSQL, `postgresql://user:password@host/kamailio`; `rpc` that of its
    JSON-RPC, `http://host:5060/RPC`. `domain` stands behind the @ of every SIP address, and is the digests' realm."""

    database: SecretStr
    rpc: str = Field(pattern=r"^https?://[^/\s]+/")
    domain: str = Field(pattern=r"^([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+$", max_length=64)
    concurrency: int | None = Field(default=10, ge=1)  # each call is a connection to the database


@dataclass(frozen=True)
class Found:
    """A line that the switch has: whether it may register, and whether the digests asked about are its own."""

    active: bool
    right: bool


class Voip(Connector):
    name = "voip"
    title = "VoIP"
    Settings = VoipSettings
    settings: VoipSettings

    def __init__(self, settings: VoipSettings) -> None:
        super().__init__(settings)
        self._rpc = Rpc(self, settings.rpc)

    async def close(self) -> None:
        await self._rpc.close()

    @action()
    async def create_subscriber(self, params: NewLine, call: Call) -> Done:
        """Creates a line that may register at once, and lets `number` ring there where one is given.

        The switch keeps digests of the password, not the password. Refused where the line exists with another
        password (`voip.other_password`), and where the number rings elsewhere (`voip.number_taken`). Repeating it
        changes nothing.
        """
        made = self._credentials(params)
        async with conversation(self, self.settings.database, call) as rows:
            await rows.run(
                "INSERT INTO subscriber (username, domain, password, ha1, ha1b)"
                " VALUES (%(username)s, %(domain)s, %(password)s, %(ha1)s, %(ha1b)s)"
                " ON CONFLICT (username, domain) DO NOTHING",
                **self._key(params),
                **made.columns(),
            )
            if not (await self._line(rows, params, made)).right:
                raise Permanent(OTHER_PASSWORD, username=params.username)
            if params.number is not None:
                await self._give_number(rows, params, params.number)
        return Done()

    @action()
    async def set_number(self, params: LineWithNumber, call: Call) -> Done:
        """Lets a number ring at the line, instead of those that did. The phone stays registered as it is.

        Refused where there is no such line, and where the number rings at another (`voip.number_taken`). Repeating
        it changes nothing.
        """
        async with conversation(self, self.settings.database, call) as rows:
            await self._line(rows, params)
            await self._give_number(rows, params, params.number)
        return Done()

    @action()
    async def clear_number(self, params: LineWithNumber, call: Call) -> Done:
        """No call to the number reaches the line any more. Where it doesn't ring there is nothing to do."""
        async with conversation(self, self.settings.database, call) as rows:
            await rows.run(
                "DELETE FROM dbaliases WHERE username = %(username)s AND domain = %(domain)s"
                " AND alias_username = %(number)s",
                **self._key(params),
                number=params.number,
            )
        return Done()

    @action()
    async def suspend_subscriber(self, params: Line, call: Call) -> Done:
        """The line's phones are thrown out and can't register or call; its numbers stay its own.

        Its digests are replaced by those of a password that nobody knows. Refused where there is no such line.
        Repeating it changes nothing.
        """
        nobody = Credentials.suspended(params.username, self.settings.domain)
        async with conversation(self, self.settings.database, call) as rows:
            if (await self._line(rows, params)).active:
                await self._set(rows, params, nobody)
        await self._rpc.unregister(self._address(params), call)
        return Done()

    @action()
    async def resume_subscriber(self, params: LineWithPassword, call: Call) -> Done:
        """Ends a suspension: the line's phones may register again, with the password given here.

        Refused where there is no such line. Repeating it changes nothing.
        """
        async with conversation(self, self.settings.database, call) as rows:
            await self._line(rows, params)
            await self._set(rows, params, self._credentials(params))
        return Done()

    @action()
    async def unregister(self, params: Line, call: Call) -> Done:
        """Throws the line's phones out; with the right password they may come back. Repeating it changes nothing."""
        await self._rpc.unregister(self._address(params), call)
        return Done()

    @action()
    async def delete_subscriber(self, params: Line, call: Call) -> Done:
        """Deletes the line with its numbers, and throws its phones out. One that isn't there counts as deleted."""
        async with conversation(self, self.settings.database, call) as rows:
            for table in ("dbaliases", "subscriber"):
                await rows.run(
                    f"DELETE FROM {table} WHERE username = %(username)s AND domain = %(domain)s",  # noqa: S608
                    **self._key(params),
                )
        await self._rpc.unregister(self._address(params), call)
        return Done()

    @action(read_only=True)
    async def get_subscriber(self, params: LineQuestion, call: Call) -> LineState:
        """What the switch knows of a line: its numbers, whether it is suspended, which phones are registered.

        With `password` it says whether that is the right one; the password itself and its digests it never gives.
        Refused where there is no such line. Changes nothing.
        """
        async with conversation(self, self.settings.database, call) as rows:
            asked = None
            if params.password is not None:
                known = LineWithPassword(username=params.username, password=params.password)
                asked = self._credentials(known)
            line = await self._line(rows, params, asked, to_change=False)
            numbers = await rows.run(
                "SELECT DISTINCT alias_username AS number FROM dbaliases"
                " WHERE username = %(username)s AND domain = %(domain)s ORDER BY number",
                **self._key(params),
            )
        contacts = await self._rpc.contacts(self._address(params), call)
        return LineState(
            username=params.username,
            domain=self.settings.domain,
            numbers=[row["number"] for row in numbers],
            active=line.active,
            registered=bool(contacts),
            contacts=contacts,
            password_right=line.right if asked else None,
        )

    async def health(self) -> Health:
        """Asks the switch for its version and its database for the tables: provisioning needs both."""
        begin = time.perf_counter()
        call = Call(key="health", timeout=2)
        try:
            version = await self._rpc.version(call)
            async with conversation(self, self.settings.database, call) as rows:
                await rows.run("SELECT FROM subscriber, dbaliases LIMIT 0")
        except ConnectorError as error:
            return Health(False, str(error))
        return Health(True, version, (time.perf_counter() - begin) * 1000)

    async def _line(
        self, rows: Database, line: Line, made: Credentials | None = None, *, to_change: bool = True
    ) -> Found:
        """What there is of the line; `to_change` keeps others from changing it until the transaction ends.

        The database compares the digests, so that none ever comes back from it."""
        question = (
            "SELECT NOT starts_with(password, %(mark)s) AS active, ha1 = %(ha1)s AS right FROM subscriber"
            " WHERE username = %(username)s AND domain = %(domain)s"
        )
        if to_change:
            question += " FOR UPDATE"
        ha1 = made.ha1 if made else None
        found = await rows.run(question, **self._key(line), mark=SUSPENDED, ha1=ha1)
        if not found:
            raise Permanent(NO_LINE, username=line.username)
        return Found(active=found[0]["active"], right=bool(found[0]["right"]))

    async def _set(self, rows: Database, line: Line, made: Credentials) -> None:
        await rows.run(
            "UPDATE subscriber SET password = %(password)s, ha1 = %(ha1)s, ha1b = %(ha1b)s"
            " WHERE username = %(username)s AND domain = %(domain)s",
            **self._key(line),
            **made.columns(),
        )

    async def _give_number(self, rows: Database, line: Line, number: str) -> None:
        """The table lets a number ring at two lines, so whoever gives it takes its turn."""
        await rows.run(
            "SELECT pg_advisory_xact_lock(hashtextextended(%(lock)s, 0))",
            lock=f"alta.voip {number}@{self.settings.domain}",
        )
        owners = await rows.run(
            "SELECT username, domain FROM dbaliases"
            " WHERE alias_username = %(number)s AND alias_domain = %(domain)s",
            number=number,
            domain=self.settings.domain,
        )
        for owner in owners:
            if owner != self._key(line):
                raise Permanent(NUMBER_TAKEN, number=number, username=owner["username"])
        await rows.run(
            "DELETE FROM dbaliases WHERE username = %(username)s AND domain = %(domain)s"
            " AND alias_username <> %(number)s",
            **self._key(line),
            number=number,
        )
        if not owners:
            await rows.run(
                "INSERT INTO dbaliases (alias_username, alias_domain, username, domain)"
                " VALUES (%(number)s, %(domain)s, %(username)s, %(domain)s)",
                **self._key(line),
                number=number,
            )

    def _credentials(self, line: LineWithPassword) -> Credentials:
        return Credentials.of(line.username, self.settings.domain, line.password.get_secret_value())

    def _address(self, line: Line) -> str:
        return f"{line.username}@{self.settings.domain}"

    def _key(self, line: Line) -> dict[str, Any]:
        return {"username": line.username, "domain": self.settings.domain}
