"""What a connector is: an outside system, and the actions that Alta can ask of it.

A connector is a package in this folder whose module `connector` defines one subclass of `Connector`, or a module of your own
that ALTA_CONNECTORS names (several with commas). An action is an async method marked with `@action`: it takes one typed
parameter model and a `Call`, and returns one typed output model. Its docstring says what it does, in which units, what can
go wrong, and how it is idempotent, because a worker may die between the call and the commit and the call is then repeated.

Connectors know no database models. Errors they raise say whether trying again may help: `Transient` or `Permanent`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar, get_type_hints

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field

from alta.refusal import RefusalKind

UNREACHABLE = RefusalKind("connector.unreachable", _("Could not connect to {system}"), 502)
TIMED_OUT = RefusalKind("connector.timed_out", _("{system} did not answer in time"), 504)
BAD_ANSWER = RefusalKind("connector.bad_answer", _("{system} gave an answer that makes no sense"), 502)
REJECTED = RefusalKind("connector.rejected", _("{system} refused the request: {reason}"), 422)
OVERLOADED = RefusalKind("connector.overloaded", _("{system} is overloaded; trying again later"), 503)
NOT_CONFIGURED = RefusalKind(
    "connector.not_configured", _("{system} is not configured: set {variable} and run «alta check»"), 503
)


class ConnectorError(Exception):
    """An action failed. `kind` gives the message for people, `params` fill it, `detail` is for engineers."""

    transient: ClassVar[bool] = False

    def __init__(self, kind: RefusalKind, /, *, detail: str = "", **params: Any) -> None:
        super().__init__(f"{kind.code} {detail}".strip())
        self.kind = kind
        self.params = params
        self.detail = detail


class Transient(ConnectorError):
    """Trying the same again may help: no connection, a time-out, an overload."""

    transient = True


class Permanent(ConnectorError):
    """Trying the same again won't help: the system understood and said no."""


class Params(BaseModel):
    """Parameters of an action. Unknown names are refused; fields of type SecretStr never reach a log."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Output(BaseModel):
    """What an action gives back. It is kept on the task and visible to later ones, so it holds no secret."""

    model_config = ConfigDict(extra="forbid")


class Done(Output):
    """Output of an action that has nothing more to say than that it worked."""


@dataclass
class Call:
    """The call of an action by a task.

    `key` is the same for every attempt of the same task, and different for any other: use it as idempotency key.
    `timeout` is in seconds; the runner ends the call after it, so pass it on to clients that have a limit of their own.
    """

    key: str
    timeout: float = 30.0
    language: str = "es"
    wire: list[dict[str, Any]] = field(default_factory=list)

    def sent(self, message: Any) -> None:
        """Keeps what went out on the wire, for the task's log. Mask secrets first."""
        self.wire.append({"sent": message})

    def received(self, message: Any) -> None:
        self.wire.append({"received": message})


class ConnectorSettings(BaseModel):
    """Settings of a connector, read from ALTA_<CONNECTOR>_<FIELD>, or from the file named by ALTA_<CONNECTOR>_<FIELD>_FILE.

    `concurrency` (calls at once) and `rate` (calls a second) hold over all workers; None means no limit. The breaker opens
    after `breaker_failures` transient failures in a row, and lets one call through after `breaker_seconds`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    concurrency: int | None = Field(default=50, ge=1)
    rate: float | None = Field(default=None, gt=0)
    breaker_failures: int = Field(default=5, ge=1)
    breaker_seconds: float = Field(default=10.0, gt=0)


@dataclass(frozen=True)
class Health:
    """Answer of a health check. `detail` is one sentence for an engineer."""

    ok: bool
    detail: str
    milliseconds: float | None = None


class Connector:
    """Base of every connector. One instance a process; its clients belong to the event loop of that process."""

    name: ClassVar[str]
    title: ClassVar[str]  # as people call the system; it fills {system} in messages
    Settings: ClassVar[type[ConnectorSettings]] = ConnectorSettings

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    async def health(self) -> Health:
        """Asks the system something harmless. Never raises; takes five seconds at most."""
        raise NotImplementedError

    async def close(self) -> None:
        """Closes open connections. The connector may be used again afterwards."""

    def unreachable(self, detail: str) -> Transient:
        return Transient(UNREACHABLE, detail=detail, system=self.title)

    def timed_out(self, detail: str) -> Transient:
        return Transient(TIMED_OUT, detail=detail, system=self.title)

    def bad_answer(self, detail: str) -> Transient:
        return Transient(BAD_ANSWER, detail=detail, system=self.title)

    def rejected(self, reason: str, detail: str = "") -> Permanent:
        return Permanent(REJECTED, detail=detail, system=self.title, reason=reason)


@dataclass(frozen=True)
class Action:
    """One thing that a playbook's task can do: `name` is what stands behind `do:`.

    `effect` actions change Alta's own data and run inside the transaction that commits their task; the others call an
    outside system, with no transaction open. `many` does an effect for several jobs in a few statements."""

    name: str
    params: type[BaseModel]
    output: type[BaseModel]
    function: Callable[..., Any]
    doc: str
    effect: bool
    read_only: bool
    connector: str | None = None
    many: Callable[..., Any] | None = None


F = TypeVar("F", bound=Callable[..., Awaitable[Any]])


def action(*, read_only: bool = False) -> Callable[[F], F]:
    """Marks a connector's method as an action. `read_only` ones may serve as `verify`."""

    def mark(function: F) -> F:
        function.__alta_action__ = {"read_only": read_only}  # type: ignore[attr-defined]
        return function

    return mark


def actions_of(connector: type[Connector]) -> list[Action]:
    """The actions a connector class declares. Raises TypeError where one is not properly typed or documented."""
    found = []
    for name, function in inspect.getmembers(connector, inspect.isfunction):
        mark = getattr(function, "__alta_action__", None)
        if mark is None:
            continue
        hints = get_type_hints(function)
        if not (function.__doc__ and {"params", "call", "return"} <= hints.keys()):
            raise TypeError(
                f"{connector.__name__}.{name} needs a docstring and typed params, call and result"
            )
        found.append(
            Action(
                name=f"{connector.name}.{name}",
                params=hints["params"],
                output=hints["return"],
                function=function,
                doc=inspect.cleandoc(function.__doc__),
                effect=False,
                read_only=mark["read_only"],
                connector=connector.name,
            )
        )
    return found
