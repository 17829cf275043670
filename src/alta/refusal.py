"""A refusal: the one way in which Alta says no.

A refusal is an expected answer to a request that can't be carried out: it has a code that programs may rely on, the
parameters of its message, and a translated message that says what to do next. Nothing has changed when one is raised,
because every use case is one transaction. A bug is any other exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

_kinds: dict[str, RefusalKind] = {}


@dataclass(frozen=True)
class RefusalKind:
    """One thing Alta refuses. Calling it with the message's parameters makes the exception to raise.

    `code` is stable and dotted (`inventory.item.held`); `message` is a lazy translation with named placeholders;
    `status` is the HTTP status of the answer.
    """

    code: str
    message: str | Promise
    status: int = 409

    def __post_init__(self) -> None:
        if self.code in _kinds:
            raise ValueError(f"refusal {self.code} is declared twice")
        _kinds[self.code] = self

    def __call__(self, **params: Any) -> Refusal:
        return Refusal(self, params)


class Refusal(Exception):
    """Raised by rules and use cases, shown to the person by the edges. Never caught to try something else."""

    def __init__(self, kind: RefusalKind, params: Mapping[str, Any]) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.params = dict(params)

    @property
    def code(self) -> str:
        return self.kind.code

    def __str__(self) -> str:
        return str(self.kind.message).format(**self.params)


def describe(code: str, params: Mapping[str, Any], fallback: str = "") -> str:
    """The message of a stored refusal or error, in the reader's language; `fallback` where its code is unknown."""
    kind = _kinds.get(code)
    if kind is None:
        return fallback or code
    try:
        return str(kind.message).format(**params)
    except (KeyError, IndexError):
        return fallback or code


def all_kinds() -> list[RefusalKind]:
    return sorted(_kinds.values(), key=lambda kind: kind.code)
