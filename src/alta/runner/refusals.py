from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

JOB_NOT_FOUND = RefusalKind("job.not_found", _("There is no such job."), 404)
JOB_FINAL = RefusalKind("job.final", _("This can't be undone. {reason}"))
JOB_WRONG_STATE = RefusalKind(
    "job.wrong_state",
    _("The job is «{state}» now, which does not allow this. Reload the page to see what can be done."),
)
TASK_NOT_FOUND = RefusalKind("task.not_found", _("The job has no task «{task}»."), 404)
TASK_WRONG_STATE = RefusalKind(
    "task.wrong_state", _("The task is «{state}» now, which does not allow this. Reload the page.")
)
REASON_MISSING = RefusalKind("task.reason_missing", _("Write the reason, so that others can follow it."), 422)
OUTCOME_UNKNOWN = RefusalKind("task.outcome_unknown", _("This task can't end as «{outcome}»."), 422)
INPUT_MISSING = RefusalKind(
    "job.input.missing", _("The playbook needs «{input}»; choose or write a value for it."), 422
)
INPUT_UNKNOWN = RefusalKind("job.input.unknown", _("The playbook has no input «{input}»."), 422)
ITEM_WRONG_TEMPLATE = RefusalKind(
    "job.input.wrong_item", _("«{input}» takes a «{wanted}», and this item is a «{found}»."), 422
)
VARIABLE_UNKNOWN = RefusalKind(
    "playbook.variable.unknown",
    _(
        "The playbook reads «{variable}», which does not exist for this job. "
        "Correct the playbook or the product."
    ),
    422,
)
PLAYBOOK_NOT_FOUND = RefusalKind(
    "playbook.not_found", _("The playbook «{playbook}» has not been published."), 404
)

# How a task can fail, apart from what connectors and refusals say.
TIMED_OUT = RefusalKind("task.timed_out", _("It took longer than {seconds} s and was stopped"), 504)
JOB_TIMED_OUT = RefusalKind("job.timed_out", _("The job took longer than {seconds} s and was stopped"), 504)
WAITED_TOO_LONG = RefusalKind(
    "task.waited_too_long", _("What the task waited for did not happen in time"), 504
)
BUG = RefusalKind("task.bug", _("Alta failed at «{action}»: this is a mistake in Alta. See its log."), 500)
TEMPLATE = RefusalKind("playbook.template", _("The playbook can't be followed here: {reason}"), 422)
VERIFY = RefusalKind(
    "task.verify_failed", _("The system says it is done, but {field} is {found} instead of {wanted}"), 502
)
BREAKER_OPEN = RefusalKind(
    "connector.breaker_open", _("Could not connect to {system}; nothing is sent until it answers again"), 503
)
DATABASE_BUSY = RefusalKind(
    "task.database_busy", _("The data were locked by somebody else for too long"), 503
)
