"""Asking an outside system something for a page, apart from any job: reading only, and briefly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from asgiref.sync import async_to_sync
from django.utils.translation import get_language

from alta.connectors import registry
from alta.connectors.contract import Call, ConnectorError
from alta.runner.perform import Failed as Failed  # for callers
from alta.runner.perform import perform
from alta.runner.records import Problem

LIMIT = timedelta(seconds=3)


def ask(name: str, params: Mapping[str, Any], limit: timedelta = LIMIT) -> dict[str, Any]:
    """What a read-only action answers, as JSON. Raises Failed, with the problem, whatever goes wrong.

    Pages run in threads without an event loop of their own, so the connector's connections are closed again."""
    action = registry.find_action(name)
    if action is None or action.connector is None or not action.read_only:
        raise ValueError(f"{name} is no action that only reads an outside system")
    call = Call(key=f"ask-{name}", timeout=limit.total_seconds(), language=get_language() or "es")
    return async_to_sync(_ask)(action, action.params.model_validate(params), call, limit)


async def _ask(action: Any, params: Any, call: Call, limit: timedelta) -> dict[str, Any]:
    try:
        connector = registry.fresh(action.connector)
    except ConnectorError as error:
        raise Failed(Problem.of_error(error)) from error
    try:
        return await perform(action, params, call, limit, connector)
    finally:
        await connector.close()
