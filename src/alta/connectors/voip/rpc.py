"""JSON-RPC 2.0 of the switch, for what lives in its memory: which phones are registered."""

from __future__ import annotations

from typing import Any

import httpx

from alta.connectors.contract import Call, Connector
from alta.connectors.rest import Rest

TABLE = "location"
NOT_REGISTERED = "AOR not found"


class Rpc:
    def __init__(self, connector: Connector, url: str) -> None:
        self._connector = connector
        self._rest = Rest(connector, url)

    async def close(self) -> None:
        await self._rest.close()

    async def version(self, call: Call) -> str:
        return str(await self._ask(call, "core.version"))

    async def unregister(self, address: str, call: Call) -> None:
        """Forgets the phones of an address of record. Where none is registered there is nothing to do."""
        await self._ask(call, "ul.rm", TABLE, address)

    async def contacts(self, address: str, call: Call) -> list[str]:
        """Where the phones are that are registered now."""
        found = await self._ask(call, "ul.lookup", TABLE, address)
        if found is None:
            return []
        try:
            return [str(each["Contact"]["Address"]) for each in found["Contacts"]]
        except (KeyError, TypeError) as error:
            raise self._connector.bad_answer(f"ul.lookup: contacts of another shape: {error!r}") from error

    async def _ask(self, call: Call, method: str, *params: str) -> Any:
        """The result, or None where nobody is registered. The switch answers errors with status 500."""
        request = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
        failed = httpx.codes.INTERNAL_SERVER_ERROR
        answer = await self._rest.ask("POST", "", call, json=request, accept=(failed,))
        match answer.body:
            case {"result": result}:
                return result
            case {"error": {"message": str(message)}} if NOT_REGISTERED in message:
                return None
            case {"error": {"code": code, "message": message}} if answer.status != failed or code != failed:
                raise self._connector.rejected(f"{method}: {message}")
        raise self._connector.bad_answer(f"{method}: status {answer.status}, {str(answer.body)[:200]}")
