"""What billing refuses."""

from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

PAYMENT_NOT_FOUND = RefusalKind(
    "billing.payment_not_found", _("There is no payment «{key}» in the books. Reload the page."), 404
)
PAYMENT_STATE = RefusalKind(
    "billing.payment_state",
    _("The payment is «{state}» and can't become «{target}». See the customer's payments for what happened."),
)
PAYMENT_DIFFERS = RefusalKind(
    "billing.payment_differs",
    _("The payment «{key}» is in the books with another amount or customer. An engineer has to look at it."),
)
AMOUNT = RefusalKind("billing.amount", _("The amount has to be above zero."), 422)
CHARGED_ALREADY = RefusalKind(
    "billing.charged_already", _("This period of the service was charged already; nothing is charged twice.")
)
CREDITED_ALREADY = RefusalKind("billing.credited_already", _("This charge was credited already."))
CHARGE_NOT_FOUND = RefusalKind(
    "billing.charge_not_found", _("There is no such charge. Reload the customer's page."), 404
)
