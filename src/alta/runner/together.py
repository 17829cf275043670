"""The same change of Alta's data for many jobs, in one transaction: what an action has a `many` for. Whatever can't be
done together is done alone, with all that `effects` does about refusals and bugs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import connection, transaction

from alta.playbooks.plan import find_action
from alta.runner.calling import Brought
from alta.runner.coalesce import DATABASE_TROUBLE
from alta.runner.effects import lock_ours, read_call, save_effect
from alta.runner.queries import write

if TYPE_CHECKING:
    from alta.runner.advance import PendingEffect, Run

logger = logging.getLogger(__name__)
Pending = tuple["Run", "PendingEffect"]


def save_effects(pending: Sequence[Pending]) -> list[bool]:
    """Commits these effects, each with the outcome of its task. False for a job that changed or was lost: nothing of its
    effect happened."""
    if len(pending) == 1:
        return [save_effect(*pending[0])]
    by_action: dict[str, list[int]] = {}
    for index, (_, one) in enumerate(pending):
        assert one.call is not None
        by_action.setdefault(one.call.do, []).append(index)
    written: dict[int, bool | None] = {}
    for action, indexes in by_action.items():
        written |= zip(indexes, _try_together(action, [pending[index] for index in indexes]), strict=True)
    return [
        save_effect(*one) if (done := written[index]) is None else done for index, one in enumerate(pending)
    ]


def _try_together(action: str, pending: Sequence[Pending]) -> Sequence[bool | None]:
    """None for each that has to be done alone."""
    try:
        with transaction.atomic():
            return _together(action, pending)
    except DATABASE_TROUBLE:
        raise
    except Exception:
        logger.info("%s: %s jobs can't be done together", action, len(pending), exc_info=True)
        return [None] * len(pending)


def _together(action: str, pending: Sequence[Pending]) -> list[bool | None]:
    ours = lock_ours([run.job for run, _ in pending])
    mine = [(run, one) for run, one in pending if run.job.job_id in ours]
    done = dict.fromkeys((run.job.job_id for run, _ in pending), False)
    done |= zip((run.job.job_id for run, _ in mine), _act(action, mine), strict=True)
    saves = []
    for run, one in mine:
        if done[run.job.job_id]:
            assert one.after is not None
            run.begin_draft()
            run.apply(
                one.step, one.row, Brought(one.row.key, one.phase, one.after.output, None, one.after.tries)
            )
            saves.append(run.make_save())
    write(saves)
    return [done[run.job.job_id] or (None if run.job.job_id in ours else False) for run, _ in pending]


def _act(action: str, pending: Sequence[Pending]) -> Sequence[bool]:
    """Calls the action once for all. What may be refused is refused here, before anything is said of the tasks: the checks
    that the database puts off are made now."""
    if not pending:
        return []
    calls = [read_call(run, one, one.call) for run, one in pending if one.call is not None]
    many = find_action(action).many
    assert many is not None
    done: Sequence[bool] = many([params for params, _ in calls], [effect for _, effect in calls])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return done
