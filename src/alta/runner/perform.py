"""Doing one try of one action, and telling what came of it. Knows no database."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError

from alta.connectors import registry
from alta.connectors.contract import Action, Call, Connector, ConnectorError
from alta.playbooks.language import ActionCall, Verify
from alta.playbooks.templates import Context, TemplateMistake, render
from alta.runner.records import Problem
from alta.runner.refusals import BUG, TEMPLATE, TIMED_OUT, VERIFY
from alta.runner.secrecy import clean, secrets_of

logger = logging.getLogger(__name__)


class Failed(Exception):
    """A try failed, with the problem to keep."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def parameters(call: ActionCall, action: Action, context: Context) -> BaseModel:
    """The action's parameters with their templates filled in. Raises Failed."""
    try:
        return action.params.model_validate(render(call.with_, context))
    except TemplateMistake as mistake:
        raise Failed(Problem.of(TEMPLATE, reason=str(mistake))) from mistake
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        reason = f"{action.name}.{'.'.join(str(p) for p in first['loc'])}: {first['msg']}"
        raise Failed(Problem.of(TEMPLATE, reason=reason)) from error


async def perform(
    action: Action, params: BaseModel, call: Call, limit: timedelta, connector: Connector | None = None
) -> dict[str, Any]:
    """Calls an outside system, by this process's connector unless given another; returns the output as JSON. Raises
    Failed, whatever goes wrong."""
    assert action.connector is not None
    try:
        connector = connector or registry.connector(action.connector)
        async with asyncio.timeout(limit.total_seconds()):
            output: BaseModel = await action.function(connector, params, call)
        return output.model_dump(mode="json")
    except ConnectorError as error:
        raise Failed(Problem.of_error(error)) from error
    except TimeoutError as error:
        seconds = f"{limit.total_seconds():g}"
        raise Failed(Problem.of(TIMED_OUT, transient=True, seconds=seconds)) from error
    except Exception as error:
        trace = clean(traceback.format_exc(), secrets_of(params))
        logger.error("%s failed with a bug\n%s", action.name, trace)
        raise Failed(Problem.of(BUG, detail=repr(error), action=action.name)) from error


def unexpected(verify: Verify, output: Mapping[str, Any], context: Context) -> Problem | None:
    """The first thing that a verification expected and did not find."""
    for field, template in verify.expect.items():
        wanted = render(template, context)
        found: Any = output
        for part in field.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if found != wanted:
            return Problem.of(VERIFY, transient=True, field=field, found=str(found), wanted=str(wanted))
    return None
