"""Lets the parts above the runner take part in the transaction in which a job changes its state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

JobHook = Callable[[int, int, str, str, datetime], None]
UndoHook = Callable[[int, str, datetime], None]
_hooks: list[JobHook] = []
_undo_hooks: list[UndoHook] = []


def when_job_ends(hook: JobHook) -> JobHook:
    """Registers `hook(job_id, order_id, state, actor, now)`. It is called, in the same transaction, when a
    job of an order is done, failed, cancelled or undone."""
    _hooks.append(hook)
    return hook


def when_undo_begins(hook: UndoHook) -> UndoHook:
    """Registers `hook(order_id, actor, now)`. It is called, in the same transaction, when somebody has a finished job of an
    order undone, and may refuse that."""
    _undo_hooks.append(hook)
    return hook


def undo_begins(order_id: int, actor: str, now: datetime) -> None:
    for hook in _undo_hooks:
        hook(order_id, actor, now)


def job_ended(job_id: int, order_id: int, state: str, actor: str, now: datetime) -> None:
    for hook in _hooks:
        hook(job_id, order_id, state, actor, now)
