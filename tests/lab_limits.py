"""A second outside system of the test bench, in the test's own process: it knows how many calls it has at once and when each
began."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

from pydantic import SecretStr

from alta.connectors.contract import Call, Connector, ConnectorSettings, Health, Output, Params, action


class Settings(ConnectorSettings):
    concurrency: int | None = None
    breaker_failures: int = 3
    breaker_seconds: float = 0.5


class Knock(Params):
    delay: float = 0.0
    token: SecretStr = SecretStr("")
    leak: bool = False


class Opened(Output):
    seen: str = ""


class Door(Connector):
    """`fails` calls from now on do not get through."""

    name = "door"
    title = "Door"
    Settings = Settings
    inside: ClassVar[int] = 0
    most_inside: ClassVar[int] = 0
    began: ClassVar[list[float]] = []
    fails: ClassVar[int] = 0

    @classmethod
    def reset(cls) -> None:
        cls.inside = cls.most_inside = cls.fails = 0
        cls.began = []

    async def health(self) -> Health:
        return Health(True, "always well")

    @action()
    async def knock(self, params: Knock, call: Call) -> Opened:
        """Lets the caller in for `delay` seconds. Idempotent: it changes nothing."""
        Door.began.append(time.monotonic())
        Door.inside += 1
        Door.most_inside = max(Door.most_inside, Door.inside)
        token = params.token.get_secret_value()
        call.sent({"token": token, token or "none": 1})
        try:
            await asyncio.sleep(params.delay)
        finally:
            Door.inside -= 1
        if Door.fails > 0:
            Door.fails -= 1
            raise self.unreachable(f"nobody opens to {token!r}")
        if params.leak:
            raise ValueError(f"the token was {token}")
        return Opened(seen=token)
