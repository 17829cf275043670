"""An action on Alta's own data that a test commands. Each time it really happened there is one more entry
in the audit log, which has no constraint that would hide doing something twice."""

from __future__ import annotations

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


def notes(job_id: int) -> list[str]:
    """What was noted for a job, in order."""
    entries = Entry.objects.filter(action=ACTION, object_type="job", object_id=str(job_id)).order_by("id")
    return [entry.detail["say"] for entry in entries]
