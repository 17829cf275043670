"""Provisioning a system by rows in its PostgreSQL: one transaction a call, and what goes wrong as errors for the runner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row
from pydantic import SecretStr

from alta.connectors.contract import Call, Connector

LIMIT = 10.0  # seconds for one transaction; a database in good health needs milliseconds
Row = dict[str, Any]


class Rows:
    """The rows of another system, within one transaction."""

    def __init__(self, connection: psycopg.AsyncConnection[Row], call: Call) -> None:
        self._connection = connection
        self._call = call

    async def ask(self, statement: str, **values: Any) -> list[Row]:
        """Executes a statement with its `%(name)s` values, and gives the rows that it returns, if any. In the task's log
        values of type SecretStr are stars, and of the rows there is only the number."""
        hidden = {name for name, value in values.items() if isinstance(value, SecretStr)}
        self._call.sent(
            {"sql": " ".join(statement.split())} | {n: "•••" if n in hidden else v for n, v in values.items()}
        )
        plain = {n: v.get_secret_value() if isinstance(v, SecretStr) else v for n, v in values.items()}
        cursor = await self._connection.execute(statement.encode(), plain)
        rows = await cursor.fetchall() if cursor.description else []
        self._call.received({"rows": len(rows) if cursor.description else cursor.rowcount})
        return rows

    async def lock(self, name: str) -> None:
        """Lets nobody else who takes the lock of that name in until the transaction ends."""
        await self._connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


@asynccontextmanager
async def transaction(connector: Connector, url: SecretStr, call: Call) -> AsyncIterator[Rows]:
    """Commits at the end, or takes everything back. Rows that other systems hold may be secret, so what is kept of an
    error is its first line, without the detail that quotes them."""
    try:
        async with asyncio.timeout(min(call.timeout, LIMIT)):
            async with await psycopg.AsyncConnection[Row].connect(
                url.get_secret_value(), row_factory=dict_row, application_name="alta"
            ) as connection:
                yield Rows(connection, call)
    except TimeoutError as error:
        raise connector.timed_out("database") from error
    except psycopg.OperationalError as error:
        raise connector.unreachable(f"database: {_first_line(error)}") from None
    except psycopg.Error as error:
        raise connector.rejected(_first_line(error), detail=error.sqlstate or "") from None


def _first_line(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error).partition("\n")[0]
