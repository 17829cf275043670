"""What the calendar and the work orders refuse."""

from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

SLOT_NOT_FOUND = RefusalKind(
    "installation.slot_not_found", _("This slot isn't offered any more; choose another one"), 404
)
SLOT_NOT_OFFERED = RefusalKind(
    "installation.slot_not_offered",
    _("{slot} on {day} can't be chosen for this installation; choose another day or time"),
    422,
)
SLOT_FULL = RefusalKind(
    "installation.slot_full", _("The last place of {slot} on {day} has just been taken; choose another one")
)
DATE_NEEDED = RefusalKind(
    "installation.date_needed", _("{product} needs an installation date: choose a day and a time"), 422
)
DAY_INVALID = RefusalKind("installation.day_invalid", _("«{day}» is no day; choose one in the calendar"), 422)
NOT_FOUND = RefusalKind(
    "installation.work_order_not_found",
    _("There is no such work order. Look for it in the list of installations."),
    404,
)
WRONG_STATE = RefusalKind(
    "installation.wrong_state",
    _("The work order is «{state}», which does not allow this. Reload the page to see what can be done."),
)
NO_DATE_YET = RefusalKind(
    "installation.no_date", _("The work order has no date yet: agree on one with the customer first")
)
TECHNICIAN = RefusalKind(
    "installation.technician", _("{name} can't be given work orders; choose a technician from the list"), 422
)
REASON_MISSING = RefusalKind(
    "installation.reason_missing", _("The reason is missing; write it in a few words"), 422
)
DONE_MISSING = RefusalKind(
    "installation.done_missing", _("Write in a few words what was done; whoever comes next reads it"), 422
)
SERIAL_MISSING = RefusalKind(
    "installation.serial_missing", _("Scan or type what stands on {item}: its serial number or MAC"), 422
)
SERIAL_DIFFERS = RefusalKind(
    "installation.serial_differs",
    _(
        "«{found}» is not {item}. Install the equipment of the work order; to install another one, have it changed on "
        "the service's page first."
    ),
    422,
)
HAS_WORK_ORDER = RefusalKind(
    "installation.has_work_order", _("This appointment has a work order already; open it in the list")
)
SERVICE_ENDED = RefusalKind(
    "installation.service_ended", _("The service has ended; there is nothing to install any more")
)
NOT_COMPLETED = RefusalKind(
    "installation.not_completed",
    _(
        "The installation is «{state}». Open the work order again and have it completed, then retry; or cancel the "
        "provisioning."
    ),
)
SLOT_INVALID = RefusalKind("installation.slot_invalid", _("{field}: {reason}"), 422)
SPECIAL_DAY_PAST = RefusalKind("installation.special_day_past", _("{day} is over; choose a day to come"), 422)
TAKEN = RefusalKind(
    "installation.taken", _("{name} has this work order already; ask whoever plans to give it to you")
)
