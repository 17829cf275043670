from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

WRONG_STATE = RefusalKind(
    "service.wrong_state",
    _("The service is «{state}», which does not allow this. Open the service to see what can be done."),
)
NOT_FOUND = RefusalKind(
    "service.not_found", _("There is no such service. Look for it on its customer's page."), 404
)
TERM_MOVED = RefusalKind(
    "service.term_moved",
    _("The term of the service was extended meanwhile. Open the service to see until when."),
)
