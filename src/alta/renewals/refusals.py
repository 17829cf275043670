"""What renewals refuse."""

from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

NOT_FOUND = RefusalKind("renewal.not_found", _("There is no such renewal. Reload the service's page."), 404)
WRONG_STATE = RefusalKind(
    "renewal.wrong_state",
    _("The renewal is «{state}», which does not allow this. Reload the service's page."),
)
DAYS_MALFORMED = RefusalKind(
    "renewal.days_malformed", _("Write the days as whole numbers, such as 1, 3, 5"), 422
)
DAYS_TOO_FAR = RefusalKind(
    "renewal.days_too_far", _("At most {retries} retries, and no day beyond the {day}th"), 422
)
DAYS = RefusalKind(
    "renewal.days",
    _("The days of the retries have to rise, and the end has to come after the last of them."),
    422,
)
BY_ITSELF = RefusalKind(
    "renewal.by_itself",
    _("The service renews itself on {date}. Switch automatic renewal off to renew by hand."),
)
OVER = RefusalKind(
    "renewal.over", _("The service is «{state}», so it can't be renewed. Assign the plan again.")
)
TOO_EARLY = RefusalKind(
    "renewal.too_early",
    _("The service is paid until {date}, more than a whole period ahead. Renew it when less is left."),
)
