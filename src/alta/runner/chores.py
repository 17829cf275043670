"""Does the chores of all parts of Alta, each when it is due."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from alta.housekeeping import Chore, chores
from alta.runner.coalesce import DATABASE_TROUBLE

logger = logging.getLogger(__name__)
InDatabase = Callable[..., Awaitable[Any]]


class Housekeeper:
    """One worker's. A chore that fails has its next turn like any other, and keeps none of the others."""

    def __init__(self, in_database: InDatabase, now: Callable[[], datetime]) -> None:
        self._in_database = in_database
        self._now = now
        self._due: dict[Chore, float] = {}

    async def look_around(self) -> None:
        moment = time.monotonic()
        for chore in chores():
            if self._due.get(chore, moment) > moment:
                continue
            self._due[chore] = moment + chore.seconds
            try:
                if await self._in_database(chore.work, self._now()) is True:
                    self._due[chore] = moment
            except DATABASE_TROUBLE:
                raise
            except Exception:
                logger.exception("the chore %s failed", chore.name)
