"""What has to be done every so often, such as freeing what a lapsed reservation holds. Workers do it.

A chore may run in several workers at the same time, and again after a crash, so it must pass over what another is
busy with and do nothing the second time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

Work = Callable[[datetime], object]  # True: there is more to do
_chores: list[Chore] = []


@dataclass(frozen=True)
class Chore:
    """`work(now)` is done every `seconds`, by each worker. One that has much to do does some of it, answers True, and
    goes on after the others have had their turn."""

    work: Work
    seconds: float

    @property
    def name(self) -> str:
        return f"{self.work.__module__}.{self.work.__qualname__}"


def every(seconds: float) -> Callable[[Work], Work]:
    """Registers a chore."""

    def register(work: Work) -> Work:
        _chores.append(Chore(work, seconds))
        return work

    return register


def chores() -> tuple[Chore, ...]:
    return tuple(_chores)
