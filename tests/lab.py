"""A connector of the test bench: an outside system that does what a test tells it, and remembers how often it was asked.

Named by ALTA_CONNECTORS=tests.lab, so workers in processes of their own load it too. What it remembers lives in a file that
grows by one line a call (ALTA_LAB_JOURNAL): the outside world does not roll back when a transaction does."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from alta.connectors.contract import Call, Connector, ConnectorSettings, Health, Output, Params, action


class LabSettings(ConnectorSettings):
    concurrency: int | None = None
    journal: str | None = None


class Ask(Params):
    say: str = ""
    delay: float = 0.0
    fail: str = ""  # "transient", "permanent" or "bug"
    fail_until: str = ""  # fails while this file does not exist
    token: SecretStr = SecretStr("")


class Told(Output):
    said: str


class Lab(Connector):
    name = "lab"
    title = "Lab"
    Settings = LabSettings
    settings: LabSettings

    async def health(self) -> Health:
        return Health(True, "always well")

    @action()
    async def ask(self, params: Ask, call: Call) -> Told:
        """Does what the test says. Idempotent by `call.key`."""
        self._note("ask", call.key)
        return await self._do(params, call)

    @action()
    async def unask(self, params: Ask, call: Call) -> Told:
        """Takes `ask` back."""
        self._note("unask", call.key)
        return await self._do(params, call)

    @action(read_only=True)
    async def look(self, params: Ask, call: Call) -> Told:
        """Looks; changes nothing."""
        self._note("look", call.key)
        return await self._do(params, call)

    @action()
    async def nothing(self, params: Params, call: Call) -> Told:
        """Nothing at all, as fast as can be."""
        return Told(said="")

    async def _do(self, params: Ask, call: Call) -> Told:
        call.sent({"say": params.say, "token": params.token.get_secret_value()})
        if params.delay:
            await asyncio.sleep(params.delay)
        if params.fail == "transient" or (params.fail_until and not Path(params.fail_until).exists()):
            raise self.unreachable("the lab is closed")
        if params.fail == "permanent":
            raise self.rejected("the lab says no")
        if params.fail == "bug":
            raise ZeroDivisionError("a mistake")
        return Told(said=params.say)

    def _note(self, action_name: str, key: str) -> None:
        path = self.settings.journal
        if path:
            # One write of a short line is whole, also from several processes.
            with open(path, "ab", buffering=0) as journal:
                journal.write((json.dumps([action_name, key, os.getpid()]) + "\n").encode())


def read_journal(path: Path) -> list[list[Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
