"""Another system's PostgreSQL, where that is its interface: FreeRADIUS, Kea and Kamailio read their subscribers there.

One conversation is one connection and one transaction: it costs a few milliseconds, and none is left half-used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from pydantic import SecretStr

from alta import postgres
from alta.connectors.contract import Call, Connector

MASK = "•••"
LIMIT = 10.0  # seconds for one conversation

Values = Mapping[str, Any]


def database_beside(name: str) -> str:
    """The address of a database of that name on the server that Alta uses, for doubles. It is made if it isn't there."""
    settings = postgres.database_settings()
    server: dict[str, Any] = {
        key: settings.get(key.upper()) or None for key in ("host", "port", "user", "password")
    }
    own = make_conninfo(**server, dbname=settings["NAME"])
    with psycopg.connect(own, autocommit=True) as db:
        db.execute("SELECT pg_advisory_lock(hashtextextended('alta.database_beside', 0))")
        if not db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            db.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_conninfo(**server, dbname=name)


class Database:
    """One transaction. Statements and values are kept on the call; secrets reach the database only."""

    def __init__(self, connection: AsyncConnection[DictRow], call: Call) -> None:
        self._connection = connection
        self._call = call

    async def run(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Runs a statement with `%(name)s` for its values. Returns its rows; for a change, with `returning`."""
        self._call.sent({"sql": " ".join(statement.split()), "values": _masked(values)})
        plain = {name: _plain(value) for name, value in values.items()}
        cursor = await self._connection.execute(sql.SQL(statement), plain)
        rows = [dict(row) for row in await cursor.fetchall()] if cursor.description else []
        self._call.received({"rows": rows if cursor.description else cursor.rowcount})
        return rows


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _masked(values: Values) -> dict[str, Any]:
    return {name: MASK if isinstance(value, SecretStr) else value for name, value in values.items()}


@asynccontextmanager
async def conversation(connector: Connector, url: SecretStr, call: Call) -> AsyncIterator[Database]:
    """A transaction in the database at `url`, committed at the end. Errors are the connector's, never with the address,
    because that holds a password."""
    try:
        async with asyncio.timeout(min(call.timeout, LIMIT)):
            connection = await AsyncConnection.connect(
                url.get_secret_value(), row_factory=dict_row, application_name="alta"
            )
            async with connection:
                yield Database(connection, call)
    except TimeoutError as error:
        raise connector.timed_out("its database") from error
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise connector.unreachable(_reason(error, url)) from error
    except psycopg.Error as error:
        raise connector.rejected(_reason(error, url), detail=error.sqlstate or "") from error


def _reason(error: psycopg.Error, url: SecretStr) -> str:
    """The first line of what the database says."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line.replace(url.get_secret_value(), MASK)
