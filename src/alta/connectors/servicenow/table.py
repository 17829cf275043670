"""The Table API: records in, records out, in pages, and no more often than ServiceNow allows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from alta.connectors.contract import OVERLOADED, Call, Connector, ConnectorError, Transient
from alta.connectors.rest import Answer, Rest

PAGE = 100
UNSAID = 5.0  # seconds to wait where ServiceNow does not say
FIELDS = "sys_id,number,correlation_id,short_description,state,active,sys_updated_on"
Record = Mapping[str, Any]


class TableApi:
    """One instance. When it says that we ask too often, all of this process waits as long as it says."""

    def __init__(self, connector: Connector, url: str, auth: tuple[str, str]) -> None:
        self._connector = connector
        self._rest = Rest(connector, f"{url.rstrip('/')}/api/now/table", auth)
        self._quiet_until = 0.0

    async def close(self) -> None:
        await self._rest.close()

    async def find(
        self, table: str, where: Mapping[str, str], limit: int, call: Call
    ) -> tuple[list[Record], int]:
        """The oldest records that meet all conditions, and how many there are in all.

        ServiceNow ignores a condition on a field that it doesn't have, and would give every record: that is refused."""
        query = "^".join([*(f"{name}={value}" for name, value in where.items()), "ORDERBYsys_created_on"])
        fields = ",".join(dict.fromkeys([*FIELDS.split(","), *where]))
        found: list[Record] = []
        total = limit
        while len(found) < min(limit, total):
            page = {"sysparm_query": query, "sysparm_fields": fields, "sysparm_offset": str(len(found))}
            page["sysparm_limit"] = str(min(PAGE, limit - len(found)))
            answer = await self._ask("GET", f"/{table}", call, query=page)
            records = self._result(answer, list)
            total = int(answer.headers.get("X-Total-Count", len(found) + len(records)))
            found += records
            if not records:
                break
        for record in found:
            if ignored := [name for name, value in where.items() if str(record.get(name)) != value]:
                raise self._connector.rejected(f"{table}: {', '.join(ignored)}?")
        return found, max(total, len(found))

    async def insert(self, table: str, values: Record, call: Call) -> Record:
        fields = {"sysparm_fields": FIELDS}
        return self._record(await self._ask("POST", f"/{table}", call, query=fields, json=values))

    async def update(self, table: str, sys_id: str, values: Record, call: Call) -> Record:
        fields = {"sysparm_fields": FIELDS}
        return self._record(await self._ask("PATCH", f"/{table}/{sys_id}", call, query=fields, json=values))

    async def _ask(self, method: str, path: str, call: Call, **more: Any) -> Answer:
        patience = time.monotonic() + call.timeout / 2  # the other half is for the answer
        while True:
            pause = self._quiet_until - time.monotonic()
            if self._quiet_until > patience:
                detail = f"ServiceNow asks to wait {pause:.0f} s"
                raise Transient(OVERLOADED, detail=detail, system=self._connector.title)
            await asyncio.sleep(max(pause, 0))
            answer = await self._rest.ask(method, path, call, accept=(httpx.codes.TOO_MANY_REQUESTS,), **more)
            if answer.status != httpx.codes.TOO_MANY_REQUESTS:
                break
            self._quiet_until = time.monotonic() + _seconds(answer.headers.get("Retry-After"))
        if answer.status >= httpx.codes.BAD_REQUEST:
            raise self._refusal(answer)
        return answer

    def _refusal(self, answer: Answer) -> ConnectorError:
        error = answer.body.get("error") if isinstance(answer.body, dict) else None
        if not isinstance(error, dict):
            return self._connector.bad_answer(f"status {answer.status}, no answer of the Table API's")
        reason = ": ".join(str(error[part]) for part in ("message", "detail") if error.get(part))
        return self._connector.rejected(reason, detail=f"status {answer.status}")

    def _record(self, answer: Answer) -> Record:
        record: Record = self._result(answer, dict)
        return record

    def _result(self, answer: Answer, kind: type[Any]) -> Any:
        result = answer.body.get("result") if isinstance(answer.body, dict) else None
        if not isinstance(result, kind):
            raise self._connector.bad_answer(f"status {answer.status}, no result")
        return result


def _seconds(retry_after: str | None) -> float:
    """`Retry-After` is a number of seconds or a moment (RFC 9110)."""
    if retry_after is None:
        return UNSAID
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return max((parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return UNSAID
