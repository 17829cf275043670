"""Finds connectors and actions by name. This is all that the runner knows of either."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError

from alta import connectors
from alta.connectors.contract import (
    NOT_CONFIGURED,
    Action,
    Connector,
    ConnectorSettings,
    Permanent,
    actions_of,
)

_effects: dict[str, Action] = {}
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Effect:
    """What an action on Alta's own data knows of the job it runs in. It runs inside the task's transaction."""

    job_id: int
    task: str
    service_id: int | None
    customer_id: int | None
    order_id: int | None
    actor: str
    now: datetime


def effect(name: str, *, read_only: bool = False, many: Callable[..., Any] | None = None) -> Callable[[F], F]:
    """Registers `function(params, effect) -> output` as an action that changes Alta's own data.

    `many(params, effects)` takes lists and does the same for all of them in a few statements. It answers which it did, in
    their order; the others are left to `function`, and so are all when it raises. It serves where the action follows a
    call."""

    def register(function: F) -> F:
        hints = get_type_hints(function)
        if not function.__doc__:
            raise TypeError(f"{name} needs a docstring")
        _effects[name] = Action(
            name=name,
            params=hints["params"],
            output=hints["return"],
            function=function,
            doc=inspect.cleandoc(function.__doc__),
            effect=True,
            read_only=read_only,
            many=many,
        )
        return function

    return register


def _modules() -> Iterator[Any]:
    for module in pkgutil.iter_modules(connectors.__path__):
        if module.ispkg:
            yield importlib.import_module(f"alta.connectors.{module.name}.connector")
    for name in filter(None, os.environ.get("ALTA_CONNECTORS", "").split(",")):
        yield importlib.import_module(name.strip())


@cache
def connector_classes() -> dict[str, type[Connector]]:
    """Every connector there is, by name."""
    return {
        value.name: value
        for module in _modules()
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Connector) and value.__module__ == module.__name__
    }


@cache
def _connector_actions() -> dict[str, Action]:
    return {a.name: a for connector in connector_classes().values() for a in actions_of(connector)}


def actions() -> dict[str, Action]:
    """Every action there is, by name: of connectors and on Alta's own data."""
    return _connector_actions() | _effects


def find_action(name: str) -> Action | None:
    return _effects.get(name) or _connector_actions().get(name)


def read_settings(connector: type[Connector]) -> ConnectorSettings:
    """The connector's settings from the environment. Raises ValidationError for what is missing or wrong."""
    values: dict[str, str] = {}
    for field in connector.Settings.model_fields:
        variable = f"ALTA_{connector.name}_{field}".upper()
        if variable in os.environ:
            values[field] = os.environ[variable]
        elif f"{variable}_FILE" in os.environ:
            values[field] = Path(os.environ[f"{variable}_FILE"]).read_text().strip()
    return connector.Settings.model_validate(values)


_instances: dict[str, Connector] = {}


def connector(name: str) -> Connector:
    """This process's connector of that name. Raises Permanent (`connector.not_configured`) where a setting is missing."""
    if name not in _instances:
        _instances[name] = fresh(name)
    return _instances[name]


def fresh(name: str) -> Connector:
    """A connector of that name of one's own, to be closed by whoever asked. Raises as `connector` does."""
    found = connector_classes()[name]
    try:
        settings = read_settings(found)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        variable = f"ALTA_{name}_{field}".upper()
        raise Permanent(NOT_CONFIGURED, system=found.title, variable=variable) from error
    return found(settings)


async def close_all() -> None:
    """Closes every connector's connections and forgets the instances, so that settings are read anew."""
    while _instances:
        await _instances.popitem()[1].close()


def masked(params: BaseModel) -> dict[str, Any]:
    """Parameters as they may be logged: SecretStr fields are stars."""
    return params.model_dump(mode="json", exclude_none=True)
