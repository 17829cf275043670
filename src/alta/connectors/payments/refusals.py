"""What goes wrong with payments, in plain words."""

from django.utils.translation import gettext_lazy as _

from alta.refusal import RefusalKind

DECLINED = RefusalKind(
    "payments.declined",
    _("The payment was declined: {reason} Choose another payment method of the customer, then try again."),
    402,
)
# The bank's reasons, by Stripe's codes, as people say them.
REASONS = {
    "card_declined": _("the card was declined by its bank."),
    "generic_decline": _("the card was declined by its bank."),
    "insufficient_funds": _("there is not enough money on the card."),
    "expired_card": _("the card has expired."),
    "incorrect_cvc": _("the card's security code is wrong."),
    "processing_error": _("the bank could not process the card."),
    "authentication_required": _("the bank wants its customer to confirm the payment."),
}
REFUSED = RefusalKind(
    "payments.refused", _("The payment provider cannot do this with the payment (state: {reason})."), 409
)
PENDING = RefusalKind("payments.pending", _("The bank has not decided about the payment yet."), 503)
NO_METHOD = RefusalKind(
    "payments.no_method",
    _("The customer has no default payment method. Add one to the customer, then try again."),
    422,
)
UNKNOWN_PROVIDER = RefusalKind(
    "payments.unknown_provider",
    _("There is no payment provider «{provider}». Choose another payment method of the customer."),
    422,
)
