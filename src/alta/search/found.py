"""What a search finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from alta.search.typed import Group


@dataclass(frozen=True)
class Hit:
    """One thing found. `key` is what its page is asked by; `title` a text, or one in each language; `facts` tell it from
    others like it."""

    key: int | UUID | str
    title: Any
    id: int | None = None
    facts: Sequence[str] = ()
    state: str = ""
    state_label: str = ""


@dataclass(frozen=True)
class Found:
    """The hits of one group. `more`: there are others; `slow`: it took too long and was given up."""

    group: Group
    hits: Sequence[Hit] = ()
    more: bool = False
    slow: bool = False

    @property
    def count(self) -> str:
        return f"{len(self.hits)}+" if self.more else str(len(self.hits))


@dataclass(frozen=True)
class Results:
    """What all groups found; those without a hit are left out."""

    text: str
    groups: Sequence[Found] = ()

    @property
    def total(self) -> int:
        return sum(len(found.hits) for found in self.groups)

    @property
    def more(self) -> bool:
        return any(found.more for found in self.groups)

    @property
    def slow(self) -> bool:
        return any(found.slow for found in self.groups)

    @property
    def only(self) -> tuple[Group, Hit] | None:
        """The hit, where there is just one."""
        if self.total != 1 or self.slow:
            return None
        found = next(found for found in self.groups if found.hits)
        return found.group, found.hits[0]
