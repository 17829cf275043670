"""An action on Alta's own data that a test commands. Each time it really happened there is one more entry
in the audit log, which has no constraint that would hide doing something twice."""

from __future__ import annotations

from collections.abc import Sequence

from alta.audit.models import Entry
from alta.connectors.contract import Output, Params
from alta.connectors.registry import Effect, effect
from alta.refusal import RefusalKind

LAB_REFUSAL = RefusalKind("lab.refused", "The lab refuses {what}.")
ACTION = "lab.noted"


class Note(Params):
    say: str = ""
    fail: str = ""  # "refusal" or "bug", after the entry was written


class Noted(Output):
    noted: str


@effect("lab.note")
def note(params: Note, effect: Effect) -> Noted:
    """Writes one entry that names the job, the task and the text."""
    Entry.objects.create(
        actor=effect.actor,
        action=ACTION,
        object_type="job",
        object_id=str(effect.job_id),
        detail={"task": effect.task, "say": params.say},
    )
    if params.fail == "refusal":
        raise LAB_REFUSAL(what=params.say)
    if params.fail == "bug":
        raise ZeroDivisionError("a mistake")
    return Noted(noted=params.say)


TOGETHER = "lab.noted_together"


def note_many(params: Sequence[Note], effects: Sequence[Effect]) -> list[bool]:
    """As `lab.gather`, for many at once; what says «odd» is left out, and «bug» is one for all of them."""
    done = [one.say != "odd" for one in params]
    for one, about, ok in zip(params, effects, done, strict=True):
        if ok:
            _note(about, one.say, TOGETHER)
    if any(one.say == "bug" for one in params):
        raise ZeroDivisionError("a mistake")
    return done


@effect("lab.gather", many=note_many)
def gather(params: Note, effect: Effect) -> Noted:
    """Writes one entry, alone."""
    _note(effect, params.say, ACTION)
    if params.fail == "refusal":
        raise LAB_REFUSAL(what=params.say)
    return Noted(noted=params.say)


def _note(effect: Effect, say: str, action: str) -> None:
    Entry.objects.create(
        actor=effect.actor,
        action=action,
        object_type="job",
        object_id=str(effect.job_id),
        detail={"say": say},
    )


def notes(job_id: int) -> list[str]:
    """What was noted for a job, in order."""
    entries = Entry.objects.filter(action=ACTION, object_type="job", object_id=str(job_id)).order_by("id")
    return [entry.detail["say"] for entry in entries]
