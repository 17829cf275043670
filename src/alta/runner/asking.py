"""Asking an outside system something for a page, apart from any job: reading only, and briefly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.utils.translation import get_language
from pydantic import BaseModel

from alta.connectors import registry
from alta.connectors.contract import Action, Call, ConnectorError
from alta.runner.perform import Failed as Failed  # for callers
from alta.runner.perform import perform
from alta.runner.records import Problem

LIMIT = timedelta(seconds=3)


def ask(name: str, params: Mapping[str, Any], limit: timedelta = LIMIT) -> dict[str, Any]:
    """What a read-only action answers, as JSON. Raises Failed, with the problem, whatever goes wrong.

    Pages run in threads without an event loop of their own, so the connector's connections are closed again."""
    action = registry.find_action(name)
    if action is None:
        raise ValueError(f"there is no action {name}")
    return async_to_sync(ask_action)(action, action.params.model_validate(params), limit)


def ask_all(questions: Sequence[tuple[Action, BaseModel]]) -> list[dict[str, Any] | Failed]:
    """What several read-only actions answer, asked at the same time: the answer, or what went wrong."""
    return async_to_sync(_ask_all)(questions)


async def _ask_all(questions: Sequence[tuple[Action, BaseModel]]) -> list[dict[str, Any] | Failed]:
    async def one(action: Action, params: BaseModel) -> dict[str, Any] | Failed:
        try:
            return await ask_action(action, params)
        except Failed as failed:
            return failed

    return list(await asyncio.gather(*(one(action, params) for action, params in questions)))


async def ask_action(action: Action, params: BaseModel, limit: timedelta = LIMIT) -> dict[str, Any]:
    """As `ask`."""
    if action.connector is None or not action.read_only:
        raise ValueError(f"{action.name} is no action that only reads an outside system")
    call = Call(key=f"ask-{action.name}", timeout=limit.total_seconds(), language=get_language() or "es")
    try:
        connector = registry.fresh(action.connector)
    except ConnectorError as error:
        raise Failed(Problem.of_error(error)) from error
    try:
        return await perform(action, params, call, limit, connector)
    finally:
        await connector.close()
