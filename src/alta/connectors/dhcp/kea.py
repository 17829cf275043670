"""Kea's control interface: a command as JSON over HTTP, answered by a result number and a text.

The answer is a list with one element for each server that was asked; a newer Kea without agent may answer the element
itself."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from alta.connectors.contract import Call, Connector
from alta.connectors.rest import Rest

OFFLINE = ("unable to forward command", "likely to be offline", "timeout")


class Result(IntEnum):
    OK = 0
    ERROR = 1
    UNSUPPORTED = 2
    EMPTY = 3
    CONFLICT = 4


class Unsupported(Exception):
    """This Kea does not know the command."""


class Kea:
    def __init__(self, connector: Connector, rest: Rest) -> None:
        self._connector = connector
        self._rest = rest

    async def ask(self, command: str, arguments: dict[str, Any] | None, call: Call) -> dict[str, Any] | None:
        """The arguments of the answer; None where there is no such thing. Raises Unsupported."""
        question: dict[str, Any] = {"command": command, "service": ["dhcp4"]}
        if arguments is not None:
            question["arguments"] = arguments
        answer = await self._rest.ask("POST", "/", call, json=question)
        result, text, found = self._read(answer.body, f"{command}: status {answer.status}")
        if result == Result.OK:
            return found
        if result == Result.EMPTY or (result == Result.ERROR and "not found" in text):
            return None
        if result == Result.UNSUPPORTED:
            raise Unsupported(text)
        if result == Result.ERROR and any(sign in text.lower() for sign in OFFLINE):
            raise self._connector.unreachable(f"{command}: {text}")
        raise self._connector.rejected(text, detail=command)

    def _read(self, body: Any, where: str) -> tuple[int, str, dict[str, Any]]:
        element = body[0] if isinstance(body, list) and body else body
        if not isinstance(element, dict) or not isinstance(element.get("result"), int):
            raise self._connector.bad_answer(where)
        return element["result"], str(element.get("text", "")), element.get("arguments") or {}
