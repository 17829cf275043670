"""Lets the parts above the runner take part in the transaction in which a job changes its state."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError

JobHook = Callable[[int, int, str, str, datetime], None]
_hooks: list[JobHook] = []
Housekeeper = Callable[[datetime], object]
_housekeepers: list[Housekeeper] = []
logger = logging.getLogger(__name__)


def when_job_ends(hook: JobHook) -> JobHook:
    """Registers `hook(job_id, order_id, state, actor, now)`. It is called, in the same transaction, when a
    job of an order is done, failed, cancelled or undone."""
    _hooks.append(hook)
    return hook


def job_ended(job_id: int, order_id: int, state: str, actor: str, now: datetime) -> None:
    for hook in _hooks:
        hook(job_id, order_id, state, actor, now)


def housekeeping(work: Housekeeper) -> Housekeeper:
    """Registers `work(now)`, which every worker does about once a minute. It commits by itself, shares the work with
    other workers, and does nothing where there is nothing to do."""
    _housekeepers.append(work)
    return work


def keep_house(now: datetime) -> None:
    """Does all the housekeeping. One that fails does not keep the others from theirs."""
    for work in _housekeepers:
        try:
            work(now)
        except DatabaseError:
            raise
        except Exception:
            logger.exception("housekeeping: %s failed", getattr(work, "__qualname__", work))
