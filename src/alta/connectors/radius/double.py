"""A double of a RADIUS installation, as far as Alta sees it: FreeRADIUS's tables in a PostgreSQL of Alta's, and an access
server that answers Disconnect and CoA for the sessions in them.

python -m alta.connectors.radius.double --database postgresql://… --port 3799

It answers no logins: for that, point a real FreeRADIUS at the same database."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import ExitStack
from typing import Any

import psycopg
from pyrad import packet
from pyrad.packet import CoAPacket

from alta import postgres
from alta.connectors.database import database_beside
from alta.connectors.double import Double
from alta.connectors.httpdouble import run
from alta.connectors.radius.coa import Cause, dictionary

SECRET = "not-a-secret"  # noqa: S105 - of a simulated access server
TABLES = """
CREATE TABLE IF NOT EXISTS radcheck (id bigserial PRIMARY KEY, username text NOT NULL DEFAULT '',
    attribute text NOT NULL DEFAULT '', op varchar(2) NOT NULL DEFAULT '==', value text NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS radreply (LIKE radcheck INCLUDING ALL);
CREATE TABLE IF NOT EXISTS radgroupcheck (id bigserial PRIMARY KEY, groupname text NOT NULL DEFAULT '',
    attribute text NOT NULL DEFAULT '', op varchar(2) NOT NULL DEFAULT '==', value text NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS radgroupreply (LIKE radgroupcheck INCLUDING ALL);
CREATE TABLE IF NOT EXISTS radusergroup (id bigserial PRIMARY KEY, username text NOT NULL DEFAULT '',
    groupname text NOT NULL DEFAULT '', priority integer NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS radacct (radacctid bigserial PRIMARY KEY, acctsessionid text NOT NULL,
    acctuniqueid text NOT NULL UNIQUE, username text, nasipaddress inet NOT NULL, framedipaddress inet,
    acctstarttime timestamptz, acctupdatetime timestamptz, acctstoptime timestamptz,
    connectinfo_stop text, acctterminatecause text);
CREATE INDEX IF NOT EXISTS radcheck_of_user ON radcheck (username, attribute);
CREATE INDEX IF NOT EXISTS radreply_of_user ON radreply (username, attribute);
CREATE INDEX IF NOT EXISTS radusergroup_of_user ON radusergroup (username);
CREATE INDEX IF NOT EXISTS radgroupreply_of_group ON radgroupreply (groupname, attribute);
CREATE INDEX IF NOT EXISTS radacct_open_of_user ON radacct (username) WHERE acctstoptime IS NULL;
"""


class RadiusDouble(Double):
    """`refusal` makes the access server refuse everything with that Error-Cause, `refuses_coa` all but disconnecting.
    Down, it does not answer."""

    name = "radius"

    def __init__(self, database: str, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.database = database
        self.refusal: int | None = None
        self.refuses_coa = False
        self.requests: list[dict[str, Any]] = []
        self._transport: asyncio.DatagramTransport | None = None
        with psycopg.connect(database, autocommit=True) as db:
            db.execute("SELECT pg_advisory_lock(hashtextextended('alta.radius.tables', 0))")
            db.execute(TABLES)

    def environment(self) -> dict[str, str]:
        return {
            "ALTA_RADIUS_DATABASE": self.database,
            "ALTA_RADIUS_COA_SECRET": SECRET,
            "ALTA_RADIUS_COA_HOST": self.host,
            "ALTA_RADIUS_COA_PORT": str(self.port),
        }

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Listener(self), local_addr=(self.host, self.port)
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    async def shut(self) -> None:
        if self._transport:
            self._transport.close()

    def connect(self, username: str, session: str) -> None:
        """A customer's modem logs in: a session is open."""
        with psycopg.connect(self.database) as db:
            db.execute(
                "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime)"
                " VALUES (%s, %s, %s, %s, now())",
                [session, f"{username}/{session}", username, self.host],
            )

    def answer(self, request: CoAPacket) -> CoAPacket:
        reply = request.CreateReply()
        disconnect = request.code == packet.DisconnectRequest
        cause = self.refusal or self._carry_out(request, disconnect)
        if cause:
            reply.code = packet.DisconnectNAK if disconnect else packet.CoANAK
            reply["Error-Cause"] = cause
        return reply

    def _carry_out(self, request: CoAPacket, disconnect: bool) -> int | None:
        """Why not, or None."""
        if self.refuses_coa and not disconnect:
            return Cause.UNSUPPORTED_SERVICE.value
        values = {name: request[name][0] for name in request.keys() if isinstance(name, str)}  # noqa: SIM118
        self.requests.append({"disconnect": disconnect, **values})
        change = (
            "acctstoptime = now(), acctterminatecause = 'Admin-Reset'"
            if disconnect
            else ("acctupdatetime = now()")
        )
        with psycopg.connect(self.database) as db:
            done = db.execute(
                f"UPDATE radacct SET {change} WHERE acctstoptime IS NULL AND username = %s"  # noqa: S608
                " AND acctsessionid = %s",
                [values.get("User-Name"), values.get("Acct-Session-Id")],
            )
            return None if done.rowcount else Cause.SESSION_NOT_FOUND.value


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, double: RadiusDouble) -> None:
        self._double = double
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        try:
            request = CoAPacket(packet=data, secret=SECRET.encode(), dict=dictionary(None))
        except packet.PacketError:
            return
        if not request.VerifyCoARequest():
            return  # as the real ones do: who doesn't know the secret hears nothing
        reply = self._double.answer(request).ReplyPacket()
        assert self._transport is not None
        asyncio.get_running_loop().call_later(self._double.delay, self._transport.sendto, reply, address)


def main() -> None:
    parser = argparse.ArgumentParser(description="FreeRADIUS's tables, and an access server for CoA")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3799)
    parser.add_argument("--database", help="postgresql://…; without it, `radius` beside Alta's own")
    options = parser.parse_args()
    with ExitStack() as stack:
        if not options.database:
            postgres.join()
            stack.callback(postgres.leave)
        database = options.database or database_beside("radius")
        run(RadiusDouble(database, options.host, options.port), "RADIUS double: CoA")


if __name__ == "__main__":
    main()
